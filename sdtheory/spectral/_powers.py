"""High powers and geometric sums of rho = xi d / (d + lam), to the last digits.

After a billion constant rounds an error of one part in 1e16 in rho has grown to 1e-7. The rounding
errors of rho and of 1 - rho are therefore computed exactly (error-free transformations) and
their effect is put back to first order, which leaves nothing visible.
"""

from __future__ import annotations

import math

from sdtheory._array import Array, namespace

__all__ = ["geometric"]


def geometric(d: Array, lam: Array, xi: Array, steps: Array) -> tuple[Array, Array, Array]:
    """Return rho**n, 1 + ... + rho**(n - 1) and 1 + ... + rho**n for rho = xi d / (d + lam).

    n is `steps`. Broadcasts; needs d + lam > 0. A power beyond the range of the dtype is infinite.
    """
    xp = namespace(d)
    # In units in which the larger of d and lam is about one: a power of two, so nothing is rounded.
    size = xp.floor(xp.log2(xp.maximum(d, lam)))
    unit = 2.0 ** -xp.clip(size, -1000.0, 1000.0)
    d, lam = d * unit, lam * unit
    total, total_error = _two_sum(d, lam)
    rho = xi * (d / total)
    # 1 - |rho|, free of cancellation: (lam + (1 - |xi|) d) / (d + lam) with an exact numerator.
    remainder, remainder_error = _two_sum(xp.ones_like(xi), -xp.abs(xi))
    product, product_error = _two_product(remainder, d)
    numerator, numerator_error = _two_sum(lam, product)
    gap = (numerator + (numerator_error + product_error + remainder_error * d)) / total
    exponent = _relative_error_of_rho(d, total, total_error, xi, rho) * steps
    power = _power(rho, steps) * xp.exp(_finite(exponent))
    before = _sum(rho, gap, steps, power)
    # For large |rho| the last power is nearly all of the sum; elsewhere the two may cancel.
    after = _sum(rho, gap, steps + 1.0, rho * xp.where(xp.abs(rho) > 2.0, 0.0 * rho, power))
    steep = xp.where(xp.isfinite(power), power + before, power)
    return power, before, xp.where(xp.abs(rho) > 2.0, steep, after)


def _sum(rho: Array, gap: Array, count: Array, power: Array) -> Array:
    """Return 1 + rho + ... + rho**(count - 1), given 1 - |rho| and rho**count.

    It is (1 - rho**count) / (1 - rho). Near |rho| = 1 the numerator is a difference of nearly equal
    numbers; expm1 has none.
    """
    xp = namespace(rho)
    zero, one = xp.zeros_like(gap), xp.ones_like(gap)
    exponent = count * xp.log1p(-xp.where(xp.abs(gap) < 0.5, gap, zero))
    near = (xp.abs(exponent) < 0.5) & (xp.abs(gap) < 0.5)
    fall = -xp.expm1(xp.where(near, exponent, zero))
    fall = xp.where((rho < 0) & _odd(count), 2.0 - fall, fall)
    fall = xp.where(near, fall, 1.0 - xp.where(near, zero, power))
    divisor = xp.where(rho < 0, 1.0 - rho, gap)
    return xp.where(divisor == 0, count, fall / xp.where(divisor == 0, one, divisor))


def _power(rho: Array, steps: Array) -> Array:
    xp = namespace(rho)
    size, steps = xp.broadcast_arrays(xp.abs(rho), steps)
    # An overflowing power is an answer (the chain diverges), not an accident: compute it quietly.
    limit = math.log(float(xp.finfo(size.dtype).max))
    log = xp.log(xp.where(size == 0, xp.ones_like(size), size))
    # The geometric sum is at most steps + 1 times as large, or twice for |rho| > 2.
    overflow = steps * log + xp.log1p(steps) > 0.99 * limit
    underflow = (steps * log < -1.1 * limit) | ((size == 0) & (steps > 0))
    quiet = overflow | underflow
    result = xp.where(quiet, xp.ones_like(size), size) ** xp.where(
        quiet, xp.ones_like(steps), steps
    )
    result = xp.where(overflow, xp.full_like(size, float("inf")), result)
    result = xp.where(underflow, xp.zeros_like(size), result)
    return xp.where((rho < 0) & _odd(steps), -result, result)


def _finite(values: Array) -> Array:
    xp = namespace(values)
    return xp.where(xp.isfinite(values), values, xp.zeros_like(values))


def _odd(count: Array) -> Array:
    return count - 2.0 * namespace(count).floor(0.5 * count) == 1.0


def _relative_error_of_rho(
    d: Array, total: Array, total_error: Array, xi: Array, rho: Array
) -> Array:
    """Return (exact - rho) / exact to first order."""
    xp = namespace(d)
    wanted, wanted_error = _two_product(xi, d)
    got, got_error = _two_product(rho, total)
    gap = (wanted - got) + (wanted_error - got_error - rho * total_error)
    return gap / xp.where(wanted == 0, xp.ones_like(wanted), wanted)


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return a + b and its rounding error (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """Return a * b and its rounding error (Dekker)."""
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _split(a: Array) -> tuple[Array, Array]:
    digits = 27 if float(namespace(a).finfo(a.dtype).eps) < 1e-10 else 12
    shifted = (2.0**digits + 1.0) * a
    high = shifted - (shifted - a)
    return high, a - high
