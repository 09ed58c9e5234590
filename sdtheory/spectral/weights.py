"""Three ways to write the weights of several rounds, and the maps between them.

A student after r rounds keeps, with a = d / (d + lam) and x = 1 - a,

    xi      f_k = a ((1 - xi_k) + xi_k f_{k-1}), k = 1..r      per-step weights, first round first
    powers  f = c_0 a + c_1 a**2 + ... + c_r a**(r + 1)          c sums to one
    taylor  f = a (1 + w_1 x + ... + w_r x**r)                   w is free

Risks are quadratic in `powers` and in `taylor`, never in `xi`: optimise there, convert at the end.
Not every c comes from some xi. With the tails T_i = c_i + ... + c_r, xi_{r-i+1} = T_i / T_{i-1}, so
the points where a tail vanishes and a later one does not are out of reach: there |xi| is infinite.
Arrays run along the last axis, with any leading axes.
"""

from __future__ import annotations

from math import comb

from sdtheory import _checks
from sdtheory._array import Array, eps, namespace, place

__all__ = [
    "powers_from_taylor",
    "powers_from_xi",
    "reachable",
    "taylor_from_powers",
    "taylor_from_xi",
    "xi_from_powers",
    "xi_from_taylor",
]


def powers_from_xi(xi: Array) -> Array:
    """Return c (..., r + 1) of the per-step weights xi (..., r).

    >>> powers_from_xi([0.5, -1.0, 2.0])
    array([-1.,  4., -1., -1.])
    """
    xi = _vectors("xi", xi)
    xp = namespace(xi)
    one = xp.ones_like(xi[..., :1])
    # T_0 = 1 and T_i is the product of the last i weights.
    tails = xp.concat([one, xp.cumulative_prod(xp.flip(xi, axis=-1), axis=-1)], axis=-1)
    return tails - xp.concat([tails[..., 1:], xp.zeros_like(one)], axis=-1)


def xi_from_powers(powers: Array) -> Array:
    """Return per-step weights xi (..., r) of c (..., r + 1), which must sum to one.

    Raises ValueError for a point out of reach (see `reachable`). A round that does not matter,
    because a later one ignores its teacher, gets weight 0.

    >>> xi_from_powers([-1.0, 4.0, -1.0, -1.0])
    array([ 0.5, -1. ,  2. ])
    """
    powers = _vectors("powers", powers)
    xp = namespace(powers)
    tails, _ = _tails(powers)
    if bool(xp.any(xp.abs(tails[..., :1] - 1.0) > _slack(powers))):
        raise ValueError(f"powers must sum to one, got {_checks.show(powers)}")
    return _per_step("powers", powers, tails)


def reachable(powers: Array) -> Array:
    """Say whether c (..., r + 1) comes from finite per-step weights.

    >>> reachable([[1.0, -1.0, 1.0], [0.5, 0.25, 0.25]])
    array([False,  True])
    """
    return _reachable(_tails(_vectors("powers", powers))[1])


def taylor_from_powers(powers: Array) -> Array:
    """Return w (..., r) of c (..., r + 1): w_k = (-1)**k sum_i binom(i, k) c_i.

    >>> taylor_from_powers([-1.0, 4.0, -1.0, -1.0])
    array([ 1., -4.,  1.])
    """
    powers = _vectors("powers", powers)
    return (powers @ _binomials(powers, powers.shape[-1]))[..., 1:]


def powers_from_taylor(taylor: Array) -> Array:
    """Return c (..., r + 1) of w (..., r); the same formula, with w_0 = 1 put in front.

    >>> powers_from_taylor([1.0, -4.0, 1.0])
    array([-1.,  4., -1., -1.])
    """
    taylor = _vectors("taylor", taylor)
    xp = namespace(taylor)
    full = xp.concat([xp.ones_like(taylor[..., :1]), taylor], axis=-1)
    return full @ _binomials(full, full.shape[-1])


def taylor_from_xi(xi: Array) -> Array:
    """Return w (..., r) of per-step weights xi (..., r); one round is w_1 = -xi_1.

    >>> taylor_from_xi([0.5, -1.0, 2.0])
    array([ 1., -4.,  1.])
    """
    return taylor_from_powers(powers_from_xi(xi))


def xi_from_taylor(taylor: Array) -> Array:
    """Return per-step weights of w (..., r); raises ValueError where they would be infinite.

    >>> xi_from_taylor([1.0, -4.0, 1.0])
    array([ 0.5, -1. ,  2. ])
    """
    taylor = _vectors("taylor", taylor)
    xp = namespace(taylor)
    # The tails themselves, T_i = (-1)**i sum_k binom(k - 1, i - 1) w_k: summing up c would cancel.
    tails = -(taylor @ _binomials(taylor, taylor.shape[-1]))
    tails = xp.concat([xp.ones_like(taylor[..., :1]), tails], axis=-1)
    return _per_step("taylor", powers_from_taylor(taylor), tails)


def _vectors(name: str, value: Array) -> Array:
    result = _checks.array(name, value)
    if result.ndim == 0:
        raise ValueError(f"{name} must have at least one axis, got the number {float(result):g}")
    return result


def _binomials(like: Array, count: int) -> Array:
    if count > 1000:
        raise ValueError(f"weights must number at most 1000, got {count}: binomials overflow")
    rows = [[(-1.0) ** k * comb(i, k) for k in range(count)] for i in range(count)]
    return place(rows, like)


def _tails(powers: Array) -> tuple[Array, Array]:
    """Return the tail sums and which of them vanish up to rounding."""
    xp = namespace(powers)
    tails = xp.flip(xp.cumulative_sum(xp.flip(powers, axis=-1), axis=-1), axis=-1)
    return tails, xp.abs(tails) <= _slack(powers)


def _per_step(name: str, powers: Array, tails: Array) -> Array:
    """Return the quotients of neighbouring tails, the last first."""
    xp = namespace(powers)
    vanishing = xp.abs(tails) <= _slack(powers)
    if not bool(xp.all(_reachable(vanishing))):
        raise ValueError(
            f"{name} must be reachable: a tail sum c_i + ... + c_r vanishes where a later one does "
            f"not, so some xi would be infinite, got c = {_checks.show(powers)}"
        )
    before = xp.where(vanishing, xp.ones_like(tails), tails)[..., :-1]
    after = xp.where(vanishing, xp.zeros_like(tails), tails)[..., 1:]
    return xp.flip(after / before, axis=-1)


def _slack(powers: Array) -> Array:
    xp = namespace(powers)
    return 2 * powers.shape[-1] * eps(powers) * xp.sum(xp.abs(powers), axis=-1, keepdims=True)


def _reachable(vanishing: Array) -> Array:
    # Once a tail vanishes, every later one must.
    xp = namespace(vanishing)
    return xp.all(vanishing[..., 1:] | ~vanishing[..., :-1], axis=-1)
