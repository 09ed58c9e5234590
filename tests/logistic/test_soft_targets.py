"""Soft-target identities against differentiated losses."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import softmax

from sdtheory import logistic

EPS = np.finfo(float).eps
logits = hnp.arrays(float, 5, elements=st.floats(-6, 6))


def gradient(loss, z):
    """Differentiate by the complex step, exact to rounding."""
    slopes = np.empty(len(z))
    for i in range(len(z)):
        moved = z.astype(complex)
        moved[i] += 1e-30j
        slopes[i] = loss(moved).imag / 1e-30
    return slopes


def complex_cross_entropy(target, z):
    shifted = z - z.real.max()
    return -np.sum(target * (shifted - np.log(np.sum(np.exp(shifted)))))


@given(z=logits, v=logits, xi=st.floats(-3, 4), label=st.integers(0, 4))
def test_mixing_losses_is_mixing_targets(z, v, xi, label):
    q, y = softmax(v), np.eye(5)[label]
    target = logistic.mixed_target(xi, q, y)
    both = xi * logistic.cross_entropy(q, z) + (1 - xi) * logistic.cross_entropy(y, z)
    scale = EPS * (abs(xi) + 1) * 20 * 20
    assert logistic.cross_entropy(target, z) == pytest.approx(both, abs=scale)
    slopes = gradient(
        lambda w: xi * complex_cross_entropy(q, w) + (1 - xi) * complex_cross_entropy(y, w), z
    )
    np.testing.assert_allclose(logistic.cross_entropy_gradient(target, z), slopes, atol=scale)


@given(z=logits, smoothing=st.floats(0, 1), label=st.integers(0, 4))
def test_label_smoothing_is_an_infinitely_warm_teacher(z, smoothing, label):
    y = np.eye(5)[label]
    uniform = softmax(np.arange(5.0) / 1e18)
    loss = (1 - smoothing) * logistic.cross_entropy(y, z)
    loss += smoothing * logistic.cross_entropy(uniform, z)
    got = logistic.cross_entropy(logistic.smoothed_label(y, smoothing), z)
    assert got == pytest.approx(loss, abs=400 * EPS)


@given(v=logits, z=logits, T=st.floats(0.2, 50))
def test_gradient_at_a_temperature(v, z, T):
    slopes = gradient(lambda w: complex_cross_entropy(softmax(v / T), w / T), z)
    got = logistic.temperature_gradient(v, z, T)
    np.testing.assert_allclose(got, slopes, atol=40 * EPS / T)


@pytest.mark.parametrize("moved", [1e-9, 0.5, 0.999, 5.0])
def test_gradients_of_confident_teachers_keep_their_digits(moved):
    """A probability of one less 1e-17 changes by what the others change."""
    v, T = np.array([40.0, 0.0, -1.0]), 1.25
    z = v + np.array([moved, 0.25 * moved, 0.0])
    mpmath.mp.dps = 50

    def probabilities(logits):
        powers = [mpmath.exp(mpmath.mpf(x) / T) for x in logits]
        return [x / sum(powers) for x in powers]

    pairs = zip(probabilities(z), probabilities(v), strict=True)
    want = np.array([float((p - q) / T) for p, q in pairs])
    # The exponents, of size 40, are rounded, and so are their differences.
    rtol = 100 * EPS / min(1.0, moved)
    np.testing.assert_allclose(logistic.temperature_gradient(v, z, T), want, rtol=rtol)


def test_undecided_teachers_of_two_classes():
    got = logistic.temperature_gradient([0.0, 0.0], [1.0, 0.0], 1.0)
    want = 1 / (1 + np.exp(-1.0)) - 0.5
    np.testing.assert_allclose(got, [want, -want], rtol=4 * EPS)


def test_logit_matching_is_reached_at_rate_one_over_temperature(rng):
    v, z = rng.normal(0, 2, (8, 10)), rng.normal(0, 2, (8, 10))
    limit = logistic.high_temperature_gradient(v, z)
    temperatures = (1e3, 2e3, 4e3)
    gaps = [T**2 * logistic.temperature_gradient(v, z, T) - limit for T in temperatures]
    assert np.abs(gaps[2]).max() > 1e-4
    # c / T + d / T^2: both go, entry by entry, down to the rounding of a gradient times T^2
    left = (gaps[0] - 6 * gaps[1] + 8 * gaps[2]) / 3
    np.testing.assert_allclose(left, 0, atol=4 * EPS * temperatures[2] ** 2)


@given(v=logits, z=logits, weight=st.floats(0, 2), label=st.integers(0, 4))
def test_progressive_factor_is_the_ratio_of_target_gradients(v, z, weight, label):
    past, y, now = softmax(v), np.eye(5)[label], softmax(z)
    softened = logistic.cross_entropy_gradient(logistic.mixed_target(weight, past, y), z)
    plain = logistic.cross_entropy_gradient(y, z)
    factor = logistic.progressive_factor(weight, past[label], now[label])
    others = np.arange(5) != label
    atol = 20 * EPS * (1 + weight)
    assert factor * plain[label] == pytest.approx(softened[label], abs=atol)
    assert factor * plain[others].sum() == pytest.approx(softened[others].sum(), abs=4 * atol)


@pytest.mark.parametrize("scaled", [False, True])
def test_distillation_weight_is_the_ratio_of_target_gradients(rng, scaled):
    for _ in range(50):
        z, v = rng.normal(0, 2, 6), rng.normal(0, 2, 6)
        T, share, label = rng.uniform(0.5, 8), rng.uniform(0, 1), int(rng.integers(6))
        y = np.eye(6)[label]
        kd = logistic.temperature_gradient(v, z, T) * (T**2 if scaled else 1)
        plain = logistic.cross_entropy_gradient(y, z)
        both = (1 - share) * plain + share * kd
        got = logistic.distillation_weight(
            share, T, softmax(v / T)[label], softmax(z / T)[label], softmax(z)[label], scaled
        )
        assert got * plain[label] == pytest.approx(both[label], abs=50 * EPS * T)


def test_every_gradient_is_autograds(rng):
    """L27 to L30 through PyTorch's automatic differentiation."""
    torch = pytest.importorskip("torch")

    def slopes(loss, z):
        leaf = torch.tensor(z, requires_grad=True)
        loss(leaf).backward()
        return leaf.grad.numpy()

    def entropy(target, z):
        return -(torch.tensor(target) * torch.log_softmax(z, -1)).sum()

    for _ in range(20):
        z, v = rng.normal(0, 2, (2, 6))
        label, T, weight = int(rng.integers(6)), rng.uniform(0.5, 8), rng.uniform(-1, 2)
        y, q, warm, now = np.eye(6)[label], softmax(v), softmax(v / T), softmax(z)
        plain = slopes(lambda w, y=y: entropy(y, w), z)
        mixed = slopes(lambda w, y=y, q=q, a=weight: a * entropy(q, w) + (1 - a) * entropy(y, w), z)
        smooth = slopes(
            lambda w, y=y: torch.nn.functional.cross_entropy(
                w, torch.tensor(y), label_smoothing=0.3
            ),
            z,
        )
        both = slopes(lambda w, y=y, q=warm, t=T: 0.6 * entropy(y, w) + 0.4 * entropy(q, w / t), z)
        target = logistic.mixed_target(weight, q, y)
        for got, want in (
            (logistic.cross_entropy_gradient(target, z), mixed),
            (logistic.cross_entropy_gradient(logistic.smoothed_label(y, 0.3), z), smooth),
            (
                logistic.progressive_factor(weight, q[label], now[label]) * plain[label],
                mixed[label],
            ),
            (
                logistic.distillation_weight(0.4, T, warm[label], softmax(z / T)[label], now[label])
                * plain[label],
                both[label],
            ),
        ):
            np.testing.assert_allclose(got, want, rtol=0, atol=1e-14)


