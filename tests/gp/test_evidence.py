"""Evidences against dense densities, finite differences and published values."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from sdtheory import gp, kernel_ridge

EPS = np.finfo(float).eps


def log_density(y, cov):
    return multivariate_normal(np.zeros(len(y)), cov, allow_singular=False).logpdf(y)


def test_published_values(toy):
    for noise, want in ((0.2, -12.17101633676694), (0.2 / 3, -11.44906491122918)):
        got = gp.data_centric_evidence(toy.kernel, toy.y, noise, steps=0).value[0]
        assert got == pytest.approx(want, rel=1e-13)
    chain = gp.data_centric_evidence(toy.kernel, toy.y, 0.2, steps=2).value
    np.testing.assert_allclose(chain[1:], [-11.66567229127449, -11.336843726623], rtol=1e-12)
    duplicated = gp.duplicated_evidence(toy.kernel, toy.y, 0.2, steps=2)
    assert duplicated == pytest.approx(-20.00426319263148, rel=1e-13)


@pytest.mark.parametrize("levels", [False, True])
@pytest.mark.parametrize("rank", [3, 12])
def test_every_round_is_a_density(rng, rank, levels):
    half = rng.normal(size=(12, rank))
    kernel, y = half @ half.T, rng.normal(size=(12, 2))
    noises, xis = [0.4, 0.3, 0.8], [0.7, 1.3]
    level = rng.uniform(0.5, 2.0, 12) if levels else np.ones(12)
    fit = kernel_ridge.fit(kernel, y, level)
    got = gp.data_centric_evidence(kernel, y, noises, xi=xis, levels=level if levels else None)
    for k, noise in enumerate(noises):
        targets = y
        if k > 0:
            before = fit.fitted(noises[:k], xis[: k - 1])
            targets = xis[k - 1] * before + (1 - xis[k - 1]) * y

        def value(log_noise, log_scale, noise=noise, targets=targets):
            cov = np.exp(log_scale) * kernel + np.exp(log_noise) * noise * np.diag(level)
            return sum(log_density(targets[:, c], cov) for c in range(2))

        assert got.value[k] == pytest.approx(value(0.0, 0.0), rel=1e-11)
        h = 1e-5  # central differences: h**2 of truncation, eps / h of rounding
        by_noise = (value(h, 0.0) - value(-h, 0.0)) / (2 * h)
        by_scale = (value(0.0, h) - value(0.0, -h)) / (2 * h)
        scale = 1 + abs(got.value[k])
        assert abs(got.by_log_noise[k] - by_noise) < scale * (100 * h**2 + 100 * EPS / h)
        assert abs(got.by_log_scale[k] - by_scale) < scale * (100 * h**2 + 100 * EPS / h)


@pytest.mark.parametrize("per_sample", [False, True])
def test_duplication_is_a_density_of_copies(data, rng, per_sample):
    noises = rng.uniform(0.2, 1.0, size=(3, 20)) if per_sample else np.array([0.3, 0.1, 0.5])
    diagonal = np.concatenate([noise * np.ones(20) for noise in noises])
    cov = np.tile(data.kernel, (3, 3)) + np.diag(diagonal)
    want = sum(log_density(np.tile(data.y[:, c], 3), cov) for c in range(2))
    assert gp.duplicated_evidence(data.kernel, data.y, noises) == pytest.approx(want, rel=1e-11)


def test_the_chain_of_evidences_is_that_of_copies(data):
    y, noises = data.y[:, 0], [0.3, 0.1, 0.5]
    mean, cov, total = np.zeros(20), data.kernel, 0.0
    for noise in noises:
        marginal = cov + noise * np.eye(20)
        total += log_density(y - mean, marginal)
        gain = np.linalg.solve(marginal, cov).T
        mean, cov = mean + gain @ (y - mean), cov - gain @ cov
    assert gp.duplicated_evidence(data.kernel, y, noises) == pytest.approx(total, rel=1e-10)


def test_evidence_of_a_chain_grows_although_nothing_improves(data):
    value = gp.data_centric_evidence(data.kernel, data.y, 0.3, steps=10).value
    assert np.all(np.diff(value) > 0)
