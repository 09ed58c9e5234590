"""Where the student beats the teacher: intervals of corruption, penalties and widest windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from sdtheory import _checks

from .approximations import kept_threshold
from .random_labels import couplings, flip_fraction
from .roots import Floats, Indices, bracketed_root
from .thresholds import (
    own_limit,
    own_over_shared,
    student_threshold,
    teacher_own_limit,
    teacher_threshold,
)
from .two_margins import chain

__all__ = [
    "CorruptionRange",
    "WidestWindow",
    "corruption_range",
    "penalty_threshold",
    "widest_window",
]


@dataclass(frozen=True, slots=True)
class CorruptionRange:
    """Fractions of flipped labels for which the student beats the teacher.

    Unpacks as ``lower, upper``. For lower <= p < upper (and p > 0) the student classifies every
    training point as its true class and the teacher misses exactly the flipped ones; outside,
    and up to 1/2, both are equally good. The range is empty where lower = upper.

    Attributes
    ----------
    lower, upper : thresholds of teacher and student
    accuracy : "training": of the training points against their TRUE labels. The population
        accuracy of both is 1 for every p < 1/2 and does not differ at all

    """

    lower: Floats
    upper: Floats
    accuracy: str = "training"

    def __iter__(self) -> Iterator[Floats]:
        """Yield lower, upper."""
        return iter((self.lower, self.upper))


@dataclass(frozen=True, slots=True)
class WidestWindow:
    """The penalty at which the student's advantage covers most fractions of flipped labels.

    Attributes
    ----------
    own : gain (1 - c) / (2 n penalty) at the optimum
    lower, upper : the corruption range there
    width : upper - lower

    """

    own: float
    lower: float
    upper: float
    width: float


def corruption_range(
    n: ArrayLike,
    same_class: ArrayLike,
    penalty: ArrayLike,
    cross_class: ArrayLike = 0.0,
    steps: int = 1,
) -> CorruptionRange:
    """Return the interval of flipped fractions on which the student beats the teacher.

    Plain self-distillation (xi = 1, temperature 1) after `steps` rounds, in TRAINING accuracy
    against the true labels. Arguments as in `RandomLabels`; they broadcast.

    Examples
    --------
    >>> lower, upper = corruption_range(20, 0.3, 0.01)
    >>> round(float(lower), 10), round(float(upper), 10)
    (0.2253423474, 0.4188057142)

    """
    own, shared = couplings(n, same_class, cross_class, penalty)
    lower = teacher_threshold(own, shared)
    return CorruptionRange(lower, student_threshold(own, shared, steps))


def penalty_threshold(
    n: ArrayLike,
    flipped: ArrayLike,
    same_class: ArrayLike,
    cross_class: ArrayLike = 0.0,
    steps: int = 0,
) -> Floats:
    """Return the penalty above which a model repairs all flipped labels (inf: none does).

    The teacher's (``steps = 0``) is closed; a student's is the root in log penalty of the
    flipped points' margin, which grows with the penalty. ``n = inf`` returns n times the ridge.

    Examples
    --------
    >>> float(penalty_threshold(20, 4, 0.3))
    0.00872790806903
    >>> float(penalty_threshold(20, 4, 0.3, steps=1))
    0.00278435504388

    """
    steps = _checks.integer("steps", steps, at_most=_checks.ROUNDS)
    p = _checks.ndarray("flipped", flip_fraction(n, flipped), above=0, below=0.5)
    own, shared = couplings(n, same_class, cross_class, 1.0)
    if np.any(own == 0):
        raise ValueError(f"same_class must be below 1, got {_checks.show(same_class)}")
    p, own, shared = np.broadcast_arrays(p, own, shared)
    if steps == 0:
        limit = teacher_own_limit(p, own_over_shared(own, shared))
        return np.asarray(np.divide(own, limit, out=np.full(p.shape, np.inf), where=limit > 0))
    return _student_penalty(p, own, shared, steps)


def _student_penalty(p: Floats, own: Floats, shared: Floats, steps: int) -> Floats:
    shape = p.shape
    p, own, shared = (np.array(v).ravel() for v in (p, own, shared))
    # As the penalty grows the model becomes linear, and its threshold has a closed form.
    reachable = p < kept_threshold(own / (own + shared), steps)

    def margin(log_penalty: Floats, i: Indices) -> Floats:
        ridge = np.exp(log_penalty)
        return chain(p[i], own[i] / ridge, shared[i] / ridge, steps).flipped

    # Between interpolation (own gain 1e6) and the linear regime (gain 1e-20).
    low, high = np.log(own * 1e-6), np.log(own * 1e20)
    root = bracketed_root(margin, np.where(reachable, low, high), high)
    return np.where(reachable, np.exp(root), np.inf).reshape(shape)


def widest_window(steps: int = 1, ratio: float = 0.0) -> WidestWindow:
    """Return the penalty that maximises the width of the corruption range.

    Parameters
    ----------
    steps : rounds of the student, at least 1
    ratio : own / shared = (1 - c) / (n (c - c')), which the penalty does not change; 0 is the
        limit of infinitely many points

    Examples
    --------
    >>> best = widest_window()
    >>> round(best.own, 6), round(best.width, 10)
    (4.905695, 0.2094026128)

    """
    steps = _checks.integer("steps", steps, at_least=1, at_most=_checks.ROUNDS)
    ratio = _checks.number("ratio", ratio, at_least=0, below=1)

    def thresholds(log_own: Floats) -> tuple[Floats, Floats]:
        own = np.exp(log_own)
        shared = own / ratio if ratio else np.full(own.shape, np.inf)
        return teacher_threshold(own, shared), student_threshold(own, shared, steps)

    def width(log_own: Floats) -> Floats:
        lower, upper = thresholds(log_own)
        return upper - lower

    # From this gain on the teacher repairs nothing, and the student's range shrinks alone.
    kink = float(np.log(own_limit(np.asarray(ratio / 2)))) if ratio else 5.0
    rough = float(
        minimize_scalar(
            lambda x: -float(width(np.atleast_1d(x))[0]), bounds=(kink - 9, kink), method="bounded"
        ).x
    )
    # A maximum is found to sqrt(eps) only; the zero of an interpolant's slope is found to eps.
    last = min(rough + 0.2, kink)
    near = Chebyshev.interpolate(width, 24, domain=[rough - 0.2, last])
    slope, curvature, best = near.deriv(), near.deriv(2), rough
    for _ in range(3):
        best -= float(slope(best) / curvature(best))
    if slope(last) >= 0:  # still growing where the teacher's range ends
        best = last
    lower, upper = (float(v[0]) for v in thresholds(np.asarray([best])))
    return WidestWindow(float(np.exp(best)), lower, upper, upper - lower)
