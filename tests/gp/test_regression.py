"""Distilled processes against literal conditioning, refitting and exact means over noise."""

import numpy as np
import pytest
from backends import BACKENDS

from sdtheory import gp, kernel_ridge
from sdtheory._array import to_numpy

EPS = np.finfo(float).eps


def conditioned(mean, cov, n, y, noise):
    """Condition a joint Gaussian on its first n entries plus noise (variances (n,))."""
    gain = np.linalg.solve(cov[:n, :n] + np.diag(noise), cov[:n, :]).T
    return mean + gain @ (y - mean[:n]), cov - gain @ cov[:n, :]


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_published_values(toy, steps):
    got = gp.distribution_centric(toy.kernel, toy.y, 0.2, steps=2)
    assert got.mean(toy.new)[0] == pytest.approx(0.3282458534060607, rel=1e-13)
    assert got.variance(toy.new, [1.0])[0] == pytest.approx(0.08034415591260021, rel=1e-12)
    reported = gp.data_centric(toy.kernel, toy.y, 0.2, steps=steps)
    assert reported.variance(toy.new, [1.0])[0] == pytest.approx(0.1671788127446153, rel=1e-12)
    honest = gp.data_centric(toy.kernel, toy.y, 0.2, steps=2)
    assert honest.error_variance(toy.new, [1.0], 0.2)[0] == pytest.approx(
        0.2295052785176038, rel=1e-12
    )


@pytest.mark.parametrize("levels", [False, True])
def test_data_centric_is_refitting(data, rng, levels):
    noises, xis = [0.3, 0.1, 0.5], [1.0, 0.6]
    level = rng.uniform(0.5, 2.0, 20) if levels else np.ones(20)
    full = np.block([[data.kernel, data.new.T], [data.new, data.prior]])
    for column in range(2):
        y = target = data.y[:, column]
        for k, noise in enumerate(noises):
            if k > 0:
                target = xis[k - 1] * mean[:20] + (1 - xis[k - 1]) * y  # noqa: F821
            mean, cov = conditioned(np.zeros(27), full, 20, target, noise * level)
        got = gp.data_centric(data.kernel, data.y, noises, xi=xis, levels=level if levels else None)
        atol = 1e4 * EPS
        np.testing.assert_allclose(got.mean(data.new)[:, column], mean[20:], rtol=0, atol=atol)
        np.testing.assert_allclose(
            got.covariance(data.new, data.prior), cov[20:, 20:], rtol=0, atol=atol
        )
        np.testing.assert_allclose(
            got.variance(data.new, np.diag(data.prior)), np.diag(cov)[20:], rtol=0, atol=atol
        )


@pytest.mark.parametrize("per_sample", [False, True])
def test_distribution_centric_is_conditioning_again(data, rng, per_sample):
    noises = rng.uniform(0.2, 1.0, size=(3, 20)) if per_sample else np.array([0.3, 0.1, 0.5])
    y = data.y[:, 0]
    mean, cov = np.zeros(27), np.block([[data.kernel, data.new.T], [data.new, data.prior]])
    for noise in noises:
        mean, cov = conditioned(mean, cov, 20, y, noise * np.ones(20))
    got = gp.distribution_centric(data.kernel, y, noises)
    want = 1 / (1 / noises[0] + 1 / noises[1] + 1 / noises[2])
    np.testing.assert_allclose(gp.effective_noise(noises), want, rtol=1e-14)
    np.testing.assert_allclose(got.mean(data.new), mean[20:], rtol=0, atol=1e5 * EPS)
    np.testing.assert_allclose(
        got.covariance(data.new, data.prior), cov[20:, 20:], rtol=0, atol=1e5 * EPS
    )


