"""Each criterion against its definition: exact means over noise, dense formulas, literal refits."""

import numpy as np
import pytest
from backends import BACKENDS
from exact_means import noisy, over_flips
from hypothesis import given
from hypothesis import strategies as st
from strategies import mixing_weights, penalties

from sdtheory import Spectrum, filters, problems
from sdtheory._array import to_numpy
from sdtheory.spectral import criteria, projections, weights

EPS = np.finfo(float).eps


def planted(rng, n, p, noise_var=0.4):
    d = np.geomspace(4, 0.25, min(n, p))
    return problems.planted(d, rng.normal(size=min(n, p)), noise_var, n, rng, p=p)


def expected_square(problem, design_new, noise_var, lam, xi):
    """Mean squared prediction error of one-round students on new points, refitted literally."""
    x = problem.design
    labels = noisy(x @ problem.truth, noise_var).T
    smoother = np.linalg.solve(x.T @ x + lam * np.eye(x.shape[1]), x.T)
    student = smoother @ (xi * x @ (smoother @ labels) + (1 - xi) * labels)
    gap = design_new @ (student - problem.truth[:, None])
    return np.mean(np.sum(gap**2, axis=0))


@pytest.mark.parametrize(("n", "p"), [(9, 6), (5, 8)])
def test_expected_errors_are_means_over_noise(rng, n, p):
    lam, xi = 0.7, 1.8
    problem = planted(rng, n, p)
    spectrum = Spectrum.from_design(problem.design)
    right = np.linalg.svd(problem.design)[2].T
    theta, s = right.T @ problem.truth, np.sqrt(spectrum.eigenvalues)
    rank = s.size
    profile = filters.distill(spectrum.eigenvalues, lam, xi)
    root = rng.normal(size=(p, p))
    null = float(np.sum(theta[rank:] ** 2))
    cases = {
        "parameter": (criteria.expected_error(s, theta[:rank], 0.4, null_energy=null), np.eye(p)),
        "in sample": (
            criteria.expected_error(s, theta[:rank], 0.4, weights=s**2 / n),
            problem.design / np.sqrt(n),
        ),
        "any covariance": (
            criteria.expected_error_general(s, theta, 0.4, (root @ right).T @ (root @ right)),
            root,
        ),
    }
    for name, (risk, new) in cases.items():
        want = expected_square(problem, new, 0.4, lam, xi)
        assert float(risk(profile)) == pytest.approx(want, rel=1e3 * EPS), name


def test_general_metric_reduces_to_the_diagonal_one(rng):
    s, theta, omega = np.array([2.0, 1.0, 0.5]), rng.normal(size=3), np.array([1.0, 3.0, 0.2])
    profile = filters.distill(s**2, 0.3, [1.5, -1.0])
    general = criteria.expected_error_general(s, theta, 0.4, np.diag(omega))
    diagonal = criteria.expected_error(s, theta, 0.4, omega)
    assert float(general(profile)) == pytest.approx(float(diagonal(profile)), rel=64 * EPS)


def test_shifted_target_is_the_mean_squared_difference(rng):
    s, theta, target = np.array([2.0, 1.0]), rng.normal(size=4), rng.normal(size=4)
    root = rng.normal(size=(4, 4))
    profile = filters.distill(s**2, 0.3, 0.5)
    risk = criteria.expected_error_general(s, theta, 0.0, root.T @ root, target)
    shrunk = np.concatenate([profile.kept * theta[:2], np.zeros(2)])
    assert float(risk(profile)) == pytest.approx(float(np.sum((root @ (target - shrunk)) ** 2)))


def test_label_flips_are_noise(rng):
    classes, rate, lam, xi, n = 4, 0.4, 0.5, 1.8, 25
    labels = rng.integers(0, classes, n)
    x = rng.normal(size=(n, 6))
    means, variance = problems.flipped_means(labels, classes, rate)
    spectrum = Spectrum.from_design(x)
    projected = spectrum.project(means)
    risk = criteria.expected_fit(
        spectrum.eigenvalues, projected.projected, variance, n, float(projected.outside.sum())
    )
    profile = filters.distill(spectrum.eigenvalues, lam, xi)

    def missed(targets):
        return np.sum((spectrum.fitted(profile, spectrum.project(targets)) - means) ** 2) / n

    want = over_flips(missed, labels, classes, rate)
    assert float(risk(profile)) == pytest.approx(want, rel=1e3 * EPS)


