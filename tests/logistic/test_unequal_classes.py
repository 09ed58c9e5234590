"""Unequal classes against explicit vectors and the balanced special case."""

import numpy as np
import pytest
from slopes import checked

from paper_checks._explicit_logistic import block_gram, explicit_chain, vectors
from sdtheory.logistic import RandomLabels, UnequalClasses, unequal_classes

EPS = np.finfo(float).eps


@pytest.mark.parametrize("block", range(20))
def test_explicit_vectors(rng, block):
    sizes = tuple(int(v) for v in rng.integers(1, 11, 2))
    flips = tuple(int(rng.integers(0, n + 1)) for n in sizes)
    same = tuple(rng.uniform(0.05, 0.95, 2))
    cross = float(rng.uniform(-1, 1) * np.sqrt(np.prod(same)) * 0.9)
    penalty, xi, steps = 10 ** rng.uniform(-2.5, 0.5), rng.uniform(-0.5, 2), int(rng.integers(0, 4))
    gram = block_gram(sizes, same, cross)
    if np.linalg.eigvalsh(gram)[0] < 0:
        cross *= 0.1
        gram = block_gram(sizes, same, cross)
    truth = np.repeat([1, 0], sizes)
    place = np.concatenate([np.arange(n) for n in sizes])
    flipped = place < np.repeat(flips, sizes)
    labels = np.where(flipped, 1 - truth, truth).astype(float)
    explicit = explicit_chain(vectors(gram, rng), labels, penalty, steps, xi)
    towards_truth = np.where(truth == 1, explicit, -explicit)
    stage = UnequalClasses(sizes, flips, same, cross, penalty).student(xi, steps)
    reduced = np.where(flipped, stage.flipped_margin[1 - truth], stage.good_margin[1 - truth])
    np.testing.assert_allclose(
        towards_truth, reduced, rtol=0, atol=1e3 * EPS * (1 + max(sizes) / penalty)
    )
    right = [np.mean(towards_truth[truth == one] > 0) for one in (1, 0)]
    if np.abs(reduced).min() > 1e-9:
        np.testing.assert_allclose(stage.class_accuracy, right, rtol=4 * EPS)


def test_a_loose_class_next_to_a_tight_one(rng):
    """The loose one is pushed by the other further than it moves by itself."""
    X = vectors(block_gram((5, 5), (0.01, 1.0), 0.09), rng)
    labels = np.repeat([1.0, 0.0], 5)
    explicit = explicit_chain(X, labels, 10.0, 1)
    stage = UnequalClasses((5, 5), (0, 0), (0.01, 1.0), 0.09, 10.0).student()
    want = np.repeat(stage.good_margin * [1, -1], 5)
    np.testing.assert_allclose(explicit, want, rtol=0, atol=1e3 * EPS)


def test_slopes_of_both_searches_are_derivatives(monkeypatch):
    found = checked(unequal_classes, monkeypatch)
    UnequalClasses((5, 8), (2, 1), (0.3, 0.7), 0.4, 0.05).teacher()
    assert len(found) > 10


def test_margins_of_zero_are_wrong():
    # Identical points with as many wrong as right labels
    stage = UnequalClasses((4, 6), (2, 3), 1.0, 0.0).teacher()
    assert stage.good_margin.tolist() == stage.flipped_margin.tolist() == [0, 0]
    assert stage.class_accuracy.tolist() == [0, 0]


def test_inner_products_may_be_as_large_across_as_inside():
    teacher = UnequalClasses((4, 4), (1, 1), (0.25, 0.25), 0.25).teacher()
    np.testing.assert_allclose(teacher.shared_margin, 0, atol=8 * EPS)


def test_equal_classes_are_the_balanced_model():
    balanced = RandomLabels(10, 4, 0.5, 0.2, 0.01).student(xi=1.3, steps=2, temperature=2.0)
    unequal = UnequalClasses((10, 10), (4, 4), (0.5, 0.5), 0.2, 0.01)
    stage = unequal.student(xi=1.3, steps=2, temperature=2.0)
    np.testing.assert_allclose(stage.flipped_margin, balanced.flipped_margin, rtol=1e-13)
    np.testing.assert_allclose(stage.good_margin, balanced.good_margin, rtol=1e-13)
    assert stage.training_accuracy == balanced.training_accuracy


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_targets_are_the_mixture_of_labels_and_probabilities(temperature):
    world = UnequalClasses((12, 8), (3, 2), (0.4, 0.6), 0.15, 0.01)
    teacher = world.teacher()
    np.testing.assert_array_equal([teacher.good_target, teacher.flipped_target], [[1, 1], [0, 0]])
    student = world.student(xi=0.7, temperature=temperature)
    for target, margin, label in (
        (student.good_target, teacher.good_margin, 1.0),
        (student.flipped_target, teacher.flipped_margin, 0.0),
    ):
        want = 0.7 / (1 + np.exp(-margin / temperature)) + 0.3 * label
        np.testing.assert_allclose(target, want, rtol=8 * EPS)
    np.testing.assert_array_equal(world.student(steps=0).good_margin, teacher.good_margin)


def test_good_points_of_the_noisier_class_can_fail_first():
    world = UnequalClasses((10, 10), (5, 0), (0.3, 0.3), cross_class=0.28, penalty=0.3)
    stage = world.teacher()
    assert stage.good_margin[0] < 0 < stage.good_margin[1]
    assert stage.class_accuracy[1] == 1


def test_hard_labels_inside_the_window_change_nothing():
    world = UnequalClasses((12, 8), (3, 2), (0.4, 0.4), 0.15, 0.01)
    teacher, student = world.teacher(), world.student(hard=True, steps=3)
    np.testing.assert_array_equal(student.flipped_margin, teacher.flipped_margin)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizes": 12}, "sizes must hold one entry per class"),
        ({"sizes": (12, 2.5)}, "sizes must be whole"),
        ({"flipped": (3, 9)}, "flipped"),
        ({"cross_class": 0.5}, "cross_class squared"),
        ({"penalty": 0}, "penalty"),
        ({"cross_class": -0.41}, "cross_class squared"),
        ({"cross_class": np.nan}, "cross_class must be finite"),
        ({"same_class": (0.4, 1.2)}, "same_class must be at most 1, got 1.2"),
        ({"flipped": 3}, "flipped must hold one entry per class"),
    ],
)
def test_bad_arguments_are_named(change, message):
    good = {"sizes": (12, 8), "flipped": (3, 2), "same_class": (0.4, 0.4)}
    with pytest.raises(ValueError, match=message):
        UnequalClasses(**(good | change))
