"""Both likelihoods are log-concave, normalised and differentiate correctly."""

import numpy as np
import pytest
import scipy.integrate

from sdtheory import gp


@pytest.mark.parametrize("likelihood", [gp.BERNOULLI, gp.CONTINUOUS_BERNOULLI])
def test_derivatives(likelihood):
    f, h = np.linspace(-12, 12, 97), 1e-4
    for lower, upper in (("log_partition", "mean"), ("mean", "curvature"), ("curvature", "third")):
        function = getattr(likelihood, lower)
        slope = (function(f + h) - function(f - h)) / (2 * h)
        np.testing.assert_allclose(
            slope, getattr(likelihood, upper)(f), rtol=0, atol=h**2 + 1e-14 / h
        )
    assert np.all(likelihood.curvature(np.array([-700.0, 0.0, 700.0])) > 0)


@pytest.mark.parametrize("f", [-30.0, -1.0, 0.0, 2.5, 100.0])
def test_normalisation(f):
    at = np.array([f])
    total = scipy.integrate.quad(
        lambda y: np.exp(y * f - gp.CONTINUOUS_BERNOULLI.log_partition(at)[0]), 0, 1, epsrel=1e-12
    )[0]
    assert total == pytest.approx(1, rel=1e-10)
    both = np.exp(np.array([0.0, 1.0]) * f - gp.BERNOULLI.log_partition(at)).sum()
    assert both == pytest.approx(1, rel=1e-13)


def test_largest_skewness():
    f = np.linspace(0, 10, 100_001)
    assert np.abs(gp.BERNOULLI.third(f)).max() == pytest.approx(1 / (6 * 3**0.5), rel=1e-8)
    skewness = np.abs(gp.CONTINUOUS_BERNOULLI.third(f))
    assert skewness.max() == pytest.approx(0.013245, rel=1e-4)
    assert f[skewness.argmax()] == pytest.approx(2.7445, abs=2e-4)


@pytest.mark.parametrize("likelihood", [gp.BERNOULLI, gp.CONTINUOUS_BERNOULLI])
def test_nothing_cancels_where_a_label_is_certain(likelihood):
    f, y = np.array([0.3, 60.0, -60.0]), np.array([0.2, 1.0, 0.0])
    plain = y * f - likelihood.log_partition(f), y - likelihood.mean(f)
    np.testing.assert_allclose(likelihood.log_density(y, f)[0], plain[0][0], rtol=1e-14)
    np.testing.assert_allclose(likelihood.residual(y, f)[0], plain[1][0], rtol=1e-14)
    if likelihood is gp.BERNOULLI:
        np.testing.assert_allclose(likelihood.log_density(y, f)[1:], -np.exp(-60.0), rtol=1e-14)
        want = np.exp(-60.0) * np.array([1.0, -1.0])
        np.testing.assert_allclose(likelihood.residual(y, f)[1:], want, rtol=1e-14)
