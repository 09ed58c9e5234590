"""Rounds towards initial weights, by literal refitting."""

import numpy as np
import pytest
from backends import BACKENDS
from hypothesis import given
from hypothesis import strategies as st
from strategies import log_floats

from sdtheory.label_noise import anchored_rounds


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 7), p=st.integers(1, 7),
       lam=log_floats(1e-2, 1e2))  # fmt: skip
def test_each_round_is_a_refit(seed, n, p, lam):
    rng = np.random.default_rng(seed)
    x, y, start = rng.normal(size=(n, p)), rng.normal(size=n), rng.normal(size=p)
    got = anchored_rounds(x, y, start, lam, 3)
    target = y
    for t in range(4):
        w = start + np.linalg.solve(x.T @ x + lam * np.eye(p), x.T @ (target - x @ start))
        target = x @ w
        scale = np.abs(start).max() + np.abs(y).max()
        np.testing.assert_allclose(got.coefficients[t], w, atol=1e-11 * scale / min(lam, 1))
        assert got.distance[t] == pytest.approx(np.linalg.norm(w - start), rel=1e-7, abs=1e-9)
        assert got.training_error[t] == pytest.approx(np.mean((x @ w - y) ** 2), rel=1e-7)
    assert np.all(np.diff(got.distance) < 0)
    assert np.all(np.diff(got.training_error) >= 0)


def test_little_is_left_of_initial_weights_where_the_data_determine_all():
    q = np.linalg.qr(np.array([[2.0, 1.0, 0.3], [0.4, 3.0, 1.0], [1.0, -0.2, 1.5]]))[0]
    d, start, lam = np.array([4.0, 1.0, 0.5]), np.array([1.0, -0.5, 2.0]), 1e-20
    x = np.diag(np.sqrt(d)) @ q.T
    got = anchored_rounds(x, np.zeros(3), start, lam, 2)
    for t in range(3):  # each round loses as much again
        want = q @ ((t + 1) * lam / d * (q.T @ start))
        np.testing.assert_allclose(got.coefficients[t], want, rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_stay_in_the_namespace_of_the_data(backend):
    got = anchored_rounds(backend([[1.0], [1.0]]), backend([3.0, 3.0]), backend([1.0]), 2.0, 1)
    assert backend.owns(got.coefficients)
    assert float(got.distance[1]) == pytest.approx(0.5, rel=10 * backend.eps)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="initial must have 1 entries, got 2"):
        anchored_rounds([[1.0]], [1.0], [1.0, 2.0], 1.0, 1)
