"""Repeated distillation: reference numbers, constraints, unreachable optima, the separation."""

import mpmath
import numpy as np
import pytest
from backends import BACKENDS
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.label_noise_numbers import T1
from scipy.optimize import minimize
from strategies import log_floats, penalties, tasks

from sdtheory import label_noise
from sdtheory.label_noise import ConditionalProblem, RidgeProblem
from sdtheory.spectral import weights

EPS = np.finfo(float).eps


@pytest.mark.parametrize("metric", ["param", "in_sample"])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_reference_numbers(bottom, metric, steps):
    got = label_noise.optimal_steps(bottom(metric), 1.0, steps)
    name = f"{metric}.rstep{steps}"
    assert got.risk == pytest.approx(T1[f"{name}.risk"], rel=1e-13)
    # Weights of nearly parallel directions: their conditioning costs two or three digits.
    np.testing.assert_allclose(got.weights, T1[f"{name}.w"], rtol=1e-12)
    np.testing.assert_allclose(got.xi, T1[f"{name}.xis"], rtol=1e-12)
    again = label_noise.expected_risk(bottom(metric), 1.0, got.xi)
    assert again == pytest.approx(got.risk, rel=1e-12)


@pytest.mark.parametrize(("steps", "risk"), [(1, 7.382625), (2, 5.99414625), (3, 5.4726995625)])
def test_very_noisy_labels_want_pure_distillation_within_the_constraint(bottom, steps, risk):
    got = label_noise.optimal_steps(bottom(noise_var=20.0), 1.0, steps, constrained=True)
    assert got.risk == pytest.approx(risk, rel=1e-13)
    np.testing.assert_allclose(got.xi, np.ones(steps))


@given(tasks(max_size=6), penalties, st.integers(1, 4))
def test_constrained_students_lie_between_the_teacher_and_the_free_optimum(task, lam, steps):
    d, theta, noise_var = task
    problem = RidgeProblem(np.sqrt(d), theta, noise_var)
    free = label_noise.optimal_steps(problem, lam, steps)
    bound = label_noise.optimal_steps(problem, lam, steps, constrained=True)
    slack = 1e-9 * float(bound.teacher_risk)
    assert free.risk <= bound.risk + slack
    assert bound.risk <= bound.teacher_risk + slack
    if bound.xi is not None:
        assert np.all((bound.xi >= 0) & (bound.xi <= 1 + 1e-12))
    if steps == 1:
        clipped = label_noise.optimal_xi(problem, lam, lower=0.0, upper=1.0)
        assert bound.risk == pytest.approx(clipped.student_risk, rel=1e-9)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), log_floats(0.1, 10.0), log_floats(0.1, 30.0), st.integers(2, 3))
def test_no_weights_within_bounds_do_better(seed, lam, noise_var, steps):
    rng = np.random.default_rng(seed)
    d, theta = 10 ** rng.uniform(-1, 1, 4), rng.uniform(0.1, 2.0, 4)
    a = d / (d + lam)

    def risk(xis):
        kept = a
        for xi in xis:
            kept = a * (1 - xi + xi * kept)
        return np.sum((1 - kept) ** 2 * theta**2 + noise_var * kept**2 / d)

    problem = RidgeProblem(np.sqrt(d), theta, noise_var)
    best = label_noise.optimal_steps(problem, lam, steps, constrained=True)
    # Every vertex of the box is a start: the risk is not convex in the weights of the steps.
    found = min(
        minimize(risk, start, bounds=[(0.0, 1.0)] * steps, options={"ftol": 1e-15}).fun
        for start in np.ndindex((2,) * steps)
    )
    assert best.risk <= found * (1 + 1e-12)
    assert best.risk >= found * (1 - 1e-6)
    powers = a ** np.arange(1, steps + 2)[:, None]
    kept = weights.powers_from_taylor(best.weights) @ powers
    np.testing.assert_allclose(best.filter.kept, kept, rtol=1e-9)
    if best.xi is not None:
        assert risk(np.clip(best.xi, 0.0, 1.0)) == pytest.approx(best.risk, rel=1e-10)


def test_the_bounded_optimum_is_not_the_clipped_free_one():
    problem = RidgeProblem(np.sqrt([2.0, 1.0]), [3.8, 0.3], 3.0)
    free = label_noise.optimal_steps(problem, 1.0, 2)
    bound = label_noise.optimal_steps(problem, 1.0, 2, constrained=True)
    clipped = label_noise.expected_risk(problem, 1.0, np.clip(free.xi, 0.0, 1.0))
    assert bound.risk < 0.99 * clipped


def test_an_optimum_out_of_reach_is_reported():
    # The target filter is the mixture (1, -1, 1) of a, a**2, a**3, a limit of infinite weights.
    d = np.array([3.0, 1.0, 1 / 3])
    a = d / (d + 1)
    wanted = a - a**2 + a**3
    theta = np.sqrt(wanted / (1 - wanted) / d)  # noise 1: the Wiener filter is `wanted`
    best = label_noise.optimal_steps(RidgeProblem(np.sqrt(d), theta, 1.0), 1.0, 2)
    np.testing.assert_allclose(best.filter.kept, wanted, rtol=1e-12)
    assert best.xi is None
    assert best.largest_xi == np.inf


def tuned(problem, steps):
    return float(label_noise.best_joint(problem, steps).risk)


