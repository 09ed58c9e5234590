"""The best penalty: reference numbers, dense grids, limits, and gains far from the best ridge."""

import numpy as np
import pytest
from backends import BACKENDS
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.label_noise_numbers import T1, T3
from strategies import log_floats, tasks

from sdtheory import label_noise
from sdtheory.label_noise import ConditionalProblem, RidgeProblem
from sdtheory.label_noise.best import _coefficients

EPS = np.finfo(float).eps
# Found among random problems: no saddle at the best ridge regression, but a distant minimum.
FAR = {"d": [0.16, 0.04, 0.03, 0.02], "energy": [0.54, 36.25, 0.1, 5.06]}


def on_a_grid(problem, steps):
    """Return the lowest risk of at most one round over a dense grid of penalties."""
    d, energy, noise = problem.eigenvalues, problem.energy, problem.noise_var
    lam = np.geomspace(1e-9 * d.min(), 1e9 * d.max(), 20_000)[:, None]
    a, x = d / (d + lam), lam / (d + lam)
    risk = np.sum(x**2 * energy + noise * a**2 / d, axis=1)
    if steps:
        slope = np.sum(a * x**2 * (noise / lam - energy), axis=1)
        risk = risk - slope**2 / np.sum((a * x) ** 2 * (energy + noise / d), axis=1)
    return risk.min()


@pytest.mark.parametrize("metric", ["param", "in_sample"])
def test_reference_numbers_with_the_signal_on_small_singular_values(bottom, metric):
    problem = bottom(metric)
    ridge, joint = label_noise.best_ridge(problem), label_noise.best_joint(problem)
    assert ridge.lam == pytest.approx(T1[f"{metric}.ridge_lambda*"], rel=1e-13)
    assert ridge.risk == pytest.approx(T1[f"{metric}.ridge_min"], rel=1e-13)
    assert joint.lam == pytest.approx(T1[f"{metric}.joint_lambda"], rel=1e-13)
    assert joint.risk == pytest.approx(T1[f"{metric}.joint_min"], rel=1e-13)
    assert joint.xi == 0
    curvature = label_noise.derivatives(problem, ridge.lam).curvature
    assert curvature == pytest.approx(T1[f"{metric}.H(lambda*)"], rel=1e-12)
    small, large = label_noise.limit_students(problem)
    assert small.step == pytest.approx(T1[f"{metric}.lim_lam0_lam*xi"], rel=1e-13)
    assert small.risk == pytest.approx(T1[f"{metric}.Rsd(0+)"], rel=1e-13)
    assert large.step == pytest.approx(T1[f"{metric}.lim_laminf_-xi/lam"], rel=1e-13)
    assert large.risk == pytest.approx(T1[f"{metric}.Rsd(inf)"], rel=1e-13)


def test_reference_numbers_with_the_signal_on_large_singular_values(top):
    joint = label_noise.best_joint(top)
    assert joint.ridge_lam == pytest.approx(T3["ridge_lam"], rel=1e-13)
    assert joint.ridge_risk == pytest.approx(T3["ridge_risk"], rel=1e-13)
    curvature = label_noise.derivatives(top, joint.ridge_lam).curvature
    assert curvature == pytest.approx(T3["curvature"], rel=1e-12)
    assert joint.lam == pytest.approx(T3["joint_lam"], rel=1e-12)
    assert joint.xi[0] == pytest.approx(T3["joint_xi"], rel=1e-12)
    assert joint.risk == pytest.approx(T3["joint_risk"], rel=1e-13)
    assert label_noise.wiener_floor(top).risk == pytest.approx(T3["floor"], rel=1e-14)


@settings(max_examples=25)
@given(
    st.lists(st.tuples(log_floats(1e-2, 1e2), log_floats(1e-2, 1e2)), min_size=1, max_size=5),
    st.sampled_from([0, 1]),
)
def test_no_grid_finds_anything_better(modes, steps):
    d, energy = np.array(modes).T
    problem = RidgeProblem(np.sqrt(d), np.sqrt(energy), 1.0)
    best = label_noise.best_joint(problem, steps)
    grid = on_a_grid(problem, steps)
    assert best.risk <= grid * (1 + 1e-10)
    # The grid has 2000 penalties a decade at most: it misses a minimum by its curvature only.
    assert best.risk >= grid * (1 - 1e-4)


