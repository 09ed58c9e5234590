"""Roots of many scalar functions at once, each inside a bracket that a proof provides.

Both searches work on flat arrays and re-evaluate only the entries that have not converged. A
`function(x, active)` receives the current points of those entries and their indices.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Indices", "bracketed_root", "increasing_root"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_EPS = float(np.finfo(np.float64).eps)
# Newton's method needs about six steps; from here on every second step bisects, so that a
# bracket of any width still closes to rounding within _LIMIT steps.
_PATIENCE = 12
_LIMIT = 400
_FLAT = 1e-200


def increasing_root(
    function: Callable[[Floats, Indices], tuple[Floats, Floats]],
    start: Floats,
    low: Floats,
    high: Floats,
    noise: Floats,
) -> Floats:
    """Return the roots of increasing functions by Newton steps that never leave the bracket.

    `function` returns values and slopes. A root is accepted when the step is below 4 eps times
    `|x| + noise`; `noise` is the size of the terms that cancel in the function.
    """
    low, high = low.copy(), high.copy()
    x = np.clip(start, low, high)
    active = np.arange(x.size)
    for iteration in range(_LIMIT):
        here = x[active]
        value, slope = function(here, active)
        low[active] = np.where(value <= 0, here, low[active])
        high[active] = np.where(value >= 0, here, high[active])
        below, above = low[active], high[active]
        # A slope that underflows asks for a step out of the bracket, which bisects.
        new = here - value / np.maximum(slope, _FLAT)
        inside = (new > below) & (new < above)
        if iteration >= _PATIENCE and iteration % 2:
            inside[:] = False
        new = np.where(inside, new, below + 0.5 * (above - below))
        x[active] = new
        moved = np.abs(new - here)
        active = active[moved > 4 * _EPS * (np.abs(new) + noise[active])]
        if active.size == 0:
            break
    return x


def bracketed_root(
    function: Callable[[Floats, Indices], Floats], low: Floats, high: Floats
) -> Floats:
    """Return the points where continuous functions change sign, by Chandrupatla's method.

    The signs at `low` and `high` must differ (a zero counts as either). Every step either
    interpolates through the last three points or bisects; the bracket always shrinks.
    """
    everything = np.arange(low.size)
    b, a = low.copy(), high.copy()
    fb, fa = function(b, everything), function(a, everything)
    c, fc = a.copy(), fa.copy()
    best = np.where(np.abs(fa) < np.abs(fb), a, b)
    where = np.full(low.size, 0.5)
    active = everything[(fa != 0) & (fb != 0)]
    for _ in range(_LIMIT):
        if active.size == 0:
            break
        A, B = a[active], b[active]
        x = A + where[active] * (B - A)
        fx = function(x, active)
        same = np.sign(fx) == np.sign(fa[active])
        c[active], fc[active] = np.where(same, A, B), np.where(same, fa[active], fb[active])
        b[active] = np.where(same, B, A)
        fb[active] = np.where(same, fb[active], fa[active])
        a[active], fa[active] = x, fx
        nearer_a = np.abs(fa[active]) < np.abs(fb[active])
        best[active] = np.where(nearer_a, a[active], b[active])
        width = np.abs(b[active] - a[active])
        margin = 2 * _EPS * np.abs(best[active]) + np.finfo(np.float64).tiny
        unfinished = (width > 2 * margin) & (fx != 0)
        where[active] = _next_fraction(
            a[active], b[active], c[active], fa[active], fb[active], fc[active], margin
        )
        active = active[unfinished]
    return best


def _next_fraction(
    a: Floats, b: Floats, c: Floats, fa: Floats, fb: Floats, fc: Floats, margin: Floats
) -> Floats:
    """Return where between a and b to look next: inverse quadratic if it is safe, else half."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
        t = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        edge = np.minimum(0.5, margin / np.abs(b - a))
    t = np.where(safe & np.isfinite(t), t, 0.5)
    edge = np.where(np.isfinite(edge), edge, 0.5)
    return np.clip(t, edge, 1 - edge)
