"""Risks against literal refitting on noisy labels, and against their definitions."""

import dataclasses

import numpy as np
import pytest
from backends import BACKENDS
from exact_means import noisy, over_flips
from hypothesis import given
from hypothesis import strategies as st

from sdtheory import label_noise, problems
from sdtheory.label_noise import ConditionalProblem, RidgeProblem

LAM, XI = 0.7, 1.6
EPS = np.finfo(float).eps


def student(x, y, lam, xi):
    """Fit ridge regression on the labels, then on the mixed targets, by solving."""
    gram = x.T @ x + lam * np.eye(x.shape[1])
    teacher = np.linalg.solve(gram, x.T @ y)
    return np.linalg.solve(gram, x.T @ (xi * x @ teacher + (1 - xi) * y))


@pytest.mark.parametrize(("n", "p"), [(9, 6), (5, 8)])
@pytest.mark.parametrize("metric", ["parameter", "in_sample", "covariance", "shifted"])
def test_expected_risk_is_the_mean_over_label_noise(rng, n, p, metric):
    x, theta, noise_var = rng.normal(size=(n, p)), rng.normal(size=p), 0.4
    root = rng.normal(size=(p, p))
    covariance = {"parameter": np.eye(p), "in_sample": x.T @ x / n}.get(metric, root.T @ root)
    target = theta + 0.3 * rng.normal(size=p) if metric == "shifted" else theta
    name = metric if metric in ("parameter", "in_sample") else covariance
    problem = RidgeProblem.from_design(
        x, theta, noise_var, name, target if metric == "shifted" else None
    )
    gap = student(x, noisy(x @ theta, noise_var).T, LAM, XI) - target[:, None]
    want = np.mean(np.sum(gap * (covariance @ gap), axis=0))
    assert label_noise.expected_risk(problem, LAM, XI) == pytest.approx(want, rel=1e3 * EPS)


@pytest.mark.parametrize("metric", ["parameter", "in_sample"])
def test_noise_may_differ_between_samples(rng, metric):
    n, p = 8, 5
    x, theta, noise_var = rng.normal(size=(n, p)), rng.normal(size=p), rng.uniform(0.1, 3, size=n)
    problem = RidgeProblem.from_design(x, theta, noise_var, metric)
    smoother = student(x, np.eye(n), LAM, XI)
    root = np.eye(p) if metric == "parameter" else x / n**0.5
    bias = root @ (smoother @ x @ theta - theta)
    variance = np.sum((root @ smoother) ** 2 @ noise_var)
    assert label_noise.expected_risk(problem, LAM, XI) == pytest.approx(
        bias @ bias + variance, rel=1e3 * EPS
    )


def test_label_flips_of_one_hot_targets_are_exact(rng):
    n, classes, rate = 40, 4, 0.4
    x, labels = rng.normal(size=(n, 12)), rng.integers(0, classes, size=n)
    mean, noise_var = problems.flipped_means(labels, classes, rate)
    problem = RidgeProblem.from_mean(x, mean, noise_var)

    def missed(y):
        return np.sum((x @ student(x, y, LAM, XI) - mean) ** 2) / n

    want = over_flips(missed, labels, classes, rate)
    assert label_noise.expected_risk(problem, LAM, XI) == pytest.approx(want, rel=1e3 * EPS)


def test_several_outputs_are_summed(rng):
    x, theta = rng.normal(size=(7, 4)), rng.normal(size=(4, 3))
    both = RidgeProblem.from_design(x, theta, 0.6, "in_sample")
    each = [RidgeProblem.from_design(x, theta[:, k], 0.2, "in_sample") for k in range(3)]
    total = sum(label_noise.expected_risk(p, LAM, XI) for p in each)
    assert label_noise.expected_risk(both, LAM, XI) == pytest.approx(total, rel=100 * EPS)
    np.testing.assert_allclose(both.energy, sum(p.energy for p in each), rtol=10 * EPS)
    np.testing.assert_allclose(each[0].energy, each[0].coefficients ** 2, rtol=EPS)


def test_what_lies_where_there_are_no_data_is_added():
    plain = RidgeProblem([2.0, 1.0], [1.0, 2.0], 0.5)
    assert plain.risk.constant == 0
    more = RidgeProblem([2.0, 1.0], [1.0, 2.0], 0.5, null_energy=0.3)
    assert more.risk.constant == 0.3


def test_the_risk_is_not_part_of_what_a_problem_is():
    problem = RidgeProblem(np.array([2.0, 1.0]), np.array([1.0, 2.0]), np.array(0.5))
    assert "risk" not in repr(problem)
    assert dataclasses.replace(problem) == problem  # of the same arrays, with another risk


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 7), p=st.integers(1, 7))
def test_covariance_of_the_data_is_the_in_sample_metric(seed, n, p):
    rng = np.random.default_rng(seed)
    x, theta = rng.normal(size=(n, p)), rng.normal(size=p)
    coupled = RidgeProblem.from_design(x, theta, 0.3, x.T @ x / n)
    diagonal = RidgeProblem.from_design(x, theta, 0.3, "in_sample")
    scale = np.sum((x @ theta) ** 2) / n + 0.3
    assert label_noise.expected_risk(coupled, LAM, XI) == pytest.approx(
        label_noise.expected_risk(diagonal, LAM, XI), abs=1e4 * EPS * scale
    )


@pytest.mark.parametrize("covariance", [None, [[2.0, 0.5], [0.5, 1.0]]])
def test_conditional_risk_is_the_error_of_the_refitted_student(covariance):
    x, y = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]), np.array([1.0, 2.0, 0.0])
    truth = np.array([1.0, -0.5])
    problem = ConditionalProblem.from_truth(x, y, truth, covariance)
    gap = student(x, y, 1.0, XI) - truth
    want = gap @ (np.eye(2) if covariance is None else np.array(covariance)) @ gap
    assert label_noise.expected_risk(problem, 1.0, XI) == pytest.approx(want, rel=100 * EPS)


