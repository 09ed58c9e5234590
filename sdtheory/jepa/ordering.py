"""In which order an objective learns given features, and how safe that order is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdtheory import _checks
from sdtheory.jepa.modes import Floats, Mode, Objective
from sdtheory.jepa.solutions import critical_time
from sdtheory.jepa.stability import overwriting_rate

__all__ = ["LearnedOrder", "learned_order", "retention_order"]

Indices = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True, slots=True)
class LearnedOrder:
    """The order in which aligned training learns features."""

    order: Indices
    """Indices of the features from first to last; never-learned ones at the end."""
    times: Floats
    """Critical time of each feature (paper time, in the order given); inf if never learned."""
    gaps: Floats
    """Relative delay of each feature behind its predecessor in `order`; small gaps are fragile."""
    tolerated_misalignment: float
    """Relative misalignment of the initial weights beyond which a feature is overwritten by a later
    one before that one's own time comes, so that this order is not what training shows. 1 if no
    later feature can overwrite an earlier one."""


def learned_order(
    mode: Mode,
    depth: int,
    scale: float,
    fraction: float = 0.5,
    objective: Objective = "jepa",
) -> LearnedOrder:
    """Return the order in which aligned training reaches `fraction` of each fixed point.

    Examples
    --------
    Depth and a large scale let JEPA prefer rho; MAE follows the covariance:

    >>> features = Mode.from_rho([1.0, 1.25, 10 / 7], [1.0, 0.8, 0.7])
    >>> learned_order(features, depth=10, scale=2e-3).order
    array([0, 1, 2])
    >>> learned_order(features, depth=10, scale=2e-3, objective="mae").order
    array([2, 1, 0])

    At depth 1 JEPA starts with the low-rho feature too, but is sure to overwrite it:

    >>> shallow = learned_order(features, depth=1, scale=1e-4)
    >>> shallow.order
    array([2, 1, 0])
    >>> shallow.tolerated_misalignment
    0.0
    """
    _checks.instance("mode", mode, Mode)
    _checks.ndarray("covariance", mode.covariance, ndim=1)
    depth = _checks.integer("depth", depth, at_least=1)
    times = critical_time(mode, depth, scale, fraction, objective)
    order = np.argsort(times, kind="stable")
    ranked = times[order]
    known = np.isfinite(ranked)
    gaps = np.full(max(ranked.size - 1, 0), np.inf)
    both = known[1:] & (ranked[:-1] > 0)
    gaps[both] = ranked[1:][both] / ranked[:-1][both] - 1.0
    gaps[~known[:-1]] = 0.0  # among the never learned there is no order
    growth = 0.0
    learned = order[known]
    for later, j in enumerate(learned):
        for k in learned[:later]:
            rate = float(overwriting_rate(_pick(mode, k), _pick(mode, j), depth, objective))
            growth = max(growth, rate * float(times[j] - times[k]) / depth)  # raw time
    return LearnedOrder(order, times, gaps, float(np.exp(-growth)))


def retention_order(mode: Mode, objective: Objective = "jepa") -> Indices:
    """Return the order in which features are retained from small misaligned initialisation.

    The order of stability against overwriting: falling rho for JEPA, falling covariance * rho for
    MAE. Exact as a statement about stability, an observed regularity as one about training.

    Examples
    --------
    >>> retention_order(Mode.from_rho([1.5, 0.8], [0.5, 0.9]))
    array([1, 0])
    >>> retention_order(Mode.from_rho([1.5, 0.8], [0.5, 0.9]), "mae")
    array([0, 1])
    """
    _checks.instance("mode", mode, Mode)
    _checks.ndarray("covariance", mode.covariance, ndim=1)
    jepa = _checks.choice("objective", objective, ("jepa", "mae")) == "jepa"
    rank = mode.rho if jepa else mode.covariance * mode.rho
    return np.argsort(-rank, kind="stable")


def _pick(mode: Mode, i: int) -> Mode:
    return Mode(mode.covariance[i], mode.variance[i])
