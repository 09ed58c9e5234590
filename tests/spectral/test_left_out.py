"""The second pass: leave-one-out errors by refitting, chunk by chunk."""

import numpy as np
import pytest
from backends import BACKENDS

from sdtheory.label_noise._samples import Samples
from sdtheory.label_noise.tuning import left_out_errors
from sdtheory.spectral import GramAccumulator, LeftOutAccumulator, QRAccumulator

EPS = np.finfo(float).eps


@pytest.fixture
def data(rng):
    x = rng.normal(size=(40, 3)) + np.array([0.0, 3.0, -1.0])
    return x, x @ rng.normal(size=(3, 2)) + rng.normal(size=(40, 2)), rng.exponential(size=40)


def passes(kind, x, y, w, intercept, lams, steps, chunks=6):
    first = kind()
    size = -(-x.shape[0] // chunks)
    parts = [slice(k, min(k + size, x.shape[0])) for k in range(0, x.shape[0], size)]
    for rows in parts:
        first.update(x[rows, :], y[rows, ...], None if w is None else w[rows])
    second = LeftOutAccumulator(first.summary(intercept), lams, steps)
    for rows in parts:
        second.update(x[rows, :], y[rows, ...], None if w is None else w[rows])
    return second


def refitted(x, y, w, intercept, lam, taylor):
    """Return the mean squared error of literal refits without each sample, times its weight."""

    def fit(a, b, weight, lam):
        if intercept:
            shares = weight / weight.sum()
            mean_a, mean_b = shares @ a, shares @ b
        else:
            mean_a, mean_b = 0 * a[0], 0 * b[0]
        a, b = a - mean_a, b - mean_b
        slopes = np.linalg.solve(a.T @ (weight[:, None] * a) + lam * np.eye(a.shape[1]),
                                 a.T @ (weight[:, None] * b))  # fmt: skip
        return slopes, mean_b - mean_a @ slopes

    total = 0.0
    for i in range(len(x)):
        keep = np.arange(len(x)) != i
        a, b, weight = x[keep], y[keep], w[keep]
        # Taylor weights: f = a + w_1 a x + w_2 a x^2 ..., x = what ridge loses of its target.
        slopes, constant = fit(a, b, weight, lam)
        out, rest = x[i] @ slopes + constant, b - (a @ slopes + constant)
        for k in range(len(taylor)):
            more, offset = fit(a, rest, weight, lam)
            out = out + taylor[k] * (x[i] @ more + offset)
            rest = rest - (a @ more + offset)
        total += w[i] * np.sum((y[i] - out) ** 2)
    return total / w.sum()


@pytest.mark.parametrize("kind", [GramAccumulator, QRAccumulator])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_against_literal_refits(data, kind, intercept, weighted):
    x, y, w = data
    w = w if weighted else None
    lams, taylor = [0.3, 5.0], np.array([-1.4, 0.6])
    seen = passes(kind, x, y, w, intercept, lams, steps=2)
    for lam, squares in zip(lams, seen.criteria(), strict=True):
        literal = refitted(x, y, np.ones(40) if w is None else w, intercept, lam, taylor)
        np.testing.assert_allclose(float(squares(taylor)), literal, rtol=1e4 * EPS)
        assert squares.design.shape == (3, 2)


@pytest.mark.parametrize("single", [False, True])
def test_against_the_data_held_at_once(data, single):
    x, y, w = data
    y = y[:, 0] if single else y
    seen = passes(GramAccumulator, x, y, w, True, 2.0, steps=3)
    (streamed,) = seen.criteria()
    held = left_out_errors(Samples.made(x, y, True, w), 2.0, 3)
    for weights in (np.zeros(3), np.array([-1.0, 0.5, 2.0])):
        np.testing.assert_allclose(float(streamed(weights)), float(held(weights)), rtol=1e4 * EPS)


def test_more_features_than_samples(rng):
    x, y = rng.normal(size=(6, 9)), rng.normal(size=6)
    for intercept in (False, True):
        seen = passes(QRAccumulator, x, y, None, intercept, 0.5, steps=1, chunks=3)
        literal = refitted(x, y[:, None], np.ones(6), intercept, 0.5, [-0.8])
        (squares,) = seen.criteria()
        np.testing.assert_allclose(float(squares(np.array([-0.8]))), literal, rtol=1e4 * EPS)


@pytest.mark.parametrize("intercept", [False, True])
def test_the_limit_of_no_penalty_is_reached_smoothly(rng, intercept):
    """With as many modes as samples errors are quotients of two numbers of the penalty's size."""
    x, y = rng.normal(size=(6, 9)), rng.normal(size=6)
    lams = [1e-6, 1e-13]
    seen = passes(QRAccumulator, x, y, None, intercept, lams, steps=1, chunks=3)
    d = seen.summary.spectrum.eigenvalues
    values = [float(squares(np.zeros(1))) for squares in seen.criteria()]
    np.testing.assert_allclose(*values, rtol=100 * lams[0] / d[-1])


def test_merging(data):
    x, y, w = data
    whole = passes(QRAccumulator, x, y, w, True, [0.5, 1.0], steps=1)
    halves = [LeftOutAccumulator(whole.summary, [0.5, 1.0]) for _ in range(3)]
    halves[0].update(x[:25], y[:25], w[:25])
    halves[1].update(x[25:], y[25:], w[25:])
    halves[2].merge(halves[1])
    halves[2].merge(halves[0])
    for a, b in zip(whole.criteria(), halves[2].criteria(), strict=True):
        np.testing.assert_allclose(a(np.array([0.7])), b(np.array([0.7])), rtol=1e3 * EPS)


def test_all_samples_must_have_been_seen(data):
    x, y, w = data
    seen = passes(GramAccumulator, x, y, w, True, 1.0, steps=1)
    partial = LeftOutAccumulator(seen.summary, 1.0)
    with pytest.raises(ValueError, match="must have seen the 40 samples of the summary, got 0"):
        partial.criteria()
    partial.update(x[:30], y[:30], w[:30])
    with pytest.raises(ValueError, match="got 30"):
        partial.criteria()
    with pytest.raises(ValueError, match="lam must be greater than 0"):
        LeftOutAccumulator(seen.summary, [1.0, 0.0])


@pytest.mark.parametrize("put", BACKENDS)
def test_backends(put, data):
    x, y, w = data
    seen = passes(QRAccumulator, put(x), put(y), put(w), True, 1.0, 1, chunks=1)
    (squares,) = seen.criteria()
    assert put.owns(squares.design)
    held = left_out_errors(Samples.made(x, y, True, w), 1.0, 1)
    value = float(squares(put(np.array([0.5]))))
    np.testing.assert_allclose(value, float(held(np.array([0.5]))), rtol=1e3 * put.eps)


@pytest.mark.parametrize("intercept", [False, True])
def test_samples_that_are_predicted_exactly(intercept):
    """Errors of zero in the first row, in the labels and in the features are errors of zero."""
    x = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 2.0], [2.0, 1.0]])
    y = np.array([0.0, 1.0, 2.0, 0.0, 0.5])
    seen = passes(QRAccumulator, x, y, None, intercept, 0.6, 2, chunks=5)
    literal = refitted(x, y[:, None], np.ones(5), intercept, 0.6, [-1.4, 0.6])
    (squares,) = seen.criteria()
    assert float(squares(np.array([-1.4, 0.6]))) == pytest.approx(literal, rel=1e4 * EPS)
    np.testing.assert_array_equal(squares.slope, np.zeros(2))
    assert float(squares.constant) == 0.0
    constant = passes(QRAccumulator, x, np.full(5, 3.0), None, True, 0.6, 2, chunks=2)
    (squares,) = constant.criteria()
    assert float(squares(np.array([-1.4, 0.6]))) == pytest.approx(0.0, abs=1e3 * EPS**2)