def test_heteroscedastic_noise(rng):
    levels = rng.uniform(0.1, 2.0, 8)
    problem = problems.planted(np.array([3.0, 1.0]), np.ones(2), levels, 8, rng)
    spectrum = Spectrum.from_design(problem.design)
    noise = (spectrum.left.T**2) @ levels
    theta = np.linalg.svd(problem.design, full_matrices=False)[2] @ problem.truth
    risk = criteria.expected_error(np.sqrt(spectrum.eigenvalues), theta, noise)
    want = expected_square(problem, np.eye(2), levels, 0.5, -0.7)
    got = float(risk(filters.distill(spectrum.eigenvalues, 0.5, -0.7)))
    assert got == pytest.approx(want, rel=1e3 * EPS)


@pytest.mark.parametrize("outputs", [(), (3,)])
def test_prediction_error_is_the_error_on_new_points(rng, outputs):
    x, y = rng.normal(size=(12, 4)), rng.normal(size=(12, *outputs))
    new, truth = rng.normal(size=(7, 4)), rng.normal(size=(7, *outputs))
    spectrum = Spectrum.from_design(x)
    targets, projection = spectrum.project(y), spectrum.projection(new)
    profile = filters.distill(spectrum.eigenvalues, 0.5, [2.0, -1.0])
    want = np.mean((truth - new @ spectrum.parameters(profile, targets)) ** 2)
    got = criteria.prediction_error(projection, targets, truth)(profile)
    assert float(got) == pytest.approx(want, rel=256 * EPS)


def test_prediction_risk_averages_over_the_noise(rng):
    x, mean = rng.normal(size=(10, 3)), rng.normal(size=10)
    new, truth = rng.normal(size=(5, 3)), rng.normal(size=5)
    spectrum = Spectrum.from_design(x)
    projection = spectrum.projection(new)
    profile = filters.distill(spectrum.eigenvalues, 0.5, 1.5)
    z = noisy(spectrum.project(mean).projected, 0.36).T
    errors = truth[:, None] - projection @ (profile.coefficient[:, None] * z)
    risk = criteria.prediction_risk(projection, spectrum.project(mean).projected, 0.36, truth)
    assert float(risk(profile)) == pytest.approx(np.mean(errors**2), rel=1e3 * EPS)


@pytest.mark.parametrize("outputs", [1, 2])
def test_sure_is_unbiased(rng, outputs):
    x, mean = rng.normal(size=(10, 3)), rng.normal(size=(10, outputs))
    spectrum = Spectrum.from_design(x)
    profile = filters.distill(spectrum.eigenvalues, 0.5, 1.5)
    truth, estimates = [], []
    for y in noisy(mean, 0.36):
        targets = spectrum.project(y)
        truth.append(np.sum((spectrum.fitted(profile, targets) - mean) ** 2) / 10)
        estimates.append(float(criteria.sure(spectrum, targets, 0.36)(profile)))
    assert np.mean(estimates) == pytest.approx(np.mean(truth), rel=1e3 * EPS)


def test_gcv_is_its_definition(rng):
    x, y = rng.normal(size=(12, 4)), rng.normal(size=12)
    spectrum = Spectrum.from_design(x)
    a = x @ np.linalg.solve(x.T @ x + 0.5 * np.eye(4), x.T)
    smoother = a @ (1.5 * a + (1 - 1.5) * np.eye(12))
    want = np.mean((y - smoother @ y) ** 2) / (1 - np.trace(smoother) / 12) ** 2
    got = criteria.gcv(spectrum, spectrum.project(y))(
        filters.distill(spectrum.eigenvalues, 0.5, 1.5)
    )
    assert float(got) == pytest.approx(want, rel=64 * EPS)


def refitted_leave_one_out(x, y, lam, xi):
    """Residuals of each sample under a chain that never saw it."""
    errors = []
    for i in range(len(y)):
        inner, labels = np.delete(x, i, axis=0), np.delete(y, i, axis=0)
        solve = np.linalg.solve(inner.T @ inner + lam * np.eye(x.shape[1]), inner.T)
        theta = solve @ labels
        for value in xi:
            theta = solve @ (value * inner @ theta + (1 - value) * labels)
        errors.append(y[i] - x[i] @ theta)
    return np.array(errors)


