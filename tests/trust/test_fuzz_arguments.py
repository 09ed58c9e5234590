"""Malformed arguments of every public function: a TypeError or ValueError that names one of them.

Numbers, arrays and texts are replaced, one at a time, by what does not belong there. The call may
succeed (a negative weight is fine), but never with a NaN. Objects of ours (a problem, a mode, a
fit) are left as they are: they were checked when they were made.
"""

import dataclasses
import decimal
import fractions
import inspect
import warnings

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.trust import valid_arguments as valid

CALLS = {
    name: (function, valid.arguments_of(name, function))
    for name, function in valid.entry_points().items()
    if name not in valid.ELSEWHERE
}


# Arguments that a function hands on under another name, which its message uses.
RENAMED = {
    "label_noise.ConditionalProblem.from_evaluation": ("design", "y", "new_design", "new_y"),
    "label_noise.RidgeProblem.from_mean": ("design", "mean"),
    "label_noise.RidgeProblem.from_design": ("metric",),
    "label_noise.RidgeProblem.from_spectrum": ("metric",),
    "jepa.Views.from_modes": ("basis",),
    "kernel_ridge.fit_features": ("features",),
}


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
]  # fmt: skip


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
    | arrays
    | arrays.map(squared)
    | wide
    | st.integers(-(2**70), 100)
    | st.text(max_size=3)
)


def plain(value):
    """Say whether an argument is a number, an array or a text, and not an object of ours."""
    return not (
        dataclasses.is_dataclass(value) or isinstance(value, np.random.Generator) or callable(value)
    )


def places(function, arguments):
    """Return the arguments, optional ones too, that take numbers, arrays or texts."""
    parameters = inspect.signature(function).parameters
    return [
        k
        for k, p in parameters.items()
        if plain(arguments.get(k, p.default))
        and not any(
            kind in str(p.annotation) for kind in ("Generator", "Network", "Filter", "bool")
        )
    ]


def numbers(value):
    """Yield every array and number of a result."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from numbers(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, float | np.ndarray | np.floating):
        yield np.asarray(value)


def attempt(name, function, arguments, replaced):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning beside an error is no harm
        try:
            with np.errstate(all="ignore"):
                result = function(**arguments)
        except (TypeError, ValueError) as refused:
            if replaced in RENAMED.get(name, ()):
                return
            words = {*inspect.signature(function).parameters, replaced}
            named = any(word in str(refused) for word in words)
            result = [] if named else f"{name}({replaced}): {refused}"
    assert not isinstance(result, str), result
    with np.errstate(all="ignore"):
        for part in numbers(result):
            if part.dtype.kind == "f":
                assert not np.any(np.isnan(part)), f"{name}({replaced}={arguments[replaced]!r})"


def test_the_valid_calls_are_valid():
    for function, arguments in CALLS.values():
        function(**arguments)


@pytest.mark.parametrize("name", CALLS)
def test_every_wrong_value_in_every_place(name):
    function, arguments = CALLS[name]
    for replaced in places(function, arguments):
        for wrong in WRONG:
            attempt(name, function, {**arguments, replaced: wrong}, replaced)


@given(st.data())
@example(None)
def test_random_wrong_values(data):
    if data is None:
        return
    name = data.draw(st.sampled_from(sorted(CALLS)))
    function, arguments = CALLS[name]
    here = places(function, arguments)
    if here:
        replaced = data.draw(st.sampled_from(here))
        attempt(name, function, {**arguments, replaced: data.draw(anything)}, replaced)
