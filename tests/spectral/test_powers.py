"""The error-free transformations, exactly, and the power correction against naive powers."""

from fractions import Fraction

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
    power, _ = _powers.geometric(d, lam, xi, steps)
    exact = np.exp(-steps * np.log1p(lam / d))
    naive = (xi * (d / (d + lam))) ** steps
    assert abs(power / exact - 1)[0] < 1e-14
    assert abs(naive / exact - 1)[0] > 1e-9