def test_the_hybrid_keeps_its_mean(data):
    y = data.y[:, 0]
    mean, cov = np.zeros(27), np.block([[data.kernel, data.new.T], [data.new, data.prior]])
    target = y
    for _ in range(3):
        mean, cov = conditioned(mean, cov, 20, target, 0.3 * np.ones(20))
        target = mean[:20]
    got = gp.hybrid(data.kernel, y, 0.3, steps=2)
    np.testing.assert_allclose(got.mean(data.new), mean[20:], rtol=0, atol=1e4 * EPS)
    np.testing.assert_allclose(
        got.covariance(data.new, data.prior), cov[20:, 20:], rtol=0, atol=1e4 * EPS
    )
    with pytest.raises(ValueError, match="noise must be a number or one variance a fit"):
        gp.hybrid(data.kernel, y, np.ones((2, 20)))


@pytest.mark.parametrize("kind", ["data", "distribution"])
def test_the_error_covariance_is_the_error_s(data, kind):
    noise = 0.3
    full = np.block([[data.kernel, data.new.T], [data.new, data.prior]])
    # Errors are linear in functions and noise: columns of a root of their covariance stand for all.
    values, vectors = np.linalg.eigh(full)
    functions = np.hstack([vectors * np.sqrt(np.maximum(values, 0.0)), np.zeros((27, 20))])
    labels = functions[:20] + np.hstack([np.zeros((20, 27)), noise**0.5 * np.eye(20)])
    make = gp.data_centric if kind == "data" else gp.distribution_centric
    process = make(data.kernel, labels, noise, steps=4)
    missed = functions[20:] - process.mean(data.new)
    want = process.error_covariance(data.new, data.prior, noise)
    np.testing.assert_allclose(want, missed @ missed.T, rtol=0, atol=1e4 * EPS)
    np.testing.assert_allclose(
        process.error_variance(data.new, np.diag(data.prior), noise), np.diag(want), rtol=1e-10
    )
    # Overconfident: the honest covariance exceeds that of the ordinary posterior.
    posterior = gp.data_centric(data.kernel, labels[:, 0], noise, steps=0)
    excess = want - posterior.covariance(data.new, data.prior)
    assert np.linalg.eigvalsh(excess).min() > -1e4 * EPS
    np.testing.assert_allclose(
        posterior.error_covariance(data.new, data.prior, noise),
        posterior.covariance(data.new, data.prior),
        rtol=0,
        atol=1e4 * EPS,
    )


def test_the_mean_is_kernel_ridge(data):
    process = gp.data_centric(data.kernel, data.y, [0.3, 0.1], xi=0.4)
    fit = kernel_ridge.fit(data.kernel, data.y)
    np.testing.assert_array_equal(process.mean(data.new), fit.predict(data.new, [0.3, 0.1], 0.4))


def test_many_rounds_interpolate(rng):
    half = rng.normal(size=(8, 3))
    kernel, y = half @ half.T, rng.normal(size=8)
    process = gp.distribution_centric(kernel, y, 0.1, steps=10**12)
    np.testing.assert_allclose(
        process.mean(kernel), half @ np.linalg.lstsq(half, y)[0], rtol=0, atol=1e-9
    )
    assert np.all(process.variance(kernel, np.diag(kernel)) >= 0)
    assert process.variance(kernel, np.diag(kernel)).max() < 1e-9


@pytest.mark.parametrize("put", BACKENDS)
def test_backend_is_kept(put, rng):
    x = rng.normal(size=(6, 2))
    kernel = np.exp(-((x[:, None] - x) ** 2).sum(-1))
    y = rng.normal(size=6)
    for make in (gp.data_centric, gp.distribution_centric):
        process, want = make(put(kernel), put(y), 0.5, steps=2), make(kernel, y, 0.5, steps=2)
        for name, arguments in {
            "mean": (),
            "covariance": (kernel,),
            "variance": (np.diag(kernel),),
            "error_variance": (np.diag(kernel), 0.5),
        }.items():
            given = [put(a) if isinstance(a, np.ndarray) else a for a in arguments]
            got = getattr(process, name)(put(kernel), *given)
            assert put.owns(got)
            reference = getattr(want, name)(kernel, *arguments)
            np.testing.assert_allclose(to_numpy(got), reference, rtol=0, atol=500 * put.eps)


