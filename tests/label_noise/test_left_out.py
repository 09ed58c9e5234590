"""Leave-one-out with an intercept, which no penalty holds back: held, streamed, by two routes."""

import numpy as np
import pytest

from sdtheory.label_noise import tune_left_out, tune_path, tune_xi
from sdtheory.spectral import GramAccumulator, LeftOutAccumulator, QRAccumulator

EPS = np.finfo(float).eps


def streamed(kind, x, y, lam, weight=None):
    first = kind()
    first.update(x, y, weight)
    second = LeftOutAccumulator(first.summary(intercept=True), [lam])
    second.update(x, y, weight)
    return tune_left_out(second)[0]


@pytest.mark.parametrize(
    ("dtype", "lams"),
    [(float, [1e-3, 1.0, 1e12, 1e60, 1e150]), (np.float32, [1.0, 1e3, 1e10, 1e18])],
)
def test_an_intercept_at_huge_penalties(rng, dtype, lams):
    x, y = rng.normal(size=(30, 4)), rng.normal(size=30)
    for lam in lams:
        path = tune_path(x, y, [lam], intercept=True)
        slack = 1e3 * float(np.finfo(dtype).eps)
        for got in (
            tune_xi(x.astype(dtype), y.astype(dtype), lam, intercept=True),
            streamed(GramAccumulator, x.astype(dtype), y.astype(dtype), lam),
            streamed(QRAccumulator, x.astype(dtype), y.astype(dtype), lam),
        ):
            assert got.xi == pytest.approx(path.xi[0], rel=slack)
            assert got.risk == pytest.approx(path.risk[0], rel=slack)
            assert got.teacher_risk == pytest.approx(path.teacher_risk[0], rel=slack)


def test_as_many_modes_and_intercept_as_samples(rng):
    """Nothing is spare: teacher and student are then differences that no penalty moves."""
    x, y, w = rng.normal(size=(5, 9)), rng.normal(size=5), rng.uniform(0.5, 2.0, size=5)
    for lam in (1e-3, 1.0, 1e9):
        path = tune_path(x, y, [lam], intercept=True, sample_weight=w)
        held = tune_xi(x, y, lam, intercept=True, sample_weight=w)
        for got in (held, streamed(QRAccumulator, x, y, lam, w)):
            # the modes are known to rounding, and the leverages lack one by lam / d
            slack = 1e3 * EPS * (1 + np.sum(x**2) / lam)
            assert got.xi == pytest.approx(path.xi[0], rel=slack)
            assert got.risk == pytest.approx(path.risk[0], rel=slack)


@pytest.mark.parametrize("weighted", [False, True])
def test_constant_features_leave_the_mean_of_the_others(rng, weighted):
    """Each sample is predicted by the mean of the rest, and no weight changes that."""
    x, y = np.full((6, 2), 0.1), rng.normal(size=6)
    w = rng.uniform(0.5, 2.0, size=6) if weighted else np.ones(6)
    errors = [y[i] - np.delete(w, i) @ np.delete(y, i) / np.delete(w, i).sum() for i in range(6)]
    weight = w if weighted else None
    for got in (
        tune_xi(x, y, 1.0, intercept=True, sample_weight=weight),
        streamed(GramAccumulator, x, y, 1.0, weight),
        streamed(QRAccumulator, x, y, 1.0, weight),
    ):
        assert got.risk == pytest.approx(w @ np.square(errors) / w.sum(), rel=1e-12)
        assert got.teacher_risk == got.risk
        assert got.degenerate
        assert got.xi == 0
