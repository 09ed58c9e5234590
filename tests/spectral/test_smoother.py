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
