"""Weights from the data alone: brute-force refits, reference numbers, proportional limits."""

import mpmath
import numpy as np
import pytest
from backends import BACKENDS
from hypothesis import given
from hypothesis import strategies as st
from reference import label_noise_mp as reference
from reference.label_noise_numbers import T4
from scipy import stats
from scipy.linalg import eigvalsh_tridiagonal
from scipy.optimize import brentq

from paper_checks._control_variates import nearest_within
from sdtheory import Spectrum
from sdtheory.claims import SCORE_LIMIT, deviate, z_score
from sdtheory.label_noise import (
    ProportionalProblem,
    asymptotics,
    tune_path,
    tune_xi,
)
from sdtheory.label_noise._samples import Samples
from sdtheory.label_noise.tuning import METHODS, tuned_of

EPS = np.finfo(float).eps
X, Y = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]), np.array([1.0, 2.0, 0.0])


def students(x, y, new, lam, steps, intercept, weight):
    """Return predictions (steps + 1, m, q) at new points of the teacher and all pure students."""
    root = np.sqrt(weight)[:, None]
    centre = (weight @ x / weight.sum(), weight @ y / weight.sum()) if intercept else (0.0, 0.0)
    a, b = root * (x - centre[0]), root * (y - centre[1])
    gram = a.T @ a + lam * np.eye(x.shape[1])
    predictions = []
    for _ in range(steps + 1):
        beta = np.linalg.solve(gram, a.T @ b)
        predictions.append((new - centre[0]) @ beta + centre[1])
        b = a @ beta
    return np.array(predictions)


