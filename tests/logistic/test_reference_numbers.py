"""The 30-digit reference numbers of docs/logistic.md, numbers 1 to 19 and 26."""

import json
from pathlib import Path

import numpy as np
import pytest

from sdtheory import logistic
from sdtheory.logistic import RandomLabels, SymmetricClasses, UnequalClasses

INF = np.inf
NUMBERS = json.loads((Path(__file__).parent / "reference_numbers.json").read_text())
WORLD = RandomLabels(20, 6, same_class=0.3, penalty=0.01)
PERTURBED = RandomLabels(40, 16, same_class=0.1, penalty=0.002)
SYMMETRIC = RandomLabels(10, 4, same_class=0.5, cross_class=0.2, penalty=0.01)
UNEQUAL = UnequalClasses((12, 8), (3, 2), (0.4, 0.4), cross_class=0.15, penalty=0.01)


def triple(stage):
    return stage.shared_margin, stage.good_margin, stage.flipped_margin


def towards_label_one(stage):
    # The second class has label 0.
    g, b = stage.good_margin, stage.flipped_margin
    return g[0], b[0], -g[1], -b[1]


def window(flipped, own, shared):
    found = logistic.perfect_mixing(flipped, own, shared)
    return found.low, found.best, found.high


def label_averaging():
    world = logistic.LinearLabels(4, 24, 0.4, 0.1, 0.002)
    kept = world.kept
    rounds = [logistic.noise_threshold(world, steps) for steps in (1, 2, 3)]
    return kept.within, kept.between, kept.mean, kept.within / kept.between, *rounds


COMPUTED = {
    "1": lambda: [logistic.logistic_prox(3.0, 2.0)],
    "2": lambda: [logistic.teacher_threshold(4.0, INF)],
    "3": lambda: [logistic.teacher_threshold(1.75, 15.0)],
    "4": lambda: [
        logistic.teacher_own_limit(0.2),
        logistic.teacher_own_limit(0.2, 0.7 / (20 * 0.3)),
        logistic.penalty_threshold(20, 4, 0.3),
    ],
    "5": lambda: [logistic.student_threshold(4.0, INF, steps) for steps in (1, 2, 3)],
    "6": lambda: [
        logistic.student_threshold(1.75, 15.0, 1),
        logistic.student_threshold(1.75, 15.0, 2),
        logistic.teacher_threshold(2.5, 25.0),
        logistic.student_threshold(2.5, 25.0),
    ],
    "7": lambda: [v for steps in range(3) for v in triple(WORLD.student(steps=steps))],
    "8": lambda: triple(WORLD.student(xi=1.5)),
    "9": lambda: triple(WORLD.student(temperature=1 / 3)),
    "10": lambda: [
        logistic.perfect_mixing(0.3, 1.75, 15.0).best,
        logistic.perfect_mixing(0.3, 1.75, 15.0).margin,
    ],
    "11": lambda: window(0.45, 2.0, 40.0),
    "12": lambda: [logistic.soft_limit_threshold(3.0, INF)],
    # The limit of an infinite penalty: the corrections are of order 1 / penalty.
    "13": lambda: [
        logistic.linearised_threshold(0.7 / 40 * 1e-14, 0.3 / 2 * 1e-14, steps)
        for steps in range(3)
    ],
    "14": lambda: [logistic.widest_window().own, logistic.widest_window().width],
    "15": lambda: [
        logistic.population_accuracy(PERTURBED, PERTURBED.student(steps=r), 0.9 / 2000**0.5)
        for r in range(3)
    ],
    "16": lambda: [
        v for steps in range(2) for v in towards_label_one(UNEQUAL.student(steps=steps))
    ],
    "17": lambda: [*triple(SYMMETRIC.teacher()), *triple(SYMMETRIC.student())],
    "18": lambda: [logistic.expected_accuracy(25, 0.33, 0.35, 0.01, steps) for steps in (0, 1)],
    "19": lambda: [
        logistic.student_threshold(40.0, INF),
        logistic.teacher_threshold(40.0, INF),
    ],
    "26": label_averaging,
}


@pytest.mark.parametrize("label", COMPUTED)
def test_reference_number(label):
    want = [float(text) for text in NUMBERS[label]]
    np.testing.assert_allclose([float(v) for v in COMPUTED[label]()], want, rtol=1e-12)


def test_two_softmax_classes_are_the_two_margins_at_half_the_penalty():
    softmax = SymmetricClasses(2, 20, 6, same_class=0.3, penalty=0.02).student(xi=1.5)
    np.testing.assert_allclose(
        [
            softmax.shared_margin,
            -np.diff(softmax.good_logits)[0],
            -np.diff(softmax.flipped_logits)[0],
        ],
        [float(text) for text in NUMBERS["8"]],
        rtol=1e-12,
    )
