"""The error-free transformations, exactly, and the power correction against naive powers."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
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


def summed(d, lam, xi, steps):
    """Evaluate as the filters do: powers beyond the range are answers there, not accidents."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return _powers.geometric(d, lam, xi, steps)


def exact(d, lam, xi, steps):
    """Return the power and the two sums in 60 digits."""
    with mpmath.workdps(60):
        d, lam, xi = map(mpmath.mpf, (d, lam, xi))
        rho = xi * d / (d + lam)
        power = rho**steps
        if rho == 1:
            return power, mpmath.mpf(steps), mpmath.mpf(steps + 1)
        return power, (1 - power) / (1 - rho), (1 - power * rho) / (1 - rho)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 10, 11, 1000, 10**6 + 1])
@pytest.mark.parametrize("xi", [1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 2.0, 4.0, -4.0, 0.0])
@pytest.mark.parametrize("lam", [1e-9, 1e-3, 1.0, 1e3])
def test_powers_and_sums_against_60_digits(steps, xi, lam):
    """Every branch, and both sides of each: |rho| near 0, 1 and 2, even and odd, short and long."""
    d = 1.0
    wanted = exact(d, lam, xi, steps)
    found = summed(*(np.array([float(v)]) for v in (d, lam, xi, steps)))
    rho = abs(xi * d / (d + lam))
    # Beside rho = -1 the sums of an even number of rounds are differences of nearly equal numbers.
    for got, want in zip(found, wanted, strict=True):
        if abs(want) > 1e300:
            assert abs(got[0]) > 1e300
            assert np.sign(got[0]) == mpmath.sign(want)
        elif abs(want) < 1e-300:
            assert abs(got[0]) <= 1e-300
        else:
            assert abs(mpmath.mpf(float(got[0])) / want - 1) < 64 * np.finfo(float).eps, (rho, got)


@pytest.mark.parametrize("gap", [1e-12, 1e-6, 1e-3, 0.1, 0.3, 0.49, 0.51, 0.7, 0.9])
@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("steps", [1, 2, 5, 100, 101])
def test_sums_beside_one(gap, side, steps):
    for xi in (side * (1 - gap), side * (1 + gap)):
        wanted = exact(1.0, 1e-20, xi, steps)
        found = summed(*(np.array([v]) for v in (1.0, 1e-20, xi, float(steps))))
        for got, want in zip(found, wanted, strict=True):
            assert abs(mpmath.mpf(float(got[0])) / want - 1) < 64 * np.finfo(float).eps


@pytest.mark.parametrize("size", [1e-250, 1e-30, 1.0, 1e30, 1e250])
def test_units_do_not_matter(size):
    one = summed(*(np.array([v]) for v in (1.0, 0.25, 1.1, 20.0)))
    other = summed(*(np.array([v]) for v in (size, 0.25 * size, 1.1, 20.0)))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=32 * np.finfo(float).eps)


@pytest.mark.parametrize("xi", [5.0, -5.0])
@pytest.mark.parametrize("steps", [10**4, 10**4 + 1])
def test_what_leaves_the_range_has_a_sign_and_no_warning(xi, steps):
    power, before, total = (
        float(v[0]) for v in summed(*(np.array([v]) for v in (1.0, 0.1, xi, float(steps))))
    )
    sign = 1.0 if xi > 0 or steps % 2 == 0 else -1.0
    assert power == sign * np.inf
    assert abs(before) == np.inf
    assert total == sign * np.inf


def test_single_precision_is_kept_and_accurate():
    arguments = (np.float32([v]) for v in (1.0, 1e-3, 1.0, 1000.0))
    wanted = exact(1.0, float(np.float32(1e-3)), 1.0, 1000)
    for got, want in zip(summed(*arguments), wanted, strict=True):
        assert got.dtype == np.float32
        assert abs(float(got[0]) / float(want) - 1) < 16 * np.finfo(np.float32).eps
