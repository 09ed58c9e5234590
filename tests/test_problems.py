"""The zoo keeps its promises: scale, order, condition, energy, exact singular values, noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtheory import claims, problems

EPS = np.finfo(float).eps


@given(st.sampled_from(problems.SPECTRA), st.integers(1, 40), st.floats(1.0, 1e8))
def test_spectra(kind, size, condition):
    d = problems.spectrum(kind, size, condition)
    assert d.shape == (size,)
    assert d[0] == 1.0
    assert np.all(np.diff(d) <= 0)
    positive = d[d > 0]
    assert positive[-1] >= 1 / (1e14 if kind == "ill_conditioned" else condition) * (1 - 64 * EPS)
    assert (positive.size < size) == (kind == "rank_deficient" and size > 1)


@pytest.mark.parametrize("kind", ["power_law", "spiked", "linear", "ill_conditioned", "clustered"])
def test_condition_is_reached(kind):
    d = problems.spectrum(kind, 30, 1e3)
    assert d[0] / d[-1] == pytest.approx(1e14 if kind == "ill_conditioned" else 1e3)


@given(st.sampled_from(problems.SIGNALS), st.integers(1, 40), st.floats(0, 1e3))
def test_signals_have_their_energy(kind, size, energy):
    theta = problems.signal(kind, size, energy)
    assert theta @ theta == pytest.approx(energy, rel=64 * EPS, abs=1e-300)


def test_signals_are_aligned():
    assert np.all(np.diff(problems.signal("top", 8)) < 0)
    assert np.all(np.diff(problems.signal("bottom", 8)) > 0)
    assert np.count_nonzero(problems.signal("sparse", 8)) == 1


@pytest.mark.parametrize(("n", "p"), [(9, 6), (6, 9), (6, 6)])
def test_design_has_the_spectrum_and_the_truth(rng, n, p):
    d, theta = problems.spectrum("power_law", 6, 1e4), problems.signal("bottom", 6)
    problem = problems.planted(d, theta, 0.3, n, rng, p)
    s = np.linalg.svd(problem.design, compute_uv=False)
    np.testing.assert_allclose(s**2, d, rtol=0, atol=64 * EPS)
    right = problem.design.T @ (problem.design @ problem.truth)
    assert problem.truth @ right == pytest.approx(np.sum(d * theta**2))
    assert problem.truth @ problem.truth == pytest.approx(np.sum(theta**2))


@pytest.mark.parametrize("noise", [0.3, "per sample"])
@pytest.mark.statistical("sdtheory.problems.Planted.labels")
def test_label_noise_has_its_variance(rng, noise):
    levels = rng.uniform(0.1, 2.0, 4) if noise == "per sample" else noise
    problem = problems.planted(np.ones(2), np.ones(2), levels, 4, rng)
    errors = problem.labels(rng, 800_000) - (problem.design @ problem.truth)[:, None]
    squares = errors**2 / np.broadcast_to(levels, 4)[:, None]
    draws = np.vstack([squares, squares.mean(axis=0)]).T
    assert claims.z_score(draws, np.ones(5), precision=0.02) < claims.SCORE_LIMIT
    assert problem.labels(rng).shape == (4,)


@pytest.mark.statistical("sdtheory.problems.flipped_means")
def test_flips_have_the_stated_moments(rng):
    labels, classes, rate = np.array([0, 2, 1]), 3, 0.4
    means, variance = problems.flipped_means(labels, classes, rate)
    flips = problems.flip_labels(np.tile(labels, (500_000, 1)).ravel(), classes, rate, rng)
    draws = np.eye(classes)[flips.reshape(-1, 3)]
    assert claims.z_score(draws, means, precision=0.02) < claims.SCORE_LIMIT
    # One entry is 1 and the others are 0.
    np.testing.assert_allclose(variance, 1 - np.sum(means**2, axis=1), rtol=4 * EPS)


def test_toy_data_is_the_published_one():
    x, y = problems.toy_regression()
    _, clean = problems.toy_regression(noise_free=True)
    assert x.shape == y.shape == clean.shape == (11,)
    # Ridge with the notebook's kernel and penalty has the loss that the public README prints.
    kernel = np.exp(-80 * (x[:, None] - x) ** 2)
    grid = np.arange(101) / 100
    fit = np.exp(-80 * (grid[:, None] - x) ** 2) @ np.linalg.solve(kernel + 0.2 * np.eye(11), y)
    assert np.mean((fit - np.sin(2 * np.pi * grid)) ** 2) == pytest.approx(0.16477, abs=5e-6)