@pytest.mark.parametrize("shape", [(9, 4), (6, 9)])
@pytest.mark.parametrize("outputs", [(), (2,)])
@pytest.mark.parametrize("steps", [1, 3])
def test_leave_one_out_is_refitting(rng, shape, outputs, steps):
    x, y = rng.normal(size=shape), rng.normal(size=(shape[0], *outputs))
    xi = rng.uniform(-2, 3, steps)
    want = refitted_leave_one_out(x, y, 0.6, xi)
    problem = criteria.leave_one_out(Spectrum.from_design(x), y, 0.6, steps)
    w = weights.taylor_from_xi(xi)
    got = np.sqrt(shape[0]) * (problem.residual + problem.design @ w)
    np.testing.assert_allclose(got, want.ravel(), rtol=0, atol=1e4 * EPS * np.abs(want).max())
    assert float(problem(w)) == pytest.approx(np.sum(want**2) / shape[0], rel=1e4 * EPS)


def test_leave_one_out_refuses_interpolation():
    # Without a penalty the first sample alone decides its feature: nothing predicts it.
    design = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    with pytest.raises(ValueError, match="lam must be larger"):
        criteria.leave_one_out(Spectrum.from_design(design), np.ones(3), 0.0)


@pytest.mark.parametrize("lam", [0.0, 1e-15, 1e-10])
def test_leave_one_out_needs_no_penalty_for_a_full_kernel(rng, lam):
    x = rng.normal(size=(6, 9))
    kernel, y = x @ x.T, rng.normal(size=6)
    inverse = np.linalg.inv(kernel + lam * np.eye(6))
    want = (inverse @ y) / np.diagonal(inverse)
    problem = criteria.leave_one_out(Spectrum.from_kernel(kernel), y, lam, 2)
    tolerance = 100 * EPS * np.linalg.cond(kernel) * np.abs(want).max()
    np.testing.assert_allclose(np.sqrt(6) * problem.residual, want, rtol=0, atol=tolerance)


