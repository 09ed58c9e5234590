"""Data with an intercept: means to the last digit, and constants that are no features."""

import numpy as np
import pytest
from backends import BACKENDS

from sdtheory.label_noise import tune_xi
from sdtheory.label_noise._samples import Samples
from sdtheory.spectral import GramAccumulator, QRAccumulator

EPS = np.finfo(float).eps


@pytest.mark.parametrize("weighted", [False, True])
def test_centring_weighting_and_factorising(rng, weighted):
    x, y, w = rng.normal(size=(9, 3)) + 5.0, rng.normal(size=(9, 2)) - 3.0, rng.exponential(size=9)
    weight = w if weighted else np.ones(9)
    samples = Samples.made(x, y, True, w if weighted else None)
    mean, y_mean = weight @ x / weight.sum(), weight @ y / weight.sum()
    root = np.sqrt(weight)[:, None]
    gram = (x - mean).T @ (weight[:, None] * (x - mean))
    np.testing.assert_allclose(samples.x_mean, mean, rtol=8 * EPS)
    np.testing.assert_allclose(samples.y_mean, y_mean, rtol=8 * EPS)
    np.testing.assert_allclose(samples.y, root * (y - y_mean), atol=50 * EPS)
    np.testing.assert_allclose(
        samples.spectrum.eigenvalues, np.linalg.eigvalsh(gram)[::-1], rtol=100 * EPS
    )
    left = samples.spectrum.left
    spare = samples.y - left @ samples.projected
    np.testing.assert_allclose(samples.spare, [np.linalg.norm(spare)], rtol=100 * EPS)
    np.testing.assert_allclose(samples.length, np.linalg.norm(samples.projected, axis=1))
    np.testing.assert_allclose(samples.constant, root[:, 0] / weight.sum() ** 0.5, rtol=8 * EPS)
    assert samples.lost_freedom == 1
    assert samples.total == pytest.approx(weight.sum(), rel=8 * EPS)


def test_without_an_intercept_nothing_is_centred(rng):
    x, y = rng.normal(size=(5, 2)) + 1.0, rng.normal(size=5)
    samples = Samples.made(x, y)
    np.testing.assert_array_equal(samples.y, y[:, None])
    np.testing.assert_array_equal(samples.x_mean, [0.0, 0.0])
    np.testing.assert_array_equal(samples.y_mean, [0.0])
    assert samples.lost_freedom == 0
    assert samples.total == 5


def test_a_single_sample_is_enough():
    samples = Samples.made([[3.0, 4.0]], [2.0])
    np.testing.assert_allclose(samples.spectrum.eigenvalues, [25.0], rtol=4 * EPS)
    np.testing.assert_array_equal(samples.x_mean, [0.0, 0.0])
    np.testing.assert_array_equal(samples.y_mean, [0.0])


@pytest.mark.parametrize("rows", [2, 3, 50, 300_000])
@pytest.mark.parametrize("constant", [0.1, 1e9 / 3, -7.3e-5])
def test_constants_are_no_features_and_no_labels(rng, rows, constant):
    x = np.column_stack([rng.normal(size=(rows, 2)), np.full(rows, constant)])
    y = np.column_stack([rng.normal(size=rows), np.full(rows, constant)])
    for weight in (None, rng.exponential(size=rows)):
        samples = Samples.made(x, y, True, weight)
        assert samples.spectrum.eigenvalues.shape == (min(2, rows - 1),)
        np.testing.assert_array_equal(samples.y[:, 1], 0.0)
        # the plain mean of that many rows is off by thousands of units in the last place
        np.testing.assert_allclose(samples.x_mean[2], constant, rtol=4 * EPS)
        np.testing.assert_allclose(samples.y_mean[1], constant, rtol=4 * EPS)


@pytest.mark.parametrize("rows", [2, 10, 20_000])
def test_the_least_variation_of_held_data_is_a_feature(rows):
    """Above as many units in the last place as there are rows, and 64 of their root."""
    half = np.where(np.arange(rows) < rows // 2, 1.0, -1.0)[:, None]
    units = min(rows, 64 * rows**0.5)
    for share, rank in ((3.0 * units, 1), (0.4 * units, 0)):
        x = 1.0 + np.round(share) * EPS * half
        assert Samples.made(x, half, True).spectrum.eigenvalues.shape == (rank,), share
        # a single row that differs is seen as well
        x = np.where(np.arange(rows) == 0, 1.0 + np.round(share) * EPS, 1.0)[:, None]
        assert Samples.made(x, half, True).spectrum.eigenvalues.shape == (rank,), share


@pytest.mark.parametrize("kind", [GramAccumulator, QRAccumulator])
@pytest.mark.parametrize(("share", "rank"), [(3e-12, 1), (1e-15, 0), (0.0, 0)])
def test_held_and_streamed_data_agree_on_what_is_constant(rng, kind, share, rank):
    x = 1.0 + share * rng.choice([-1.0, 1.0], size=(3000, 1))
    y, seen = rng.normal(size=3000), kind()
    for rows in np.array_split(np.arange(3000), 7):
        seen.update(x[rows], y[rows])
    assert seen.summary(intercept=True).spectrum.eigenvalues.shape == (rank,)
    assert Samples.made(x, y, True).spectrum.eigenvalues.shape == (rank,)


@pytest.mark.parametrize("backend", BACKENDS)
def test_constants_in_every_namespace(backend):
    x = backend([[1.0, 0.1], [2.0, 0.1], [4.0, 0.1]])
    samples = Samples.made(x, backend([1.0, 0.0, 2.0]), True)
    assert backend.owns(samples.x_mean)
    assert samples.spectrum.eigenvalues.shape == (1,)
    assert float(samples.x_mean[1]) == pytest.approx(0.1, rel=4 * backend.eps)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x, y: Samples.made(x, y[:2]), "y and design"),
        (lambda x, y: Samples.made(x, 1e160 * y), "y must have squares within the range"),
        (lambda x, y: Samples.made(x, y, sample_weight=[1.0, 1.0]), "sample_weight and design"),
        (lambda x, y: Samples.made(x, y, sample_weight=[1.0, -1.0, 1.0]), "at least 0, got -1"),
        (lambda x, y: Samples.made(x, y, sample_weight=np.zeros(3)), "must have a positive entry"),
        (lambda x, y: Samples.made(x, y, sample_weight=np.ones((3, 1))), "must have 1 dimensions"),
        (lambda x, y: Samples.made(x[0], y), "design must have 2 dimensions"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call(np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]), np.array([1.0, 2.0, 0.0]))


def test_labels_are_refused_only_where_their_squares_leave_the_range():
    x = np.array([[1.0], [2.0], [0.0]])
    largest = (np.finfo(float).max / 3) ** 0.5
    assert np.isfinite(tune_xi(x, [0.9 * largest, 0.0, 0.0], 1.0).risk)
    with pytest.raises(ValueError, match="y must have squares within the range"):
        tune_xi(x, [1.1 * largest, 0.0, 0.0], 1.0)
