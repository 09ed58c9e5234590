"""Accuracy on fresh points against simulation with explicit clustered features."""

import numpy as np
import pytest

from paper_checks._explicit_logistic import explicit_chain
from sdtheory import logistic


def test_clustered_features_have_the_predicted_population_accuracy(rng):
    n, flips, same, D, penalty, fresh = 40, 16, 0.1, 1500, 0.002, 400
    truth = np.repeat([1, 0], n)
    labels = np.where(np.arange(2 * n) % n < flips, 1 - truth, truth).astype(float)

    def sample(classes):
        z = rng.normal(size=(len(classes), D))
        z /= np.linalg.norm(z, axis=1, keepdims=True)
        return np.hstack([np.sqrt(same) * np.eye(2)[classes], np.sqrt(1 - same) * z])

    hits = np.empty((12, 3))
    for trial in range(12):
        X = sample(truth)
        new = rng.integers(0, 2, fresh)
        cross_gram = sample(new) @ X.T
        # Fit in the span of the data: coordinates of its Gram matrix.
        values, basis = np.linalg.eigh(X @ X.T)
        coordinates = basis * np.sqrt(values)
        weights = basis / np.sqrt(values)
        for steps in range(3):
            f = explicit_chain(coordinates, labels, penalty, steps)
            theta = weights.T @ f
            predicted = cross_gram @ weights @ theta > 0
            hits[trial, steps] = np.mean(predicted == (new == 1))
    world = logistic.RandomLabels(n, flips, same, penalty=penalty)
    for steps in range(3):
        want = logistic.population_accuracy(world, world.student(steps=steps), 0.9 / D**0.5)
        error = hits[:, steps].std(ddof=1) / np.sqrt(12)
        # The spread of the inner products is Gaussian up to corrections of order n / D.
        assert abs(hits[:, steps].mean() - want) < 4 * error + 0.1 * n / D


def test_every_round_helps_fresh_points_up_to_the_cap(rng):
    for _ in range(50):
        n = int(rng.integers(2, 60))
        world = logistic.RandomLabels(
            n, rng.uniform(0.02, 0.48), rng.uniform(0.02, 0.9), penalty=10 ** rng.uniform(-4, 0)
        )
        spread = 0.5 * world.same_class * np.sqrt(n / 2)
        accuracies = [
            float(logistic.population_accuracy(world, world.student(steps=r), spread))
            for r in range(4)
        ]
        cap = float(logistic.best_population_accuracy(n, world.same_class, spread))
        assert np.all(np.diff(accuracies) > 0)
        assert accuracies[-1] <= cap


def test_no_spread_is_the_exact_statement():
    world = logistic.RandomLabels(20, 9, 0.3)
    assert logistic.population_accuracy(world, world.teacher(), 1e-9) == 1
    assert world.teacher().population_accuracy == 1


def test_bad_spread_is_named():
    world = logistic.RandomLabels(20, 9, 0.3)
    with pytest.raises(ValueError, match="spread"):
        logistic.population_accuracy(world, world.teacher(), 0.0)
