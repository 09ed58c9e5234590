"""Approximate thresholds, each with the limit in which it becomes exact."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sdtheory import _checks

from .random_labels import couplings
from .roots import Floats
from .thresholds import gains

__all__ = [
    "large_sample_gap",
    "linearised_threshold",
    "small_penalty_threshold",
    "squared_loss_threshold",
]


def small_penalty_threshold(own: ArrayLike, steps: int = 0) -> Floats:
    """Return the leading order of the threshold for own -> inf at shared = inf.

    ``P exp(-own / (2 (steps + 1)))`` with P the geometric mean of (1 - b_j) / b_j^2 over
    b_j = (j + 1) / (2 (steps + 1)), j = 0..steps: on this scale r rounds act like a penalty
    r + 1 times as large. The relative error is O(1 / own).

    Examples
    --------
    >>> [round(float(small_penalty_threshold(0.0, r)), 5) for r in range(3)]
    [2.0, 4.89898, 7.11379]

    """
    steps = _checks.integer("steps", steps, at_most=_checks.SIZE)
    gain = _checks.ndarray("own", own, at_least=0)
    b = np.arange(1, steps + 2) / (2 * (steps + 1))
    mean = np.mean(np.log1p(-b) - 2 * np.log(b))
    return np.asarray(np.exp(mean - gain / (2 * (steps + 1))))


def large_sample_gap(
    n: ArrayLike,
    same_class: ArrayLike,
    penalty: ArrayLike,
    cross_class: ArrayLike = 0.0,
    steps: int = 0,
) -> Floats:
    """Return the leading order of 1/2 - threshold for n -> inf at a fixed penalty.

    ``(a / n)^(steps + 1) / 2`` with ``a = (1 - c) (1 / (8 penalty) + 1 / (c - c'))``.

    Examples
    --------
    >>> float(large_sample_gap(10_000, 0.4, 0.01))
    0.00045

    """
    steps = _checks.integer("steps", steps)
    own, shared = couplings(n, same_class, cross_class, penalty)
    if np.any(np.isinf(shared)) or np.any(shared == 0):
        raise ValueError(
            "n must be finite and same_class above cross_class: the law compares thresholds "
            f"at a fixed penalty, got n = {n!r}, same_class = {same_class!r}"
        )
    # a / n = own / 4 + own / shared.
    return np.asarray(0.5 * (own / 4 + own / shared) ** (steps + 1))


def linearised_threshold(own: ArrayLike, shared: ArrayLike, steps: int = 0) -> Floats:
    """Return the threshold of the model whose sigmoid is replaced by its tangent at 0.

    With s1 = own / (4 + own), s2 = (own + shared) / (4 + own + shared) and
    q = (s1 / s2)^(steps + 1) it is ``(1 - 2 q) / (2 (1 - q))``, 0 where q >= 1/2. Exact as the
    penalty grows; for weak penalties too small, by up to 0.18, and never too large by more than
    0.002 (verified).

    Examples
    --------
    >>> float(linearised_threshold(1e-9, 3e-9))
    0.333333333

    """
    steps = _checks.integer("steps", steps)
    own, shared = gains(own, shared)
    # s1 / s2 in the own part of the summed gain, which survives both gains going to 0 together
    # and shared = inf.
    total = own + shared
    part = np.divide(own, total, out=np.ones(total.shape), where=total > 0)
    return kept_threshold((4 * part + own) / (4 + own), steps)


def squared_loss_threshold(
    n: ArrayLike,
    same_class: ArrayLike,
    penalty: ArrayLike,
    cross_class: ArrayLike = 0.0,
    steps: int = 0,
) -> Floats:
    """Return the exact threshold of ridge regression on targets +1 and -1 (xi = 1).

    The loss is ``(1/N) sum_i (f_i - y_i)^2 / 2 + (penalty/2) |theta|^2``, N = 2 n, and the
    eigenvalues 1 - c and 1 - c + n (c - c') of the Gram matrix keep s = g / (g + N penalty).

    Examples
    --------
    >>> float(squared_loss_threshold(20, 0.3, 0.1))
    0.3439583333

    """
    steps = _checks.integer("steps", steps)
    couplings(n, same_class, cross_class, penalty)
    size, c, across, ridge = (
        _checks.ndarray(name, value)
        for name, value in (
            ("n", n),
            ("same_class", same_class),
            ("cross_class", cross_class),
            ("penalty", penalty),
        )
    )
    small, large = 1 - c, 1 - c + size * (c - across)
    return kept_threshold(
        small * (large + 2 * size * ridge) / (large * (small + 2 * size * ridge)), steps
    )


def kept_threshold(ratio: Floats, steps: int) -> Floats:
    """Return the threshold of a linear model, which keeps labels differently (no checks).

    `ratio` is what a round keeps of a point's own label over what it keeps of the class's mean.
    """
    # Where rounds leave more than half of it, no positive fraction is repaired.
    q = np.minimum(ratio ** (steps + 1), 0.5)
    return np.asarray((1 - 2 * q) / (2 * (1 - q)))
