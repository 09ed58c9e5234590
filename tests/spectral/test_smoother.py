"""Noise levels of samples, against weighted least squares."""

import numpy as np
import pytest

from sdtheory.spectral import filters
from sdtheory.spectral.smoother import Smoother

EPS = np.finfo(float).eps


@pytest.mark.parametrize("from_features", [False, True])
@pytest.mark.parametrize("outputs", [1, 3])
def test_ridge_with_noise_levels_is_weighted_least_squares(rng, from_features, outputs):
    x, new = rng.normal(size=(9, 4)), rng.normal(size=(5, 4))
    y = rng.normal(size=(9, outputs))[:, 0] if outputs == 1 else rng.normal(size=(9, outputs))
    noise, lam = rng.uniform(0.3, 3.0, 9), 0.4
    theta = np.linalg.solve(x.T @ (x / noise[:, None]) + lam * np.eye(4), x.T @ (y.T / noise).T)
    if from_features:
        smoother, at = Smoother.from_design(x, y, noise), new
    else:
        smoother, at = Smoother.from_kernel(x @ x.T, y, noise), new @ x.T
    profile = filters.distill(smoother.eigenvalues, lam, 0.0, steps=0)
    tolerance = 1000 * EPS * np.abs(theta).max() * 9
    got = smoother.predict(smoother.projection(at), profile)
    np.testing.assert_allclose(got, new @ theta, rtol=0, atol=tolerance)
    np.testing.assert_allclose(smoother.fitted(profile), x @ theta, rtol=0, atol=tolerance)
    np.testing.assert_allclose(
        new @ x.T @ smoother.dual(profile), new @ theta, rtol=0, atol=tolerance
    )


def test_eigenvalues_lost_in_rounding_still_predict(rng):
    """Dropping a mode with eigenvalue eps would change predictions by sqrt(eps)."""
    x, new = np.sort(rng.uniform(-1, 1, 25)), np.linspace(-1, 1, 40)
    kernel = np.exp(-((x[:, None] - x) ** 2))
    cross = np.exp(-((new[:, None] - x) ** 2))
    y, lam = rng.normal(size=25), 1e-2
    want = cross @ np.linalg.solve(kernel + lam * np.eye(25), y)
    smoother = Smoother.from_kernel(kernel, y)
    profile = filters.distill(smoother.eigenvalues, lam, 0.0, steps=0)
    got = smoother.predict(smoother.projection(cross), profile)
    tolerance = 100 * EPS * 25 / lam * np.abs(y).max()
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance)


def test_null_spaces_predict_nothing_however_small_the_penalty(rng):
    half, new = rng.normal(size=(8, 3)), rng.normal(size=(5, 3))
    y = rng.normal(size=8)
    smoother = Smoother.from_kernel(half @ half.T, y)
    profile = filters.distill(smoother.eigenvalues, 1e-13, 0.0, steps=0)
    got = smoother.predict(smoother.projection(new @ half.T), profile)
    want = new @ np.linalg.lstsq(half, y)[0]
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-11)
