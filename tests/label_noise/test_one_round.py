"""The best weight of one round: reference numbers, brute force, thresholds and derivatives."""

import mpmath
import numpy as np
import pytest
from backends import BACKENDS
from hypothesis import given
from hypothesis import strategies as st
from reference.label_noise_numbers import T1, T4
from strategies import log_floats, penalties, tasks

from sdtheory import label_noise
from sdtheory.label_noise import ConditionalProblem, RidgeProblem

EPS = np.finfo(float).eps
METRICS = ["param", "in_sample"]


@pytest.mark.parametrize("metric", METRICS)
def test_reference_numbers(bottom, metric):
    problem = bottom(metric)
    got = label_noise.optimal_xi(problem, 1.0)
    slopes = label_noise.derivatives(problem, 1.0)
    thresholds = label_noise.noise_thresholds(problem, 1.0)
    pairs = {
        "ridge": got.teacher_risk,
        "pure": label_noise.expected_risk(problem, 1.0, 1.0),
        "numer(A-C)": -slopes.first / 2,
        "D": slopes.distance,
        "xi*": got.xi,
        "Rsd*": got.student_risk,
        "gamma2_xi0": thresholds.above_zero,
        "gamma2_xi1": thresholds.above_one,
        "xi*_noise_inf": thresholds.pure_noise_xi,
        "xi*_noise_0": thresholds.noiseless_xi,
    }
    for name, value in pairs.items():
        assert value == pytest.approx(T1[f"{metric}.{name}"], rel=1e-13), name


def test_reference_numbers_with_more_noise(bottom):
    found = label_noise.optimal_xi(bottom(noise_var=4.0), 1.0)
    assert found.xi == pytest.approx(0.681386299882363587, rel=1e-13)
    assert found.teacher_risk == pytest.approx(4.9425, rel=1e-13)
    assert found.student_risk == pytest.approx(4.55768708714143516423, rel=1e-13)


def test_reference_numbers_of_one_data_set():
    x, y = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]), np.array([1.0, 2.0, 0.0])
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    problem = ConditionalProblem.from_truth(x, y, [1.0, -0.5], covariance)
    got = label_noise.optimal_xi(problem, 1.0)
    slopes = label_noise.derivatives(problem, 1.0)
    assert got.teacher_risk == pytest.approx(T4["A"], rel=1e-13)
    assert label_noise.expected_risk(problem, 1.0, 1.0) == pytest.approx(T4["B"], rel=1e-13)
    assert slopes.distance == pytest.approx(T4["D"], rel=1e-13)
    assert slopes.first == pytest.approx(T4["slope"], rel=1e-13)
    assert got.xi == pytest.approx(T4["xi"], rel=1e-13)
    assert got.student_risk == pytest.approx(T4["risk"], rel=1e-13)
    assert slopes.first / 2 == pytest.approx(T4["C"] - T4["A"], rel=1e-13)


@given(tasks(), penalties)
def test_best_weight_against_50_digits(task, lam):
    d, theta, noise_var = task
    with mpmath.workdps(50):
        up = down = size = mpmath.mpf(0)
        for dj, tj in zip(d, theta, strict=True):
            dj, tj, v, m = map(mpmath.mpf, (float(dj), float(tj), noise_var, lam))
            a, x = dj / (dj + m), m / (dj + m)
            up, down = up + a * x**2 * v / m, down + a * x**2 * tj**2
            size += a**2 * x**2 * (tj**2 + v / dj)
        scale = float((up + down) / size)
        want = float((up - down) / size)
    problem = RidgeProblem(np.sqrt(d), theta, noise_var)
    got = label_noise.optimal_xi(problem, lam).xi
    # The only subtraction is that of the pull of the signal from the push of the noise.
    assert abs(got - want) <= 50 * d.size * EPS * scale


