"""Logistic regression on random labels, reduced to two margins.

Balanced classes of unit vectors with inner product c inside a class and c' across; a fraction p
of the labels of each class is flipped. By symmetry the fit has two margins towards the true
class, f_g (good points) and f_b (flipped points), and with centred targets tau = t - 1/2

    f = own (tau - delta(f)) + u,     delta(f) = sigmoid(f) - 1/2,
    u = shared [ (1-p) (tau_g - delta(f_g)) + p (tau_b - delta(f_b)) ],

own = (1-c) / (2 n penalty), shared = (c-c') / (2 penalty). What remains is one increasing
equation in u. Targets may be any real numbers: mixing weights outside [0, 1] need no care.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .prox import centred_prox, centred_sigmoid
from .roots import Floats, Indices, increasing_root

__all__ = ["Margins", "chain", "distilled_targets", "solve_margins"]

# Blocks that fit in the cache: three times faster than one pass over a million settings.
_BLOCK = 1 << 14


class Margins(NamedTuple):
    """Margins towards the true class: shared part, good points, flipped points."""

    shared: Floats
    good: Floats
    flipped: Floats


def solve_margins(
    good: Floats | float,
    bad: Floats | float,
    flipped: Floats | float,
    own: Floats | float,
    shared: Floats | float,
) -> Margins:
    """Return the margins for centred targets `good` and `bad`, elementwise (no checks).

    With ``shared = inf`` the mean target must lie strictly inside (-1/2, 1/2).
    """
    shape = np.broadcast_shapes(*(np.shape(v) for v in (good, bad, flipped, own, shared)))
    flat = [
        np.broadcast_to(np.asarray(v, float), shape).ravel()
        for v in (good, bad, flipped, own, shared)
    ]
    count = math.prod(shape)
    out = np.empty((3, count))
    for begin in range(0, count, _BLOCK):
        block = slice(begin, begin + _BLOCK)
        out[:, block] = _solve_block(*(v[block] for v in flat))
    return Margins(*out.reshape(3, *shape))


def chain(
    flipped: Floats | float,
    own: Floats | float,
    shared: Floats | float,
    steps: int,
    xi: Floats | float = 1.0,
    sharpness: Floats | float = 1.0,
) -> Margins:
    """Return the margins of the student after `steps` rounds; 0 is the teacher (no checks).

    `sharpness` is the inverse temperature of the teacher's logits; inf makes hard labels.
    """
    half = np.asarray(0.5)
    margins = solve_margins(half, -half, flipped, own, shared)
    for _ in range(steps):
        targets = distilled_targets(margins, xi, sharpness)
        margins = solve_margins(*targets, flipped, own, shared)
    return margins


def distilled_targets(
    teacher: Margins, xi: Floats | float, sharpness: Floats | float
) -> tuple[Floats, Floats]:
    """Return the centred targets xi * teacher + (1 - xi) * given label, good and flipped."""
    good, bad = (_soft(f, sharpness) for f in (teacher.good, teacher.flipped))
    return xi * good + (1 - xi) * 0.5, xi * bad - (1 - xi) * 0.5


def _soft(f: Floats, sharpness: Floats | float) -> Floats:
    """Return sigmoid(sharpness * f) - 1/2; infinite sharpness is the sign, a tie stays a tie."""
    hard = np.isinf(sharpness)
    soft = centred_sigmoid(np.where(hard, 1.0, sharpness) * f)
    return np.where(hard, 0.5 * np.sign(f), soft)


def _solve_block(
    good: Floats, bad: Floats, flipped: Floats, own: Floats, shared: Floats
) -> tuple[Floats, Floats, Floats]:
    low, high = _bracket(good, bad, flipped, own, shared)
    infinite = np.isinf(shared)
    # weight * (own equation of u): finite for shared = 0 and for shared = inf alike.
    weight = 1 / (1 + shared)
    rest = np.divide(shared, 1 + shared, out=np.ones(shared.shape), where=~infinite)
    mean = (1 - flipped) * good + flipped * bad
    linear = 4 * rest / (4 * weight + own * weight + rest) * mean

    def excess(u: Floats, i: Indices) -> tuple[Floats, Floats]:
        k, p = own[i], flipped[i]
        d_g = centred_sigmoid(centred_prox(k * good[i] + u, k))
        d_b = centred_sigmoid(centred_prox(k * bad[i] + u, k))
        s_g, s_b = (0.25 - d_g * d_g), (0.25 - d_b * d_b)
        value = weight[i] * u - rest[i] * ((1 - p) * (good[i] - d_g) + p * (bad[i] - d_b))
        slope = (1 - p) * s_g / (1 + k * s_g) + p * s_b / (1 + k * s_b)
        return value, weight[i] + rest[i] * slope

    noise = own * np.maximum(np.abs(good), np.abs(bad))
    u = increasing_root(excess, linear, low, high, noise)
    return u, centred_prox(own * good + u, own), centred_prox(own * bad + u, own)


def _bracket(
    good: Floats, bad: Floats, flipped: Floats, own: Floats, shared: Floats
) -> tuple[Floats, Floats]:
    """Return bounds of u: |u / shared - mean| < 1/2, and u between 0 and its value at inf.

    At shared = inf the margins average to a mean probability, so u lies within `own` times the
    spread of the targets of logit(mean target); dividing by a finite `shared` moves it towards 0.
    """
    mean = (1 - flipped) * good + flipped * bad
    finite = np.where(np.isinf(shared), 0.0, shared)
    low, high = finite * (mean - 0.5), finite * (mean + 0.5)
    inside = np.abs(mean) < 0.5
    logit = 2 * np.arctanh(np.where(inside, 2 * mean, 0.0))
    lowest = logit + own * (mean - np.maximum(good, bad))
    highest = logit + own * (mean - np.minimum(good, bad))
    infinite = np.isinf(shared)
    low_limit = np.where(infinite, lowest, np.maximum(low, np.minimum(lowest, 0.0)))
    high_limit = np.where(infinite, highest, np.minimum(high, np.maximum(highest, 0.0)))
    return np.where(inside, low_limit, low), np.where(inside, high_limit, high)
