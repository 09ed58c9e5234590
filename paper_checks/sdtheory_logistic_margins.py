"""Logistic regression on random labels has two margins: claims of our own."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from sdtheory.claims import Draw, claim
from sdtheory.logistic import RandomLabels, SymmetricClasses, UnequalClasses
from sdtheory.logistic.two_margins import solve_margins

from ._explicit_logistic import block_gram, explicit_chain, explicit_softmax_chain, vectors

PAPER = "sdtheory"
EPS = float(np.finfo(float).eps)


def _balanced(draw: Draw) -> dict[str, object]:
    n = draw.integer(1, 10)
    same = draw.uniform(0.0, 1.0)
    lowest = -min(same, (1 - same) / n + same)
    return {
        "n": n,
        "flips": draw.integer(0, n),
        "same": same,
        "cross": lowest + draw.uniform(0.0, 1.0) * (same - lowest),
        "penalty": draw.log_uniform(1e-3, 10.0),
        "xi": draw.uniform(-1.0, 2.5),
        "sharpness": draw.choice((1.0, 0.3, 2.0)),
        "steps": draw.integer(0, 3),
    }


def _conditioning(n: int, penalty: float, **_: object) -> float:
    # Rounding of the Gram matrix, amplified by at most its size over the ridge in every round.
    return 2e3 * EPS * (1 + n / penalty)


@claim(
    "sdtheory.dual_representation",
    paper=PAPER,
    where="L1",
    says="""For any real targets t the minimiser of the ridge-penalised logistic loss is unique and
    equals sum_i (t_i - sigmoid(f_i)) x_i / (N penalty); targets outside [0, 1] (xi < 0 or xi > 1)
    change nothing.""",
    kind="identity",
    instances=_balanced,
    tolerance=_conditioning,
    guards=("sdtheory.logistic.random_labels.RandomLabels.student",),
)
def dual_representation(
    n: int,
    flips: int,
    same: float,
    cross: float,
    penalty: float,
    xi: float,
    sharpness: float,
    steps: int,
) -> float:
    """Return how far the margins are from G (t - sigmoid(f)) / (N penalty)."""
    stage = RandomLabels(n, flips, same, cross, penalty).student(xi, steps, 1 / sharpness)
    side = np.repeat([1.0, -1.0], n)
    flipped = np.tile(np.arange(n) < flips, 2)
    dual = side * np.where(flipped, stage.flipped_dual, stage.good_dual)
    target = np.where(flipped, stage.flipped_target, stage.good_target)
    f = side * (block_gram((n, n), (same, same), cross) @ dual) / (2 * n * penalty)
    want = np.where(flipped, stage.flipped_margin, stage.good_margin)
    optimal = np.abs(target - expit(f) - side * dual).max()
    return float(max(np.abs(f - want).max(), optimal))


@claim(
    "sdtheory.two_margins",
    paper=PAPER,
    where="L2",
    says="""On balanced classes of unit vectors with inner products c inside and c' across, every
    stage has one margin for rightly labelled points and one for flipped ones; they depend on
    p = k/n, (1-c)/(2 n penalty) and (c-c')/(2 penalty) alone and follow from one increasing
    scalar equation.""",
    kind="identity",
    instances=lambda draw: _balanced(draw) | {"seed": draw.seed()},
    tolerance=_conditioning,
    guards=(
        "sdtheory.logistic.random_labels.RandomLabels.student",
        "sdtheory.logistic.two_margins.solve_margins",
    ),
    samples=60,
)
def two_margins(
    n: int,
    flips: int,
    same: float,
    cross: float,
    penalty: float,
    xi: float,
    sharpness: float,
    steps: int,
    seed: int,
) -> float:
    """Return the largest difference from the margins of explicit vectors."""
    X = vectors(block_gram((n, n), (same, same), cross), np.random.default_rng(seed))
    truth = np.repeat([1.0, 0.0], n)
    flipped = np.tile(np.arange(n) < flips, 2)
    labels = np.where(flipped, 1 - truth, truth)
    f = explicit_chain(X, labels, penalty, steps, xi, sharpness)
    stage = RandomLabels(n, flips, same, cross, penalty).student(xi, steps, 1 / sharpness)
    want = np.where(flipped, stage.flipped_margin, stage.good_margin)
    return float(np.abs(np.where(truth == 1, f, -f) - want).max())


def _reduced(draw: Draw) -> dict[str, object]:
    return {
        "p": draw.uniform(0.0, 1.0),
        "own": draw.log_uniform(1e-2, 1e3),
        "shared": draw.log_uniform(1e-2, 1e3),
        "good": draw.uniform(-2.0, 2.0),
        "bad": draw.uniform(-2.0, 2.0),
    }


@claim(
    "sdtheory.targets_from_margins",
    paper=PAPER,
    where="L3",
    says="""Margins determine their targets without a root: u = shared mean(f) / (own + shared),
    t = sigmoid(f) + (f - u) / own, and mean(t - sigmoid(f)) = mean(f) / (own + shared).""",
    kind="identity",
    instances=_reduced,
    tolerance=lambda p, own, shared, good, bad: 200 * EPS * (1 + own + shared) / min(own, 1.0),
    guards=("sdtheory.logistic.two_margins.solve_margins",),
)
def targets_from_margins(p: float, own: float, shared: float, good: float, bad: float) -> float:
    """Return the largest violation of the inverse map and of its mean."""
    u, f_g, f_b = (float(v) for v in solve_margins(*map(np.asarray, (good, bad, p, own, shared))))
    mean = (1 - p) * f_g + p * f_b
    duals = [good + 0.5 - expit(f_g), bad + 0.5 - expit(f_b)]
    return max(
        abs(u - shared * mean / (own + shared)),
        abs(duals[0] - (f_g - u) / own),
        abs(duals[1] - (f_b - u) / own),
        abs((1 - p) * duals[0] + p * duals[1] - mean / (own + shared)),
    )


def _unequal(draw: Draw) -> dict[str, object]:
    sizes = (draw.integer(1, 9), draw.integer(1, 9))
    same = (draw.uniform(0.0, 0.95), draw.uniform(0.0, 0.95))
    # Positive semidefinite: |c'| <= sqrt(c_1 c_2).
    return {
        "sizes": sizes,
        "flips": (draw.integer(0, sizes[0]), draw.integer(0, sizes[1])),
        "same": same,
        "cross": draw.uniform(-1.0, 1.0) * 0.999 * float(np.sqrt(same[0] * same[1])),
        "penalty": draw.log_uniform(3e-3, 3.0),
        "xi": draw.uniform(-0.5, 2.0),
        "steps": draw.integer(0, 2),
        "seed": draw.seed(),
    }


@claim(
    "sdtheory.unequal_classes",
    paper=PAPER,
    where="L14",
    says="""With sizes, flips and inner products c_1, c_2 that differ and c'^2 <= c_1 c_2, the
    summed dual variables of the two classes solve two nested increasing scalar equations; in the
    symmetric case the cross inner product only replaces c by c - c' in the shared gain.""",
    kind="identity",
    instances=_unequal,
    tolerance=lambda sizes, penalty, **_: 2e3 * EPS * (1 + max(sizes) / penalty),
    guards=("sdtheory.logistic.unequal_classes.UnequalClasses.student",),
    samples=30,
)
def unequal_classes(
    sizes: tuple[int, int],
    flips: tuple[int, int],
    same: tuple[float, float],
    cross: float,
    penalty: float,
    xi: float,
    steps: int,
    seed: int,
) -> float:
    """Return the largest difference from the margins of explicit vectors."""
    X = vectors(block_gram(sizes, same, cross), np.random.default_rng(seed))
    truth = np.repeat([1, 0], sizes)
    flipped = np.concatenate([np.arange(n) < k for n, k in zip(sizes, flips, strict=True)])
    labels = np.where(flipped, 1 - truth, truth).astype(float)
    f = explicit_chain(X, labels, penalty, steps, xi)
    stage = UnequalClasses(sizes, flips, same, cross, penalty).student(xi, steps)
    want = np.where(flipped, stage.flipped_margin[1 - truth], stage.good_margin[1 - truth])
    return float(np.abs(np.where(truth == 1, f, -f) - want).max())


