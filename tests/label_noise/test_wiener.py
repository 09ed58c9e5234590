"""Floors: reference numbers, definitions, and what the best estimators reach."""

import numpy as np
import pytest
from backends import BACKENDS
from hypothesis import given
from hypothesis import strategies as st
from reference.label_noise_numbers import T1
from strategies import penalties, tasks

from sdtheory import filters, label_noise
from sdtheory.label_noise import RidgeProblem

EPS = np.finfo(float).eps


@pytest.mark.parametrize("metric", ["param", "in_sample"])
def test_reference_numbers(bottom, metric):
    floor = label_noise.wiener_floor(bottom(metric))
    assert floor.risk == pytest.approx(T1[f"{metric}.wiener_bound"], rel=1e-14)
    assert floor.distinct == 3


@given(tasks(max_size=6), penalties)
def test_excess_is_a_weighted_distance_from_the_wiener_filter(task, lam):
    d, theta, noise_var = task
    problem = RidgeProblem(np.sqrt(d), theta, noise_var + 1e-3)
    # Equal singular values keep one estimate each; the identity is that of single modes.
    kept, energy, noise = filters.ridge(d, lam), theta**2, noise_var + 1e-3
    total = d * energy + noise
    floor = np.sum(energy * noise / total)
    excess = np.sum((energy + noise / d) * (kept - d * energy / total) ** 2)
    risk = label_noise.expected_risk(problem, lam)
    assert risk == pytest.approx(floor + excess, rel=100 * d.size * EPS, abs=0)


def test_equal_singular_values_share_one_filter_value():
    theta, noise_var = np.array([2.0, 1.0, 0.5, 3.0]), 0.7
    problem = RidgeProblem([1.5, 1.0, 1.0, 1.0], theta, noise_var)
    mean = np.mean(theta[1:] ** 2)
    want = 4 * noise_var / (1.5**2 * 4 + noise_var) + 3 * mean * noise_var / (mean + noise_var)
    floor = label_noise.wiener_floor(problem)
    assert floor.distinct == 2
    assert floor.risk == pytest.approx(want, rel=100 * EPS)
    assert floor.filter[1] == floor.filter[3] == pytest.approx(mean / (mean + noise_var))
    separate = RidgeProblem([1.5, 1.2, 1.1, 1.0], theta, noise_var)
    assert label_noise.wiener_floor(separate).distinct == 4


def test_equal_singular_values_may_be_the_largest_and_coupled():
    theta, v, metric = np.array([2.0, 1.0, 0.5]), 0.7, np.diag([1.0, 2.0, 3.0])
    metric[0, 1] = metric[1, 0] = 0.4
    problem = RidgeProblem([2.0, 2.0, 1.0], theta, v, metric)
    floor = label_noise.wiener_floor(problem)
    assert floor.distinct == 2
    # With (f, f, g): the signal of the first two counts with its coupling, the noise without.
    energy, variance = theta[:2] @ metric[:2, :2] @ theta[:2], 3 * v / 4
    kept = energy / (energy + variance)
    alone = 3 * 0.25 * 3 * v / (3 * 0.25 + 3 * v)
    assert floor.filter[0] == floor.filter[1] == pytest.approx(kept, rel=10 * EPS)
    assert floor.risk == pytest.approx(kept * variance + alone, rel=20 * EPS)
    diagonal = RidgeProblem([2.0, 2.0, 1.0], theta, v)
    assert label_noise.wiener_floor(diagonal).distinct == 2


def test_what_no_filter_changes_is_part_of_the_floor():
    plain = RidgeProblem([2.0, 1.0], [1.0, 2.0], 0.5)
    more = RidgeProblem([2.0, 1.0], [1.0, 2.0], 0.5, null_energy=0.25)
    gap = label_noise.wiener_floor(more).risk - label_noise.wiener_floor(plain).risk
    assert gap == pytest.approx(0.25, rel=10 * EPS)


def test_a_single_mode_is_its_own_group():
    floor = label_noise.wiener_floor(RidgeProblem([0.5], [2.0], 0.7))
    assert floor.distinct == 1
    assert floor.risk == pytest.approx(4 * 0.7 / (0.25 * 4 + 0.7), rel=10 * EPS)


