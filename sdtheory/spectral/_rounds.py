"""The rounds of self-distillation in one mode: as a recursion, and summed in closed form.

Both return (kept, lost, coefficient). Arguments are arrays that have been checked.
"""

from __future__ import annotations

from sdtheory._array import Array, namespace
from sdtheory.spectral._powers import geometric

__all__ = ["closed_form", "kept_and_lost", "recursion"]

Parts = tuple[Array, Array, Array]


def kept_and_lost(d: Array, lam: Array) -> tuple[Array, Array, Array]:
    """Return 1 / (d + lam), d / (d + lam) and lam / (d + lam); 0, 0 and 1 at d = lam = 0."""
    xp = namespace(d)
    total = d + lam
    empty = total == 0
    safe = xp.where(empty, xp.ones_like(total), total)
    inverse = xp.where(empty, xp.zeros_like(total), 1.0 / safe)
    return inverse, d / safe, xp.where(empty, xp.ones_like(total), lam / safe)


def recursion(d: Array, lam: Array, xi: Array, steps: int) -> Parts:
    """Evaluate the rounds one by one, for schedules."""
    xp = namespace(d)
    grids = [d] + [p for p in (lam, xi) if p.ndim != 1]
    kept = mixture = xp.ones_like(sum(grids[1:], start=d))
    lost = xp.zeros_like(kept)
    coefficient = kept
    for k in range(steps + 1):
        inverse, a, x = kept_and_lost(d, lam[k] if lam.ndim == 1 else lam)
        if k > 0:
            weight = xi[k - 1] if xi.ndim == 1 else xi
            mixture = (1.0 - weight) + weight * kept
            lost = weight * lost
        kept, coefficient, lost = a * mixture, inverse * mixture, x + a * lost
    return kept, lost, coefficient


def closed_form(d: Array, lam: Array, xi: Array, steps: Array) -> Parts:
    """Evaluate any number of rounds at once, for constant weight and penalty."""
    xp = namespace(d)
    d, lam, xi, steps = xp.broadcast_arrays(d, lam, xi, steps)
    inverse, kept, x = kept_and_lost(d, lam)
    one, zero = xp.ones_like(kept), xp.zeros_like(kept)
    exact = (lam == 0) | (steps == 0)  # the teacher; without a penalty every student is the teacher
    power, total = geometric(d, xp.where(lam == 0, one, lam), xp.where(exact, zero, xi), steps)
    total = xp.where(exact, one, total)
    diverged = ~(xp.isfinite(power) & xp.isfinite(total))
    finite_power, finite_total = xp.where(diverged, zero, power), xp.where(diverged, zero, total)
    mixture = xp.where(exact, one, (1.0 - xi) * finite_total + xi * finite_power)
    # Beyond the range of the dtype 1 - lost is -lost.
    lost = x * total
    coefficient = xp.where(diverged, -lost / xp.where(d == 0, one, d), inverse * mixture)
    return xp.where(diverged, -lost, d * coefficient), lost, coefficient