def test_wrong_arguments_are_named(data):
    with pytest.raises(ValueError, match="noise must be greater than 0"):
        gp.distribution_centric(data.kernel, data.y, [0.1, 0.0])
    with pytest.raises(ValueError, match="noise must have 3 entries for 2 rounds"):
        gp.distribution_centric(data.kernel, data.y, [0.1, 0.2], steps=2)
    with pytest.raises(ValueError, match="noise must have one column a sample"):
        gp.distribution_centric(data.kernel, data.y, np.ones((2, 3)))
    with pytest.raises(ValueError, match="noise 3 entries"):
        gp.data_centric(data.kernel, data.y, [0.1, 0.2], steps=2)
    with pytest.raises(ValueError, match="prior and new must have the same length"):
        gp.data_centric(data.kernel, data.y, 0.1).variance(data.new, np.ones(3))
    process = gp.data_centric(data.kernel, data.y, 0.1)
    for covariance in (process.covariance, lambda *at: process.error_covariance(*at, 0.1)):
        with pytest.raises(ValueError, match="prior must be a square matrix"):
            covariance(data.new, data.prior[:, :6])


def test_variances_that_rounding_makes_negative_are_zero_and_not_negative_zero():
    process = gp.data_centric([[3.0]], [2.0], noise=1e-3, steps=1)
    for variance in (
        process.variance([[3.0]], [3.0 - 2e-3]),  # the prior's rounding, exaggerated
        process.error_variance([[3.0]], [3.0 - 2e-3], label_noise=0.0),
    ):
        np.testing.assert_array_equal(variance, [0.0])
        assert not np.any(np.signbit(variance))


def test_no_new_points_have_no_posterior():
    new, prior = np.zeros((0, 3)), np.zeros(0)
    process = gp.data_centric(np.eye(3), np.ones(3), noise=0.1)
    assert process.mean(new).shape == process.variance(new, prior).shape == (0,)
    assert process.covariance(new, np.zeros((0, 0))).shape == (0, 0)
    labels = [0.0, 1.0, 1.0]
    for classifier in (
        gp.distribution_centric_classification(np.eye(3), labels),
        gp.data_centric_classification(np.eye(3), labels),
    ):
        assert classifier.probability(new, prior).shape == (0,)


def test_one_round_is_the_default(rng):
    kernel = np.cov(rng.normal(size=(4, 9)))
    default, one = (
        gp.distribution_centric(kernel, np.ones(4), 0.5, **steps) for steps in ({}, {"steps": 1})
    )
    np.testing.assert_array_equal(default.mean(kernel), one.mean(kernel))


def test_the_hybrid_of_a_schedule_keeps_its_first_mean(data):
    """And reports the covariance of all fits together."""
    y, noises = data.y[:, 0], [0.3, 0.1, 0.5]
    got = gp.hybrid(data.kernel, y, noises)
    first = np.linalg.solve(data.kernel + 0.3 * np.eye(20), y)
    np.testing.assert_allclose(got.mean(data.new), data.new @ first, rtol=0, atol=1e4 * EPS)
    combined = 1 / (1 / 0.3 + 1 / 0.1 + 1 / 0.5)
    inner = np.linalg.inv(data.kernel + combined * np.eye(20))
    want = data.prior - data.new @ inner @ data.new.T
    np.testing.assert_allclose(got.covariance(data.new, data.prior), want, rtol=0, atol=1e4 * EPS)
    for noise in (np.ones((2, 20)), np.ones((1, 2, 20))):
        with pytest.raises(ValueError, match="noise must"):
            gp.hybrid(data.kernel, y, noise)


def test_errors_of_a_fit_to_labels_without_noise(data):
    process = gp.data_centric(data.kernel, data.y, 0.3, steps=0)
    weights = data.new @ np.linalg.inv(data.kernel + 0.3 * np.eye(20))
    missed = data.prior - weights @ data.new.T - data.new @ weights.T
    want = missed + weights @ data.kernel @ weights.T
    got = process.error_covariance(data.new, data.prior, 0.0)
    np.testing.assert_allclose(got, want, rtol=0, atol=1e4 * EPS)
