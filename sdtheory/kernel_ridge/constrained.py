"""The variant of Mobahi, Farajtabar and Bartlett: every round may err by a fixed amount.

Instead of a fixed penalty, round k takes the smoothest function within a mean squared distance
`tolerance` of its target. With labels only in the first fit, penalties grow from round to round,
until the target itself is so small that the zero function is allowed: the chain has collapsed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize

from sdtheory import _checks
from sdtheory._array import Array, to_numpy
from sdtheory.kernel_ridge.fitting import KernelRidge

__all__ = ["Constrained", "collapse_bounds", "constrained_penalties"]


@dataclass(frozen=True, slots=True)
class Constrained:
    """The penalties that a fixed training error implies."""

    lam: np.ndarray[Any, np.dtype[np.float64]]
    """Penalties (k,) of the rounds before collapse, the first fit's first."""
    norms: np.ndarray[Any, np.dtype[np.float64]]
    """Length of the target (k,) of each of these rounds."""
    collapsed: bool
    """Whether the round after the last one has no penalty: its target is within tolerance of 0."""

    @property
    def rounds(self) -> int:
        """Number of fits before collapse (or before `most` was reached)."""
        return int(self.lam.shape[0])


def constrained_penalties(fit: KernelRidge, tolerance: float, most: int = 1000) -> Constrained:
    """Return the penalties with which every fit misses its target by `tolerance` in mean square.

    Parameters
    ----------
    fit : KernelRidge
        With one output and equally noisy samples.
    tolerance : float
        Mean squared distance of every fit from its target; the labels of the first fit must be
        reachable to this tolerance.
    most : int
        The most rounds.

    Examples
    --------
    >>> from sdtheory.kernel_ridge import fit
    >>> constrained_penalties(fit([[1.0]], [3.0]), tolerance=1.0).lam
    array([0.5, 1. ])
    """
    _checks.instance("fit", fit, KernelRidge)
    tolerance = _checks.number("tolerance", tolerance, above=0)
    most = _checks.integer("most", most, at_least=1)
    if fit.y.ndim != 1 or fit.smoother.root is not None:
        raise ValueError("fit must have one output and equal noise levels")
    d = to_numpy(fit.eigenvalues)
    target = to_numpy(fit.smoother.targets.projected)
    # What lies outside the kernel's range, up to rounding, no fit can reach.
    null = d <= d.size * np.finfo(d.dtype).eps * d[0]
    outside = float(fit.smoother.targets.outside) + float(target[null] @ target[null])
    d, target = d[~null], target[~null]
    budget = tolerance * fit.smoother.spectrum.n
    if outside >= budget:
        raise ValueError(
            f"tolerance must exceed {outside / fit.smoother.spectrum.n:.6g}, the part of the "
            f"labels outside the kernel's range, got {tolerance}"
        )
    lams: list[float] = []
    norms: list[float] = []
    square = float(target @ target) + outside
    while len(lams) < most and square > budget:
        lams.append(_penalty(d, target, budget - outside))
        norms.append(math.sqrt(square))
        target, outside = d / (d + lams[-1]) * target, 0.0
        square = float(target @ target)
    return Constrained(np.array(lams), np.array(norms), square <= budget)


def collapse_bounds(y: Array, tolerance: float) -> tuple[float, float]:
    """Return bounds on the number of fits before collapse, for a nonsingular kernel.

    With r = |y| / sqrt(n tolerance), it lies in [r - 1, r**2]: a fit shortens the target by at most
    sqrt(n tolerance) (triangle inequality), and its square by at least n tolerance (the fit has a
    nonnegative product with what it misses). The upper bound holds for r > 1.

    >>> collapse_bounds([3.0], tolerance=1.0)
    (2.0, 9.0)
    """
    y = _checks.array("y", y, ndim=1)
    tolerance = _checks.number("tolerance", tolerance, above=0)
    values = to_numpy(y)
    square = float(values @ values) / (values.size * tolerance)
    return max(math.sqrt(square) - 1.0, 0.0), square


def _penalty(d: np.ndarray[Any, Any], target: np.ndarray[Any, Any], budget: float) -> float:
    """Return lam with |lam / (d + lam) target|^2 = budget; the left side grows with lam.

    A target along the smallest or the largest eigenvalue alone brackets the root.
    """
    share = math.sqrt(budget / float(target @ target))
    ratio = share / (1.0 - share)

    def excess(log_lam: float) -> float:
        lost = 1.0 / (1.0 + d * math.exp(-log_lam))
        return float(np.sum((lost * target) ** 2)) / budget - 1.0

    low, high = math.log(ratio * float(d.min())), math.log(ratio * float(d.max()))
    slack = 1e-9 * (1.0 + abs(low) + abs(high))  # against rounding at the ends
    return math.exp(
        scipy.optimize.brentq(excess, low - slack, high + slack, xtol=1e-15, rtol=1e-15)
    )