def test_stacks_are_loops(rng):
    q, z = rng.dirichlet(np.ones(4), (2, 3)), rng.normal(size=(2, 3, 4))
    for function in (
        logistic.cross_entropy,
        logistic.cross_entropy_gradient,
        lambda q, y: logistic.mixed_target(1.3, q, y),
        lambda q, y: logistic.smoothed_label(y, 0.3),
        lambda v, z: logistic.temperature_gradient(v, z, 2.0),
        logistic.high_temperature_gradient,
        lambda q, y: logistic.top_two_target(q),
    ):
        stack = function(q, z)
        for i, j in np.ndindex(2, 3):
            np.testing.assert_allclose(stack[i, j], function(q[i, j], z[i, j]), rtol=1e-13)


def test_weights_of_mixing_may_differ_between_examples(rng):
    q, y = rng.dirichlet(np.ones(4), (2, 3))
    mixed = logistic.mixed_target([0.2, 1.0, 1.5], q, y)
    for row, xi, teacher, label in zip(mixed, (0.2, 1.0, 1.5), q, y, strict=True):
        np.testing.assert_allclose(row, logistic.mixed_target(xi, teacher, label), rtol=1e-15)


def test_top_two_targets():
    p = np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3]])
    np.testing.assert_array_equal(logistic.top_two_target(p), [[0, 0.5, 0.5], [0.5, 0, 0.5]])
    np.testing.assert_array_equal(logistic.top_two_target([0.9, 0.1]), [0.5, 0.5])
    np.testing.assert_array_equal(logistic.top_two_target([0.2, 0.2, 0.2]), [0.5, 0.5, 0])


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="temperature"):
        logistic.temperature_gradient([1.0, 0], [0.0, 1], 0.0)
    with pytest.raises(ValueError, match="now"):
        logistic.progressive_factor(0.5, 0.5, 1.0)
    with pytest.raises(ValueError, match="before must be at most 1"):
        logistic.progressive_factor(0.5, 1.1, 0.5)
    with pytest.raises(ValueError, match="now must be less than 1"):
        logistic.distillation_weight(0.5, 2.0, 0.7, 0.6, 1.0)
    with pytest.raises(ValueError, match="two classes"):
        logistic.top_two_target([1.0])