@settings(max_examples=8)
@given(tasks(max_size=5), st.integers(1, 3))
def test_more_rounds_never_hurt_and_never_pass_the_floor(task, steps):
    d, theta, noise_var = task
    problem = RidgeProblem(np.sqrt(d), theta, noise_var + 1e-2)
    risks = [label_noise.best_joint(problem, k).risk for k in range(steps + 1)]
    assert np.all(np.diff(risks) <= 1e-10 * risks[0])
    assert risks[-1] >= label_noise.wiener_floor(problem).risk * (1 - 1e-10)


def test_joint_search_finds_gains_that_the_curvature_test_misses():
    problem = RidgeProblem(np.sqrt(FAR["d"]), np.sqrt(FAR["energy"]), 1.0)
    best = label_noise.best_joint(problem)
    assert label_noise.derivatives(problem, best.ridge_lam).curvature < -1e-3
    assert best.risk < 0.99 * best.ridge_risk
    assert best.risk == pytest.approx(on_a_grid(problem, 1), rel=1e-6)


@settings(max_examples=25)
@given(tasks(max_size=6))
def test_isotropic_signals_gain_nothing(task):
    d, theta, noise_var = task
    isotropic = RidgeProblem(np.sqrt(d), np.full(d.size, abs(theta[0]) + 0.1), noise_var + 0.01)
    best = label_noise.best_joint(isotropic)
    lam = (noise_var + 0.01) / (abs(theta[0]) + 0.1) ** 2
    assert best.lam == pytest.approx(lam, rel=1e-6)
    assert best.risk == pytest.approx(label_noise.wiener_floor(isotropic).risk, rel=1e-12)


@pytest.mark.parametrize(
    ("theta", "noise_var", "lam"), [([1.0, 1.0], 0.0, 0.0), ([0.0, 0.0], 1.0, np.inf)]
)
def test_the_best_penalty_can_be_a_limit(theta, noise_var, lam):
    best = label_noise.best_ridge(RidgeProblem([2.0, 1.0], theta, noise_var))
    assert best.lam == lam
    assert best.risk == 0


@pytest.mark.parametrize(("theta", "noise_var"), [([1.0, 1.0], 0.0), ([0.0, 0.0], 1.0)])
@pytest.mark.parametrize("steps", [1, 2])
def test_in_a_limit_there_are_no_weights_per_step(theta, noise_var, steps):
    best = label_noise.best_joint(RidgeProblem([2.0, 1.0], theta, noise_var), steps)
    assert best.xi is None
    np.testing.assert_array_equal(best.weights, np.zeros(steps))
    assert best.ridge_lam == best.lam
    teacher = label_noise.best_ridge(RidgeProblem([2.0, 1.0], theta, noise_var))
    assert teacher.xi.shape == teacher.weights.shape == (0,)


LIMITS = [
    (0.0, [0.7, 2.6, 2.9], [7.3, 0.17, 2.9], 7.2, 2),
    (np.inf, [0.12, 1.7, 2.9], [0.11, 2.7, 0.11], 3.3, 2),
    (0.0, [0.4, 0.9, 6.0, 7.4], [0.5, 1.4, 0.44, 1.5], 0.47, 1),
]


@pytest.mark.parametrize(("lam", "d", "theta", "noise_var", "steps"), LIMITS)
def test_in_a_limit_the_weights_are_the_coefficients_of_the_filter(lam, d, theta, noise_var, steps):
    d, theta = np.array(d), np.array(theta)
    best = label_noise.best_joint(RidgeProblem(np.sqrt(d), theta, noise_var), steps)
    assert best.lam == lam
    powers = d ** (np.arange(1, steps + 1)[:, None] * (1 if lam else -1))
    # Least squares on the rows of bias and variance, of f = 1 - t_1 / d - ... or t_1 d + ....
    sign, start = (1, np.zeros(d.size)) if lam else (-1, np.ones(d.size))
    rows = np.concatenate([-sign * powers * theta, sign * powers * (noise_var / d) ** 0.5], axis=1)
    target = np.concatenate([(1 - start) * theta, start * (noise_var / d) ** 0.5])
    t = np.linalg.lstsq(rows.T, -target)[0]
    np.testing.assert_allclose(best.weights, t, rtol=1e-9)
    assert best.risk == pytest.approx(np.sum((target + t @ rows) ** 2), rel=1e-12)
    assert best.risk < best.ridge_risk * (1 - 1e-3)
    if steps == 1:
        limit = label_noise.limit_students(RidgeProblem(np.sqrt(d), theta, noise_var))[lam > 0]
        assert limit.step == pytest.approx(t[0], rel=1e-9)