@given(tasks(), penalties)
def test_thresholds_are_where_the_best_weight_crosses(task, lam):
    d, theta, _ = task
    s = np.sqrt(d)
    at = label_noise.noise_thresholds(RidgeProblem(s, theta, 0.0), lam)
    assert 0 < at.above_zero < at.above_one
    for level, weight in ((at.above_zero, 0.0), (at.above_one, 1.0)):
        for factor in (1 - 1e-4, 1 + 1e-4):
            xi = label_noise.optimal_xi(RidgeProblem(s, theta, factor * level), lam).xi
            assert (xi > weight) == (factor > 1)
    assert at.noiseless_xi < -1 + 1e-12
    assert at.pure_noise_xi > 1 - 1e-12
    noiseless = label_noise.optimal_xi(RidgeProblem(s, theta, 0.0), lam).xi
    assert at.noiseless_xi == pytest.approx(noiseless, rel=100 * d.size * EPS)
    pure = label_noise.optimal_xi(RidgeProblem(s, 0.0 * theta, 1.0), lam).xi
    assert at.pure_noise_xi == pytest.approx(pure, rel=100 * d.size * EPS)


@given(seed=st.integers(0, 2**32 - 1), lam=log_floats(1e-2, 1e2))
def test_thresholds_with_a_coupling_metric_and_a_shifted_target(seed, lam):
    rng = np.random.default_rng(seed)
    x, theta, root = rng.normal(size=(6, 4)), rng.normal(size=4), rng.normal(size=(4, 4))
    target = theta + 0.5 * rng.normal(size=4)

    def problem(noise_var):
        return RidgeProblem.from_design(x, theta, noise_var, root.T @ root, target)

    at = label_noise.noise_thresholds(problem(1.0), lam)
    for level, weight in ((at.above_zero, 0.0), (at.above_one, 1.0)):
        if level > 0:
            xi = label_noise.optimal_xi(problem(float(level)), lam).xi
            assert xi == pytest.approx(weight, abs=1e-7)


def test_monotone_in_noise_may_fail_when_the_metric_couples_modes():
    # Errors in the two modes almost cancel, so that without noise much shrinkage does no harm.
    metric = np.array([[1.0, -0.999], [-0.999, 1.0]])
    problems = [RidgeProblem([2.0, 0.5], [1.2, 1.0], v, metric) for v in (0.0, 1e-2, 1e6)]
    xis = [label_noise.optimal_xi(p, 1.0).xi for p in problems]
    at = label_noise.noise_thresholds(problems[0], 1.0)
    assert xis[0] > xis[1] > xis[2] > 1
    assert at.above_one < at.above_zero < 0
    assert xis[0] == pytest.approx(at.noiseless_xi, rel=1e-12)
    assert xis[2] == pytest.approx(at.pure_noise_xi, rel=1e-5)


@given(tasks(), log_floats(1e-3, 1e3))
def test_derivatives_against_differences(task, lam):
    d, theta, noise_var = task
    problem = RidgeProblem(np.sqrt(d), theta, noise_var)
    got = label_noise.derivatives(problem, lam)
    with mpmath.workdps(50):

        def risk(m):
            return mpmath.fsum(
                (m * mpmath.mpf(float(t)) / (mpmath.mpf(float(e)) + m)) ** 2
                + mpmath.mpf(noise_var) * mpmath.mpf(float(e)) / (mpmath.mpf(float(e)) + m) ** 2
                for e, t in zip(d, theta, strict=True)
            )

        first = float(lam * mpmath.diff(risk, mpmath.mpf(lam)))
        second = float(mpmath.mpf(lam) ** 2 * mpmath.diff(risk, mpmath.mpf(lam), 2))
        scale = float(risk(mpmath.mpf(lam)))
    assert abs(got.first - first) <= 1e3 * EPS * scale
    assert abs(got.second - second) <= 1e3 * EPS * scale
    assert abs(got.second / 2 - got.distance - 2 * got.curvature) <= 1e3 * EPS * scale


@given(tasks(), penalties)
def test_brute_force_finds_nothing_better(task, lam):
    d, theta, noise_var = task
    problem = RidgeProblem(np.sqrt(d), theta, noise_var)
    got = label_noise.optimal_xi(problem, lam)
    around = got.xi + np.array([-1e-3, 1e-3, -1.0, 1.0]) * (1 + abs(got.xi))
    others = label_noise.expected_risk(problem, lam, around[:, None])
    # The filter of a student with a large weight is itself a difference of large numbers.
    assert np.all(others >= got.student_risk * (1 - 1e3 * EPS * (1 + abs(got.xi))))
    assert got.student_risk <= got.teacher_risk