def _extreme(draw: Draw) -> dict[str, object]:
    return {
        "n": draw.integer(1, 30),
        "p": draw.uniform(0.0, 1.0),
        "same": draw.choice((0.0, 1.0)),
        "penalty": draw.log_uniform(1e-3, 10.0),
    }


@claim(
    "sdtheory.orthogonal_and_identical_points",
    paper=PAPER,
    where="L16",
    says="""At c = 0 every point is fitted alone, f + own sigmoid(f) = own t, and flipped points are
    never repaired; at c = 1 all margins equal u with u + shared sigmoid(u) = shared (1 - p), and
    the majority decides.""",
    kind="identity",
    instances=_extreme,
    tolerance=lambda n, p, same, penalty: 100 * EPS * (1 + 1 / penalty),
    guards=("sdtheory.logistic.random_labels.RandomLabels.teacher",),
)
def orthogonal_and_identical_points(n: int, p: float, same: float, penalty: float) -> float:
    """Return the largest violation of the two scalar equations."""
    world = RandomLabels(n, p, same, penalty=penalty)
    stage = world.teacher()
    f_g, f_b = float(stage.good_margin), float(stage.flipped_margin)
    if same == 0:
        own = 1 / (2 * n * penalty)
        return max(abs(f_g + own * (expit(f_g) - 1)), abs(f_b + own * expit(f_b)), float(f_b >= 0))
    shared = 1 / (2 * penalty)
    right = float(stage.training_accuracy)
    majority = float(np.heaviside(0.5 - p, right))
    return max(abs(f_g + shared * (expit(f_g) - (1 - p))), abs(f_g - f_b), abs(right - majority))


