"""Exact solutions of the mode laws: size as a function of time, and time as a function of size.

Everything here is in paper time, L times the raw time of gradient flow. A mode that grows, one that
shrinks to a positive fixed point and one that decays to zero run along three universal curves
(`_curve`); zero covariance is the common limit of the two decays and needs no special case.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdtheory import _checks
from sdtheory.jepa._curve import Curve, advance, curve, elapsed, softplus
from sdtheory.jepa.modes import Flags, Floats, Law, Mode, Objective, law, per_mode

__all__ = ["critical_time", "hitting_time", "trajectory"]

# Stands for log|rho| of a mode without covariance: so low that only the pure power law is left.
NOWHERE = -1e6


def trajectory(
    mode: Mode,
    depth: int,
    scale: object,
    times: object,
    objective: Objective = "jepa",
    *,
    predictor_depth: int = 1,
    since: float | None = None,
) -> Floats:
    """Return the encoder size of each mode at each time.

    Parameters
    ----------
    mode : Mode of shape (...)
    depth : int
        L >= 1, encoder layers.
    scale : float or array of mode.shape
        Initial encoder size epsilon > 0; each layer starts at scale^(1/L).
    times : array_like of any shape
        Paper times, at least 0 (any sign with `since`).
    objective : "jepa" or "mae"
    predictor_depth : int
        K, layers of the predictor (JEPA) or decoder (MAE).
    since : float in (0, 1), optional
        Count time from the moment a learned mode passes this fraction of its fixed point. Near the
        knee of a long plateau an absolute time in float64 no longer resolves the state; this
        relative time does. Every mode must be learned and start below that fraction.

    Returns
    -------
    array of shape mode.shape + times.shape

    Examples
    --------
    >>> trajectory(Mode([1.0, 0.5], [1.25, 2.0]), depth=2, scale=1e-3, times=[0.0, 22_000.0])
    array([[0.001   , 0.015882],
           [0.001   , 0.001489]])
    """
    _checks.instance("mode", mode, Mode)
    rule = law(depth, objective, predictor_depth)
    size0 = per_mode("scale", scale, mode.shape, above=0.0)
    clock = _checks.ndarray("times", times, at_least=0.0 if since is None else None)
    lam, s2, size0 = _columns(mode, size0)
    start = _Start.of(rule, lam, s2, size0)
    if since is not None:
        part = _checks.number("since", since, above=0.0, below=1.0)
        goal = float(_fraction_coordinate(rule, np.asarray(part)))
        early = (start.kind == GROWS) & (start.eta < goal)
        if not bool(np.all(early)):
            raise ValueError(
                f"since must lie between the start and the fixed point of every mode, "
                f"got {since} for rho = {(lam / s2)[~early][0]:g}, scale = {size0[~early][0]:g}"
            )
        start = start.moved_to(goal, lam, s2, rule)
    flat = clock.ravel()
    log_growth = np.zeros((lam.size, flat.size))
    for kind in (GROWS, SHRINKS, VANISHES):
        rows = np.flatnonzero(start.kind == kind)
        if rows.size:
            drift = start.rate[rows, None] * (flat * rule.pace)
            move = advance(_line(rule, kind), start.eta[rows], drift)
            log_growth[rows] = _log_growth(kind, start.eta[rows, None], move)
    sizes = start.size[:, None] * np.exp(rule.size_power * log_growth)
    if since is not None:  # before the start of training the mode has not moved yet
        sizes = np.maximum(sizes, size0[:, None])
    return np.asarray(sizes.reshape(mode.shape + clock.shape))


def hitting_time(
    mode: Mode,
    depth: int,
    start: object,
    stop: object,
    objective: Objective = "jepa",
    *,
    predictor_depth: int = 1,
) -> Floats:
    """Return the paper time a mode takes from size `start` to size `stop`; inf if it never does.

    Examples
    --------
    >>> hitting_time(Mode(1.0, 2.0), depth=2, start=0.81, stop=0.2601)
    array(33.805502)
    """
    _checks.instance("mode", mode, Mode)
    rule = law(depth, objective, predictor_depth)
    size0 = per_mode("start", start, mode.shape, above=0.0)
    size1 = per_mode("stop", stop, mode.shape, above=0.0).ravel()
    lam, s2, size0 = _columns(mode, size0)
    begin = _Start.of(rule, lam, s2, size0)
    end = _Start.of(rule, lam, s2, size1)
    time = np.full(lam.size, np.inf)
    time[size0 == size1] = 0.0
    down = np.log(size0 / size1) / rule.size_power  # log of the ratio of v
    falls = begin.kind == VANISHES
    onward = (begin.kind == end.kind) & np.where(falls, down > 0, end.eta > begin.eta)
    # on a decay with little covariance both etas are huge: their difference is not
    gaps = [np.abs(lam - s2 * size ** (1.0 / rule.size_power)) for size in (size0, size1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        closer = np.log(gaps[0] / gaps[1])
    move = np.select([falls, begin.kind == SHRINKS], [down, closer], end.eta - begin.eta)
    _fill_times(time, rule, begin, np.where(onward, end.eta, -np.inf), onward, move)
    return np.asarray(time.reshape(mode.shape))


def critical_time(
    mode: Mode,
    depth: int,
    scale: object,
    fraction: object = 0.5,
    objective: Objective = "jepa",
    *,
    predictor_depth: int = 1,
) -> Floats:
    """Return the paper time at which each mode first reaches `fraction` of its fixed point.

    Infinite for a mode that is never learned (rho <= scale^(1/L) for JEPA), zero for a learned mode
    that starts at or above the fraction.

    Parameters
    ----------
    mode : Mode of shape (...)
    depth : int
        L >= 1.
    scale : float or array of mode.shape
        Initial encoder size epsilon > 0.
    fraction : float or array of mode.shape
        Part of the final encoder size, in (0, 1).
    objective : "jepa" or "mae"
    predictor_depth : int

    Examples
    --------
    The same two features, in opposite orders:

    >>> features = Mode.from_rho([1.0, 10 / 7], [1.0, 0.7])
    >>> critical_time(features, depth=10, scale=2e-3)
    array([164331.3502487 , 260484.02151781])
    >>> critical_time(features, depth=10, scale=2e-3, objective="mae")
    array([299.68933676, 209.99250671])
    """
    _checks.instance("mode", mode, Mode)
    rule = law(depth, objective, predictor_depth)
    size0 = per_mode("scale", scale, mode.shape, above=0.0)
    part = per_mode("fraction", fraction, mode.shape, above=0.0, below=1.0).ravel()
    lam, s2, size0 = _columns(mode, size0)
    begin = _Start.of(rule, lam, s2, size0)
    goal = _fraction_coordinate(rule, part)
    time = np.full(lam.size, np.inf)
    grows = begin.kind == GROWS
    time[grows & (begin.eta >= goal)] = 0.0
    _fill_times(time, rule, begin, goal, grows & (begin.eta < goal))
    return np.asarray(time.reshape(mode.shape))


GROWS, SHRINKS, VANISHES, RESTS = range(4)


@dataclass(frozen=True, slots=True)
class _Start:
    """Where each mode enters its curve, and how fast eta moves there per unit of tau."""

    size: Floats
    kind: np.ndarray[tuple[int], np.dtype[np.int64]]
    eta: Floats
    rate: Floats

    @classmethod
    def of(cls, rule: Law, lam: Floats, s2: Floats, size: Floats) -> _Start:
        v = size ** (1.0 / rule.size_power)
        slow = v**rule.exponent
        gap = lam - s2 * v
        kind = np.select([lam <= 0, gap > 0, gap < 0], [VANISHES, GROWS, SHRINKS], RESTS)
        with np.errstate(divide="ignore"):
            log_rho = np.maximum(np.log(np.abs(lam)) - np.log(s2), NOWHERE)
            # growth: eta = log x/(1-x), x = v/rho; shrinking: x = rho/v; decay: eta = log |rho|/v
            logit = np.log(s2 * v) - np.log(np.abs(gap))
            shrink = np.maximum(np.log(np.abs(lam)) - np.log(np.abs(gap)), NOWHERE)
        eta = np.select([kind == GROWS, kind == SHRINKS], [logit, shrink], log_rho - np.log(v))
        fast = np.select([kind == GROWS, kind == SHRINKS], [lam, s2 * v], -gap)
        return cls(size, kind, eta, slow * fast)

    def moved_to(self, eta: float, lam: Floats, s2: Floats, rule: Law) -> _Start:
        """Return the same modes at another point of their (growing) curves."""
        share = 1.0 / (1.0 + np.exp(-eta))
        v = lam / s2 * share
        etas = np.full_like(self.eta, eta)
        return _Start(v**rule.size_power, self.kind, etas, lam * v**rule.exponent)


def _line(rule: Law, kind: int) -> Curve:
    _checks.integer("depth", rule.depth, at_most=_checks.ROUNDS)  # knots of a curve grow with it
    a = rule.exponent
    if kind == GROWS:
        return curve(-a, a)
    return curve(a + 1.0, -(a + 1.0) if kind == SHRINKS else -1.0)


def _log_growth(kind: int, eta: Floats, move: Floats) -> Floats:
    """Return log(v / v at the start) after eta has moved."""
    if kind == VANISHES:
        return -move
    stop = eta + move
    # the change of log share, share = e^eta / (1 + e^eta), from the side on which nothing cancels
    near = np.log1p(np.exp(-np.abs(stop)))  # softplus of stop or of -stop, whichever is negative
    change = np.where(stop < 0, move - (near - softplus(eta)), softplus(-eta) - near)
    return np.asarray(change if kind == GROWS else -change)


def _fraction_coordinate(rule: Law, fraction: Floats) -> Floats:
    """Return logit(fraction^(order / L)) without cancellation for fractions near 1."""
    return np.asarray(-np.log(np.expm1(-np.log(fraction) / rule.size_power)))


def _fill_times(
    time: Floats,
    rule: Law,
    begin: _Start,
    stop: Floats,
    where: Flags,
    move: Floats | None = None,
) -> None:
    move = stop - begin.eta if move is None else move
    for kind in (GROWS, SHRINKS, VANISHES):
        rows = np.flatnonzero(where & (begin.kind == kind))
        if rows.size:
            mantissa, exponent = elapsed(_line(rule, kind), begin.eta[rows], stop[rows], move[rows])
            with np.errstate(over="ignore"):  # a time beyond the largest float is infinite
                span = mantissa / begin.rate[rows] * np.exp(exponent)
            time[rows] = span / rule.pace


def _columns(mode: Mode, size: Floats) -> tuple[Floats, Floats, Floats]:
    return mode.covariance.ravel(), mode.variance.ravel(), size.ravel()
