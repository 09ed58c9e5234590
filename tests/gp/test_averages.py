"""Averages over a Gaussian against adaptive quadrature in 30 digits."""

import mpmath
import numpy as np
import pytest

from sdtheory import gp

EPS = np.finfo(float).eps
CASES = [(0.3, 1e-6), (2.0, 0.5), (-1.0, 1.0), (1.0, 1.0000001), (-3.0, 40.0), (5.0, 1e3)]


def expectation(function, mean, variance):
    with mpmath.workdps(30):
        sd = mpmath.sqrt(variance)
        inner = [mpmath.mpf(k) for k in range(-60, 61, 6) if abs(k - mean) < 12 * sd]
        points = sorted({mean - 12 * sd, mpmath.mpf(mean), mean + 12 * sd, *inner})
        scale = 1 / (sd * mpmath.sqrt(2 * mpmath.pi))
        return float(
            mpmath.quad(
                lambda f: function(f) * mpmath.exp(-((f - mean) ** 2) / (2 * variance)) * scale,
                points,
            )
        )


@pytest.mark.parametrize(("mean", "variance"), CASES)
def test_exact_averages(mean, variance):
    at = np.array([mean]), np.array([variance])
    want = expectation(lambda f: 1 / (1 + mpmath.exp(-f)), mean, variance)
    assert gp.average_sigmoid(*at)[0] == pytest.approx(want, abs=2e-14)
    want = expectation(
        lambda f: 1 / (-mpmath.expm1(-f)) - 1 / f if abs(f) > 1e-12 else 0.5, mean, variance
    )
    assert gp.average_mean(*at)[0] == pytest.approx(want, abs=2e-14)
    # The error functions' fit is known to be off by a few in ten thousand at most.
    assert abs(gp.average_sigmoid_by_erf(*at)[0] - gp.average_sigmoid(*at)[0]) < 5e-4


def test_no_variance_is_plugging_in():
    mean = np.array([-40.0, 0.0, 2.0])
    np.testing.assert_allclose(
        gp.average_sigmoid(mean, np.zeros(3)), 1 / (1 + np.exp(-mean)), rtol=1e-14
    )
    np.testing.assert_allclose(
        gp.average_mean(mean, np.zeros(3)), gp.continuous_bernoulli.mean(mean), rtol=1e-14
    )


def test_huge_variance_is_the_sign():
    got = gp.average_sigmoid(np.array([2e8, 0.0]), np.array([1e16, 1e16]))
    np.testing.assert_allclose(got, [0.977249868051821, 0.5], rtol=1e-12)


def test_published_values():
    mean, variance = np.array([0.8740671030086885]), np.array([1.02722606529569])
    exact = pytest.approx(0.6732729834298445, rel=2e-14, abs=0)
    assert gp.average_sigmoid(mean, variance)[0] == exact
    by_erf = gp.average_sigmoid_by_erf(mean, variance)[0]
    assert by_erf == pytest.approx(0.6733048475122933, rel=1e-11)


def test_negative_variance_is_refused():
    with pytest.raises(ValueError, match="variance must be at least 0"):
        gp.average_sigmoid(np.zeros(1), -np.ones(1))


AVERAGES = [gp.average_sigmoid, gp.average_sigmoid_by_erf, gp.average_mean]


@pytest.mark.parametrize("average", AVERAGES)
def test_no_latents_have_no_average(average):
    assert average(np.zeros(0), np.zeros(0)).shape == (0,)
    assert average(np.zeros((0, 3)), np.ones(3)).shape == (0, 3)


@pytest.mark.parametrize("average", AVERAGES)
def test_means_and_variances_broadcast(average):
    mean, variance = np.array([-1.0, 0.0, 3.0]), np.array([[0.0], [0.3], [5.0]])
    one_by_one = [[average(np.array([m]), v)[0] for m in mean] for v in variance]
    # The weights of the five error functions cancel from 8e3 to one.
    np.testing.assert_allclose(average(mean, variance), one_by_one, rtol=0, atol=8e3 * EPS)
    with pytest.raises(ValueError, match="mean and variance must broadcast"):
        average(mean, np.ones(2))


def test_variances_beyond_any_quadrature_are_refused():
    with pytest.raises(ValueError, match=r"variance must be at most 1e\+08, got 1\.5e\+08"):
        gp.average_mean(np.zeros(1), np.array([1.5e8]))