def test_one_round_is_the_default(data):
    x, y, w = data
    seen = passes(GramAccumulator, x, y, w, True, [0.5], steps=1)
    again = LeftOutAccumulator(seen.summary, 0.5)
    assert (again.steps, again.rows) == (1, 0)
    again.update(x, y, w)
    (a,), (b,) = seen.criteria(), again.criteria()
    assert a.design.shape == b.design.shape == (2, 1)
    np.testing.assert_allclose(a(np.array([0.7])), b(np.array([0.7])), rtol=1e3 * EPS)
    for steps in (0, -1):
        with pytest.raises(ValueError, match="steps must be at least 1"):
            LeftOutAccumulator(seen.summary, 0.5, steps)
    with pytest.raises(ValueError, match="lam must have 0 or 1 dimensions"):
        LeftOutAccumulator(seen.summary, [[0.5]])


def test_chunks_may_be_empty_and_must_fit(data):
    x, y, w = data
    whole = passes(GramAccumulator, x, y, w, True, 0.5, steps=1)
    seen = LeftOutAccumulator(whole.summary, 0.5)
    seen.update(x[:0], y[:0], w[:0])
    seen.merge(LeftOutAccumulator(whole.summary, 0.5))
    assert seen.rows == 0
    assert seen.triangles is None
    with pytest.raises(ValueError, match="3 features and 2 outputs, as before, got 2 features"):
        seen.update(x[:, :2], y)
    with pytest.raises(ValueError, match="3 features and 2 outputs, as before, got 3 features"):
        seen.update(x, y[:, 0])
    seen.update(x, y, w)
    (a,), (b,) = seen.criteria(), whole.criteria()
    np.testing.assert_allclose(a(np.array([0.7])), b(np.array([0.7])), rtol=1e3 * EPS)


