"""Binomial sums against explicit enumeration and simulation."""

import itertools
from math import comb

import numpy as np
import pytest

from paper_checks._explicit_logistic import block_gram, explicit_chain, vectors
from sdtheory import logistic
from sdtheory.logistic import RandomLabels


@pytest.mark.parametrize("steps", [0, 1])
def test_every_pattern_of_flips_enumerated_on_explicit_vectors(rng, steps):
    sizes, same, penalty, probability = (3, 2), (0.5, 0.2), 0.05, 0.3
    X = vectors(block_gram(sizes, same, 0.0), rng)
    truth = np.repeat([1, 0], sizes)
    total = 0.0
    for pattern in itertools.product([0, 1], repeat=5):
        flips = np.array(pattern)
        chance = np.prod(np.where(flips, probability, 1 - probability))
        f = explicit_chain(X, np.where(flips, 1 - truth, truth).astype(float), penalty, steps)
        total += chance * np.mean(np.where(truth, f, -f) > 1e-12)
    got = logistic.expected_accuracy(sizes, probability, same, penalty, steps)
    assert got == pytest.approx(total, abs=1e-14)


@pytest.mark.parametrize(("xi", "temperature"), [(0.6, 1.0), (1.3, 4.0), (1.0, 0.25)])
def test_options_are_those_of_the_students_with_each_number_of_flips(xi, temperature):
    """Without inner products across classes each class is a world of its own."""
    sizes, same, penalty, probability = (7, 4), (0.5, 0.3), 0.004, 0.35
    total = 0.0
    for n, c in zip(sizes, same, strict=True):
        for flips in range(n + 1):
            # A balanced world of two such classes, with the same penalty times points.
            world = RandomLabels(n, flips, c, 0.0, penalty * sum(sizes) / (2 * n))
            right = world.student(xi=xi, steps=2, temperature=temperature).training_accuracy
            chance = comb(n, flips) * probability**flips * (1 - probability) ** (n - flips)
            total += n / sum(sizes) * chance * float(right)
    got = logistic.expected_accuracy(sizes, probability, same, penalty, 2, xi, temperature)
    assert got == pytest.approx(total, abs=1e-13)


def test_one_number_stands_for_both_classes_and_single_points_are_classes():
    both = logistic.expected_accuracy((6, 6), 0.3, (0.4, 0.4), 0.01, 1)
    assert logistic.expected_accuracy(6, 0.3, 0.4, 0.01, 1) == both
    assert logistic.expected_accuracy(1, 0.3, 1.0, 0.01) == pytest.approx(0.7, abs=1e-15)


def test_margins_of_zero_are_wrong():
    # Two identical points, of which one is flipped with probability 1/2
    assert logistic.expected_accuracy(2, 0.5, 1.0, 0.01) == pytest.approx(0.25, abs=1e-15)


def test_certain_flips():
    assert logistic.expected_accuracy(9, 0.0, 0.3, 0.01, steps=2) == 1
    assert logistic.expected_accuracy(9, 1.0, 0.3, 0.01, steps=2) == 0


def test_smooth_in_the_probability():
    p = np.linspace(0.05, 0.45, 30)
    curve = [logistic.expected_accuracy(50, q, 0.3, 0.01, steps=1) for q in p]
    assert np.all(np.diff(curve) < 1e-15)
    assert np.all(np.diff(curve[10:]) < -1e-9)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flip_probability": 1.1}, "flip_probability"),
        ({"sizes": 0}, "sizes"),
        ({"penalty": -1.0}, "penalty"),
        ({"sizes": 1_000_001}, "sizes must be at most"),
        ({"sizes": 2.5}, "sizes must be whole numbers, got 2.5"),
        ({"sizes": (3, 4, 5)}, "sizes must be one number or one a class"),
        ({"sizes": [[3, 4], [5, 6]]}, "sizes must have"),
        ({"same_class": 1.5}, "same_class must be at most 1, got 1.5"),
        ({"same_class": [0.1, 0.2, 0.3]}, "same_class must be one number or one a class"),
        ({"temperature": 0.0}, "temperature must be greater than 0"),
        ({"steps": -1}, "steps must be at least 0, got -1"),
    ],
)
def test_bad_arguments_are_named(change, message):
    good = {"sizes": 9, "flip_probability": 0.2, "same_class": 0.3, "penalty": 0.01}
    with pytest.raises(ValueError, match=message):
        logistic.expected_accuracy(**(good | change))
