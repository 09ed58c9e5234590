"""Jeong & Chung (2024): multi-round self-distillation as label averaging, and partial labels.

The model is read off the authors' public code; the conditions below are derived here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sdtheory.claims import Draw, claim
from sdtheory.logistic import (
    LinearLabels,
    SymmetricClasses,
    label_averages,
    noise_threshold,
    rounds_needed,
    top_two_succeeds,
    top_two_target,
)

from ._explicit_logistic import block_gram

PAPER = "Jeong & Chung 2024"
EPS = float(np.finfo(float).eps)
STEP = 1e-4
Floats = NDArray[np.float64]


def _world(draw: Draw) -> dict[str, object]:
    same = draw.uniform(0.1, 0.8)
    return {
        "K": draw.integer(2, 5),
        "n": draw.integer(4, 16),
        "same": same,
        "cross": draw.uniform(0.0, 0.9) * same,
        "penalty": draw.log_uniform(1e-4, 1e-1),
    }


def _smoother(world: LinearLabels) -> Floats:
    K, n = world.classes, world.n
    gram = block_gram((n,) * K, (world.same_class,) * K, world.cross_class)
    ridge = K**2 * n * world.penalty
    return np.asarray(np.linalg.solve(gram + ridge * np.eye(K * n), gram))


@claim(
    "jeong2024.label_averaging",
    paper=PAPER,
    where="L31",
    source="derived",
    says="""With the linearised softmax, round t outputs 1/K + s_3^t (Cbar - 1/K)
    + s_2^t (C_a - Cbar) + s_1^t (e_label - C_a): three eigenvalues of the block Gram matrix
    average the labels of each class.""",
    kind="identity",
    instances=lambda draw: _world(draw) | {"rounds": draw.integer(1, 5), "seed": draw.seed()},
    tolerance=lambda penalty, **_: 100 * EPS * (1 + 1 / penalty),
    guards=("sdtheory.logistic.label_averaging.label_averages",),
    samples=40,
)
def label_averaging(
    K: int, n: int, same: float, cross: float, penalty: float, rounds: int, seed: int
) -> float:
    """Return the largest difference from repeated smoothing with the full Gram matrix."""
    world = LinearLabels(K, n, same, cross, penalty)
    given = np.random.default_rng(seed).integers(0, K, K * n)
    shares = np.stack([np.bincount(row, minlength=K) / n for row in given.reshape(K, n)])
    literal = np.linalg.matrix_power(_smoother(world), rounds) @ (np.eye(K)[given] - 1 / K)
    reduced = label_averages(world, shares, rounds)[np.repeat(np.arange(K), n), given]
    return float(np.abs(1 / K + literal - reduced).max())


@claim(
    "jeong2024.threshold_is_sharp",
    paper=PAPER,
    where="L31",
    source="derived",
    says="""Under symmetric noise all training points are right after t rounds of the linear model
    iff the noise is below ((K-1)/K) (1-2q)/(1-q), q = (s_1/s_2)^t.""",
    kind="inequality",
    instances=lambda draw: (
        _world(draw) | {"rounds": draw.integer(1, 5), "side": draw.choice((1, -1))}
    ),
    tolerance=100 * EPS,
    guards=("sdtheory.logistic.label_averaging.noise_threshold",),
)
def threshold_is_sharp(
    K: int, n: int, same: float, cross: float, penalty: float, rounds: int, side: int
) -> float:
    """Return the lead of a flipped point's true class where it has the wrong sign."""
    world = LinearLabels(K, n, same, cross, penalty)
    threshold = noise_threshold(world, rounds)
    noise = threshold * (1 + side * STEP) if threshold > 0 else 1e-6
    # A flipped point of class 0 with label 1 under the three eigenvalues, class by class.
    g_within, g_between = 1 - same, 1 - same + n * (same - cross)
    ridge = K**2 * n * penalty
    q = (g_within * (g_between + ridge) / (g_between * (g_within + ridge))) ** rounds
    lead = (1 - q) * (1 - noise - noise / (K - 1)) - q
    repaired = side < 0 and threshold > 0
    return float(-lead if repaired else lead)


def _noisy(draw: Draw) -> dict[str, object]:
    return {
        "K": draw.integer(3, 4),
        "n": draw.choice((18, 24)),
        "flips": draw.integer(1, 2),
        "penalty": draw.log_uniform(1e-3, 1e-2),
    }


@claim(
    "jeong2024.linear_rounds_suffice",
    paper=PAPER,
    where="L31",
    source="derived",
    says="""The number of rounds of the linear model is enough for the softmax itself. (It is
    optimistic close to a threshold, where the softmax can need one round more.)""",
    kind="inequality",
    verdict="fails",
    counterexample={"K": 4, "n": 24, "flips": 12, "penalty": 0.0012},
    instances=lambda draw: {
        "K": 4,
        "n": 24,
        "flips": 12,
        "penalty": draw.uniform(0.00119, 0.00121),
    },
    tolerance=1e-12,
    guards=("sdtheory.logistic.many_classes.SymmetricClasses.student",),
    samples=3,
)
def linear_rounds_suffice(K: int, n: int, flips: int, penalty: float) -> float:
    """Return the flipped points' lead of the wrong label after the linear number of rounds."""
    world = LinearLabels(K, n, 0.4, 0.1, penalty)
    noise = flips / n
    shares = (1 - noise) * np.eye(K) + noise / (K - 1) * (1 - np.eye(K))
    rounds = rounds_needed(world, shares)
    stage = SymmetricClasses(K, n, flips, 0.4, 0.1, penalty).student(steps=rounds - 1)
    return float(stage.flipped_logits[1] - stage.flipped_logits[0])


@claim(
    "jeong2024.top_two_labels",
    paper=PAPER,
    where="L33",
    source="derived",
    says="""In the linear model one round on the teacher's two most probable labels, 1/2 each,
    repairs every training point, whatever the penalty.""",
    kind="identity",
    verdict="holds_with_condition",
    condition="""at least three classes, the true label leads, and the second labels are balanced
    over the classes and not all the same within one""",
    counterexample={"K": 2, "n": 12, "flips": 1, "penalty": 0.005},
    instances=_noisy,
    tolerance=0.5,
    guards=("sdtheory.logistic.label_averaging.top_two_succeeds",),
    samples=20,
)
def top_two_labels(K: int, n: int, flips: int, penalty: float) -> float:
    """Return the fraction of points that the literal student misses, or 1 for a wrong forecast."""
    world = LinearLabels(K, n, 0.4, 0.1, penalty)
    truth = np.repeat(np.arange(K), n)
    given = truth.copy()
    for a in range(K):
        # Class a + 1 is the most frequent wrong label of class a, so second labels are balanced.
        wrong = np.append(np.arange(flips * (K - 1)) % (K - 1), np.zeros(flips, int))
        given[a * n : a * n + len(wrong)] = (a + 1 + wrong) % K
    smoother = _smoother(world)
    teacher = smoother @ (np.eye(K)[given] - 1 / K)
    student = smoother @ (top_two_target(teacher) - 1 / K)
    lead = student[np.arange(len(truth)), truth]
    others = np.where(np.eye(K, dtype=bool)[truth], -np.inf, student).max(axis=1)
    perfect = bool(np.all(lead > others + 1e-12))
    shares = np.stack([np.bincount(row, minlength=K) / n for row in given.reshape(K, n)])
    return 0.0 if perfect and top_two_succeeds(world, shares) else 1.0