def test_leave_one_out_that_no_round_changes_has_no_directions():
    # Orthogonal samples say nothing about one another: the prediction is zero at any penalty.
    hadamard = np.array([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
    problem = criteria.leave_one_out(Spectrum.from_design(hadamard), np.arange(4.0), 0.7, 2)
    np.testing.assert_allclose(2 * problem.residual, np.arange(4.0), rtol=0, atol=64 * EPS * 3)
    assert problem.minimiser().rank == 0
    assert np.all(problem.minimiser().weights == 0)


@pytest.mark.parametrize("lam", [1e-8, 1e-12, 1e-14])
def test_gcv_keeps_its_digits_without_spare_samples(lam):
    d, z = np.array([4.0, 1.0, 0.25]), np.array([1.0, -0.5, 2.0])
    spectrum = Spectrum.from_kernel(np.diag(d))
    got = criteria.gcv(spectrum, spectrum.project(z))(filters.distill(d, lam, 0.0, 0))
    lost = lam / (d + lam)
    assert float(got) == pytest.approx(
        3 * np.sum((lost * z) ** 2) / np.sum(lost) ** 2, rel=32 * EPS
    )


@given(penalties, mixing_weights, st.integers(0, 2**16))
def test_restriction_is_the_risk(lam, xi, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(8, 3)), rng.normal(size=8)
    spectrum = Spectrum.from_design(x)
    targets, d = spectrum.project(y), spectrum.eigenvalues
    base, directions = filters.distill(d, lam, 0.0, 0), filters.taylor_directions(d, lam, 2)
    w = weights.taylor_from_xi([xi, -xi])
    for risk in (
        criteria.sure(spectrum, targets, 0.3),
        criteria.gcv(spectrum, targets),
        criteria.expected_error(np.sqrt(d), rng.normal(size=3), 0.2),
    ):
        whole = float(risk(base.plus(directions, w)))
        restricted = float(risk.along(base, directions)(w))
        size = abs(whole) + float(abs(risk(base))) + float(np.sum(w**2))
        assert restricted == pytest.approx(whole, abs=1e3 * EPS * size)


@pytest.mark.parametrize("put", BACKENDS)
def test_backend_is_kept(put, rng):
    x, y, new, truth = (rng.normal(size=shape) for shape in ((9, 4), 9, (5, 4), 5))
    spectrum, reference = Spectrum.from_design(put(x)), Spectrum.from_design(x)
    targets, plain = spectrum.project(put(y)), reference.project(y)
    d, s = spectrum.eigenvalues, put(np.sqrt(reference.eigenvalues))
    theta, metric = put([1.0, 2.0, 0.5, 1.0]), put(np.diag([1.0, 2.0, 3.0, 4.0]))
    risks = {
        "error": criteria.expected_error(s, theta, 0.2, put(np.ones(4))),
        "general": criteria.expected_error_general(s, theta, 0.2, metric),
        "fit": criteria.expected_fit(d, theta, 0.2, 9),
        "prediction": criteria.prediction_error(spectrum.projection(put(new)), targets, put(truth)),
        "truth": criteria.prediction_risk(spectrum.projection(put(new)), theta, 0.2, put(truth)),
        "sure": criteria.sure(spectrum, targets, 0.2),
        "gcv": criteria.gcv(spectrum, targets),
    }
    for name, risk in risks.items():
        best = projections.optimal_weights(risk, d, 0.5, 2)
        for value in (risk(best.filter), best.weights, best.risk, best.filter.kept):
            assert put.owns(value), name
        assert put.owns(projections.optimal_xi(risk, d, 0.5, lower=0.0, upper=1.0).weights), name
        if name != "gcv":
            mixture = projections.constrained_weights(risk, d, 0.5, 2)
            assert put.owns(mixture.weights), name
            assert put.owns(mixture.filter.lost), name
    loo = criteria.leave_one_out(spectrum, put(y), 0.5, 2)
    assert put.owns(loo.minimiser().weights)
    want = criteria.sure(reference, plain, 0.2)(filters.distill(reference.eigenvalues, 0.5, 1.5))
    got = risks["sure"](filters.distill(d, 0.5, 1.5))
    np.testing.assert_allclose(to_numpy(got), want, rtol=0, atol=100 * put.eps)


def test_risks_without_modes_are_their_constants():
    """A zero kernel: every student predicts zero, and all of the truth is missed."""
    none, student = np.zeros(0), filters.distill(np.zeros(0), 1.0, 0.5, 2)
    assert float(criteria.expected_error(none, none, 0.5, null_energy=3.0)(student)) == 3.0
    assert float(criteria.expected_error(none, none, none, none)(student)) == 0.0
    assert float(criteria.expected_fit(none, none, 0.5, n=4, outside=3.0)(student)) == 0.75
    metric = np.array([[2.0, 1.0], [1.0, 3.0]])
    missed = criteria.expected_error_general(none, np.array([1.0, -1.0]), 0.5, metric)
    assert float(missed(student)) == pytest.approx(3.0, rel=16 * EPS)
    zero = Spectrum.from_kernel(np.zeros((2, 2)))
    y, new = np.array([3.0, 4.0]), np.zeros((2, 2))
    targets, projection = zero.project(y), zero.projection(new)
    for risk, want in (
        (criteria.prediction_error(projection, targets, y), 12.5),
        (criteria.prediction_risk(projection, none, 0.5, y), 12.5),
        (criteria.sure(zero, targets, 0.5), 12.0),
        (criteria.gcv(zero, targets), 12.5),
    ):
        assert float(risk(student)) == pytest.approx(want, rel=16 * EPS)


def test_noise_may_differ_from_mode_to_mode(rng):
    d, mean, noise = np.array([4.0, 0.25]), rng.normal(size=(2, 3)), np.array([0.3, 2.0])
    f = filters.distill(d, 0.5, 1.5)
    want = (np.sum((f.lost[:, None] * mean) ** 2) + noise @ f.kept**2 + 0.8) / 7
    got = criteria.expected_fit(d, mean, noise, 7, outside=0.8)(f)
    assert float(got) == pytest.approx(want, rel=16 * EPS)
    metric = np.array([[2.0, 0.5], [0.5, 1.0]])
    theta = rng.normal(size=2)
    missed = f.lost * theta
    want = missed @ metric @ missed + noise @ (np.diag(metric) * f.kept**2 / d)
    got = criteria.expected_error_general(np.sqrt(d), theta, noise, metric)(f)
    assert float(got) == pytest.approx(want, rel=64 * EPS)


def test_one_sample_is_predicted_as_zero():
    fit = criteria.expected_fit([4.0], [2.0], 1.0, n=1)
    assert float(fit(filters.distill([4.0], 4.0, 0.0, 0))) == 1.25
    alone = criteria.leave_one_out(Spectrum.from_kernel([[2.0]]), [3.0], lam=1.0)
    assert float(alone(np.array([0.7]))) == pytest.approx(9.0, rel=8 * EPS)
    assert alone.minimiser().rank == 0


def test_leaving_out_a_sample_that_is_fitted_exactly():
    """Errors of zero are no quotients: the first sample lies where the others predict it."""
    x = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
    y = np.array([0.0, 1.0, 2.0, 0.5])
    problem = criteria.leave_one_out(Spectrum.from_design(x), y, 0.6, 2)
    assert abs(problem.residual[0]) <= EPS
    np.testing.assert_array_equal(problem.slope, np.zeros(2))
    assert float(problem.constant) == 0.0
    xi = np.array([0.7, 1.5])
    want = refitted_leave_one_out(x, y, 0.6, xi)
    got = 2 * (problem.residual + problem.design @ weights.taylor_from_xi(xi))
    np.testing.assert_allclose(got, want, rtol=0, atol=1e3 * EPS)


S, THETA = np.array([2.0, 1.0]), np.array([1.0, 0.5])


E, FIT, GENERAL = criteria.expected_error, criteria.expected_fit, criteria.expected_error_general


@pytest.mark.parametrize(
    ("risk", "arguments", "message"),
    [
        (E, ([0.0, 1.0], THETA, 0.5), "singular_values must be greater than 0"),
        (E, (S, [1.0], 0.5), "coefficients and the spectrum must have the same length"),
        (E, (S, THETA, -0.5), "noise_var must be at least 0"),
        (E, (S, THETA, 0.5, [-1.0, 1.0]), "weights must be at least 0"),
        (E, (S, THETA, 0.5, 1.0, -1.0), "null_energy must be at least 0"),
        (E, (S, np.ones((2, 1, 1)), 0.5), "coefficients must have 1 or 2 dimensions"),
        (E, (S, THETA, np.ones((2, 2))), "noise_var must have 0 or 1 dimensions"),
        (FIT, ([1.0, 0.0], THETA, 0.5, 3), "eigenvalues must be greater than 0"),
        (FIT, (S, THETA, -0.5, 3), "noise_var must be at least 0"),
        (FIT, (S, THETA, 0.5, 0), "n must be at least 1"),
        (FIT, (S, THETA, 0.5, 3, -1.0), "outside must be at least 0"),
        (GENERAL, (S, [1.0], 0.5, [[1.0]]), r"p >= 2, got \(1,\), \(1,\) and \(1, 1\)"),
        (GENERAL, (S, THETA, 0.5, np.eye(3)), r"got \(2,\), \(2,\) and \(3, 3\)"),
        (GENERAL, (S, THETA, 0.5, np.ones((2, 3))), r"got \(2,\), \(2,\) and \(2, 3\)"),
        (GENERAL, (S, THETA, 0.5, np.eye(2), [1.0]), r"got \(2,\), \(1,\) and \(2, 2\)"),
        (GENERAL, (S, THETA, 0.5, -np.eye(2)), "covariance must be positive semi-definite"),
        (GENERAL, ([0.0, 1.0], THETA, 0.5, np.eye(2)), "singular_values must be greater than 0"),
        (GENERAL, (S, THETA, -0.5, np.eye(2)), "noise_var must be at least 0"),
    ],
)
def test_wrong_arguments_are_named(risk, arguments, message):
    with pytest.raises(ValueError, match=message):
        risk(*arguments)


def test_what_does_not_fit_a_spectrum_is_named(rng):
    spectrum = Spectrum.from_design(rng.normal(size=(5, 3)))
    y = rng.normal(size=(5, 2))
    targets, projection = spectrum.project(y), spectrum.projection(rng.normal(size=(4, 3)))
    with pytest.raises(ValueError, match="truth must have 2 outputs, got 3"):
        criteria.prediction_error(projection, targets, np.ones((4, 3)))
    with pytest.raises(ValueError, match="truth and projection must have the same length"):
        criteria.prediction_error(projection, targets, np.ones((5, 2)))
    with pytest.raises(ValueError, match="a column for each of the 3 modes"):
        criteria.prediction_error(projection[:, :2], targets, np.ones((4, 2)))
    with pytest.raises(ValueError, match="truth must have 2 dimensions"):
        criteria.prediction_error(projection, targets, np.ones(4))
    with pytest.raises(ValueError, match="noise_var must be at least 0"):
        criteria.prediction_risk(projection, targets.projected[:, 0], -0.1, np.ones(4))
    with pytest.raises(ValueError, match="noise_var must be at least 0"):
        criteria.sure(spectrum, targets, -0.1)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        criteria.leave_one_out(spectrum, y, 1.0, 0)
    with pytest.raises(ValueError, match="lam must be at least 0"):
        criteria.leave_one_out(spectrum, y, -1.0)


def test_only_a_leverage_of_one_is_refused():
    """A sample that the others determine barely keeps its error, with the digits there are."""
    for small in (1e-5, 1e-7):
        # The first sample alone sees its feature, but for the second one's trace of it.
        design = np.array([[1.0, 0.0], [small, 1.0], [0.0, 1.0]])
        problem = criteria.leave_one_out(Spectrum.from_design(design), [1.0, 0.0, 0.0], 0.0)
        inner = np.linalg.lstsq(design[1:], np.zeros(2))[0]
        want = 1.0 - design[0] @ inner
        got = np.sqrt(3) * problem.residual[0]
        assert got == pytest.approx(want, rel=64 * EPS / small**2)


@pytest.mark.parametrize("lam", [1e-17, 1e-9, 1e-3])
def test_a_feature_that_one_sample_decides(lam):
    """Without it the feature is unknown: its residual is divided by lam, rounding must not be."""
    design = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    problem = criteria.leave_one_out(Spectrum.from_design(design), np.ones(3), lam)
    kept = 1 / (1 + lam)
    for xi, lost in ((0.0, lam * kept), (1.0, 1 - kept**2)):
        got = np.sqrt(3) * (problem.residual + problem.design @ [-xi])
        np.testing.assert_allclose(got, [1.0, lost, lost], rtol=64 * EPS, atol=16 * EPS)


@pytest.mark.parametrize("shape", [(9, 3), (5, 8)])
@pytest.mark.parametrize("outputs", [(), (2,)])
def test_an_unpenalised_constant_is_left_out_by_refitting(rng, shape, outputs):
    n, lam, xi = shape[0], 0.6, np.array([0.7, -1.5])
    x, y = rng.normal(size=shape) + 2.0, rng.normal(size=(n, *outputs)) + 1.0
    want = []
    for i in range(n):
        inner, labels = np.delete(x, i, axis=0), np.delete(y, i, axis=0)
        mean, level = inner.mean(axis=0), labels.mean(axis=0)
        inner = inner - mean
        solve = np.linalg.solve(inner.T @ inner + lam * np.eye(shape[1]), inner.T)
        theta = solve @ (labels - level)
        for value in xi:
            theta = solve @ (value * inner @ theta + (1 - value) * (labels - level))
        want.append(y[i] - level - (x[i] - mean) @ theta)
    spectrum = Spectrum.from_design(x - x.mean(axis=0))
    constant = np.full(n, n**-0.5)
    problem = criteria.leave_one_out(spectrum, y - y.mean(axis=0), lam, 2, constant)
    got = np.sqrt(n) * (problem.residual + problem.design @ weights.taylor_from_xi(xi))
    size = np.abs(want).max()
    np.testing.assert_allclose(got, np.ravel(want), rtol=0, atol=1e4 * EPS * size)
    with pytest.raises(ValueError, match="constant and y must have the same length"):
        criteria.leave_one_out(spectrum, y, lam, 2, constant[1:])
    with pytest.raises(ValueError, match="constant must have 1 dimensions"):
        criteria.leave_one_out(spectrum, y, lam, 2, constant[:, None])
