"""Binomial sums against explicit enumeration and simulation."""

import itertools

import numpy as np
import pytest

from paper_checks._explicit_logistic import block_gram, explicit_chain, vectors
from sdtheory import logistic


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
    ],
)
def test_bad_arguments_are_named(change, message):
    good = {"sizes": 9, "flip_probability": 0.2, "same_class": 0.3, "penalty": 0.01}
    with pytest.raises(ValueError, match=message):
        logistic.expected_accuracy(**(good | change))
