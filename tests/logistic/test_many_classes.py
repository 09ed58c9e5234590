"""K symmetric classes against softmax regression on the full Gram matrix."""

import numpy as np
import pytest

from paper_checks._explicit_logistic import block_gram, explicit_softmax_chain
from sdtheory.logistic import RandomLabels, SymmetricClasses

EPS = np.finfo(float).eps


@pytest.mark.parametrize(
    ("K", "n", "per_class", "same", "cross", "penalty"),
    [(3, 6, 1, 0.4, 0.1, 0.003), (3, 5, 2, 0.7, 0.0, 0.05), (4, 7, 1, 0.2, -0.02, 0.01)],
)
@pytest.mark.parametrize(("steps", "xi"), [(0, 1.0), (1, 1.0), (2, 0.6), (1, 1.6)])
def test_full_gram_matrix(K, n, per_class, same, cross, penalty, steps, xi):
    truth = np.repeat(np.arange(K), n)
    given = truth.copy()
    for a in range(K):
        for j in range((K - 1) * per_class):
            given[a * n + j] = (a + 1 + j % (K - 1)) % K
    gram = block_gram((n,) * K, (same,) * K, cross)
    Z = explicit_softmax_chain(gram, np.eye(K)[given], penalty, steps, xi)
    world = SymmetricClasses(K, n, (K - 1) * per_class, same, cross, penalty)
    stage = world.student(xi=xi, steps=steps)
    atol = 1e3 * EPS * (1 + 1 / (n * penalty))
    np.testing.assert_allclose(Z[n - 1], stage.good_logits, rtol=0, atol=atol)
    np.testing.assert_allclose(Z[0], stage.flipped_logits, rtol=0, atol=atol)
    right = np.mean(np.argmax(Z, axis=1) == truth)
    assert stage.training_accuracy == pytest.approx(right, abs=4 * EPS)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 5.0])
@pytest.mark.parametrize(
    ("steps", "xi", "hard"), [(1, 1.0, False), (3, 0.7, False), (2, 1.4, True)]
)
def test_two_classes_are_the_binary_model(temperature, steps, xi, hard):
    """The margin is the difference of two opposite logits, each with half of its ridge."""
    options = {"xi": xi, "steps": steps, "temperature": temperature, "hard": hard}
    softmax = SymmetricClasses(2, 12, 4, 0.5, 0.2, 0.02).student(**options)
    binary = RandomLabels(12, 4, 0.5, 0.2, 0.01).student(**options)
    good, bad = (z[0] - z[1] for z in (softmax.good_logits, softmax.flipped_logits))
    np.testing.assert_allclose(good, binary.good_margin, rtol=1e3 * EPS)
    np.testing.assert_allclose(bad, binary.flipped_margin, rtol=1e3 * EPS)
    np.testing.assert_allclose(softmax.good_target[0], binary.good_target, rtol=1e3 * EPS)
    assert softmax.training_accuracy == pytest.approx(binary.training_accuracy, abs=4 * EPS)


def test_targets_above_one_are_the_binary_model_too():
    """A teacher that is right about every label, followed three times as far as it goes."""
    softmax = SymmetricClasses(2, 12, 3, 0.5, 0.2, 4.0).student(xi=3.0, hard=True)
    binary = RandomLabels(12, 3, 0.5, 0.2, 2.0).student(xi=3.0, hard=True)
    assert binary.flipped_target == 3
    good, bad = (z[0] - z[1] for z in (softmax.good_logits, softmax.flipped_logits))
    np.testing.assert_allclose(good, binary.good_margin, rtol=1e3 * EPS)
    np.testing.assert_allclose(bad, binary.flipped_margin, rtol=1e3 * EPS)


@pytest.mark.parametrize(("K", "n", "c"), [(2, 3, 0.5), (3, 4, 0.2)])
def test_inner_products_are_refused_where_the_gram_matrix_is_not_semidefinite(K, n, c):
    edge = -(1 - c + n * c) / (n * (K - 1))
    gram = block_gram((n,) * K, (c,) * K, edge)
    assert abs(np.linalg.eigvalsh(gram)[0]) < 10 * K * n * EPS
    SymmetricClasses(K, n, 1, c, edge * (1 - 1e-9))
    SymmetricClasses(K, n, 1, c, c)  # classes that nothing tells apart
    for wrong in (edge * (1 + 1e-9), c * (1 + 1e-9)):
        with pytest.raises(ValueError, match="cross_class must be at most same_class and leave"):
            SymmetricClasses(K, n, 1, c, wrong)


def test_hard_labels_repeat_the_teacher():
    world = SymmetricClasses(4, 24, 12, 0.4, 0.1, 0.002)
    np.testing.assert_array_equal(
        world.student(hard=True).flipped_logits, world.teacher().flipped_logits
    )


def test_single_opposite_points_are_allowed():
    assert SymmetricClasses(2, 1, 0, 0.0, -1.0).teacher().training_accuracy == 1


def test_nothing_flipped():
    assert SymmetricClasses(5, 4, 0, 0.3).student().training_accuracy == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": 1}, "classes"),
        ({"same_class": 1.0}, "same_class"),
        ({"cross_class": 0.6}, "cross_class"),
        ({"flipped": 30}, "flipped"),
    ],
)
def test_bad_arguments_are_named(change, message):
    good = {"classes": 4, "n": 24, "flipped": 12, "same_class": 0.4}
    with pytest.raises(ValueError, match=message):
        SymmetricClasses(**(good | change))
