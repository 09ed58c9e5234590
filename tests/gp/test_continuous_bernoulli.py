"""The continuous Bernoulli against 100-digit arithmetic, and its sandwich facts."""

import mpmath
import numpy as np
import pytest

from sdtheory.gp import continuous_bernoulli as cb

EXACT = {
    "log_partition": lambda f: mpmath.log(mpmath.expm1(f) / f),
    "mean": lambda f: 1 / (-mpmath.expm1(-f)) - 1 / f,
    "curvature": lambda f: 1 / f**2 - 1 / (4 * mpmath.sinh(f / 2) ** 2),
    "third": lambda f: -2 / f**3 + mpmath.cosh(f / 2) / (4 * mpmath.sinh(f / 2) ** 3),
}
POINTS = np.concatenate(
    [
        np.geomspace(1e-12, 1e8, 61),
        np.linspace(1.5, 7, 221),
        cb.NEAR * (1 + np.array([-1, 0, 1]) / 2e7),
    ]
)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_every_digit(name, sign):
    got = getattr(cb, name)(sign * POINTS)
    with mpmath.workdps(100):
        for f, value in zip(sign * POINTS, got, strict=True):
            want = EXACT[name](mpmath.mpf(float(f)))
            assert abs(mpmath.mpf(float(value)) - want) <= 3e-15 * abs(want), f


def test_published_values():
    f = np.array([-3.0, 0.01, 1.0, 50.0, 800.0])
    table = {
        "log_partition": [
            -1.149681469610811,
            0.00500416666319445,
            0.5413248546129181,
            46.08797699457185,
            793.3153882723321,
        ],
        "mean": [0.2809376368420774, 0.5008333319444478, 0.5819767068693264, 0.98, 0.99875],
        "curvature": [
            0.05597010560905135,
            0.0833329166683201,
            0.07932640579220768,
            4.0e-4,
            1.5625e-6,
        ],
        "third": [
            0.01315476579499712,
            -8.333267196114416e-5,
            -0.007705232875012607,
            -1.6e-5,
            -3.90625e-9,
        ],
    }
    for name, want in table.items():
        np.testing.assert_allclose(getattr(cb, name)(f), want, rtol=1e-14)


def test_nothing_happens_at_zero():
    zero = np.zeros(1)
    assert cb.log_partition(zero) == 0
    assert cb.mean(zero) == 0.5
    assert cb.curvature(zero) == pytest.approx(1 / 12, rel=1e-15)
    assert cb.third(zero) == 0


def test_derivatives_belong_together():
    f = np.linspace(-30, 30, 241)
    h = 1e-4
    for lower, upper in (("log_partition", "mean"), ("mean", "curvature"), ("curvature", "third")):
        slope = (getattr(cb, lower)(f + h) - getattr(cb, lower)(f - h)) / (2 * h)
        # Truncation h**2 / 6 times a third derivative below 1; rounding of values up to 30.
        np.testing.assert_allclose(slope, getattr(cb, upper)(f), rtol=0, atol=h**2 + 1e-14 / h)


def test_sandwich_with_the_sigmoid():
    f = np.geomspace(1e-6, 30, 200)
    sigmoid = 1 / (1 + np.exp(-f))
    assert np.all(cb.mean(f) < sigmoid)
    ratio = np.tanh(f / 2) / 2 / (cb.mean(f) - 0.5)
    assert np.all((ratio > 1) & (ratio <= 3 * (1 + 1e-9)))
    # The variance of a Bernoulli is the larger one up to |f| = 2.67, the smaller one beyond.
    at = np.array([1.0, 2.66, 2.68, 8.0])
    wider = cb.curvature(at) > 0.25 / np.cosh(at / 2) ** 2
    assert wider.tolist() == [False, False, True, True]


def test_no_argument_overflows():
    f = np.array([-1e300, -1e200, 1e200, 1e300])
    want = np.maximum(f, 0.0) - np.log(np.abs(f))
    np.testing.assert_allclose(cb.log_partition(f), want, rtol=1e-15)
    np.testing.assert_allclose(cb.mean(f), [1e-300, 1e-200, 1.0, 1.0], rtol=1e-15)
    assert np.all(np.abs(cb.curvature(f)) < 1e-199)
    assert np.all(np.abs(cb.third(f)) < 1e-299)


@pytest.mark.parametrize("name", EXACT)
def test_no_logits_have_no_values(name):
    assert getattr(cb, name)(np.zeros((0, 2))).shape == (0, 2)