@pytest.mark.parametrize("shape", [(6, 3), (6, 9)])
def test_directions_lost_in_rounding_are_none(shape, rng):
    """One mode has one direction, orthogonal samples have none: no noise is scaled up to one."""
    x = np.zeros(shape)
    x[:, 0] = 1.0 if shape[1] == 3 else 0.0
    if shape[1] == 9:
        x[:, :6] = 2 * np.eye(6)
    y = rng.normal(size=6)
    seen = passes(QRAccumulator, x, y, None, False, 0.7, 2, chunks=1)
    (squares,) = seen.criteria()
    rank = squares.minimiser().rank
    assert rank == (1 if shape[1] == 3 else 0)


@pytest.mark.parametrize("lam", [1e-17, 1e-9, 1e-3])
def test_a_sample_that_alone_decides_its_feature(lam):
    """Without it the feature is unknown, and predicts nothing: however small the penalty."""
    x = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    (squares,) = passes(QRAccumulator, x, np.ones(3), None, False, lam, 1, chunks=1).criteria()
    kept = 1 / (1 + lam)
    want = (1 + 2 * (lam * kept) ** 2) / 3
    assert float(squares(np.zeros(1))) == pytest.approx(want, rel=64 * EPS)
    want = (1 + 2 * (1 - kept**2) ** 2) / 3  # a pure student
    assert float(squares(-np.ones(1))) == pytest.approx(want, rel=64 * EPS)


def test_only_the_same_criteria_are_merged(data):
    x, y, w = data
    seen = passes(GramAccumulator, x, y, w, True, [0.5, 1.0], steps=2)
    for lam, steps in (([0.5], 2), ([0.5, 1.0, 2.0], 2), ([0.5, 1.0], 1), ([0.5, 1.0], 3)):
        other = LeftOutAccumulator(seen.summary, lam, steps)
        with pytest.raises(ValueError, match="other must have 2 penalties and 2 steps, got"):
            seen.merge(other)
    again = LeftOutAccumulator(seen.summary, seen.lam, 2, seen.rows, seen.triangles)
    for a, b in zip(seen.criteria(), again.criteria(), strict=True):
        assert float(a(np.array([0.7, 0.1]))) == float(b(np.array([0.7, 0.1])))
    with pytest.raises(ValueError, match="triangles must have 3 dimensions"):
        LeftOutAccumulator(seen.summary, seen.lam, 2, seen.rows, seen.triangles[0])
    with pytest.raises(ValueError, match="rows must be at least 0"):
        LeftOutAccumulator(seen.summary, seen.lam, 2, -1)
