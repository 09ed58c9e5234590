"""Low-rank features: exact for their own kernel, within the bound of the kernel itself."""

import numpy as np
import pytest

from sdtheory import kernel_ridge
from sdtheory.claims import SCORE_LIMIT, z_score

EPS = np.finfo(float).eps


def test_all_points_as_landmarks_are_the_kernel(data):
    features = kernel_ridge.nystrom_features(data.kernel, data.kernel)
    condition = np.linalg.cond(data.kernel)
    np.testing.assert_allclose(
        features @ features.T, data.kernel, rtol=0, atol=10 * EPS * min(condition, 1e6)
    )


@pytest.mark.parametrize("landmarks", [3, 8, 15])
@pytest.mark.parametrize(("xi", "steps"), [(1.0, 4), (0.6, 2), (0.3, 0)])
def test_students_move_by_less_than_the_bound(data, landmarks, xi, steps):
    lam = 0.2
    features = kernel_ridge.nystrom_features(
        data.kernel[:, :landmarks], data.kernel[:landmarks, :landmarks]
    )
    exact = kernel_ridge.fit(data.kernel, np.eye(30)).fitted(lam, xi, steps)
    approximate = kernel_ridge.fit_features(features, np.eye(30)).fitted(lam, xi, steps)
    error = np.linalg.norm(data.kernel - features @ features.T, 2)
    moved = np.linalg.norm(exact - approximate, 2)
    bound = kernel_ridge.approximation_bound(error, lam, xi, steps)
    assert 1e-3 * bound < moved <= bound * (1 + 100 * EPS)


def test_the_bound_is_attained():
    # A kernel on one point replaced by nothing: the teacher moves by d / (d + lam).
    bound = kernel_ridge.approximation_bound(3.0, 1.0, 0.5, 0)
    assert bound == pytest.approx(0.75, rel=4 * EPS)


@pytest.mark.statistical("sdtheory.kernel_ridge.approximations.fourier_features")
def test_fourier_features_are_unbiased(rng):
    x = 0.3 * rng.normal(size=(4, 3))
    want = np.exp(-0.4 * ((x[:, None] - x) ** 2).sum(-1))
    count, repeats = 300, 400
    draws = []
    for _ in range(repeats):
        features = kernel_ridge.fourier_features(x, 0.4, count, rng)
        draws.append(features @ features.T)
        np.testing.assert_allclose(np.diag(draws[-1]), 1.0, rtol=10 * EPS)
    pairs = np.triu_indices(4, 1)
    assert z_score(np.array(draws)[:, *pairs], want[pairs], precision=0.01) < SCORE_LIMIT


def test_columns_must_match_landmarks():
    with pytest.raises(ValueError, match="columns must have one column for each landmark"):
        kernel_ridge.nystrom_features(np.ones((3, 2)), np.eye(3))


def test_null_directions_of_the_landmarks_are_dropped(data):
    """A landmark that occurs twice says nothing new, and changes nothing."""
    once, twice = [0, 1, 2], [0, 1, 2, 1]
    features = kernel_ridge.nystrom_features(
        data.kernel[:, twice], data.kernel[np.ix_(twice, twice)]
    )
    assert features.shape == (30, 3)
    inner = data.kernel[np.ix_(once, once)]
    want = data.kernel[:, once] @ np.linalg.solve(inner, data.kernel[once, :])
    tolerance = 100 * EPS * np.linalg.cond(inner)
    np.testing.assert_allclose(features @ features.T, want, rtol=0, atol=tolerance)


def test_one_pair_of_fourier_features():
    features = kernel_ridge.fourier_features([[0.3], [1.0]], 0.5, 1, np.random.default_rng(0))
    assert features.shape == (2, 2)
    np.testing.assert_allclose(np.sum(features**2, axis=1), 1.0, rtol=4 * EPS)
    np.testing.assert_allclose(
        features, kernel_ridge.fourier_features([[0.3], [1.0]], 0.5, 1, np.random.default_rng(0))
    )


@pytest.mark.parametrize(
    ("inputs", "gamma", "count", "message"),
    [
        ([0.0, 1.0], 0.5, 1, "inputs must have 2 dimensions"),
        ([[0.0]], 0.0, 1, "gamma must be greater than 0"),
        ([[0.0]], 0.5, 0, "count must be at least 1"),
    ],
)
def test_wrong_arguments_are_named(inputs, gamma, count, message):
    with pytest.raises(ValueError, match=message):
        kernel_ridge.fourier_features(inputs, gamma, count, np.random.default_rng(0))
    with pytest.raises(ValueError, match="columns must have 2 dimensions"):
        kernel_ridge.nystrom_features(np.ones(2), np.eye(2))
