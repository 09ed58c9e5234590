"""Which accuracy a logistic student improves, and when hard labels do nothing: our own claims."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.special import betainc

from sdtheory.claims import SCORE_LIMIT, Draw, claim, z_score
from sdtheory.logistic import (
    RandomLabels,
    best_population_accuracy,
    expected_accuracy,
    population_accuracy,
    teacher_threshold,
)

from ._explicit_logistic import block_gram, explicit_chain, vectors

PAPER = "sdtheory"
EPS = float(np.finfo(float).eps)
TRAINING_SETS = 64


def _window(draw: Draw) -> dict[str, object]:
    """Draw a fraction between the teacher's threshold and 1/2."""
    n, same, penalty = draw.integer(3, 50), draw.uniform(0.05, 0.9), draw.log_uniform(1e-3, 0.3)
    world = RandomLabels(n, 0.0, same, penalty=penalty)
    low = max(float(teacher_threshold(world.own, world.shared)), 0.0)
    flipped = low + draw.uniform(0.001, 0.999) * (0.5 - low)
    return {"n": n, "flipped": flipped, "same": same, "penalty": penalty}


@claim(
    "sdtheory.hard_labels_are_the_identity",
    paper=PAPER,
    where="L12",
    says="""Retraining on the teacher's hard predictions with the same penalty leaves the model as
    it is, for any number of rounds: the predictions are the given labels.""",
    kind="identity",
    verdict="holds_with_condition",
    condition="the teacher does not repair its labels: p_T < p < 1 - p_T",
    counterexample={"n": 20, "flipped": 0.2, "same": 0.3, "penalty": 0.1},
    instances=_window,
    tolerance=8 * EPS,
    guards=("sdtheory.logistic.random_labels.RandomLabels.student",),
)
def hard_labels_are_the_identity(n: int, flipped: float, same: float, penalty: float) -> float:
    """Return the relative change of the margins under hard retraining."""
    world = RandomLabels(n, flipped, same, penalty=penalty)
    teacher, student = world.teacher(), world.student(hard=True, steps=2)
    return max(
        abs(float(student.good_margin / teacher.good_margin) - 1),
        abs(float(student.flipped_margin / teacher.flipped_margin) - 1),
    )


def _few_points(draw: Draw) -> dict[str, object]:
    return {
        "sizes": (draw.integer(1, 3), draw.integer(1, 2)),
        "probability": draw.uniform(0.0, 1.0),
        "same": (draw.uniform(0.1, 0.9), draw.uniform(0.1, 0.9)),
        "penalty": draw.log_uniform(0.01, 1.0),
        "steps": draw.integer(0, 1),
        "seed": draw.seed(),
    }


@claim(
    "sdtheory.random_flips",
    paper=PAPER,
    where="L13",
    says="""Without inner products across classes the classes decouple, and under independent flips
    the expected training accuracy is an exact binomial sum over each class's number of flips.""",
    kind="identity",
    instances=_few_points,
    tolerance=100 * EPS,
    guards=("sdtheory.logistic.random_flips.expected_accuracy",),
    samples=15,
)
def random_flips(
    sizes: tuple[int, int],
    probability: float,
    same: tuple[float, float],
    penalty: float,
    steps: int,
    seed: int,
) -> float:
    """Return the difference from an enumeration of all flip patterns on explicit vectors."""
    X = vectors(block_gram(sizes, same, 0.0), np.random.default_rng(seed))
    truth = np.repeat([1, 0], sizes)
    total = 0.0
    for pattern in itertools.product((0, 1), repeat=len(truth)):
        flips = np.array(pattern)
        chance = float(np.prod(np.where(flips, probability, 1 - probability)))
        f = explicit_chain(X, np.where(flips, 1 - truth, truth).astype(float), penalty, steps)
        # Exact ties (a class split evenly) count as wrong; the explicit fit has them to rounding.
        total += chance * float(np.mean(np.where(truth, f, -f) > 1e-10))
    return abs(total - expected_accuracy(sizes, probability, same, penalty, steps))


