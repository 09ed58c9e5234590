"""Each approximation converges to the exact threshold at its order."""

import numpy as np
import pytest

from paper_checks._explicit_logistic import block_gram
from sdtheory import logistic
from sdtheory.logistic.approximations import kept_threshold
from sdtheory.logistic.random_labels import couplings


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_small_penalty_law_has_relative_error_one_over_own(steps):
    own = np.array([100.0, 200.0, 400.0, 800.0]) * (steps + 1)
    exact = logistic.student_threshold(own, np.inf, steps)
    error = 1 - exact / logistic.small_penalty_threshold(own, steps)
    if steps == 0:
        # The teacher's corrections are exponentially small: only rounding is left.
        assert np.abs(error).max() < 1e-11
        return
    slope = np.polyfit(np.log(own), np.log(np.abs(error)), 1)[0]
    assert slope == pytest.approx(-1, abs=0.05)


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_large_sample_law(steps):
    n = np.array([1e3, 1e4])
    exact = 0.5 - logistic.student_threshold(*couplings(n, 0.4, 0.0, 0.01), steps)
    law = logistic.large_sample_gap(n, 0.4, 0.01, steps=steps)
    error = exact / law - 1
    assert abs(error[1]) < 3e-3
    # It is of order 1 / n, and without that term of order 1 / n^2.
    assert abs(10 * error[1] - error[0]) / 9 < 5e-5


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_linearisation_is_pessimistic(rng, steps):
    own = 10 ** rng.uniform(-2, 1.5, 100)
    for shared in (np.inf, own / 10 ** rng.uniform(-4, 0, 100)):
        exact = logistic.student_threshold(own, shared, steps)
        gap = exact - logistic.linearised_threshold(own, shared, steps)
        # With few points it can be too large, by little.
        assert gap.min() > (-1e-12 if np.ndim(shared) == 0 else -2e-3)
        assert 0.1 < gap.max() < 0.18
    if steps == 0:
        assert logistic.linearised_threshold(4.0, np.inf) == 0
        assert logistic.teacher_threshold(4.0, np.inf) > 0.148


def test_linearisation_is_exact_for_large_penalties():
    want = (0.214286, 0.423810, 0.474743)
    for steps, number in enumerate(want):
        limit = float(logistic.linearised_threshold(*couplings(7, 0.2, 0.0, 1e9), steps))
        assert limit == pytest.approx(number, abs=6e-7)
        errors = [
            float(logistic.student_threshold(*gains, steps))
            - float(logistic.linearised_threshold(*gains, steps))
            for gains in (couplings(7, 0.2, 0.0, penalty) for penalty in (10.0, 40.0))
        ]
        # The sigmoid has no second-order term: third order for the teacher, second for students.
        order = np.log(errors[0] / errors[1]) / np.log(4)
        assert order == pytest.approx(2 if steps else 3, abs=0.05)


def test_linearisation_has_both_limits():
    own = np.array([0.5, 2.0])
    at_infinity = logistic.linearised_threshold(own, np.inf, 1)
    q = (own / (4 + own)) ** 2
    np.testing.assert_allclose(at_infinity, (1 - 2 * q) / (2 * (1 - q)), rtol=1e-15)
    np.testing.assert_allclose(logistic.linearised_threshold(own, 1e15, 1), at_infinity, rtol=1e-13)
    assert logistic.linearised_threshold(0.0, 0.0) == 0
    assert logistic.linearised_threshold(1.0, 0.0) == 0


@pytest.mark.parametrize("cross", [0.0, 0.1, -0.01])
@pytest.mark.parametrize("steps", [0, 1, 3])
def test_squared_loss_threshold_is_where_ridge_regression_fails(steps, cross):
    n, same, penalty = 20, 0.3, 0.2
    threshold = float(logistic.squared_loss_threshold(n, same, penalty, cross, steps))
    gram = block_gram((n, n), (same, same), cross)
    truth = np.repeat([1.0, -1.0], n)
    for flips in range(1, n // 2 + 1):
        f = np.where(np.arange(2 * n) % n < flips, -truth, truth)
        for _ in range(steps + 1):
            f = gram @ np.linalg.solve(gram + 2 * n * penalty * np.eye(2 * n), f)
        assert np.all(f * truth > 0) == (flips / n < threshold)


def test_linear_models_that_keep_all_labels_alike_repair_nothing():
    # Own label and class mean weigh the same at q = 1/2, and nothing is averaged at q = 1.
    assert kept_threshold(np.array([0.5, 0.75, 1.0]), 0).tolist() == [0, 0, 0]
    # A point keeps q of its own label and 1 - q of the mean 1 - 2 p: the sign changes at p.
    q = np.array([0.1, 0.3, 0.49])
    p = kept_threshold(np.sqrt(q), 1)
    np.testing.assert_allclose((1 - q) * (1 - 2 * p), q, rtol=1e-14)


def test_large_sample_law_needs_finitely_many_points():
    with pytest.raises(ValueError, match="n must be finite"):
        logistic.large_sample_gap(np.inf, 0.4, 0.01)
    with pytest.raises(ValueError, match="same_class above cross_class"):
        logistic.large_sample_gap(20, 0.4, 0.01, 0.4)
