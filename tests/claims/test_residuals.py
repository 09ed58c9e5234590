"""Relative errors, fitted rates and standard errors: what they accept and what they refuse."""

import math

import numpy as np
import pytest

from sdtheory.claims import fit_rate, relative_error, z_score


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


def test_rate_interval_covers(rng):
    x = np.geomspace(1, 1e4, 20)
    inside = [
        fit_rate(x, x**-0.5 * np.exp(0.02 * rng.normal(size=20)), stated=-0.5) <= 1
        for _ in range(300)
    ]
    # 99.9% coverage: three misses in 300 have probability 3e-3, six 1e-6.
    assert sum(inside) >= 294


def test_z_score(rng):
    draws = rng.normal(1.0, 2.0, size=40_000)
    assert z_score(draws, 1.0, precision=0.02) < 5
    assert z_score(draws, 1.1, precision=0.02) > 5
    assert z_score(draws[:100], 1.0, precision=0.02) == math.inf
    assert z_score(np.ones(9), 1.0, precision=0.1) == 0.0
    pairs = rng.normal([1.0, -2.0], 0.1, size=(10_000, 2))
    assert z_score(pairs, [1.0, -2.0], precision=0.01) < 5
    assert z_score(pairs, [1.0, -2.1], precision=0.01) > 5