@claim(
    "sdtheory.students_generalise_better",
    paper=PAPER,
    where="L15",
    says="""Where a student classifies more training points by their true class than its teacher,
    its accuracy on fresh points with the class's inner products rises as much. (It does not rise
    at all: both are right on every fresh point for every p < 1/2.)""",
    kind="inequality",
    verdict="fails",
    counterexample={"n": 20, "flips": 6, "same": 0.3, "penalty": 0.01},
    instances=lambda draw: {
        "n": draw.integer(15, 30),
        "flips": draw.integer(3, 6),
        "same": draw.uniform(0.2, 0.5),
        "penalty": draw.log_uniform(3e-3, 1e-2),
    },
    tolerance=1e-12,
    guards=("sdtheory.logistic.random_labels.RandomLabels.teacher",),
)
def students_generalise_better(n: int, flips: int, same: float, penalty: float) -> float:
    """Return by how much the gain on the training points exceeds the gain on fresh points."""
    world = RandomLabels(n, flips, same, penalty=penalty)
    teacher, student = world.teacher(), world.student()
    training = student.training_accuracy - teacher.training_accuracy
    return float(training - (student.population_accuracy - teacher.population_accuracy))


def _spread(draw: Draw) -> dict[str, object]:
    return {
        "n": draw.integer(2, 60),
        "flipped": draw.uniform(0.02, 0.48),
        "same": draw.uniform(0.02, 0.9),
        # Strong penalties bring the student within rounding of the cap.
        "penalty": draw.choice((100.0, draw.log_uniform(1e-4, 1.0))),
        "cap": draw.uniform(0.6, 2.5),
        "steps": draw.integer(1, 4),
    }


@claim(
    "sdtheory.rounds_help_fresh_points",
    paper=PAPER,
    where="L15",
    says="""On fresh points whose inner products scatter, every round of distillation (xi = 1,
    p < 1/2) raises the accuracy Phi(u / (spread |a|)), up to Phi((c-c') sqrt(n/2) / spread)
    (verified; the cap is Cauchy's inequality).""",
    kind="inequality",
    instances=_spread,
    tolerance=1e-7,
    guards=("sdtheory.logistic.population.population_accuracy",),
)
def rounds_help_fresh_points(
    n: int, flipped: float, same: float, penalty: float, cap: float, steps: int
) -> float:
    """Return the violation of the order of two rounds, or of the cap."""
    world = RandomLabels(n, flipped, same, penalty=penalty)
    spread = same * np.sqrt(n / 2) / cap
    before, after = (
        float(population_accuracy(world, world.student(steps=r), spread))
        for r in (steps - 1, steps)
    )
    return max(before - after, after - float(best_population_accuracy(n, same, spread)))


@claim(
    "sdtheory.clustered_features",
    paper=PAPER,
    where="L15",
    says="""Points sqrt(c) e_class + sqrt(1-c) z with z uniform on the sphere of dimension D >> n
    are classified with accuracy Phi(u / (spread |a|)), spread = (1-c)/sqrt(D), up to O(n/D).""",
    kind="statistical",
    instances=lambda draw: {"flips": draw.integer(3, 4), "steps": 1, "seed": draw.seed()},
    tolerance=SCORE_LIMIT,
    guards=("sdtheory.logistic.population.population_accuracy",),
)
def clustered_features(flips: int, steps: int, seed: int) -> float:
    """Return how unlikely accuracies on training sets of this kind are if the formula holds.

    Given the training points the score of a fresh one depends on one coordinate of its z, whose
    square has a beta distribution: the accuracy is exact, and the training points alone are random.
    """
    rng, n, same, penalty, D = np.random.default_rng(seed), 10, 0.04, 0.01, 2000
    truth = np.repeat([1, 0], n)
    labels = np.where(np.tile(np.arange(n) < flips, 2), 1 - truth, truth).astype(float)
    world = RandomLabels(n, flips, same, penalty=penalty)
    gram = block_gram((n, n), (same, same), 0.0)
    a = np.linalg.solve(gram, explicit_chain(vectors(gram, rng), labels, penalty, steps))
    z = rng.normal(size=(TRAINING_SETS, 2 * n, D))
    z /= np.linalg.norm(z, axis=2, keepdims=True)
    reach = same * (truth @ a) / ((1 - same) * np.linalg.norm(a @ z, axis=1))
    accuracy = 0.5 + 0.5 * np.sign(reach) * betainc(0.5, (D - 1) / 2, reach**2)
    want = population_accuracy(world, world.student(steps=steps), (1 - same) / np.sqrt(D))
    return z_score(accuracy, float(want), precision=0.003)
