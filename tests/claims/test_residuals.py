"""Relative errors, fitted rates and standard errors: what they accept and what they refuse."""

import math

import numpy as np
import pytest
from scipy import stats

from sdtheory.claims import SCORE_LIMIT, deviate, fit_rate, relative_error, z_score


def test_relative_error():
    assert relative_error([1.0, 2.0], [1.0, 2.5]) == 0.2
    assert relative_error([1e-9, 1.0], [2e-9, 1.0], scale=[2e-9, 1.0]) == 0.5
    assert relative_error([0.0], [0.0]) == 0.0
    assert relative_error([1.0], [0.0]) == math.inf
    assert relative_error([1.0, 1.0], [1.0]) == math.inf
    assert math.isnan(relative_error([math.nan], [1.0]))


@pytest.mark.parametrize(("power", "correction"), [(2.0, None), (-1.5, None), (1.0, 1.0)])
def test_rate_of_a_power_law(power, correction):
    x = np.geomspace(1e-3, 1e-1, 12)
    y = 3.0 * x**power * (1 + (0.5 * x if correction else 0.0))
    assert fit_rate(x, y, stated=power, correction=correction) < 1
    assert fit_rate(x, y, stated=power + 0.01, correction=correction) > 1


def test_rate_of_noise_says_nothing(rng):
    x = np.geomspace(1, 100, 10)
    assert fit_rate(x, np.exp(rng.normal(size=10)), stated=0.0) == math.inf
    assert fit_rate(x[:4], x[:4], stated=1.0) == math.inf
    assert fit_rate(x, -x, stated=1.0) == math.inf


@pytest.mark.statistical
def test_rate_interval_covers(rng):
    x = np.geomspace(1, 1e4, 20)
    outside = [
        fit_rate(x, x**-0.5 * np.exp(0.02 * rng.normal(size=20)), stated=-0.5) > 1
        for _ in range(300)
    ]
    # 99.9% coverage.
    assert deviate(2 * stats.binom.sf(sum(outside) - 1, 300, 1e-3)) < SCORE_LIMIT


@pytest.mark.statistical
def test_z_score_accepts_the_mean(rng):
    draws = rng.normal(1.0, 2.0, size=40_000)
    assert z_score(draws, 1.0, precision=0.02) < SCORE_LIMIT
    pairs = rng.normal([1.0, -2.0], 0.1, size=(10_000, 2))
    assert z_score(pairs, [1.0, -2.0], precision=0.01) < SCORE_LIMIT


def test_z_score_refuses_other_means_and_small_samples():
    rng = np.random.default_rng(0)
    draws = rng.normal(1.0, 2.0, size=40_000)
    assert z_score(draws, 1.15, precision=0.02) > SCORE_LIMIT
    assert z_score(draws[:100], 1.0, precision=0.02) == math.inf
    pairs = rng.normal([1.0, -2.0], 0.1, size=(10_000, 2))
    assert z_score(pairs, [1.0, -2.1], precision=0.01) > SCORE_LIMIT
    assert z_score(np.ones(9), 1.0, precision=0.1) == 0.0
    assert z_score(np.ones(9), 1.1, precision=0.1) == math.inf
    assert z_score([0.9, 1.1], math.nan, precision=1.0) == math.inf


def test_a_score_is_as_rare_as_a_normal_deviate_of_its_size():
    """Few draws have Student's tails; the largest of three is large three times as often."""
    draws = np.array([0.3, -0.4, 1.1, 0.2, 0.9])
    student = stats.ttest_1samp(draws, 0.0).pvalue
    assert 2 * stats.norm.sf(z_score(draws, 0.0, 1.0, scale=1.0)) == pytest.approx(student)
    three = np.stack([draws, draws - draws.mean(), 0.01 * draws], axis=1)
    several = z_score(three, np.zeros(3), 1.0, scale=1.0)
    assert 2 * stats.norm.sf(several) == pytest.approx(3 * student)
    assert 2 * stats.norm.sf(deviate(1e-12)) == pytest.approx(1e-12)
    assert deviate(0.0) == math.inf
    assert deviate(1.5) == 0.0


@pytest.mark.parametrize("count", [3, 12])
def test_scores_of_many_samples_are_normal(count):
    """A fixed sample of ten thousand scores; the largest distance of distributions has its law."""
    draws = np.random.default_rng(0).normal(size=(count, 10_000))
    scores = [z_score(draws[:, k], 0.0, math.inf, scale=1.0) for k in range(10_000)]
    assert deviate(stats.kstest(scores, stats.halfnorm.cdf).pvalue) < SCORE_LIMIT
