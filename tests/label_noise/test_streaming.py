"""Tuning from one or two passes equals tuning on the data held at once."""

import numpy as np
import pytest

from sdtheory import label_noise
from sdtheory.label_noise import RidgeProblem, tune_xi
from sdtheory.spectral import (
    GramAccumulator,
    LeftOutAccumulator,
    QRAccumulator,
    Spectrum,
    criteria,
)

EPS = np.finfo(float).eps
OPTIONS = [(False, False), (True, False), (True, True)]


@pytest.fixture
def data(rng):
    x = rng.normal(size=(50, 5)) + 2.0
    return x, x @ rng.normal(size=(5, 2)) + 2.0 * rng.normal(size=(50, 2)), rng.exponential(size=50)


def fed(seen, x, y, w):
    for k in range(0, 50, 11):
        rows = slice(k, k + 11)
        seen.update(x[rows], y[rows], None if w is None else w[rows])
    return seen


@pytest.mark.parametrize("kind", [GramAccumulator, QRAccumulator])
@pytest.mark.parametrize(("intercept", "weighted"), OPTIONS)
@pytest.mark.parametrize(("method", "steps"), [("gcv", 1), ("gcv", 3), ("gcv_published", 1)])
def test_cross_validation_takes_one_pass(data, kind, intercept, weighted, method, steps):
    x, y, w = data
    w = w if weighted else None
    summary = fed(kind(), x, y, w).summary(intercept)
    found = label_noise.tune_summary(summary, 3.0, method, steps=steps)
    held = tune_xi(x, y, 3.0, method, steps=steps, intercept=intercept, sample_weight=w)
    # Weights of several rounds are as badly conditioned as powers of what is lost.
    rtol = 1e6 * EPS * 100 ** (steps - 1)
    np.testing.assert_allclose(found.weights, held.weights, rtol=rtol)
    np.testing.assert_allclose(found.risk, held.risk, rtol=1e6 * EPS)
    np.testing.assert_allclose(found.teacher_risk, held.teacher_risk, rtol=1e6 * EPS)
    assert found.method == method


@pytest.mark.parametrize("kind", [GramAccumulator, QRAccumulator])
@pytest.mark.parametrize(("intercept", "weighted"), OPTIONS)
def test_leave_one_out_takes_two_passes(data, kind, intercept, weighted):
    x, y, w = data
    w = w if weighted else None
    summary = fed(kind(), x, y, w).summary(intercept)
    lams = [0.5, 3.0]
    second = fed(LeftOutAccumulator(summary, lams, steps=2), x, y, w)
    slopes = label_noise.derivatives_left_out(second)
    for lam, found, slope in zip(lams, label_noise.tune_left_out(second), slopes, strict=True):
        options = {"intercept": intercept, "sample_weight": w}
        held = tune_xi(x, y, lam, steps=2, **options)
        np.testing.assert_allclose(found.weights, held.weights, rtol=1e8 * EPS)
        np.testing.assert_allclose(found.risk, held.risk, rtol=1e6 * EPS)
        own = label_noise.estimated_derivatives(x, y, lam, **options)
        np.testing.assert_allclose(slope.first, own.first, rtol=1e7 * EPS)
        np.testing.assert_allclose(slope.second, own.second, rtol=1e7 * EPS)
    with pytest.raises(ValueError, match="seen must be of at least 2 steps, got 1"):
        label_noise.derivatives_left_out(LeftOutAccumulator(summary, lams))


def test_leave_one_out_of_a_summary_is_refused(data):
    x, y, _ = data
    summary = fed(GramAccumulator(), x, y, None).summary()
    with pytest.raises(ValueError, match="method must be one of"):
        label_noise.tune_summary(summary, 1.0, "loo")


@pytest.mark.parametrize("kind", [GramAccumulator, QRAccumulator])
def test_expected_risks_of_a_streamed_design(data, kind, rng):
    x, y, _ = data
    theta, covariance = rng.normal(size=5), np.diag(rng.exponential(size=5))
    spectrum = fed(kind(), x, y, None).summary().spectrum
    for metric in ("parameter", "in_sample", covariance):
        streamed = RidgeProblem.from_spectrum(spectrum, theta, 0.3, metric)
        held = RidgeProblem.from_design(x, theta, 0.3, metric)
        for function in (label_noise.optimal_xi, label_noise.expected_risk):
            a, b = function(streamed, 2.0), function(held, 2.0)
            a, b = (a.xi, b.xi) if hasattr(a, "xi") else (a, b)
            np.testing.assert_allclose(a, b, rtol=1e6 * EPS)
    with pytest.raises(ValueError, match="noise_var must be one number for a spectrum without"):
        RidgeProblem.from_spectrum(spectrum, theta, np.ones(50))
    with pytest.raises(ValueError, match="spectrum must be of a design"):
        RidgeProblem.from_spectrum(Spectrum.from_kernel(np.eye(3)), theta, 0.3)


@pytest.mark.parametrize("kind", [GramAccumulator, QRAccumulator])
def test_errors_on_an_evaluation_set(data, kind, rng):
    x, y, _ = data
    new, truth = rng.normal(size=(9, 5)), rng.normal(size=(9, 2))
    spectrum = fed(kind(), x, y, None).summary().spectrum
    risk = criteria.prediction_error(spectrum.projection(new), spectrum.targets, truth)
    streamed = label_noise.ConditionalProblem(spectrum.eigenvalues, risk)
    held = label_noise.ConditionalProblem.from_evaluation(x, y, new, truth)
    a, b = (label_noise.optimal_xi(problem, 2.0) for problem in (streamed, held))
    np.testing.assert_allclose(a.xi, b.xi, rtol=1e6 * EPS)
    np.testing.assert_allclose(a.student_risk, b.student_risk, rtol=1e6 * EPS)
