"""Ranges of corruption: up to which fraction of flipped labels a model repairs them all.

All thresholds are fractions p of flipped labels per class, at most 1/2, for TRAINING points
judged by their true labels; 0 says that no positive fraction is repaired. `own` and `shared` are
the two gains of `RandomLabels`, and `shared = inf` stands for infinitely many points.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from sdtheory import _checks

from .prox import centred_prox
from .roots import Floats, Indices, bracketed_root
from .two_margins import chain, distilled_targets, solve_margins

__all__ = [
    "gains",
    "soft_limit_threshold",
    "steps_needed",
    "student_threshold",
    "teacher_own_limit",
    "teacher_threshold",
]

Margin = Callable[..., Floats]
# With infinitely many points a fraction p matters through 1 - p; below this it is rounding.
_FLOOR = 1e-12


def gains(own: ArrayLike, shared: ArrayLike) -> tuple[Floats, Floats]:
    """Return checked, broadcast copies of the two gains; `shared` may be inf."""
    try:
        given = np.asarray(shared)
    except ValueError:
        given = np.asarray(None)
    if given.dtype.kind not in "fiu":
        _checks.ndarray("shared", shared)  # says what is wrong
    infinite = np.isposinf(given.astype(float))
    finite = _checks.ndarray("shared", np.where(infinite, 0.0, given), at_least=0)
    first = _checks.ndarray("own", own, at_least=0)
    _checks.together(own=first, shared=finite)
    a, b = np.broadcast_arrays(first, np.where(infinite, np.inf, finite))
    return np.array(a), np.array(b)


def teacher_threshold(own: ArrayLike, shared: ArrayLike) -> Floats:
    """Return the fraction of flipped labels below which the teacher repairs all of them.

    With g the margin that solves g + own * sigmoid(g) = 3/2 own, the threshold is
    ``(sigmoid(-g) - own / (2 shared)) / (1/2 + sigmoid(-g))``. From there up to one minus the
    threshold, the teacher reproduces every wrong label.

    Examples
    --------
    >>> float(teacher_threshold(4.0, float("inf")))
    0.1484586825536

    """
    own, shared = gains(own, shared)
    tail = expit(-centred_prox(own, own))
    return np.asarray(np.maximum((tail - own_over_shared(own, shared) / 2) / (0.5 + tail), 0.0))


def own_over_shared(own: Floats, shared: Floats) -> Floats:
    """Return (1 - c) / (n (c - c')), or 1 without a shared direction (no checks).

    From 1 on a point's own label outweighs the class, and no positive fraction is repaired.
    """
    ratio = np.ones(np.broadcast_shapes(own.shape, shared.shape))
    return np.divide(own, shared, out=ratio, where=shared > 0)


def teacher_own_limit(flipped: ArrayLike, ratio: ArrayLike = 0.0) -> Floats:
    """Return the gain `own` below which the teacher repairs the fraction `flipped`.

    The inverse of `teacher_threshold` in closed form: with
    ``x = (flipped + ratio) / (2 (1 - flipped))`` it is ``log((1 - x) / x) / (1/2 + x)``, or 0
    (never) where x >= 1/2. `ratio` is own / shared = (1 - c) / (n (c - c')), which does not
    depend on the penalty; the penalty must exceed ``(1 - c) / (2 n own)``.

    Examples
    --------
    >>> float(teacher_own_limit(0.2))
    3.11345623848

    """
    p = _checks.ndarray("flipped", flipped, above=0, below=1)
    x = (p + _checks.ndarray("ratio", ratio, at_least=0)) / (2 * (1 - p))
    return own_limit(np.minimum(x, 0.5))


def own_limit(tail: Floats) -> Floats:
    """Return the own gain that leaves this much of a logistic tail, at most a half (no checks)."""
    return np.asarray(np.log((1 - tail) / tail) / (0.5 + tail))


def student_threshold(
    own: ArrayLike,
    shared: ArrayLike,
    steps: int = 1,
    xi: ArrayLike = 1.0,
    temperature: ArrayLike = 1.0,
) -> Floats:
    """Return the fraction of flipped labels below which the student repairs all of them.

    It is the root in p of the flipped points' margin after `steps` rounds. For xi in [0, 1] the
    good points stay right and the student is perfect below the threshold; for xi > 1 the number
    concerns the flipped points alone (`perfect_mixing` has both sides).

    Examples
    --------
    >>> [round(float(student_threshold(4.0, float("inf"), steps)), 10) for steps in range(3)]
    [0.1484586826, 0.3537981749, 0.4341471565]

    """
    steps = _checks.integer("steps", steps, at_most=_checks.ROUNDS)
    mixing = _checks.ndarray("xi", xi, at_least=0)
    sharpness: Floats = 1 / _checks.ndarray("temperature", temperature, above=0)
    if steps == 0:
        return teacher_threshold(own, shared)
    own, shared = gains(own, shared)
    plain = np.all(mixing == 1) and np.all(sharpness == 1)
    if plain and np.all(np.isinf(shared)) and np.all(own > 0):
        explicit = _explicit_threshold(own.ravel(), steps).reshape(own.shape)
        shape = np.broadcast_shapes(own.shape, mixing.shape, sharpness.shape)
        return np.array(np.broadcast_to(explicit, shape))

    def margin(p: Floats, own: Floats, shared: Floats, xi: Floats, sharp: Floats) -> Floats:
        return chain(p, own, shared, steps, xi, sharp).flipped

    return _root_in_p(margin, own, shared, mixing, sharpness)


def soft_limit_threshold(own: ArrayLike, shared: ArrayLike) -> Floats:
    """Return the threshold of one round at infinite temperature (xi = 1).

    The student's margins vanish with 1 / temperature, but not the fraction at which the flipped
    points change sign: the root of ``a1 f_b + (a2 - a1) mean(f)`` in the teacher's margins, with
    a1 = own / (4 + own) and a2 = (own + shared) / (4 + own + shared).

    Examples
    --------
    >>> float(soft_limit_threshold(3.0, float("inf")))
    0.402110126698

    """

    def margin(p: Floats, own: Floats, shared: Floats) -> Floats:
        teacher = chain(p, own, shared, 0)
        mean = (1 - p) * teacher.good + p * teacher.flipped
        a1 = own / (4 + own)
        # 1 - a2 = 4 / (4 + own + shared) is 0 for shared = inf.
        return a1 * teacher.flipped + (4 / (4 + own) - 4 / (4 + own + shared)) * mean

    return _root_in_p(margin, *gains(own, shared))


def steps_needed(flipped: ArrayLike, own: ArrayLike, shared: ArrayLike) -> Floats:
    """Return the smallest number of rounds after which every flipped point is repaired (xi = 1).

    Examples
    --------
    >>> int(steps_needed(0.4, 4.0, float("inf")))
    2

    """
    p = _checks.ndarray("flipped", flipped, above=0, below=0.5)
    own, shared = gains(own, shared)
    if np.any(shared == 0):
        raise ValueError("shared must be positive: without it no number of rounds is enough")
    p, own, shared = np.broadcast_arrays(p, own, shared)
    half = np.full(p.shape, 0.5)
    margins = solve_margins(half, -half, p, own, shared)
    needed = np.zeros(p.shape)
    for _ in range(_checks.ROUNDS):
        wrong = margins.flipped <= 0
        if not np.any(wrong):
            return needed
        needed += wrong
        margins = solve_margins(*distilled_targets(margins, 1.0, 1.0), p, own, shared)
    raise ValueError(
        f"flipped is so close to 1/2, or own so large, that {_checks.ROUNDS} rounds are not "
        f"enough: got {float(p.max())} and {float(own.max())}"
    )


def _explicit_threshold(own: Floats, steps: int) -> Floats:
    """Return the threshold at shared = inf from the backward recursion, searched in log p.

    At the threshold the last flipped margin is 0, so its target b equals 1/2; the map from the
    targets of one round to those of the round before needs no root:
    b - ((1-p)/own) [ logit(1 - p b / (1-p)) - logit(b) ]. The student is perfect iff the label
    that this asks for, b of the teacher, is below the given 0.
    """

    def asked(log_p: Floats, i: Indices) -> Floats:
        p = np.exp(log_p)
        b = np.full(p.shape, 0.5)
        for _ in range(steps + 1):
            positive = b > 0
            kept = np.where(positive, b, 0.5)
            x = p * kept / (1 - p)
            pull = np.log1p(-x) - np.log(x) - np.log(kept) + np.log1p(-kept)
            # Once the asked target is not positive the student is perfect, whatever follows.
            b = np.where(positive, kept - (1 - p) / own[i] * pull, -1.0)
        return b

    # The teacher's threshold exceeds exp(-own/2 - 5); below exp(-690) it is reported as 0.
    low, high = np.maximum(-own / 2 - 5, -690.0), np.full(own.shape, np.log(0.5))
    none = asked(low, np.arange(own.size)) > 0
    root = bracketed_root(asked, np.where(none, high, low), high)
    return np.where(none, 0.0, np.exp(root))


def _root_in_p(margin: Margin, own: Floats, shared: Floats, *options: Floats) -> Floats:
    """Return the root in p of a margin that decreases in p, 0 if it is negative from the start.

    Below the teacher's threshold the margin is positive; without one, p = 0 (a flipped point
    among infinitely few) decides whether there is a root.
    """
    shape = np.broadcast_shapes(own.shape, *(np.shape(v) for v in options))
    own, shared, *rest = (np.broadcast_to(v, shape).ravel() for v in (own, shared, *options))

    def value(p: Floats, i: Indices) -> Floats:
        return margin(p, own[i], shared[i], *(v[i] for v in rest))

    everything = np.arange(own.size)
    floor = np.where(np.isinf(shared), _FLOOR, 0.0)
    low, high = np.maximum(teacher_threshold(own, shared) / 2, floor), np.full(own.size, 0.5)
    none, always = value(low, everything) <= 0, value(high, everything) > 0
    settled = none | always
    root = bracketed_root(value, np.where(settled, high, low), high)
    return np.where(none, 0.0, np.where(always, 0.5, root)).reshape(shape)