@pytest.mark.parametrize(
    ("theta", "noise_var", "lam"), [([0.0, 0.0], 0.0, 1.0), ([1.0, 2.0], 0.5, 0.0)]
)
def test_degenerate_problems_return_zero(theta, noise_var, lam):
    found = label_noise.optimal_xi(RidgeProblem([2.0, 1.0], theta, noise_var), lam)
    assert found.degenerate
    assert found.xi == 0


def test_pure_noise_wants_a_weight_above_one():
    found = label_noise.optimal_xi(RidgeProblem([2.0, 1.0], [0.0, 0.0], 0.5), 1.0)
    a, x = np.array([0.8, 0.5]), np.array([0.2, 0.5])
    assert found.xi == pytest.approx(np.sum(a * x**2) / np.sum(a * x**3), rel=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_stay_in_the_namespace_of_the_data(backend):
    problem = RidgeProblem(backend([2.0, 1.0, 0.5]), backend([1.0, -0.5, 2.0]), 0.5)
    got = label_noise.optimal_xi(problem, 1.0)
    assert backend.owns(got.xi)
    assert backend.owns(got.student_risk)
    assert float(got.xi) == pytest.approx(T1["param.xi*"], rel=100 * backend.eps)
    at = label_noise.noise_thresholds(problem, 1.0)
    assert backend.owns(at.above_one)
    assert float(at.above_one) == pytest.approx(T1["param.gamma2_xi1"], rel=100 * backend.eps)


def test_thresholds_need_one_noise_variance():
    problem = RidgeProblem([2.0, 1.0], [1.0, 1.0], [0.5, 1.0])
    with pytest.raises(ValueError, match="noise_var must be one number"):
        label_noise.noise_thresholds(problem, 1.0)
    with pytest.raises(ValueError, match=r"lam must be greater than 0, got 0"):
        label_noise.noise_thresholds(RidgeProblem([2.0], [1.0], 0.5), 0.0)


@pytest.mark.parametrize("lam", [1e-200, 1e200])
def test_thresholds_at_penalties_whose_squares_leave_the_range(lam):
    d, theta = np.array([4.0, 1.0, 0.25]), np.array([1.0, -0.5, 2.0])
    at = label_noise.noise_thresholds(RidgeProblem(np.sqrt(d), theta, 1.0), lam)
    zero, one = (np.sum(theta**2 / d**2), np.sum(1 / d**2)) if lam < 1 else (d @ theta**2, d.sum())
    assert at.above_zero == pytest.approx(lam * zero / one, rel=1e-12)
    # One end of the weights is finite, the other of the order of the penalty.
    if lam < 1:
        assert at.noiseless_xi == pytest.approx(-1, rel=1e-12)
        want = np.sum(d**-2.0) / np.sum(d**-3.0) / lam
        assert at.pure_noise_xi == pytest.approx(want, rel=1e-12)
    else:
        want = -lam * np.sum(d * theta**2) / np.sum(d**2 * theta**2)
        assert at.noiseless_xi == pytest.approx(want, rel=1e-12)
        assert at.pure_noise_xi == pytest.approx(1, rel=1e-12)


def test_where_no_error_counts_no_noise_is_enough():
    at = label_noise.noise_thresholds(RidgeProblem([2.0, 1.0], [1.0, 1.0], 1.0, [0.0, 0.0]), 1.0)
    assert (at.above_zero, at.above_one) == (np.inf, np.inf)
    assert (at.noiseless_xi, at.pure_noise_xi) == (0.0, 0.0)


def test_labels_alone_are_the_default():
    problem = RidgeProblem(np.array([2.0, 1.0]), [1.0, -0.5], noise_var=0.5)
    teacher = label_noise.expected_risk(problem, 0.7, 0.0)
    assert label_noise.expected_risk(problem, 0.7) == teacher
    assert label_noise.expected_risk(problem, 0.7, 1.0) != teacher
