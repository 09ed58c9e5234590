"""What does not belong where it is put: numbers, arrays, texts, objects, callbacks."""

import dataclasses
import decimal
import fractions
from pathlib import Path

import array_api_strict
import numpy as np
from hypothesis import strategies as st

from sdtheory import Spectrum, gp, jepa, kernel_ridge, label_noise, logistic
from sdtheory.spectral import GramAccumulator, LeftOutAccumulator, criteria, filters
from tests.trust import valid_arguments as valid


def objects():
    """Return one valid object of each class that arguments are of, and some of another size."""
    tables = [valid.COMMON, *valid.BY_TOPIC.values(), *valid.BY_FUNCTION.values(), valid.OWNERS]
    found = {}
    for value in [value for table in tables for value in table.values()]:
        if dataclasses.is_dataclass(value) or isinstance(value, np.random.Generator):
            found.setdefault(type(value), value)
    return [*found.values(), *_of_another_size()]


def _of_another_size():
    s, x, mode = np.array([3.0, 2.0, 1.0]), np.eye(5)[:, :3], jepa.Mode(np.ones(3), np.ones(3))
    spectrum, fit = Spectrum.from_design(x), kernel_ridge.fit(np.eye(3), np.ones((3, 2)))
    views, network = jepa.Views.from_modes(mode), jepa.aligned_network(mode, 1, 0.1)
    moments = GramAccumulator()
    moments.update(x, np.ones((5, 2)))
    left_out = LeftOutAccumulator(moments.summary(), [2.0], 3)
    left_out.update(x, np.ones((5, 2)))
    risk = criteria.expected_error(s, s, 0.1)
    return [
        mode, views, network, jepa.matrix_flow(views, network, [0.0, 1.0, 2.0]), moments, left_out,
        moments.summary(), spectrum, spectrum.project(np.ones((5, 2))), fit, risk, risk.blocks[0],
        filters.distill(s, 1.0, 0.5), filters.taylor_directions(s, 1.0, 3),
        label_noise.RidgeProblem(s, s, np.ones(3)), label_noise.ProportionalProblem(s, s, 2.0, 0.0),
        gp.laplace(np.eye(3), np.ones(3), gp.BERNOULLI),
        criteria.gcv(spectrum, spectrum.project(s @ x.T)),
        logistic.LinearLabels(2, 5, 0.4, 0.0, 0.1), logistic.RandomLabels([20, 30], 0.2, 0.3),
        logistic.RandomLabels([20, 30], 0.2, 0.3).teacher(),
        jepa.Network((np.ones((1, 2)),), np.eye(1)),
        logistic.mixture_stages(valid.MIXTURE, 0.1), logistic.GaussianMixture(2.0, 1.0, 0.2, 0.3),
    ]  # fmt: skip


class Odd:
    def __repr__(self):
        return "<odd>"


WRONG = [
    None, True, "three", "", b"x", Odd(), object, float("nan"), float("inf"), -float("inf"), -1,
    -1.0, 0, 0.0, 1e12, -1e12, 1e-12, 10**400, -(10**400), 1 + 2j, [], [[]], [1.0, [2.0]],
    ["a"], [None], [float("nan")], {}, {"a": 1}, {1.0}, (), range(3), np.array([]),
    np.array([[1.0, 2.0, 3.0]]), np.zeros((2, 2, 2, 2)), np.array([np.nan, 1.0]),
    np.array([np.inf, 1.0]), np.array([1, 2]), np.array([True, False]), np.array(["a", "b"]),
    np.array([1.0, None], dtype=object), np.array([1.0 + 1j]), np.float16(1.0), np.float32("nan"),
    np.datetime64("2020-01-01"), np.ma.array([1.0, 2.0], mask=[True, False]), np.array(1.0),
    np.zeros((0, 2)), np.full(3, 1e12), np.full((4, 4), -1.0), np.eye(2)[:, ::-1], 3.5, 2**63,
    decimal.Decimal(1), fractions.Fraction(1, 2), np.longdouble(1.0), iter([1.0]), (1.0, 2.0, 3.0),
    10**9, 2**52, 10**6 + 1, np.int64(10**9), array_api_strict.asarray([1.0, 2.0]), Path("x"), ...,
    array_api_strict.asarray(1), Exception("x"), "\x00", [()], [{}], (None, None), np, int,
]  # fmt: skip
OBJECTS = [*objects(), *{type(value) for value in objects()}, print, lambda *_: None]
CALLBACKS = [
    lambda *_: None,
    lambda *_: "three",
    lambda *_: np.nan,
    lambda *given: given[0][:1] * np.nan,
    lambda *_: np.zeros((5, 3)),
    lambda *_: (np.ones((4, 4)), None),
    lambda *_: (np.full((4, 4), np.nan), np.ones((1, 4, 4))),
    lambda *_: (np.eye(4), np.ones((3, 4, 4))),
    lambda *_: (np.eye(3), np.ones((1, 3, 3))),
    lambda *_: (1.0, 2.0, 3.0),
]


def squared(values):
    with np.errstate(all="ignore"):
        return np.outer(values, values)


# Beyond these, squares and powers leave the range of floats: infinities are then the answer.
wide = st.floats(-1e30, 1e30, allow_subnormal=False).filter(
    lambda v: v == 0 or abs(v) > 1e-30
) | st.sampled_from([float("nan"), float("inf"), -float("inf")])
arrays = st.lists(
    wide | st.just(0.0) | st.floats(0.0, 2.0),
    min_size=1, max_size=4,
).map(np.array)  # fmt: skip
anything = (
    st.sampled_from(range(len(WRONG))).map(lambda i: WRONG[i])
    | st.sampled_from(range(len(OBJECTS))).map(lambda i: OBJECTS[i])
    | arrays
    | arrays.map(squared)
    | wide
    | st.integers(-(2**70), 100)
    | st.integers(10**9, 2**70)
    | st.text(max_size=3)
)
