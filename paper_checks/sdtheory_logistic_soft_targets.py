"""Identities of cross-entropy with soft targets: our own derivations of known rules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from sdtheory.claims import Draw, claim, fit_rate
from sdtheory.logistic import (
    cross_entropy_gradient,
    distillation_weight,
    high_temperature_gradient,
    mixed_target,
    progressive_factor,
    smoothed_label,
    temperature_gradient,
)

PAPER = "sdtheory"
EPS = float(np.finfo(float).eps)
Floats = NDArray[np.float64]


def _gradient(loss: Callable[[NDArray[np.complex128]], complex], z: Floats) -> Floats:
    """Differentiate by the complex step, which is exact to rounding."""
    slopes = np.empty(len(z))
    for i in range(len(z)):
        moved = z.astype(complex)
        moved[i] += 1e-30j
        slopes[i] = loss(moved).imag / 1e-30
    return slopes


def _loss(target: Floats, z: NDArray[np.complex128]) -> complex:
    shifted = z - z.real.max()
    return complex(-np.sum(target * (shifted - np.log(np.sum(np.exp(shifted))))))


def _example(draw: Draw) -> dict[str, object]:
    classes = draw.integer(2, 6)
    return {
        "z": draw.uniform(-5.0, 5.0, size=classes),
        "v": draw.uniform(-5.0, 5.0, size=classes),
        "label": draw.integer(0, classes - 1),
    }


@claim(
    "sdtheory.mixing_is_a_target",
    paper=PAPER,
    where="L27",
    says="""xi CE(q, p) + (1 - xi) CE(y, p) = CE(xi q + (1 - xi) y, p) for every real xi, with logit
    gradient p - [xi q + (1 - xi) y].""",
    kind="identity",
    instances=lambda draw: _example(draw) | {"xi": draw.uniform(-3.0, 4.0)},
    tolerance=lambda xi, **_: 100 * EPS * (1 + abs(xi)),
    guards=(
        "sdtheory.logistic.soft_targets.mixed_target",
        "sdtheory.logistic.soft_targets.cross_entropy_gradient",
    ),
)
def mixing_is_a_target(z: Floats, v: Floats, label: int, xi: float) -> float:
    """Return the largest difference from the differentiated mixture of losses."""
    q, y = softmax(v), np.eye(len(z))[label]
    slopes = _gradient(lambda w: xi * _loss(q, w) + (1 - xi) * _loss(y, w), z)
    return float(np.abs(cross_entropy_gradient(mixed_target(xi, q, y), z) - slopes).max())


@claim(
    "sdtheory.label_smoothing",
    paper=PAPER,
    where="L28",
    says="""Label smoothing with strength e is distillation from a uniform teacher, one of infinite
    temperature, with xi = e.""",
    kind="identity",
    instances=lambda draw: _example(draw) | {"smoothing": draw.uniform(0.01, 1.0)},
    tolerance=100 * EPS,
    guards=("sdtheory.logistic.soft_targets.smoothed_label",),
)
def label_smoothing(z: Floats, v: Floats, label: int, smoothing: float) -> float:
    """Return the largest difference from the gradient of the mixture with a uniform teacher."""
    y, warm = np.eye(len(z))[label], softmax(v * 1e-18)
    slopes = _gradient(lambda w: smoothing * _loss(warm, w) + (1 - smoothing) * _loss(y, w), z)
    return float(np.abs(cross_entropy_gradient(smoothed_label(y, smoothing), z) - slopes).max())


@claim(
    "sdtheory.progressive_targets",
    paper="Kim et al. 2021",
    where="L29",
    source="recalled",
    says="""With the target (1-a) y + a P_old the labelled logit's gradient is 1 - a (1 - P_old) /
    (1 - P_now) times that of the plain label, and so is the SUM over the other logits.""",
    kind="identity",
    instances=lambda draw: _example(draw) | {"weight": draw.uniform(0.0, 2.0)},
    # The factor takes 1 - P_now from P_now, of which rounding has lost all beyond EPS.
    tolerance=lambda z, v, label, weight: 64 * EPS * (1 + weight / (1 - softmax(z)[label])),
    guards=("sdtheory.logistic.soft_targets.progressive_factor",),
)
def progressive_targets(z: Floats, v: Floats, label: int, weight: float) -> float:
    """Return the largest difference between factor times plain and softened gradient."""
    past, y, now = softmax(v), np.eye(len(z))[label], softmax(z)
    target = weight * past + (1 - weight) * y
    softened = _gradient(lambda w: _loss(target, w), z)
    plain = _gradient(lambda w: _loss(y, w), z)
    factor = float(progressive_factor(weight, past[label], now[label]))
    others = np.arange(len(z)) != label
    return float(
        max(
            abs(factor * plain[label] - softened[label]),
            abs(factor * plain[others].sum() - softened[others].sum()),
        )
    )


@claim(
    "sdtheory.progressive_norms",
    paper="Kim et al. 2021",
    where="L29",
    source="recalled",
    says="""The same factor rescales the L1 norm of the whole gradient.""",
    kind="identity",
    verdict="holds_with_condition",
    condition="all differences P_now - a P_old off the label have one sign, and the factor >= 0",
    counterexample={
        "z": np.array([2.0, 0.0, -2.0]),
        "v": np.array([0.0, -2.0, 2.0]),
        "weight": 0.5,
    },
    instances=lambda draw: {
        "z": draw.uniform(-2.0, 2.0, size=3),
        "v": None,
        "weight": draw.uniform(0.0, 0.99),
    },
    tolerance=200 * EPS,
    guards=("sdtheory.logistic.soft_targets.progressive_factor",),
)
def progressive_norms(z: Floats, v: Floats | None, weight: float) -> float:
    """Return the relative difference of the norms; without `v` the teacher is the student."""
    past, y, now = softmax(z if v is None else v), np.eye(3)[0], softmax(z)
    softened, plain = (now - weight * past - (1 - weight) * y), now - y
    factor = float(progressive_factor(weight, past[0], now[0]))
    gap = factor * np.abs(plain).sum() - np.abs(softened).sum()
    return float(abs(gap) / np.abs(plain).sum())


@claim(
    "sdtheory.example_weights",
    paper="Tang et al. 2020",
    where="L30",
    source="recalled",
    says="""For (1-l) CE + l CE at temperature T the labelled logit's gradient is (1-l) + (l/T)
    (q_T - p_T)/(1 - p) times that of plain CE; with the T^2 scaling l/T becomes l T.""",
    kind="identity",
    instances=lambda draw: (
        _example(draw)
        | {
            "share": draw.uniform(0.0, 1.0),
            "T": draw.log_uniform(0.3, 10.0),
            "scaled": draw.choice((False, True)),
        }
    ),
    tolerance=lambda T, **_: 300 * EPS * (1 + T + 1 / T),
    guards=("sdtheory.logistic.soft_targets.distillation_weight",),
)
def example_weights(
    z: Floats, v: Floats, label: int, share: float, T: float, scaled: bool
) -> float:
    """Return the difference between weight times plain and differentiated gradient."""
    y, soft = np.eye(len(z))[label], softmax(v / T)
    times = T**2 if scaled else 1.0
    both = _gradient(lambda w: (1 - share) * _loss(y, w) + share * times * _loss(soft, w / T), z)
    plain = _gradient(lambda w: _loss(y, w), z)
    student = softmax(z / T)
    weight = distillation_weight(share, T, soft[label], student[label], softmax(z)[label], scaled)
    return float(abs(weight * plain[label] - both[label]))


@claim(
    "sdtheory.logit_matching",
    paper="Hinton, Vinyals & Dean 2015",
    where="L30",
    source="recalled",
    says="""T^2 times the gradient at temperature T tends to (z - v) / K with centred logits, with
    an error of order 1/T.""",
    kind="asymptotic",
    instances=lambda draw: {
        "z": draw.uniform(-5.0, 5.0, size=3),
        "v": draw.uniform(-5.0, 5.0, size=3),
    },
    tolerance=1.0,
    guards=("sdtheory.logistic.soft_targets.high_temperature_gradient",),
)
def logit_matching(z: Floats, v: Floats) -> float:
    """Return how far the fitted rate of approach is from -1."""
    T = np.geomspace(100.0, 1e4, 7)
    # Three more classes with an asymmetric gap: a symmetric one has the order 1/T^2.
    z, v = np.append(z, [3.0, -1.0, 0.5]), np.append(v, [-2.0, 0.0, 0.0])
    limit = high_temperature_gradient(v, z)
    gap = [np.linalg.norm(t**2 * temperature_gradient(v, z, t) - limit) for t in T]
    return fit_rate(T, np.array(gap), -1.0, correction=-1.0)
