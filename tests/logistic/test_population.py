"""Accuracy on fresh points against simulation with explicit clustered features."""

import numpy as np
import pytest
from control_variates import extrapolated
from scipy.special import betainc, ndtri

from paper_checks._explicit_logistic import explicit_chain
from sdtheory import logistic
from sdtheory.claims import SCORE_LIMIT, z_score


@pytest.mark.statistical("sdtheory.logistic.population.population_accuracy")
def test_clustered_features_have_the_predicted_population_accuracy(rng):
    n, flips, same, penalty = 40, 16, 0.1, 0.002
    truth = np.repeat([1, 0], n)
    labels = np.where(np.arange(2 * n) % n < flips, 1 - truth, truth).astype(float)
    world = logistic.RandomLabels(n, flips, same, penalty=penalty)

    def gaps(D):
        z = rng.normal(size=(2 * n, D))
        z /= np.linalg.norm(z, axis=1, keepdims=True)
        X = np.hstack([np.sqrt(same) * np.eye(2)[truth], np.sqrt(1 - same) * z])
        # Fit in the span of the data: coordinates of its Gram matrix.
        values, basis = np.linalg.eigh(X @ X.T)
        found = []
        for steps in range(3):
            f = explicit_chain(basis * np.sqrt(values), labels, penalty, steps)
            w = X.T @ ((basis / np.sqrt(values)) @ ((basis / np.sqrt(values)).T @ f))
            # A fresh point has one random coordinate along w; its square has a beta distribution.
            reach = np.sqrt(same) * w[:2] / (np.sqrt(1 - same) * np.linalg.norm(w[2:]))
            above = 0.5 + 0.5 * np.sign(reach) * betainc(0.5, (D - 1) / 2, np.minimum(reach**2, 1))
            want = logistic.population_accuracy(world, world.student(steps=steps), 0.9 / D**0.5)
            found.append(ndtri((above[1] + 1 - above[0]) / 2) / ndtri(want) - 1)
        return np.array(found), np.zeros(0)

    # The argument of Phi has corrections of order n / D.
    draws = extrapolated(gaps, 1000, 40)
    assert z_score(draws, np.zeros(3), precision=0.05, scale=1.0) < SCORE_LIMIT


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


@pytest.mark.parametrize(("n", "cross"), [(1, 0.0), (12, 0.1), (12, -0.02)])
def test_without_flips_every_stage_reaches_the_cap(n, cross):
    world = logistic.RandomLabels(n, 0, 0.3, cross)
    cap = float(logistic.best_population_accuracy(n, 0.3, 0.4, cross))
    for steps in (0, 1):
        got = logistic.population_accuracy(world, world.student(steps=steps), 0.4)
        assert got == pytest.approx(cap, rel=1e-13)


def test_no_spread_is_the_exact_statement():
    world = logistic.RandomLabels(20, 9, 0.3)
    assert logistic.population_accuracy(world, world.teacher(), 1e-9) == 1
    assert world.teacher().population_accuracy == 1


def test_bad_spread_is_named():
    world = logistic.RandomLabels(20, 9, 0.3)
    with pytest.raises(ValueError, match="spread"):
        logistic.population_accuracy(world, world.teacher(), 0.0)
