"""One universal curve for all mode laws: time as an integral of exp(p eta + q log(1 + e^eta)).

In a suitable coordinate eta every mode law reads d(theta)/d(eta) = weight(eta) with
weight = exp(phi), phi(eta) = p eta + q log(1 + e^eta). The integral spans hundreds of orders of
magnitude, so it is kept at knots in units of the local weight, where it is a tame number, and
continued between knots by Gauss-Legendre quadrature. Outside the knots phi is linear to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from sdtheory.jepa.modes import Flags, Floats

__all__ = ["Curve", "advance", "curve", "elapsed", "softplus"]

SPACING = 0.25  # of knots, in units of 1 / (1 + |phi'|): five nodes then reach rounding error
TAIL = -np.log(np.finfo(np.float64).eps)
_GAUSS = np.polynomial.legendre.leggauss(5)
_FINE_GAUSS = np.polynomial.legendre.leggauss(24)
Rule = tuple[Floats, Floats]  # Gauss-Legendre nodes and weights on [-1, 1]
BLOCK = 1 << 14  # elements treated at once, so that the work stays in cache
ROUNDS = 20
ENOUGH = 3e-5  # a fiftieth of its cube is left: rounding
TINY = np.finfo(np.float64).tiny
EDGE = -1.0 + np.finfo(np.float64).epsneg


@dataclass(frozen=True, slots=True)
class Curve:
    """Integral of the weight from a reference knot, at every knot in units of the weight there.

    `below[j]` is the integral from knot j up to the reference, for j up to the reference;
    `above[j]` the integral from the reference (or from minus infinity, where that converges).
    """

    p: float
    q: float
    reach: float  # knots lie within [-reach, reach]
    knots: Floats
    phi: Floats
    share: Floats  # e^eta / (1 + e^eta) at the knots
    reference: int
    below: Floats
    above: Floats
    key_below: Floats  # minus log of the integral itself: both keys ascend, for the search
    key_above: Floats


def softplus(eta: Floats) -> Floats:
    """Return log(1 + e^eta) without overflow."""
    return np.asarray(np.logaddexp(0.0, eta))


@lru_cache(maxsize=16)
def curve(p: float, q: float) -> Curve:
    """Tabulate the curve: from minus infinity if p > 0, else from the knee at e^eta = max(q, 1)."""
    reach = TAIL + np.log1p(abs(q))
    grid = np.linspace(-reach, reach, 20_001)
    # phi is monotone, so eta + |phi| is a clock that ticks faster where the weight bends
    clock = grid + np.abs(p * (grid - grid[0]) + q * (softplus(grid) - softplus(grid[:1])))
    clock -= clock[0]
    count = int(clock[-1] / SPACING) + 2
    knots = np.interp(np.linspace(0.0, clock[-1], count), clock, grid)
    phi = p * knots + q * softplus(knots)
    share = special.expit(knots)
    step = _local(p, q, share[:-1], np.diff(knots))
    growth = np.exp(np.diff(phi))
    reference = 0 if p > 0 else int(np.searchsorted(knots, np.log(max(q, 1.0))))
    below, above = np.zeros(count), np.zeros(count)
    if p > 0:
        above[0] = 1.0 / p
    for j in range(reference, count - 1):
        above[j + 1] = (above[j] + step[j]) / growth[j]
    for j in reversed(range(reference)):
        below[j] = below[j + 1] * growth[j] + step[j]
    with np.errstate(divide="ignore"):
        key_below = -np.log(below[: reference + 1]) - phi[: reference + 1]
        key_above = np.log(above[reference:]) + phi[reference:]
    return Curve(p, q, reach, knots, phi, share, reference, below, above, key_below, key_above)


def advance(line: Curve, start: Floats, drift: Floats) -> Floats:
    """Return how far eta moves from `start` while the integral grows by `drift` start weights.

    `start` has shape (n,) and `drift` (n,) or (n, T): several drifts from each start. A negative
    drift goes back.
    """
    above, level = _level(line, start)
    origin = np.where(above, level, -level)  # from the reference, in start weights
    phi = line.p * start + line.q * softplus(start)
    flat, each = drift.ravel(), drift.size // start.size
    result = np.empty_like(flat)
    for left in range(0, flat.size, BLOCK):
        part = slice(left, left + BLOCK)
        rows = np.arange(left, min(left + BLOCK, flat.size)) // each
        result[part] = _advance(line, start[rows], origin[rows], phi[rows], flat[part])
    return result.reshape(drift.shape)


def elapsed(
    line: Curve, start: Floats, stop: Floats, move: Floats | None = None
) -> tuple[Floats, Floats]:
    """Return (m, e): the integral from `start` up to `stop` is m exp(e) start weights.

    `move` is stop - start; give it where it is known to more digits than that difference has.
    """
    way = stop - start if move is None else move
    rise = _rise(line, start, way)
    above0, level0 = _level(line, start)
    above1, level1 = _level(line, stop)
    sign0, sign1 = np.where(above0, 1.0, -1.0), np.where(above1, 1.0, -1.0)
    # weights far above 1 are carried in the exponent, so that the mantissa cannot overflow
    excess = np.maximum(rise - 600.0, 0.0)
    total = sign1 * level1 * np.exp(rise - excess) - sign0 * level0 * np.exp(-excess)
    slope = np.maximum(np.abs(_slope(line, start)), np.abs(_slope(line, stop)))
    near = way * (1.0 + slope) < 4.0
    if near.any():  # where the difference would cancel, integrate directly
        share = special.expit(start[near])
        total[near] = _local(line.p, line.q, share, way[near], _FINE_GAUSS)
        excess[near] = 0.0
    return total, excess


def _advance(line: Curve, start: Floats, origin: Floats, phi0: Floats, drift: Floats) -> Floats:
    goal = origin + drift
    above = goal >= 0
    with np.errstate(divide="ignore"):
        key = np.log(np.abs(goal)) + phi0
    up = np.searchsorted(line.key_above, key, side="right") - 1 + line.reference
    down = np.searchsorted(line.key_below, -key, side="right") - 1
    panel = np.where(above, up, down)
    last = line.knots.size - 1
    # beyond the knots the weight is a pure exponential: whoever stays there measures from the start
    low, early = start < -line.reach, panel < 0
    tail = (low & early) | ((start > line.reach) & (drift > 0))
    panel = np.maximum(panel, 0)
    exponent = key - line.phi[panel]
    here = np.exp(np.minimum(exponent, 700.0))
    rest = np.where(above, here - line.above[panel], line.below[panel] - here)
    rest = np.where(tail, drift, rest)
    share = np.where(panel == last, 1.0, line.share[panel])
    move = _inverse_stretch(line.p + line.q * np.where(tail, ~low, share), rest)
    # exponents beyond only lengthen the last and the first, exponential piece
    far = np.where(tail, 0.0, np.maximum(exponent - 700.0, 0.0))
    if line.p + line.q > 0:
        move += np.where(panel == last, far, 0.0) / (line.p + line.q)
    if line.p < 0:
        move += np.where(early, far, 0.0) / line.p
    inside = ~(tail | early) & (panel < last)
    move[inside] = _newton(line, share[inside], rest[inside], move[inside])
    move = np.where(tail, move, line.knots[panel] - start + move)
    return np.where(drift == 0, 0.0, move)


def _newton(line: Curve, share: Floats, rest: Floats, move: Floats) -> Floats:
    """Solve local integral(move) = rest within a panel, from the move at a constant slope.

    The weight changes by e^SPACING at most there, so that steps contract from anywhere.
    """
    slope = line.p + line.q * share
    bend = line.q * share * (1.0 - share)  # phi'': one round then does it
    move = move - bend * move**3 / 6.0 * (1.0 - 0.25 * slope * move)
    for _ in range(ROUNDS):
        gap = _local(line.p, line.q, share, move) - rest
        stretch = np.expm1(move)
        ratio = np.exp(line.p * move + line.q * np.log1p(share * stretch))
        slope = line.p + line.q * share * (1.0 + stretch) / (1.0 + share * stretch)
        newton = gap / ratio
        change = newton / (1.0 - 0.5 * slope * newton)  # Halley: phi' is known for free
        move = move - change
        # cubic convergence: a change this small leaves less than rounding
        if bool(np.all(np.abs(change) * (1.0 + np.abs(slope)) < ENOUGH)):
            break
    return move


def _local(p: float, q: float, share: Floats, move: Floats, rule: Rule = _GAUSS) -> Floats:
    """Integrate the weight over `move` from a point, in units of the weight there."""
    total = np.zeros_like(move)
    for node, weight in zip(*rule, strict=True):
        part = 0.5 * (1.0 + node) * move
        total += 0.5 * weight * np.exp(p * part + q * np.log1p(share * np.expm1(part)))
    return total * move


def _level(line: Curve, eta: Floats) -> tuple[Flags, Floats]:
    """Return (above the reference?, integral between eta and the reference in weights at eta)."""
    inner = np.clip(eta, -line.reach, line.reach)
    panel = np.searchsorted(line.knots[1:-1], inner, side="right")
    move = inner - line.knots[panel]
    part = _local(line.p, line.q, line.share[panel], move)
    stretch = np.exp(line.p * move + line.q * np.log1p(line.share[panel] * np.expm1(move)))
    above = panel >= line.reference
    level = np.where(above, line.above[panel] + part, line.below[panel] - part) / stretch
    right, left = np.maximum(eta - line.reach, 0.0), np.maximum(-line.reach - eta, 0.0)
    slope = line.p + line.q
    level = level * np.exp(-slope * right) + _stretch(-slope, right)
    if line.p <= 0:  # else a converging integral starts at minus infinity, 1 / p weights before
        level = level * np.exp(line.p * left) + _stretch(line.p, left)
    return above, level


def _rise(line: Curve, start: Floats, move: Floats) -> Floats:
    """Return phi(start + move) - phi(start)."""
    return np.asarray(line.p * move + line.q * (softplus(start + move) - softplus(start)))


def _slope(line: Curve, eta: Floats) -> Floats:
    return np.asarray(line.p + line.q * np.exp(-softplus(-eta)))


def _stretch(slope: float, move: Floats) -> Floats:
    """Return the integral of exp(slope t) over [0, move]."""
    return np.asarray(np.expm1(slope * move) / slope) if slope else move


def _inverse_stretch(slope: Floats, area: Floats) -> Floats:
    """Return the `move` at which the integral of exp(slope t) over [0, move] is `area`."""
    flat = np.abs(slope * area) < TINY
    safe = np.where(flat, 1.0, slope)
    return np.asarray(np.where(flat, area, np.log1p(np.maximum(safe * area, EDGE)) / safe))