@pytest.mark.parametrize(
    ("rank", "gap", "energy", "steps", "want"),
    [
        (2, 0.01, 1e6, 0, 2.0000), (2, 0.01, 1e6, 1, 1.98029), (2, 0.01, 1e6, 2, 0.999999),
        (4, 0.01, 1e6, 0, 3.99998), (4, 0.01, 1e6, 1, 3.88480), (4, 0.01, 1e6, 2, 1.41673),
        (4, 0.01, 1e6, 4, 0.999999), (8, 0.01, 1e6, 0, 7.99994), (8, 0.01, 1e6, 1, 7.48881),
        (8, 0.01, 1e6, 2, 2.33765), (8, 0.01, 1e6, 4, 1.113684), (8, 0.01, 1e6, 8, 0.999999),
        (8, 0.1, 1e4, 0, 7.99367), (8, 0.1, 1e4, 1, 5.18873),
        (8, 0.1, 1e4, 2, 2.01794), (8, 0.1, 1e4, 8, 0.999941),
    ],
)  # fmt: skip
def test_separation_family(rank, gap, energy, steps, want):
    problem = label_noise.separation_problem(rank, gap, energy)
    if steps == rank:
        got = float(label_noise.optimal_steps(problem, 1.0, steps).risk)
        assert got == pytest.approx(float(label_noise.wiener_floor(problem).risk), rel=1e-6)
    else:
        got = tuned(problem, steps)
    assert got == pytest.approx(want, rel=6e-6)


def test_the_family_starts_at_rank_one():
    one = label_noise.separation_problem(1, 0.3, 0.25, 0.5)
    np.testing.assert_array_equal(one.eigenvalues, [1.0])
    # Ridge regression is the best there is: signal 0.25, noise 0.5.
    assert tuned(one, 0) == pytest.approx(0.25 * 0.5 / 0.75, rel=1e-12)
    silent = label_noise.separation_problem(3, 0.5, 0.0)
    np.testing.assert_allclose(silent.eigenvalues, [2.0, 1.5, 1.0], rtol=4 * EPS)
    assert not silent.energy.any()
    for name, bad in (("rank", 0), ("gap", 0.0), ("energy", -1.0)):
        with pytest.raises(ValueError, match=f"{name} must be"):
            label_noise.separation_problem(**{"rank": 1, "gap": 0.3, "energy": 1.0, name: bad})


def test_per_step_weights_explode_as_gaps_close():
    sizes = {
        (r, gap): label_noise.optimal_steps(
            label_noise.separation_problem(r, gap, energy), 1.0, r
        ).largest_xi
        for r, gap, energy in [(2, 0.1, 1e4), (2, 0.01, 1e6), (4, 0.1, 1e4)]
    }
    assert sizes[2, 0.1] == pytest.approx(84, rel=0.01)
    assert sizes[2, 0.01] == pytest.approx(804, rel=0.01)
    assert sizes[4, 0.1] == pytest.approx(1.1e4, rel=0.05)


def test_weights_of_the_separation_family_against_50_digits():
    with mpmath.workdps(50):
        d = [1 + mpmath.mpf(j) / 100 for j in range(3, -1, -1)]
        x = [1 / (1 + v) for v in d]
        # With f = (Wiener, 0, 0, 0), q = f / a is a cubic with roots at the last three nodes.
        wiener = d[0] * 10**6 / (d[0] * 10**6 + 1)
        scale = wiener / (d[0] / (1 + d[0]))
        # q(x) = q_1 prod (x - x_j) / (x_1 - x_j) must be 1 at x = 0: that fixes nothing, so the
        # interpolant has four conditions at the nodes and one at zero: degree four.
        matrix = mpmath.matrix(4, 4)
        right = mpmath.matrix(4, 1)
        for i, node in enumerate(x):
            for k in range(4):
                matrix[i, k] = node ** (k + 1)
            right[i] = (scale if i == 0 else 0) - 1
        w = mpmath.lu_solve(matrix, right)
        c = [mpmath.mpf(0)] * 5
        for k, wk in enumerate([mpmath.mpf(1), *w]):
            for i in range(k + 1):
                c[i] += wk * (-1) ** i * mpmath.binomial(k, i)
        tails = [mpmath.fsum(c[i:]) for i in range(5)]
        xis = [float(tails[i] / tails[i - 1]) for i in range(4, 0, -1)]
    # The printed reference weights, from which float64 is far at this conditioning.
    np.testing.assert_allclose(xis, [-0.66338, -1.9901, -5.9705, 5.7466e6], rtol=1e-4)


@given(seed=st.integers(0, 2**32 - 1), steps=st.integers(1, 3))
def test_conditional_optimum_is_a_regression_on_taylor_features(seed, steps):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(12, 5)), rng.normal(size=12)
    new, new_y = rng.normal(size=(20, 5)), rng.normal(size=20)
    lam = 0.8
    m = np.linalg.solve(x.T @ x + lam * np.eye(5), np.eye(5))
    beta = m @ x.T @ y
    features, change = [], beta
    for _ in range(steps):
        change = lam * m @ change
        features.append(new @ change)
    w, residual = np.linalg.lstsq(np.stack(features, axis=1), new_y - new @ beta)[:2]
    problem = ConditionalProblem.from_evaluation(x, y, new, new_y)
    best = label_noise.optimal_steps(problem, lam, steps)
    assert best.risk == pytest.approx(residual[0] / 20, rel=1e-9)
    np.testing.assert_allclose(best.weights, w, rtol=1e-5, atol=1e-6 * np.abs(w).max())


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_stay_in_the_namespace_of_the_data(backend):
    problem = RidgeProblem(backend([2.0, 1.0, 0.5]), backend([1.0, -0.5, 2.0]), 0.5)
    best = label_noise.optimal_steps(problem, 1.0, 2)
    assert backend.owns(best.risk)
    assert backend.owns(best.xi)
    assert float(best.risk) == pytest.approx(T1["param.rstep2.risk"], rel=100 * backend.eps)
    bound = label_noise.optimal_steps(problem, 1.0, 2, constrained=True)
    assert backend.owns(bound.weights)