def test_singular_values_apart_by_rounding_are_one():
    """As far as n units in the last place of the largest; the floor is then that of one group."""
    theta = np.array([1.0, 2.0, 3.0])
    for units, distinct in ((2, 2), (5, 3)):
        s = [2.0, 1.0, 1.0 + units * 2 * EPS]
        assert label_noise.wiener_floor(RidgeProblem(s, theta, 0.5)).distinct == distinct, units


@pytest.mark.parametrize("n", [None, 3, 7])
def test_the_floor_of_smoothers_is_a_mean_over_samples(n):
    problem = RidgeProblem([2.0, 1.0], [1.0, 3.0], 0.5, "in_sample", n=n)
    signal = 4.0 + 9.0
    want = 0.5 * signal / (signal + 0.5) / (n or 2)
    assert label_noise.linear_smoother_floor(problem) == pytest.approx(want, rel=10 * EPS)
    silent = RidgeProblem([2.0, 1.0], [0.0, 0.0], 0.0, "in_sample", n=n)
    assert label_noise.linear_smoother_floor(silent) == 0


@given(seed=st.integers(0, 2**32 - 1))
def test_floor_of_a_coupling_metric_is_a_least_squares_problem(seed):
    rng = np.random.default_rng(seed)
    x, theta, root = rng.normal(size=(6, 3)), rng.normal(size=3), rng.normal(size=(3, 3))
    problem = RidgeProblem.from_design(x, theta, 0.5, root.T @ root)
    floor = label_noise.wiener_floor(problem)
    gram, coefficients = problem.metric[:3, :3], problem.coefficients[:3]
    quadratic = gram * np.outer(coefficients, coefficients)
    noise = 0.5 * np.diag(gram) / problem.eigenvalues
    best = np.linalg.solve(quadratic + np.diag(noise), quadratic.sum(axis=1))
    want = (1 - best) @ quadratic @ (1 - best) + noise @ best**2
    assert floor.risk == pytest.approx(want, rel=1e-9)
    np.testing.assert_allclose(floor.filter, best, rtol=1e-7, atol=1e-9)


@given(tasks(max_size=6))
def test_no_signal_or_no_noise_is_no_loss(task):
    d, theta, _ = task
    assert label_noise.wiener_floor(RidgeProblem(np.sqrt(d), 0 * theta, 0.0)).risk == 0
    assert label_noise.wiener_floor(RidgeProblem(np.sqrt(d), 0 * theta, 1.0)).risk == 0


def test_aligned_signals_reach_the_floor_of_all_linear_smoothers():
    aligned = RidgeProblem([2.0, 1.0], [0.0, 3.0], 0.5, "in_sample", n=4)
    spread = RidgeProblem([2.0, 1.0], [1.0, 3.0], 0.5, "in_sample", n=4)
    same = label_noise.wiener_floor(aligned).risk
    assert label_noise.linear_smoother_floor(aligned) == pytest.approx(same, rel=10 * EPS)
    assert label_noise.linear_smoother_floor(spread) < 0.6 * label_noise.wiener_floor(spread).risk
    # The best rank-one smoother H = c m m' attains it.
    mean = np.array([2.0, 3.0])
    c = 1 / (mean @ mean + 0.5)
    h = c * np.outer(mean, mean)
    risk = (np.sum((h @ mean - mean) ** 2) + 0.5 * np.sum(h**2)) / 4
    assert label_noise.linear_smoother_floor(spread) == pytest.approx(risk, rel=100 * EPS)


def test_smoother_floor_is_an_in_sample_statement():
    with pytest.raises(ValueError, match=r"problem must have the metric 'in_sample', got 'para"):
        label_noise.linear_smoother_floor(RidgeProblem([1.0], [1.0], 1.0))
    with pytest.raises(ValueError, match="noise_var must be one number"):
        label_noise.linear_smoother_floor(RidgeProblem([1.0], [1.0], [1.0], "in_sample"))


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_stay_in_the_namespace_of_the_data(backend):
    root = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, -0.3], [0.2, 0.0, 1.0]])
    for metric in ("parameter", root.T @ root):
        given = metric if isinstance(metric, str) else backend(metric)
        s, theta = np.array([2.0, 1.0, 1.0]), np.array([1.0, 2.0, 3.0])
        got = label_noise.wiener_floor(RidgeProblem(backend(s), backend(theta), 0.5, given))
        want = label_noise.wiener_floor(RidgeProblem(s, theta, 0.5, metric))
        assert backend.owns(got.risk)
        assert backend.owns(got.filter)
        assert float(got.risk) == pytest.approx(want.risk, rel=1e4 * backend.eps)