def test_coefficients_in_a_limit_may_leave_the_range():
    got = _coefficients(np.array([1e-200]), np.inf, np.array([2.0, 3.0, 0.0]))
    np.testing.assert_array_equal(got, [2e200, np.inf, 0.0])
    got = _coefficients(np.array([1e-200, 1.0]), 0.0, np.array([2.0, 3.0]))
    np.testing.assert_array_equal(got, [2e-200, 0.0])


@given(tasks(), st.sampled_from([(1e-8, 0), (1e8, 1)]))
def test_limits_are_approached(task, end):
    d, theta, _ = task
    problem = RidgeProblem(np.sqrt(d), theta, np.max(d * theta**2))
    scale, which = end
    limit = label_noise.limit_students(problem)[which]
    lam = scale * (d.min() if which == 0 else d.max())
    near = label_noise.optimal_xi(problem, lam)
    # The error is of first order in the ratio of the penalty to the nearest eigenvalue.
    spread = d.size * d.max() / d.min()
    step = lam * near.xi if which == 0 else -near.xi / lam
    assert step == pytest.approx(limit.step, rel=1e-7 * spread)
    assert near.student_risk == pytest.approx(limit.risk, rel=1e-7 * spread)
    assert limit.risk < label_noise.expected_risk(problem, lam)


@pytest.mark.parametrize("lam", [1e-11, 1e12])
def test_the_best_ridge_may_be_far_from_all_eigenvalues(lam):
    """Of an isotropic signal it is the noise over its energy, wherever the eigenvalues are."""
    noise, theta = (lam, [1.0, 1.0]) if lam < 1 else (1.0, [lam**-0.5] * 2)
    best = label_noise.best_ridge(RidgeProblem([1.0, 0.5], theta, noise))
    assert best.lam == pytest.approx(lam, rel=1e-6, abs=0)
    assert best.weights.shape == best.xi.shape == (0,)


@pytest.mark.parametrize("scale", [1e-70, 1e150])
def test_penalties_are_numbers_in_any_units(scale):
    plain = label_noise.best_ridge(RidgeProblem([2.0, 1.0], [1.0, 2.0], 0.5))
    other = RidgeProblem(
        np.array([2.0, 1.0]) * scale, np.array([1.0, 2.0]) / scale, 0.5, [1.0, 1.0]
    )
    best = label_noise.best_ridge(other)
    assert best.lam == pytest.approx(plain.lam * scale**2, rel=1e-9, abs=0)


def test_an_interior_penalty_wins_ties_with_a_limit():
    for size in (1e-30, 1.0, 1e30):
        best = label_noise.best_ridge(RidgeProblem([2.0 * size, size], [0.0, 0.0], 0.0))
        assert 0 < best.lam < np.inf
        assert best.risk == 0


def test_rounding_picks_no_penalty_where_nothing_is_gained():
    for size in (150, 300, 400):
        problem = RidgeProblem(np.linspace(0.1, 10.0, size), np.ones(size), 1.0)
        best = label_noise.best_joint(problem)
        assert best.lam == best.ridge_lam == pytest.approx(1.0, rel=1e-6)
        assert best.weights == best.xi == 0


@pytest.mark.parametrize("steps", [0, 1])
def test_one_data_set_has_a_best_penalty_too(rng, steps):
    x, y, truth = rng.normal(size=(12, 4)), rng.normal(size=12), rng.normal(size=4)
    problem = ConditionalProblem.from_truth(x, y + x @ truth, truth)
    best = label_noise.best_joint(problem, steps)
    lams = np.geomspace(1e-9, 1e9, 20_000)
    if steps == 0:
        grid = label_noise.expected_risk(problem, lams[:, None], 0.0, 0).min()
    else:
        grid = min(float(label_noise.optimal_xi(problem, lam).student_risk) for lam in lams[::40])
    assert grid * (1 - 1e-3) <= best.risk <= grid * (1 + 1e-10)


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_stay_in_the_namespace_of_the_data(backend):
    problem = RidgeProblem(backend([2.0, 1.0, 0.5]), backend([2.0, 1.0, 0.5]), 0.5)
    best = label_noise.best_joint(problem)
    assert backend.owns(best.risk)
    assert backend.owns(best.weights)
    assert float(best.risk) == pytest.approx(T3["joint_risk"], rel=100 * backend.eps)
    for limit in label_noise.limit_students(problem):
        assert backend.owns(limit.risk)
