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


@pytest.mark.parametrize("from_features", [False, True])
def test_equal_noise_is_a_larger_penalty(rng, from_features):
    """Noise levels of 4 are the penalty 4 lam: for fits, new points and duals alike."""
    x, y, new = rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), rng.normal(size=(2, 3))
    make = Smoother.from_design if from_features else Smoother.from_kernel
    data, at = (x, new) if from_features else (x @ x.T, new @ x.T)
    noisy, plain = make(data, y, np.full(6, 4.0)), make(data, y)
    a = filters.distill(noisy.eigenvalues, 0.3, 0.5, 2)
    b = filters.distill(plain.eigenvalues, 1.2, 0.5, 2)
    for got, want in (
        (noisy.fitted(a), plain.fitted(b)),
        (noisy.predict(noisy.projection(at), a), plain.predict(plain.projection(at), b)),
        (noisy.dual(a), plain.dual(b)),
    ):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e4 * EPS * np.abs(want).max())


def test_one_new_point_is_one_of_many(rng):
    half, y = rng.normal(size=(8, 3)), rng.normal(size=8)
    smoother = Smoother.from_kernel(half @ half.T, y)
    profile = filters.distill(smoother.eigenvalues, 1e-13, 0.0, steps=0)
    new = rng.normal(size=(4, 3)) @ half.T
    many = smoother.predict(smoother.projection(new), profile)
    for k in range(4):
        alone = smoother.predict(smoother.projection(new[k : k + 1]), profile)
        np.testing.assert_allclose(alone, many[k : k + 1], rtol=1e-9)


def test_small_eigenvalues_are_no_null_space():
    """A mode above rounding predicts, however little of it a new point sees."""
    smoother = Smoother.from_kernel(np.diag([1.0, 1e-13]), [0.0, 1.0])
    profile = filters.distill(smoother.eigenvalues, 1e-13, 0.0, steps=0)
    got = smoother.predict(smoother.projection([[1.0, 1e-15], [0.0, 1e-13]]), profile)
    np.testing.assert_allclose(got, [0.005, 0.5], rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.ones(3)}, "y and the data must have the same length"),
        ({"y": np.ones((2, 1, 1))}, "y must have 1 or 2 dimensions"),
        ({"noise": np.array([1.0, 0.0])}, "noise must be greater than 0"),
        ({"noise": np.ones(3)}, "noise and the data must have the same length"),
        ({"noise": np.ones((2, 1))}, "noise must have 1 dimensions"),
    ],
)
@pytest.mark.parametrize("make", [Smoother.from_kernel, Smoother.from_design])
def test_wrong_arguments_are_named(make, change, message):
    with pytest.raises(ValueError, match=message):
        make(np.eye(2), **({"y": np.ones(2), "noise": None} | change))


@pytest.mark.parametrize("noise", [None, np.ones(3)])
def test_new_points_of_another_width_are_named(noise):
    for smoother in (
        Smoother.from_kernel(np.eye(3), np.ones(3), noise),
        Smoother.from_design(np.eye(3), np.ones(3), noise),
    ):
        with pytest.raises(ValueError, match="new must have 3 columns"):
            smoother.projection(np.ones((3, 2)))
    with pytest.raises(ValueError, match="kernel must be a square matrix"):
        Smoother.from_kernel(np.ones((3, 2)), np.ones(3), noise)
