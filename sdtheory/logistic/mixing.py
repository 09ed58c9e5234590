"""Mixing weights that repair every label: an open interval around xi* > 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from sdtheory import _checks

from .prox import centred_prox
from .roots import Floats, Indices, bracketed_root
from .thresholds import gains
from .two_margins import chain, distilled_targets, solve_margins

__all__ = ["PerfectMixing", "perfect_mixing"]


@dataclass(frozen=True, slots=True)
class PerfectMixing:
    """The weights for which one student classifies every training point correctly.

    Attributes
    ----------
    low, high : ends of the interval of perfect weights. `low` is 0 where the teacher itself is
        perfect (weights below 0 are not searched: there the perfect ones need not form an
        interval); `high` is inf for infinitely many points and a fraction of at most 1/3
    best : xi* = 1 / (1 - sigmoid(f_g) + sigmoid(f_b)) from the teacher's margins; it gives every
        point the same target, so that one round averages the labels completely
    margin : the common margin of all points at xi*

    """

    low: Floats
    best: Floats
    high: Floats
    margin: Floats


def perfect_mixing(flipped: ArrayLike, own: ArrayLike, shared: ArrayLike) -> PerfectMixing:
    """Return the interval of weights xi for which the student repairs every flipped label.

    Parameters
    ----------
    flipped : fraction of flipped labels, in (0, 1/2)
    own, shared : the gains of `RandomLabels`, both positive; `shared` may be inf

    Examples
    --------
    >>> window = perfect_mixing(0.45, 1.75, 15.0)
    >>> [round(float(x), 4) for x in (window.low, window.best, window.high)]
    [1.1607, 1.4231, 1.6977]

    """
    p = _checks.ndarray("flipped", flipped, above=0, below=0.5)
    own, shared = gains(own, shared)
    if np.any(own == 0) or np.any(shared == 0):
        raise ValueError(
            "own and shared must be positive: at own = 0 all margins are equal for every xi, at "
            "shared = 0 no xi repairs the labels"
        )
    p, own, shared = (np.array(v) for v in np.broadcast_arrays(p, own, shared))
    shape = p.shape
    p, own, shared = p.ravel(), own.ravel(), shared.ravel()
    teacher = chain(p, own, shared, 0)
    best = 1 / (expit(-teacher.good) + expit(teacher.flipped))

    def student(xi: Floats, i: Indices) -> tuple[Floats, Floats]:
        before = type(teacher)(*(v[i] for v in teacher))
        after = solve_margins(*distilled_targets(before, xi, 1.0), p[i], own[i], shared[i])
        return after.good, after.flipped

    def good_margin(xi: Floats, i: Indices) -> Floats:
        return student(xi, i)[0]

    perfect = teacher.flipped > 0
    start = np.where(perfect, best, 0.0)
    low = bracketed_root(lambda xi, i: student(xi, i)[1], start, best)
    # With infinitely many points the flipped ones saturate: mean probability 1 - p leaves the
    # good ones sigmoid(f) = (1 - 2p) / (1 - p) in the limit, above 1/2 while p < 1/3.
    unbounded = np.isinf(shared) & (p <= 1 / 3)
    end = np.where(unbounded, best, _beyond(good_margin, best, unbounded))
    high = np.where(unbounded, np.inf, bracketed_root(good_margin, best, end))
    # All targets equal t*; f + (own + shared) (sigmoid(f) - t*) = 0, and at shared = inf the
    # margin is logit(t*), with t* = 1 - p.
    total = own + np.where(np.isinf(shared), 1.0, shared)
    target = best * expit(teacher.flipped)
    common = np.where(
        np.isinf(shared), np.log1p(-p) - np.log(p), centred_prox(total * (target - 0.5), total)
    )
    low = np.where(perfect, 0.0, low)
    return PerfectMixing(*(v.reshape(shape) for v in (low, best, high, common)))


def _beyond(
    good_margin: Callable[[Floats, Indices], Floats], best: Floats, wrong: NDArray[np.bool_]
) -> Floats:
    """Return weights above `best` at which the good points are wrong: their margin decreases."""
    high = best
    everything = np.arange(best.size)
    for _ in range(60):
        if np.all(wrong):
            return high
        high = np.where(wrong, high, 2 * high)
        wrong = wrong | (good_margin(high, everything) < 0)
    raise ValueError(
        "own and shared are so large or small that good points stay right at every weight below "
        f"{float(np.max(high)):.3g}"
    )