def test_evaluation_set_is_the_error_of_the_refitted_student(rng):
    x, y = rng.normal(size=(9, 4)), rng.normal(size=(9, 2))
    new, new_y = rng.normal(size=(6, 4)), rng.normal(size=(6, 2))
    problem = ConditionalProblem.from_evaluation(x, y, new, new_y)
    want = np.mean((new @ student(x, y, LAM, XI) - new_y) ** 2)
    assert label_noise.expected_risk(problem, LAM, XI) == pytest.approx(want, rel=1e3 * EPS)


def test_evaluation_sets_have_the_columns_of_the_data(rng):
    x, y, new, new_y = (rng.normal(size=shape) for shape in ((2, 4), (2, 2), (6, 4), (6, 2)))
    problem = ConditionalProblem.from_evaluation(x, y, new, new_y)
    want = np.mean((new @ student(x, y, LAM, XI) - new_y) ** 2)
    assert label_noise.expected_risk(problem, LAM, XI) == pytest.approx(want, rel=1e3 * EPS)
    for bad_new, bad_y in ((new[:, :3], new_y), (new[:, :2], new_y), (new, new_y[:, :1])):
        with pytest.raises(ValueError, match="new_design and new_y must have the columns"):
            ConditionalProblem.from_evaluation(x, y, bad_new, bad_y)


def test_weights_of_the_modes():
    s, theta = np.array([2.0, 0.5]), np.array([1.0, -3.0])
    for metric, n, omega in (
        ("in_sample", None, s**2 / 2),
        ("in_sample", 7, s**2 / 7),
        ("parameter", 7, np.ones(2)),
        ([0.3, 0.0], None, np.array([0.3, 0.0])),
    ):
        problem = RidgeProblem(s, theta, 0.4, metric, n)
        np.testing.assert_array_equal(problem.weights, omega)
        kept = s**2 / (s**2 + LAM)
        want = omega @ ((1 - kept) ** 2 * theta**2 + 0.4 * kept**2 / s**2)
        assert label_noise.expected_risk(problem, LAM) == pytest.approx(want, rel=20 * EPS)
    assert RidgeProblem(s, theta, 0.4, np.eye(2)).weights is None
    for bad, says in (([0.3], "metric and singular_values"), ([1.0, -1.0], "at least 0, got -1")):
        with pytest.raises(ValueError, match=says):
            RidgeProblem(s, theta, 0.4, bad)


@pytest.mark.parametrize("covariance", [None, np.diag([1.0, 2.0, 3.0])])
def test_conditional_risk_with_fewer_samples_than_features(rng, covariance):
    for x in (rng.normal(size=(2, 3)), np.zeros((2, 3))):
        y, truth = rng.normal(size=2), rng.normal(size=3)
        problem = ConditionalProblem.from_truth(x, y, truth, covariance)
        gap = student(x, y, LAM, XI) - truth
        want = gap @ (np.eye(3) if covariance is None else covariance) @ gap
        assert label_noise.expected_risk(problem, LAM, XI) == pytest.approx(want, rel=1e3 * EPS)


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_stay_in_the_namespace_of_the_data(backend, rng):
    x, theta, y = rng.normal(size=(6, 4)), rng.normal(size=4), rng.normal(size=6)
    root = rng.normal(size=(4, 4))
    for metric in ("parameter", "in_sample", root.T @ root):
        given = metric if isinstance(metric, str) else backend(metric)
        problem = RidgeProblem.from_design(backend(x), backend(theta), 0.3, given)
        want = RidgeProblem.from_design(x, theta, 0.3, metric)
        got = label_noise.expected_risk(problem, LAM, XI)
        assert backend.owns(got)
        assert float(got) == pytest.approx(
            label_noise.expected_risk(want, LAM, XI), rel=1e4 * backend.eps
        )
    problem = ConditionalProblem.from_truth(backend(x), backend(y), backend(theta))
    assert backend.owns(label_noise.expected_risk(problem, LAM, XI))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x: RidgeProblem.from_design(x, np.ones(3), 0.1), ValueError, "theta and the feat"),
        (lambda x: RidgeProblem.from_design(x, np.ones(2), -0.1), ValueError, "noise_var.*-0.1"),
        (lambda x: RidgeProblem.from_design(x, np.ones(2), np.ones(2)), ValueError, "noise_var"),
        (lambda x: RidgeProblem.from_design(x, np.ones(2), 1.0, "test"), ValueError, "metric.*tes"),
        (
            lambda x: RidgeProblem.from_design(x, np.ones(2), np.ones(3), np.eye(2)),
            ValueError,
            "noise_var must be one number",
        ),
        (lambda x: RidgeProblem.from_design(x, np.ones(2), 1.0, np.eye(3)), ValueError, "metric"),
        (lambda x: RidgeProblem([0.0], [1.0], 1.0), ValueError, "singular_values.*greater than 0"),
        (lambda x: RidgeProblem([1.0], [1.0], 1.0, target=[1.0]), ValueError, "target must come"),
        (lambda x: RidgeProblem([1.0], [1.0], 1.0, "in_sample", n=0), ValueError, "n must be"),
        (lambda x: ConditionalProblem.from_truth(x, np.ones(3), np.ones(3)), ValueError, "truth"),
    ],
)
def test_bad_input_is_named(call, error, says):
    with pytest.raises(error, match=says):
        call(np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]))
