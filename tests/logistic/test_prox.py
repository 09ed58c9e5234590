"""The logistic and softmax proximal maps."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from slopes import checked

from sdtheory.logistic import logistic_prox, prox
from sdtheory.logistic.prox import centred_prox, centred_sigmoid, softmax_prox

EPS = np.finfo(float).eps


def test_reference_number():
    assert float(logistic_prox(3.0, 2.0)) == pytest.approx(
        1.396685271437143455036253104532, rel=2 * EPS
    )


@pytest.mark.parametrize("w", [1e-300, 1e-9, 0.3, 7.0, 48.0, 4e3])
@pytest.mark.parametrize("gain", [0.0, 1e-8, 1.0, 100.0, 1e8])
def test_small_and_large_margins_keep_their_relative_precision(w, gain):
    mpmath.mp.dps = 50
    W, K = mpmath.mpf(w), mpmath.mpf(gain)
    f = mpmath.mpf(float(centred_prox(np.asarray(w), np.asarray(gain))))
    tanh = mpmath.tanh(f / 2)
    residual = f + K * tanh / 2 - W
    error = residual / (1 + K * (1 - tanh**2) / 4)
    # The residual itself can only be evaluated to eps times the larger term.
    noise = EPS * (1 + float(min(K / 2, W) / abs(f) / (1 + K * (1 - tanh**2) / 4)))
    assert abs(float(error / f)) <= 8 * noise


@pytest.mark.parametrize("f", [-700.0, -3.0, 1e-300, 0.1, 40.0])
def test_centred_sigmoid_is_a_sigmoid_less_a_half(f):
    mpmath.mp.dps = 400
    want = 1 / (1 + mpmath.exp(-mpmath.mpf(f))) - mpmath.mpf(1) / 2
    assert float(centred_sigmoid(np.asarray(f))) == pytest.approx(float(want), rel=4 * EPS)


@pytest.mark.parametrize(
    ("y", "gain"),
    [(10040.0, 1e4), (-40.0, 1e4), (5e-3, 1e4), (9999.5, 1e4), (1.5, 2.0), (30.0, 2.0), (4.0, 0.0)],
)
def test_uncentred_margins_keep_their_digits_where_the_sigmoid_saturates(y, gain):
    mpmath.mp.dps = 50
    low, high = mpmath.mpf(y) - gain, mpmath.mpf(y)
    for _ in range(120):
        middle = (low + high) / 2
        above = middle + gain / (1 + mpmath.exp(-middle)) > y
        low, high = (low, middle) if above else (middle, high)
    assert float(logistic_prox(y, gain)) == pytest.approx(float(high), rel=4 * EPS)


@given(w=st.floats(-1e6, 1e6), gain=st.floats(0, 1e8))
def test_odd_and_monotone(w, gain):
    f = centred_prox(np.asarray([w, -w, np.nextafter(w, np.inf)]), np.asarray(gain))
    assert f[0] == -f[1]
    assert f[2] >= f[0] - 8 * EPS * (abs(f[0]) + gain)


def test_shape_and_bounds_follow_the_arguments():
    y, gain = np.linspace(-5, 9, 15)[:, None], np.array([0.0, 1.0, 4.0])
    f = logistic_prox(y, gain)
    assert f.shape == (15, 3)
    assert np.all(f <= y)
    assert np.all(f >= y - gain)
    np.testing.assert_array_equal(np.sign(f), np.sign(y - gain / 2))


@pytest.mark.parametrize(
    ("y", "gain", "message"), [(1.0, -0.1, "gain"), (np.nan, 1.0, "y must be finite")]
)
def test_bad_arguments_are_named(y, gain, message):
    with pytest.raises(ValueError, match=message):
        logistic_prox(y, gain)


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("gain", [1e-6, 0.5, 50.0, 1e4])
def test_softmax_prox_solves_its_equation(rng, classes, gain):
    y = rng.normal(size=(40, classes)) * 10
    z, p = softmax_prox(y, np.full(40, gain))
    scale = EPS * (np.abs(y).max() + gain)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=0, atol=8 * scale + 20 * EPS)
    np.testing.assert_allclose(softmax(z, axis=1), p, rtol=0, atol=20 * scale)
    np.testing.assert_allclose(z + gain * p, y, rtol=0, atol=4 * scale)


def test_stacks_of_the_softmax_prox_are_loops(rng):
    y, gain = rng.normal(size=(2, 3, 4)), rng.uniform(0.5, 6, (2, 3))
    stack = softmax_prox(y, gain)
    for i, j in np.ndindex(2, 3):
        for whole, one in zip(stack, softmax_prox(y[i, j], gain[i, j]), strict=True):
            np.testing.assert_allclose(whole[i, j], one, rtol=0, atol=100 * EPS)


def test_slopes_of_the_search_are_derivatives(rng, monkeypatch):
    found = checked(prox, monkeypatch)
    softmax_prox(rng.normal(size=(5, 3)), rng.uniform(0.5, 6, 5))
    assert len(found) == 2


def test_two_classes_are_the_logistic_prox(rng):
    y, gain = rng.normal(size=(30, 2)) * 4, rng.uniform(0.1, 9, 30)
    z, _ = softmax_prox(y, gain)
    f = centred_prox(y[:, 0] - y[:, 1], 2 * gain)
    np.testing.assert_allclose(z[:, 0] - z[:, 1], f, rtol=0, atol=100 * EPS * (20 + gain.max()))