def _classes(draw: Draw) -> dict[str, object]:
    K = draw.integer(2, 4)
    same = draw.uniform(0.05, 0.9)
    return {
        "K": K,
        "per_class": draw.integer(0, 2),
        "good": draw.integer(1, 4),
        "same": same,
        "cross": draw.uniform(0.0, 0.95) * same,
        "penalty": draw.log_uniform(3e-3, 1.0),
        "xi": draw.uniform(0.0, 1.5),
        "steps": draw.integer(0, 2),
    }


@claim(
    "sdtheory.symmetric_classes",
    paper=PAPER,
    where="L32",
    says="""For K symmetric classes whose flips spread evenly, softmax regression reduces to one
    increasing scalar equation; the flipped points are right iff their logit of the true class
    exceeds that of the given one.""",
    kind="identity",
    instances=_classes,
    tolerance=lambda penalty, **_: 2e3 * EPS * (1 + 1 / penalty),
    guards=("sdtheory.logistic.many_classes.SymmetricClasses.student",),
    samples=20,
)
def symmetric_classes(
    K: int,
    per_class: int,
    good: int,
    same: float,
    cross: float,
    penalty: float,
    xi: float,
    steps: int,
) -> float:
    """Return the largest difference from softmax regression on the full Gram matrix."""
    flips = (K - 1) * per_class
    n = flips + good
    given = np.repeat(np.arange(K), n)
    for a in range(K):
        given[a * n : a * n + flips] = (a + 1 + np.arange(flips) % (K - 1)) % K
    gram = block_gram((n,) * K, (same,) * K, cross)
    Z = explicit_softmax_chain(gram, np.eye(K)[given], penalty, steps, xi)
    stage = SymmetricClasses(K, n, flips, same, cross, penalty).student(xi=xi, steps=steps)
    error = np.abs(Z[n - 1] - stage.good_logits).max()
    if flips:
        error = max(error, np.abs(Z[0] - stage.flipped_logits).max())
    return float(error)
