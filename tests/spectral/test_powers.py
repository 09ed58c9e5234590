"""The error-free transformations, exactly, and the power correction against naive powers."""

from fractions import Fraction

import mpmath
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sdtheory.spectral import _powers

numbers = st.floats(-1e100, 1e100, allow_subnormal=False).filter(
    lambda v: v == 0 or abs(v) > 1e-100
)


@given(numbers, numbers)
def test_sum_and_product_are_error_free(a, b):
    for transform, exact in (
        (_powers._two_sum, Fraction(a) + Fraction(b)),
        (_powers._two_product, Fraction(a) * Fraction(b)),
    ):
        value, error = transform(np.array([a]), np.array([b]))
        assert Fraction(float(value[0])) + Fraction(float(error[0])) == exact


def test_correction_matters():
    d, lam, xi = np.array([1.0]), np.array([3e-8]), np.array([1.0])
    steps = np.array([1e9])
    power, _, _ = _powers.geometric(d, lam, xi, steps)
    exact = np.exp(-steps * np.log1p(lam / d))
    naive = (xi * (d / (d + lam))) ** steps
    assert abs(power / exact - 1)[0] < 1e-14
    assert abs(naive / exact - 1)[0] > 1e-9


def test_sums_keep_their_digits_beside_the_critical_weight():
    # |xi| > 2 and 1 - rho of 1e-9: the rounding error of 1 - xi alone would cost eight digits.
    steps = 10**8
    d, lam = np.array([1.0]), np.array([1.7])
    xi = 2.7 * (1 + np.array([30.0, -30.0]) / steps)
    for value in xi:
        _, before, total = _powers.geometric(d, lam, np.array([value]), np.array([float(steps)]))
        with mpmath.workdps(60):
            rho = mpmath.mpf(value) / (1 + mpmath.mpf(1.7))
            want = (1 - rho**steps) / (1 - rho), (1 - rho ** (steps + 1)) / (1 - rho)
            for got, exact in zip((before, total), want, strict=True):
                assert abs(mpmath.mpf(float(got[0])) / exact - 1) < 1e-14
