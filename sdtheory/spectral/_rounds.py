"""The rounds of self-distillation in one mode: as a recursion, and summed in closed form.

Both return (kept, lost, coefficient). Arguments are arrays that have been checked.
"""

from __future__ import annotations

import numpy as np

from sdtheory._array import Array, cache_block, namespace, size
from sdtheory.spectral._powers import geometric

__all__ = ["closed_form", "kept_and_lost", "recursion"]

Parts = tuple[Array, Array, Array]


def kept_and_lost(d: Array, lam: Array) -> tuple[Array, Array, Array]:
    """Return 1 / (d + lam), d / (d + lam) and lam / (d + lam); 0, 0 and 1 at d = lam = 0."""
    xp = namespace(d)
    # Halves, because the sum of two numbers of the dtype need not be one.
    total = 0.5 * d + 0.5 * lam
    empty = total == 0
    safe = xp.where(empty, xp.ones_like(total), total)
    inverse = xp.where(empty, xp.zeros_like(total), 0.5 / safe)
    return inverse, 0.5 * d / safe, xp.where(empty, xp.ones_like(total), 0.5 * lam / safe)


def recursion(d: Array, lam: Array, xi: Array, steps: int) -> Parts:
    """Evaluate the rounds one by one, for schedules."""
    xp = namespace(d)
    grids = [p for p in (lam, xi) if p.ndim != 1]
    kept = mixture = xp.ones_like(sum(grids, start=d))
    lost, coefficient = xp.zeros_like(kept), kept
    # A chain may leave the range of the dtype on its way: that is an answer, not an accident.
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for k in range(steps + 1):
            inverse, a, x = kept_and_lost(d, lam[k] if lam.ndim == 1 else lam)
            if k > 0:
                weight = xi[k - 1] if xi.ndim == 1 else xi
                mixture = _mixture(weight, lost, 1.0 - weight, weight * kept)
                lost = xp.where(weight == 0, xp.zeros_like(lost), weight * lost)
            kept, coefficient, lost = a * mixture, inverse * mixture, x + a * lost
    return kept, lost, coefficient


def closed_form(d: Array, lam: Array, xi: Array, steps: Array) -> Parts:
    """Evaluate any number of rounds at once, for constant weight and penalty."""
    return _blockwise(list(namespace(d).broadcast_arrays(d, lam, xi, steps)))


def _blockwise(grid: list[Array]) -> Parts:
    """Evaluate a large grid piece by piece: the forty arrays of a piece stay in the cache."""
    shape, xp = grid[0].shape, namespace(grid[0])
    entries, block = size(grid[0]), cache_block(grid[0])
    if entries <= block:
        return _closed_form(*grid)
    axis = next(k for k, length in enumerate(shape) if length > 1)
    length, before = max(1, block * shape[axis] // entries), (slice(None),) * axis
    pieces = [
        (*before, slice(k, min(k + length, shape[axis])), ...)
        for k in range(0, shape[axis], length)
    ]
    parts = [_blockwise([values[piece] for values in grid]) for piece in pieces]
    kept, lost, coefficient = (xp.concat(part, axis=axis) for part in zip(*parts, strict=True))
    return kept, lost, coefficient


def _closed_form(d: Array, lam: Array, xi: Array, steps: Array) -> Parts:
    xp = namespace(d)
    one, zero = xp.ones_like(d), xp.zeros_like(d)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        inverse, a, x = kept_and_lost(d, lam)
        exact = (lam == 0) | (steps == 0)  # without a penalty every student is the teacher
        power, before, total = geometric(
            d, xp.where(lam == 0, one, lam), xp.where(exact, zero, xi), steps
        )
        diverged = ~xp.isfinite(total) & ~exact  # as the power is: it ends where its sum would
        before, total = xp.where(exact, zero, before), xp.where(exact, one, total)
        mixture = _mixture(xi, x * before, (1.0 - xi) * total, xi * power)
        lost = x * total
        # Beyond the range of the dtype 1 - lost is -lost.
        mixture = xp.where(exact, one, mixture)
        coefficient = xp.where(diverged, -lost / xp.where(d == 0, one, d), inverse * mixture)
        return xp.where(diverged, -lost, a * mixture), lost, coefficient


def _mixture(weight: Array, lost: Array, labels: Array, teacher: Array) -> Array:
    """Return what the target keeps of the labels, given what its teacher has lost of them.

    It is 1 - weight lost and also labels + teacher, the sum of what the two sources contribute: the
    form whose terms are smaller cancels less. Labels alone (weight 0) keep everything, however far
    the teacher has diverged.
    """
    xp = namespace(lost)
    first = 1.0 + xp.abs(weight * lost) < xp.abs(labels) + xp.abs(teacher)
    mixed = xp.where(first, 1.0 - weight * lost, labels + teacher)
    return xp.where(weight == 0, xp.ones_like(mixed), mixed)
