"""Das & Sanghavi (2023), the logistic part: corruption ranges and weights above one.

The paper states that the student beats the teacher on a range of label corruption and that the
best mixing weight can exceed one. The exact statements below are derived here for unit vectors
with equal inner products inside each class; they are not the paper's constants.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from sdtheory.claims import Draw, claim
from sdtheory.logistic import (
    RandomLabels,
    corruption_range,
    perfect_mixing,
    student_threshold,
)
from sdtheory.logistic.two_margins import chain

PAPER = "Das & Sanghavi 2023"
EPS = float(np.finfo(float).eps)
STEP = 1e-4


def _near_an_end(draw: Draw) -> dict[str, object]:
    n = draw.integer(2, 60)
    same = draw.uniform(0.1, 0.9)
    # Between interpolation and a linear model: own between 0.1 and 12.
    penalty = (1 - same) / (2 * n * draw.log_uniform(0.1, 12.0))
    return {
        "n": n,
        "same": same,
        "penalty": penalty,
        "steps": draw.integer(1, 3),
        "end": draw.choice(("upper", "lower")),
        "side": draw.choice((1, -1)),
    }


@claim(
    "das2023.range_of_corruption",
    paper=PAPER,
    where="L5",
    says="""In training accuracy against the true labels the student (xi = 1) beats its teacher
    exactly for p_T <= p < p_S: there it has 100%, the teacher 1 - p. The range is never empty
    where p_S > 0.""",
    kind="inequality",
    instances=_near_an_end,
    tolerance=4 * EPS,
    guards=("sdtheory.logistic.ranges.corruption_range",),
    samples=25,
)
def range_of_corruption(
    n: int, same: float, penalty: float, steps: int, end: str, side: int
) -> float:
    """Return the difference between the gain in accuracy and p inside, 0 outside the range."""
    lower, upper = (float(v) for v in corruption_range(n, same, penalty, steps=steps))
    edge = upper if end == "upper" or lower == 0 else lower
    if edge == 0:
        return 0.0
    p = edge + side * STEP * min(edge, 0.5 - edge)
    world = RandomLabels(n, p, same, penalty=penalty)
    gain = world.student(steps=steps).training_accuracy - world.teacher().training_accuracy
    inside = lower <= p < upper
    return max(float(abs(gain - (p if inside else 0.0))), float(lower >= upper))


def _any_fraction(draw: Draw) -> dict[str, object]:
    return {
        "flipped": draw.uniform(0.001, 0.499),
        "own": draw.log_uniform(0.02, 50.0),
        "shared": draw.log_uniform(0.05, 500.0),
    }


@claim(
    "das2023.one_step_average",
    paper=PAPER,
    where="L10",
    says="""The weight xi* = 1 / (1 - sigmoid(f_g) + sigmoid(f_b)) from the teacher's margins
    exceeds one, and one round with it gives every point the same positive margin: labels are
    averaged completely, whatever the penalty.""",
    kind="identity",
    verdict="holds_with_condition",
    condition="p < 1/2 (beyond, the same weight makes every point wrong) and 0 < c < 1",
    counterexample={"flipped": 0.6, "own": 2.0, "shared": 20.0},
    instances=_any_fraction,
    tolerance=lambda own, shared, **_: 1e3 * EPS * (1 + own + shared),
    guards=("sdtheory.logistic.two_margins.solve_margins",),
    samples=60,
)
def one_step_average(flipped: float, own: float, shared: float) -> float:
    """Return the spread of the margins, or how far they or xi* - 1 are below zero."""
    teacher = chain(flipped, own, shared, 0)
    xi = float(1 / (expit(-teacher.good) + expit(teacher.flipped)))
    student = chain(flipped, own, shared, 1, xi)
    f_g, f_b, target = float(student.good), float(student.flipped), xi * expit(teacher.flipped)
    total = own + shared
    return max(
        abs(f_g - f_b),
        abs(f_g + total * (expit(f_g) - float(target))),
        -min(f_g, f_b),
        1 - xi,
    )


@claim(
    "das2023.weights_above_one",
    paper=PAPER,
    where="L10",
    says="""One student is perfect exactly on an interval of weights around xi*; its lower end is
    below one iff p < p_S, so that between p_S and 1/2 only weights above one repair every
    label.""",
    kind="inequality",
    instances=lambda draw: (
        _any_fraction(draw) | {"end": draw.choice(("low", "high")), "side": draw.choice((1, -1))}
    ),
    tolerance=lambda own, shared, **_: 500 * EPS * (1 + own + shared),
    guards=("sdtheory.logistic.mixing.perfect_mixing",),
    samples=16,
)
def weights_above_one(flipped: float, own: float, shared: float, end: str, side: int) -> float:
    """Return the margin of the wrong sign just inside or outside the interval."""
    found = perfect_mixing(flipped, own, shared)
    low, best, high = (float(v) for v in (found.low, found.best, found.high))
    threshold = float(student_threshold(own, shared))
    # Away from the threshold itself, where the lower end is one up to rounding.
    clear = abs(flipped - threshold) > 1e-9
    order = float(clear and (low < 1) != (flipped < threshold))
    if end == "low" and low > 0:
        margin = float(chain(flipped, own, shared, 1, low + side * STEP * (best - low)).flipped)
        return max(order, -side * margin)
    margin = float(chain(flipped, own, shared, 1, high + side * STEP * (high - best)).good)
    return max(order, side * margin)
