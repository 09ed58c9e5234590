"""The Newton iteration on real-valued targets."""

import numpy as np
import pytest

from sdtheory.estimators._softmax import fit_targets, probabilities


@pytest.mark.parametrize("columns", [1, 4])
@pytest.mark.parametrize("intercept", [True, False])
def test_the_gradient_vanishes_for_targets_outside_the_simplex(rng, columns, intercept):
    X = rng.normal(size=(40, 6)) * np.geomspace(1e-2, 1e2, 6)
    targets = rng.normal(0.5, 1.0, (40, columns))
    if columns > 1:
        targets += (1 - targets.sum(axis=1, keepdims=True)) / columns
    # A class whose targets sum to less than 0 pulls a free intercept to infinity.
    targets += 1 / max(columns, 2) - targets.mean(axis=0)
    C = 0.7
    theta, iterations = fit_targets(X, targets, C, intercept, None, 1e-13, 200)
    assert iterations < 200
    residual = probabilities(X @ theta[:-1] + theta[-1]) - targets
    scale = np.abs(X).sum(axis=0)[:, None]
    assert np.abs((X.T @ residual + theta[:-1] / C) / scale).max() < 1e-11
    if intercept:
        assert np.abs(residual.sum(axis=0)).max() < 1e-9 * scale.max()
    else:
        assert np.all(theta[-1] == 0)


def test_a_warm_start_at_the_optimum_stays(rng):
    X, targets = rng.normal(size=(30, 3)), rng.uniform(0, 1, (30, 1))
    theta, _ = fit_targets(X, targets, 1.0, True, None, 1e-12, 100)
    again, iterations = fit_targets(X, targets, 1.0, True, theta, 1e-12, 100)
    # The one that finds the gradient small.
    assert iterations == 1
    np.testing.assert_array_equal(again, theta)


def test_it_stops_after_the_allowed_steps(rng):
    X, targets = rng.normal(size=(30, 3)), rng.uniform(0, 1, (30, 1))
    assert fit_targets(X, targets, 1.0, True, None, 1e-12, 2)[1] == 2


@pytest.mark.parametrize("columns", [1, 3])
def test_weights_are_copies(rng, columns):
    X, targets = rng.normal(size=(30, 3)), rng.uniform(-0.2, 1.2, (30, columns))
    targets += 1 / max(columns, 2) - targets.mean(axis=1, keepdims=columns > 1).mean()
    times = rng.integers(0, 4, 30)
    weighted, _ = fit_targets(X, targets, 0.3, False, None, 1e-13, 200, times.astype(float))
    rows = np.repeat(np.arange(30), times)
    copied, _ = fit_targets(X[rows], targets[rows], 0.3, False, None, 1e-13, 200)
    np.testing.assert_allclose(weighted, copied, rtol=0, atol=1e-10)
