"""Thresholds of corruption for logistic regression on random labels: claims of our own."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from sdtheory.claims import Draw, claim, fit_rate, relative_error
from sdtheory.logistic import (
    large_sample_gap,
    linearised_threshold,
    small_penalty_threshold,
    soft_limit_threshold,
    squared_loss_threshold,
    steps_needed,
    student_threshold,
    teacher_own_limit,
    teacher_threshold,
)
from sdtheory.logistic.random_labels import couplings
from sdtheory.logistic.two_margins import chain

PAPER = "sdtheory"
EPS = float(np.finfo(float).eps)
# A threshold is tested by the margin's sign at this relative distance on either side.
STEP = 1e-4


def _flipped(p: float, own: float, shared: float, steps: int, sharpness: float = 1.0) -> float:
    return float(chain(p, own, shared, steps, 1.0, sharpness).flipped)


def _sign_violation(
    threshold: float, own: float, shared: float, steps: int, sharpness: float = 1.0
) -> float:
    """Return how far the flipped margin has the wrong sign around a threshold."""
    if threshold <= 0:
        return _flipped(1e-3, own, shared, steps, sharpness)
    below, above = threshold * (1 - STEP), threshold + STEP * min(threshold, 0.5 - threshold)
    return max(
        -_flipped(below, own, shared, steps, sharpness),
        _flipped(above, own, shared, steps, sharpness),
    )


def _gains(draw: Draw) -> dict[str, object]:
    own = draw.log_uniform(0.05, 12.0)
    # own / shared = (1 - c) / (n (c - c')) below 0.3 leaves room for a positive threshold.
    return {"own": own, "shared": draw.choice((np.inf, own / draw.log_uniform(1e-4, 0.3)))}


def _rounding(own: float, shared: float, **_: object) -> float:
    return 500 * EPS * (1 + own + (shared if np.isfinite(shared) else 0.0))


@claim(
    "sdtheory.teacher_threshold_is_sharp",
    paper=PAPER,
    where="L4",
    says="""The teacher repairs every flipped label iff p < p_T = (sigmoid(-g) - own / (2 shared)) /
    (1/2 + sigmoid(-g)), where g + own sigmoid(g) = 3/2 own; from p_T to 1 - p_T it reproduces every
    wrong label.""",
    kind="inequality",
    instances=_gains,
    tolerance=_rounding,
    guards=("sdtheory.logistic.thresholds.teacher_threshold",),
)
def teacher_threshold_is_sharp(own: float, shared: float) -> float:
    """Return the flipped margin where it has the wrong sign around the threshold."""
    return _sign_violation(float(teacher_threshold(own, shared)), own, shared, 0)


def _fractions(draw: Draw) -> dict[str, object]:
    flipped = draw.uniform(0.01, 0.48)
    return {"flipped": flipped, "ratio": draw.uniform(0.0, 0.95) * (1 - 2 * flipped)}


@claim(
    "sdtheory.teacher_penalty",
    paper=PAPER,
    where="L4",
    says="""The teacher repairs the fraction p iff own < log((1-x)/x) / (1/2 + x) with
    x = (p + own/shared) / (2 (1-p)) < 1/2: the penalty threshold of a teacher is closed.""",
    kind="identity",
    instances=_fractions,
    tolerance=lambda flipped, ratio: 1e3 * EPS / min(flipped, 1 - 2 * flipped - ratio) ** 2,
    guards=("sdtheory.logistic.thresholds.teacher_own_limit",),
)
def teacher_penalty(flipped: float, ratio: float) -> float:
    """Return the relative error of the fraction that the closed inverse comes from."""
    own = float(teacher_own_limit(flipped, ratio))
    shared = own / ratio if ratio else np.inf
    return relative_error(teacher_threshold(own, shared), flipped)


@claim(
    "sdtheory.rounds_raise_the_threshold",
    paper=PAPER,
    where="L6",
    says="""The r-step student (xi = 1) repairs every flipped label iff p < p_r, and p_r strictly
    increases with r towards 1/2 (proved for infinitely many points, verified for finitely
    many).""",
    kind="inequality",
    instances=lambda draw: _gains(draw) | {"steps": draw.integer(1, 4)},
    tolerance=_rounding,
    guards=("sdtheory.logistic.thresholds.student_threshold",),
    samples=40,
)
def rounds_raise_the_threshold(own: float, shared: float, steps: int) -> float:
    """Return the violation of the order, or of the sign around the threshold."""
    before, after = (float(student_threshold(own, shared, r)) for r in (steps - 1, steps))
    order = max(before - after, after - 0.5) if after > 0 else before
    return max(order, _sign_violation(after, own, shared, steps))


def _many_points(draw: Draw) -> dict[str, object]:
    return {"flipped": draw.uniform(0.01, 0.49), "own": draw.log_uniform(0.1, 30.0)}


@claim(
    "sdtheory.rounds_needed",
    paper=PAPER,
    where="L6",
    says="""With infinitely many points the number of rounds that repairs a fraction p is one less
    than the number of steps b <- b - ((1-p)/own)(logit(1 - p b/(1-p)) - logit(b)) from b = 1/2 to
    b <= 0: no equation has to be solved.""",
    kind="identity",
    instances=_many_points,
    tolerance=0.5,
    guards=("sdtheory.logistic.thresholds.steps_needed",),
    samples=40,
    sensitivity=1.0,
)
def rounds_needed(flipped: float, own: float) -> float:
    """Return the difference from a count of the backward recursion."""
    b, count = 0.5, 0
    while b > 0:
        b -= (1 - flipped) / own * float(logit(1 - flipped * b / (1 - flipped)) - logit(b))
        count += 1
    return abs(float(steps_needed(flipped, own, np.inf)) - (count - 1))


@claim(
    "sdtheory.small_penalty_law",
    paper=PAPER,
    where="L7",
    says="""As own = (1-c)/(2 n penalty) grows, p_r = P_r exp(-own / (2 (r+1))) (1 + O(1/own)): on
    the exponential scale r rounds act like a penalty r + 1 times as large.""",
    kind="asymptotic",
    instances=lambda draw: {"steps": draw.choice((1, 2)), "scale": draw.uniform(0.9, 1.1)},
    tolerance=1.0,
    guards=("sdtheory.logistic.approximations.small_penalty_threshold",),
)
def small_penalty_law(steps: int, scale: float) -> float:
    """Return how far the fitted rate of the relative error is from -1."""
    own = scale * (steps + 1) * np.geomspace(80, 1000, 6)
    law = small_penalty_threshold(own, steps)
    error = np.abs(1 - student_threshold(own, np.inf, steps) / law)
    return fit_rate(own, error, -1.0, correction=-1.0)


@claim(
    "sdtheory.large_sample_law",
    paper=PAPER,
    where="L8",
    says="""At a fixed penalty 1/2 - p_r = (a/n)^(r+1)/2 (1 + O(1/n)) with
    a = (1-c)(1/(8 penalty) + 1/(c-c')): teacher and student differ in few counts only; the
    interesting penalties shrink like 1/n.""",
    kind="asymptotic",
    instances=lambda draw: {
        "steps": draw.choice((0, 1)),
        "same": draw.uniform(0.2, 0.8),
        "penalty": draw.log_uniform(0.01, 0.1),
    },
    tolerance=1.0,
    guards=("sdtheory.logistic.approximations.large_sample_gap",),
)
def large_sample_law(steps: int, same: float, penalty: float) -> float:
    """Return how far the fitted rate of the relative error is from -1."""
    n = np.round(np.geomspace(3e2, 2e4, 6) / (penalty * 10))
    exact = 0.5 - student_threshold(*couplings(n, same, 0.0, penalty), steps)
    error = np.abs(exact / large_sample_gap(n, same, penalty, steps=steps) - 1)
    return fit_rate(n, error, -1.0, correction=-1.0)


@claim(
    "sdtheory.linear_limit",
    paper=PAPER,
    where="L9",
    says="""Replacing the sigmoid by its tangent gives the threshold (1-2q)/(2(1-q)),
    q = (s_1/s_2)^(r+1); it is exact as the penalty grows, with an error of order 1/penalty^2 for
    students.""",
    kind="asymptotic",
    instances=lambda draw: {
        "n": draw.integer(5, 9),
        "same": draw.uniform(0.15, 0.3),
        "steps": draw.integer(1, 2),
    },
    tolerance=1.0,
    guards=("sdtheory.logistic.approximations.linearised_threshold",),
)
def linear_limit(n: int, same: float, steps: int) -> float:
    """Return how far the fitted rate of the error is from the stated one."""
    penalty = np.geomspace(2.0, 100.0, 7)
    gains = couplings(n, same, 0.0, penalty)
    gap = student_threshold(*gains, steps) - linearised_threshold(*gains, steps)
    return fit_rate(penalty, np.abs(gap), -2.0, correction=-1.0)


@claim(
    "sdtheory.squared_loss_is_sharp",
    paper=PAPER,
    where="L9",
    says="""For squared loss on targets +1 and -1 the thresholds are exactly (1-2q)/(2(1-q)),
    q = (s_1/s_2)^(r+1), with s_1, s_2 the ridge factors of the Gram eigenvalues 1-c and
    1-c+n(c-c').""",
    kind="inequality",
    instances=lambda draw: {
        "n": draw.integer(3, 50),
        "same": draw.uniform(0.2, 0.9),
        "penalty": draw.log_uniform(0.05, 5.0),
        "steps": draw.integer(0, 3),
        "side": draw.choice((-1, 1)),
    },
    tolerance=100 * EPS,
    guards=("sdtheory.logistic.approximations.squared_loss_threshold",),
)
def squared_loss_is_sharp(n: int, same: float, penalty: float, steps: int, side: int) -> float:
    """Return the flipped output where it has the wrong sign around the threshold."""
    threshold = float(squared_loss_threshold(n, same, penalty, steps=steps))
    p = threshold * (1 + side * STEP) if threshold > 0 else 0.5 / n
    f_g, f_b = 1.0, -1.0
    for _ in range(steps + 1):
        # Two equations: n points of a class, each the ridge smoother of the last outputs.
        matrix = n * same * np.array([[1 - p, p], [1 - p, p]]) + (1 - same) * np.eye(2)
        f_g, f_b = matrix @ np.linalg.solve(matrix + 2 * n * penalty * np.eye(2), [f_g, f_b])
    repaired = side < 0 and threshold > 0
    return float(-f_b if repaired else f_b)


@claim(
    "sdtheory.soft_limit",
    paper=PAPER,
    where="L11",
    says="""As the teacher's temperature grows, the threshold of one round tends to the root of
    a_1 f_b + (a_2 - a_1) mean(f) in the teacher's margins, although the student's margins vanish;
    the error is of order 1/temperature^2.""",
    kind="asymptotic",
    instances=lambda draw: {
        "own": draw.uniform(1.0, 8.0),
        "shared": draw.choice((np.inf, 30.0, 100.0)),
    },
    tolerance=1.0,
    guards=("sdtheory.logistic.thresholds.soft_limit_threshold",),
)
def soft_limit(own: float, shared: float) -> float:
    """Return how far the fitted rate of approach is from -2."""
    temperature = np.geomspace(5.0, 100.0, 6)
    gap = soft_limit_threshold(own, shared) - student_threshold(
        own, shared, temperature=temperature
    )
    return fit_rate(temperature, np.abs(gap), -2.0, correction=-2.0)


@claim(
    "sdtheory.softer_labels_repair_more",
    paper=PAPER,
    where="L11",
    says="""The threshold of one round falls with the sharpness of the teacher's labels, from its
    soft limit to the teacher's own threshold: softer never repaired less (verified, not
    proved).""",
    kind="inequality",
    instances=lambda draw: (
        _gains(draw)
        | {"sharpness": draw.log_uniform(0.05, 20.0), "factor": draw.choice((1.0, 1.001, 3.0))}
    ),
    tolerance=_rounding,
    guards=("sdtheory.logistic.thresholds.student_threshold",),
    samples=40,
)
def softer_labels_repair_more(own: float, shared: float, sharpness: float, factor: float) -> float:
    """Return the violation of the order, or of the sign around the threshold."""
    soft, sharp = student_threshold(
        own, shared, temperature=1 / np.array([sharpness, sharpness * factor])
    )
    lowest = float(teacher_threshold(own, shared))
    return max(
        float(sharp - soft),
        lowest * (1 - 1e-12) - float(sharp),
        _sign_violation(float(soft), own, shared, 1, sharpness),
    )