def left_out(x, y, lam, steps, intercept, weight):
    """Refit everything without each sample; return its errors (steps + 1, n, q)."""
    errors = []
    for i in range(x.shape[0]):
        rest = np.arange(x.shape[0]) != i
        made = students(x[rest], y[rest], x[i : i + 1], lam, steps, intercept, weight[rest])
        errors.append(y[i] - made[:, 0, :])
    return np.swapaxes(np.array(errors), 0, 1)


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(4, 9), p=st.integers(1, 9))
def test_leave_one_out_is_refitting_without_each_sample(intercept, weighted, seed, n, p):
    rng = np.random.default_rng(seed)
    x, y, lam = rng.normal(size=(n, p)), rng.normal(size=(n, 2)), 0.5
    weight = rng.uniform(0.2, 3.0, size=n) if weighted else np.ones(n)
    teacher, pure = left_out(x, y, lam, 1, intercept, weight)
    root = np.sqrt(weight)[:, None]
    teacher, change = root * teacher, root * (teacher - pure)
    xi = np.sum(teacher * change) / np.sum(change**2)
    risk = np.sum((teacher - xi * change) ** 2) / weight.sum()
    options = {"intercept": intercept, "sample_weight": weight if weighted else None}
    for got in (tune_xi(x, y, lam, **options), tune_path(x, y, [lam], **options)):
        np.testing.assert_allclose(np.ravel(got.xi)[0], xi, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(np.ravel(got.risk)[0], risk, rtol=1e-9)
        want = np.sum(teacher**2) / weight.sum()
        np.testing.assert_allclose(np.ravel(got.teacher_risk)[0], want, rtol=1e-9)


def test_leave_one_out_of_several_rounds(rng):
    x, y, lam, steps = rng.normal(size=(15, 4)), rng.normal(size=(15, 2)), 0.7, 3
    pure = left_out(x, y, lam, steps, True, np.ones(15))
    # Mixtures of pure students whose weights sum to one.
    flat = pure.reshape(steps + 1, -1)
    w = np.linalg.lstsq((flat[1:] - flat[0]).T, -flat[0])[0]
    risk = np.sum((flat[0] + w @ (flat[1:] - flat[0])) ** 2) / 15
    got = tune_xi(x, y, lam, steps=steps, intercept=True)
    assert got.risk == pytest.approx(risk, rel=1e-8)
    assert got.xi.shape == (3,)


def test_reference_numbers():
    found = {method: tune_xi(X, Y, 1.0, method) for method in METHODS}
    assert found["loo"].xi == pytest.approx(T4["xi_loo"], rel=1e-13)
    assert found["gcv"].xi == pytest.approx(T4["xi_corrected"], rel=1e-13)
    assert found["gcv_published"].xi == pytest.approx(T4["xi_published"], rel=1e-13)
    assert found["gcv"].risk == pytest.approx(T4["risk_corrected"], rel=1e-13)
    # The published estimate of the risk is right, although its weight is not.
    assert found["gcv_published"].risk == pytest.approx(T4["risk_corrected"], rel=1e-13)
    assert all(one.weights == -one.xi for one in found.values())
    teacher, pure = left_out(X, Y[:, None], 1.0, 1, False, np.ones(3))[:, :, 0]
    np.testing.assert_allclose(teacher, T4["loo_teacher"], rtol=1e-13)
    np.testing.assert_allclose(pure, T4["loo_pure"], rtol=1e-13)


@given(seed=st.integers(0, 2**32 - 1), intercept=st.booleans())
def test_generalised_cross_validation_is_leave_one_out_at_mean_leverage(seed, intercept):
    rng = np.random.default_rng(seed)
    n, lam = 12, 0.8
    x, y = rng.normal(size=(n, 5)), rng.normal(size=(n, 2))
    centre = np.eye(n) - (np.ones((n, n)) / n if intercept else 0.0)
    a = centre @ x
    h = a @ np.linalg.solve(a.T @ a + lam * np.eye(5), a.T)
    smoother = h + (np.eye(n) - centre)
    one, two = np.trace(smoother) / n, np.trace(smoother @ smoother) / n
    b = centre @ y
    r0, r1 = b - h @ b, b - h @ h @ b
    teacher = r0 / (1 - one)
    pure = r1 / (1 - one) - r0 * (one - two) / (1 - one) ** 2
    change = teacher - pure
    xi = np.sum(teacher * change) / np.sum(change**2)
    got = tune_xi(x, y, lam, "gcv", intercept=intercept)
    assert got.xi == pytest.approx(xi, rel=1e-8)
    assert got.risk == pytest.approx(np.sum((teacher - xi * change) ** 2) / n, rel=1e-9)
    published = tune_xi(x, y, lam, "gcv_published", intercept=intercept)
    assert got.xi == pytest.approx(published.xi * (1 - one) / (1 - two), rel=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_paths_are_single_penalties_in_a_row(rng, method):
    x, y, lams = rng.normal(size=(20, 6)), rng.normal(size=(20, 2)), np.geomspace(1e-3, 1e3, 7)
    path = tune_path(x, y, lams, method, intercept=True)
    for k, lam in enumerate(lams):
        one = tune_xi(x, y, lam, method, intercept=True)
        assert path.xi[k] == pytest.approx(one.xi, rel=1e-7)
        assert path.risk[k] == pytest.approx(one.risk, rel=1e-9)
        assert path.teacher_risk[k] == pytest.approx(one.teacher_risk, rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("intercept", [False, True])
def test_interpolating_penalties_have_a_limit(rng, intercept, method):
    """Errors converge, and weights grow like 1 / lam, as far as floats go."""
    x, y, lams = rng.normal(size=(5, 9)), rng.normal(size=5), [1e-7, 1e-18, 1e-140]
    path = tune_path(x, y, lams, method, intercept=intercept)
    single = [tune_xi(x, y, lam, method, intercept=intercept) for lam in lams]
    for got in (path.xi, [s.xi for s in single]):
        np.testing.assert_allclose(np.multiply(got, lams), got[0] * 1e-7, rtol=1e-6)
    for risks in (path.risk, path.teacher_risk):
        np.testing.assert_allclose(risks, risks[0], rtol=1e-6)
    np.testing.assert_allclose([s.risk for s in single], path.risk, rtol=1e-9)


@pytest.mark.parametrize("lam", [1e-12, 1e-3, 1e3, 1e9])
@pytest.mark.parametrize(("shape", "size"), [((4, 6), 1.0), ((4, 6), 1e6), ((6, 3), 1.0)])
def test_cross_validation_against_many_digits(rng, shape, size, lam):
    x, y = size * rng.normal(size=shape), rng.normal(size=shape[0])
    with mpmath.workdps(90):
        labels, penalty = list(map(mpmath.mpf, y)), mpmath.mpf(lam)
        teacher, change = reference.averaged_rows(x.tolist(), labels, penalty, 1)
        wants = {"gcv": (teacher, change)}
        teacher, pure = reference.published_rows(x.tolist(), labels, penalty)
        wants["gcv_published"] = (teacher, [u - v for u, v in zip(teacher, pure, strict=True)])
        for method, (e, u) in wants.items():
            xi = mpmath.fdot(e, u) / mpmath.fdot(u, u)
            risk = mpmath.fsum((a - xi * b) ** 2 for a, b in zip(e, u, strict=True)) / len(e)
            path = tune_path(x, y, [lam], method)
            for got in (tune_xi(x, y, lam, method), path):
                assert np.ravel(got.xi)[0] == pytest.approx(float(xi), rel=1e-11)
                assert np.ravel(got.risk)[0] == pytest.approx(float(risk), rel=1e-12)


@pytest.mark.parametrize("lam", [1e-9, 0.7])
@pytest.mark.parametrize(("shape", "intercept"), [((4, 6), False), ((7, 3), True)])
def test_cross_validation_of_several_rounds_is_a_power_series(rng, shape, intercept, lam):
    x, y = rng.normal(size=shape), rng.normal(size=shape[0])
    samples, n = Samples.made(x, y, intercept), shape[0]
    d, z = samples.spectrum.eigenvalues, samples.projected[:, 0]
    beyond = float(samples.spare[0]) if n > d.size else 0.0
    with mpmath.workdps(50):

        def error(t, label, mode):
            lost = [mpmath.mpf(lam) * (1 - t) / (v + mpmath.mpf(lam) * (1 - t)) for v in d]
            free = (n - intercept - d.size + mpmath.fsum(lost)) / n
            return label * (1 if mode is None else lost[mode]) / free

        labels = [*zip(z, range(d.size), strict=True), (beyond, None)]
        rows = mpmath.matrix([mpmath.taylor(lambda t, at=at: error(t, *at), 0, 2) for at in labels])
        w = mpmath.lu_solve(rows[:, 1:], -rows[:, 0])
        risk = mpmath.norm(rows[:, 0] + rows[:, 1:] * w) ** 2 / n
    got = tune_xi(x, y, lam, "gcv", steps=2, intercept=intercept)
    np.testing.assert_allclose(got.weights, [float(v) for v in w], rtol=1e-6)
    assert got.risk == pytest.approx(float(risk), rel=1e-8)


@pytest.mark.statistical("sdtheory.label_noise.proportional.risk.asymptotics")
def test_only_the_corrected_estimate_is_consistent(rng):
    problem = ProportionalProblem([1.0], [1.0], 1.5, 1.0)
    truth = asymptotics(problem, 0.05)
    assert truth.xi == pytest.approx(3.47, abs=0.005)
    n, p = 200, 300
    found = {method: [] for method in METHODS}
    for _ in range(40):
        x = rng.normal(size=(n, p))
        # Criteria are quadratic: these outputs add up to the mean over noise and signals.
        y = np.hstack([np.eye(n), x / np.sqrt(p)])
        for method in METHODS:
            found[method].append(float(tune_xi(x, y, n * 0.05, method).xi))
    inflated = truth.xi * truth.gcv_inflation
    for method, limit in (("gcv", truth.xi), ("loo", truth.xi), ("gcv_published", inflated)):
        # Real designs have a bias of order 1/n.
        nearest = nearest_within(found[method], limit, 5 * limit / n)
        assert z_score(found[method], nearest, precision=0.02) < SCORE_LIMIT
    assert np.mean(found["gcv_published"]) > (truth.xi + inflated) / 2


def isotropic(rng, n, ratio):
    """Return factorised isotropic samples, with the signal in the basis of the design.

    A Gaussian matrix is bidiagonal up to rotations, so that designs of any size are cheap.
    """
    p = round(n * ratio)
    diagonal = np.sqrt(rng.chisquare(p - np.arange(n)))
    beside = np.sqrt(rng.chisquare(n - 1 - np.arange(n - 1)))
    squares = diagonal**2 + np.append(0.0, beside) ** 2
    d = eigvalsh_tridiagonal(squares, diagonal[:-1] * beside, lapack_driver="sterf")[::-1]
    beta = rng.normal(size=p)
    beta = beta[:n] / np.linalg.norm(beta)
    z, none = np.sqrt(d) * beta + rng.normal(size=n), np.zeros(1)
    spectrum = Spectrum(d, n, None, None)
    return Samples(spectrum, z[:, None], z[:, None], none, None, none, none, float(n)), beta


@pytest.mark.statistical
def test_excess_risk_of_the_corrected_weight_falls_with_the_samples(rng):
    problem = ProportionalProblem([1.0], [1.0], 1.5, 1.0)
    truth = asymptotics(problem, 0.05)
    excess, sizes = [], {200: 300, 600: 100, 1800: 20}
    for n, runs in sizes.items():
        found = {"gcv": [], "gcv_published": []}
        lost = []
        for _ in range(runs):
            samples, beta = isotropic(rng, n, 1.5)
            for method, values in found.items():
                values.append(float(tuned_of(samples, n * 0.05, method, 1).xi))
            d, z = samples.spectrum.eigenvalues, samples.projected[:, 0]
            x = n * 0.05 / (d + n * 0.05)
            error, change = (1 - x) * z / np.sqrt(d) - beta, -(1 - x) * x * z / np.sqrt(d)
            best = -(error @ change) / (change @ change)
            lost.append((change @ change) * (found["gcv"][-1] - best) ** 2)
        excess.append(n * np.mean(lost))
    # The last size is the largest.
    assert abs(np.mean(found["gcv"]) - truth.xi) < 0.1 * truth.xi
    assert np.mean(found["gcv_published"]) > truth.xi * (1 + truth.gcv_inflation) / 2
    # n times the excess risk is the same at every size; without 1 / n it would grow ninefold.
    # It is the square of a nearly normal error: ratios of its means follow Fisher's distribution,
    # and the sizes are so small that half as much again may be due to them.
    for k in (0, 2):
        ratio, freedom = excess[k] / excess[1], (list(sizes.values())[k], 100)
        tails = stats.f.cdf(1.5 * ratio, *freedom), stats.f.sf(ratio / 1.5, *freedom)
        assert deviate(2 * min(tails)) < SCORE_LIMIT


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("method", METHODS)
def test_results_stay_in_the_namespace_of_the_data(backend, method, rng):
    x, y = rng.normal(size=(12, 3)), rng.normal(size=12)
    got = tune_xi(backend(x), backend(y), 0.5, method, intercept=True)
    want = tune_xi(x, y, 0.5, method, intercept=True)
    assert backend.owns(got.xi)
    assert float(got.risk) == pytest.approx(want.risk, rel=1e4 * backend.eps)
    path = tune_path(backend(x), backend(y), backend([0.5, 1.0]), method)
    assert backend.owns(path.risk)


@pytest.mark.parametrize("method", METHODS)
def test_labels_that_are_zero_are_degenerate(method):
    found = tune_xi(X, np.zeros(3), 1.0, method)
    assert found.degenerate
    assert found.xi == 0
    assert found.risk == 0


@pytest.mark.parametrize("method", METHODS)
def test_a_weight_near_zero_is_not_degenerate(method):
    lam = brentq(lambda lam: tune_path(X, Y, [lam], method).xi[0], 0.1, 5.0, xtol=1e-13)
    found = tune_xi(X, Y, lam * (1 + 1e-9), method)
    assert 0 < abs(found.xi) < 1e-8
    assert not found.degenerate


@pytest.mark.parametrize("lam", [1e-6, 0.3, 1e6])
def test_equal_eigenvalues_cancel_and_leave_no_weight(rng, lam):
    """Leaving out samples of an orthogonal design says the same of every student, to rounding."""
    for size in (1e-8, 1.0, 1e8):
        x = 2.0 * np.linalg.qr(rng.normal(size=(12, 12)))[0]
        assert tune_path(x, size * rng.normal(size=12), [lam]).xi == 0
        y = rng.normal(size=3)
        xi = tune_path(X, y, [lam]).xi
        np.testing.assert_allclose(tune_path(X, size * y, [lam]).xi, xi, rtol=1e-12)


def test_one_sample_does_not_determine_an_intercept():
    path = tune_path([[1.0]], [1.0], [0.5], intercept=True)
    assert (path.xi, path.risk, path.teacher_risk) == (0, np.inf, np.inf)
    for method in ("gcv", "gcv_published"):
        with pytest.raises(ValueError, match="design must count more than one sample"):
            tune_xi([[1.0]], [1.0], 0.5, method, intercept=True)
    silent = tune_xi(np.zeros((3, 2)), Y, 0.5, "gcv", steps=2)
    assert silent.degenerate
    assert silent.risk == pytest.approx(5 / 3, rel=4 * EPS)


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        ((X, Y, 0.0), {}, "lam must be greater than 0, got 0"),
        ((X, Y, 1.0, "cv"), {}, "method must be one of"),
        ((X, Y[:2], 1.0), {}, "y and design must have the same length"),
        ((X, Y, 1.0), {"steps": 0}, "steps must be at least 1, got 0"),
        ((X, 1e160 * Y, 1.0), {}, "y must have squares within the range of its dtype, got an"),
        ((X, Y, 1.0, "gcv_published"), {"steps": 2}, "steps must be 1"),
        ((X, Y, 1.0), {"sample_weight": [1.0, -1.0, 1.0]}, "sample_weight must be at least 0"),
        ((X, Y, 1.0), {"sample_weight": [0.0, 0.0, 0.0]}, "sample_weight must have a positive"),
    ],
)
def test_bad_input_is_named(arguments, options, says):
    with pytest.raises(ValueError, match=says):
        tune_xi(*arguments, **options)
