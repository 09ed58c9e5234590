"""Derivatives of the leave-one-out error against differences of its curve."""

import numpy as np
import pytest

from sdtheory.label_noise import estimated_derivatives, tune_path


def test_estimated_derivatives_are_those_of_the_leave_one_out_curve(rng):
    x, y, lam, step = rng.normal(size=(15, 6)), rng.normal(size=15), 2.0, 1e-3
    got = estimated_derivatives(x, y, lam, intercept=True)
    path = tune_path(x, y, lam * (1 + step * np.array([-1, 0, 1])), intercept=True)
    low, here, high = path.teacher_risk
    # Differences err by step**2 and by rounding over step**2.
    assert got.first == pytest.approx((high - low) / (2 * step), rel=1e-5)
    assert got.second == pytest.approx((high - 2 * here + low) / step**2, rel=1e-4)
    gain = path.teacher_risk[1] - path.risk[1]
    assert gain == pytest.approx(got.first**2 / 4 / got.distance, rel=1e-9)
    assert got.curvature == pytest.approx((got.second / 2 - got.distance) / 2, rel=1e-9)
