"""Filters: what ridge regression and its self-distilled students keep of each spectral mode.

A student after `steps` rounds predicts `kept * z` in the mode with eigenvalue `d` and target
coordinate `z`. The teacher is `steps = 0`. Round k is ridge regression with penalty `lam_k` on the
target `xi_k * teacher + (1 - xi_k) * labels`; any real `xi_k` is legal.

Shapes. `eigenvalues` is (..., r). `lam` and `xi` are numbers, or schedules (one axis: `steps`
weights, `steps + 1` penalties with the teacher's first), or constants on a grid (two axes or more,
broadcast against `eigenvalues`). Results have the broadcast shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdtheory import _checks
from sdtheory._array import Array, first, is_array, namespace, place, size
from sdtheory.spectral._rounds import closed_form, kept_and_lost, recursion

__all__ = [
    "Filter",
    "convergence_interval",
    "distill",
    "distilled",
    "effective_penalty",
    "fixed_point",
    "limit",
    "powers",
    "ridge",
    "taylor",
    "taylor_directions",
]


@dataclass(frozen=True, slots=True)
class Filter:
    """One spectral filter, in the three forms that no later formula can recover from another.

    A filter in a stack of directions holds changes: there `lost` is `-kept`.

    >>> import numpy as np
    >>> teacher = distill([1.0, 3.0], lam=1.0, xi=0.0, steps=0)
    >>> teacher.kept, teacher.lost, teacher.coefficient
    (array([0.5 , 0.75]), array([0.5 , 0.25]), array([0.5 , 0.25]))
    >>> teacher.plus(taylor_directions([1.0, 3.0], 1.0, steps=1), np.array([-0.5])).kept  # xi = 0.5
    array([0.375  , 0.65625])
    """

    kept: Array
    """Fraction of each target coordinate that the prediction keeps, f."""
    lost: Array
    """1 - f, computed without the subtraction."""
    coefficient: Array
    """f / d, finite at d = 0: predictions at new points are projections times this times z."""

    def plus(self, directions: Filter, weights: Array) -> Filter:
        """Return this filter moved by `weights` (k,) along a stack of k directions."""
        _checks.instance("directions", directions, Filter)
        xp = namespace(self.kept)
        weights = _checks.array("weights", weights, like=self.kept, ndim=1, empty=True)
        if tuple(directions.kept.shape) != (weights.shape[0], self.kept.shape[-1]):
            raise ValueError(
                f"directions must be a stack of {weights.shape[0]} filters of "
                f"{self.kept.shape[-1]} modes, got shape {tuple(directions.kept.shape)}"
            )
        return Filter(
            self.kept + xp.tensordot(weights, directions.kept, axes=1),
            self.lost + xp.tensordot(weights, directions.lost, axes=1),
            self.coefficient + xp.tensordot(weights, directions.coefficient, axes=1),
        )


def ridge(eigenvalues: Array, lam: Array) -> Array:
    """Return what the teacher keeps, d / (d + lam).

    >>> ridge([1.0, 3.0], 1.0)
    array([0.5 , 0.75])
    """
    return distill(eigenvalues, lam, [], steps=0).kept


def distilled(eigenvalues: Array, lam: Array, xi: Array, steps: int | Array | None = None) -> Array:
    """Return what the student keeps after `steps` rounds; see `distill`.

    >>> distilled([1.0, 3.0], 1.0, xi=1.0)  # a pure student squares the teacher's filter
    array([0.25  , 0.5625])
    """
    return distill(eigenvalues, lam, xi, steps).kept


def limit(eigenvalues: Array, lam: Array, xi: Array) -> Array:
    """Return what is kept after infinitely many rounds: ridge with penalty lam / (1 - xi).

    >>> limit([1.0, 3.0], 1.0, xi=0.5)
    array([0.33333333, 0.6       ])
    """
    return fixed_point(eigenvalues, lam, xi).kept


def distill(eigenvalues: Array, lam: Array, xi: Array, steps: int | Array | None = None) -> Filter:
    """Return the filter of the student after `steps` rounds of self-distillation.

    With a = d / (d + lam) and f_{-1} = 1, f_k = a_k ((1 - xi_k) + xi_k f_{k-1}) and f is f_steps.
    For constant xi and lam this sums to a (1 - xi) G + rho**(steps + 1), where rho = xi a and
    G = 1 + rho + ... + rho**steps: a closed form, whose cost does not depend on `steps`.

    Parameters
    ----------
    eigenvalues : array (..., r)
        Eigenvalues of the kernel matrix, or squared singular values of the design; at least 0.
    lam : float or array
        Ridge penalty in the sum convention, at least 0; a number, schedule or grid.
    xi : float or array
        Weight on the teacher; a number, schedule or grid.
    steps : int or array, optional
        Rounds after the teacher. Default: the length of the schedule, or 1. An array (constant xi
        and lam only) broadcasts against `eigenvalues`.

    Returns
    -------
    Filter
        At d = lam = 0 nothing is kept: the pseudo-inverse convention. A chain whose power of xi a
        exceeds the range of the dtype is infinite.

    Examples
    --------
    >>> distill([1.0, 3.0], 1.0, xi=[1.0, -1.0]).kept
    array([0.875   , 1.078125])
    """
    d, lam, xi, steps = _arguments(eigenvalues, lam, xi, steps)
    if isinstance(steps, int):
        if lam.ndim == 1 or xi.ndim == 1 or steps == 0:
            return Filter(*recursion(d, lam, xi, steps))
        steps = place(float(steps), like=d)
    return Filter(*closed_form(d, lam, xi, steps))


def fixed_point(eigenvalues: Array, lam: Array, xi: Array) -> Filter:
    """Return the filter after infinitely many rounds with constant xi and lam.

    It is (1 - xi) d / ((1 - xi) d + lam): ridge regression with penalty lam / (1 - xi), for xi = 1
    nothing. Raises ValueError unless xi lies in the `convergence_interval`.

    >>> fixed_point([1.0, 3.0], 1.0, xi=0.5).lost
    array([0.66666667, 0.4       ])
    """
    d, lam, xi, _ = _arguments(eigenvalues, lam, xi, None)
    if lam.ndim == 1 or xi.ndim == 1:
        raise ValueError("xi and lam must be constant for the limit, got a schedule")
    xp = namespace(d)
    kept = kept_and_lost(d, lam)[1]
    # Without a penalty every student is the teacher, whatever xi.
    converges = (xp.abs(xi * kept) < 1) | (lam == 0)
    if not bool(xp.all(converges)):
        low, high = convergence_interval(d, first(xp.min(lam)))
        raise ValueError(
            f"xi must satisfy |xi| d / (d + lam) < 1 for the rounds to converge, that is (at the "
            f"smallest lam) lie in ({low:.6g}, {high:.6g}), got {_checks.show(xi)}"
        )
    d, lam, xi = xp.broadcast_arrays(d, lam, xi)
    share = xp.where(lam == 0, xp.ones_like(xi), 1.0 - xi)
    remaining = share * d + lam
    empty = remaining == 0
    remaining = xp.where(empty, xp.ones_like(remaining), remaining)
    coefficient = xp.where(empty, xp.zeros_like(d), share / remaining)
    return Filter(d * coefficient, xp.where(empty, xp.ones_like(d), lam / remaining), coefficient)


def convergence_interval(eigenvalues: Array, lam: float) -> tuple[float, float]:
    """Return the open interval of constant xi for which infinitely many rounds converge.

    It is |xi| < 1 + lam / d_max, wider than [-1, 1]; without a limit where nothing can be learned
    (all eigenvalues zero) or nothing is lost (lam = 0: every student is the teacher).

    >>> convergence_interval([1.0, 4.0], 1.0)
    (-1.25, 1.25)
    """
    d = _checks.array("eigenvalues", eigenvalues, at_least=0, empty=True)
    lam = _checks.number("lam", lam, at_least=0)
    top = first(namespace(d).max(d)) if size(d) > 0 else 0.0
    if top == 0 or lam == 0:
        return -float("inf"), float("inf")
    edge = 1.0 + lam / top
    return -edge, edge


def effective_penalty(filter: Filter) -> Array:  # noqa: A002 - the natural name
    """Return the penalty of the ridge regression that keeps as much of each mode.

    It is d (1 - f) / f, computed as lost / coefficient and so finite at d = 0; infinite where
    nothing is kept, negative where f lies outside [0, 1].

    >>> effective_penalty(distill([1.0, 3.0], 1.0, xi=0.5))
    array([1.66666667, 1.57142857])
    """
    _checks.instance("filter", filter, Filter)
    xp = namespace(filter.kept)
    nothing = filter.coefficient == 0
    safe = xp.where(nothing, xp.ones_like(filter.coefficient), filter.coefficient)
    return xp.where(nothing, xp.full_like(safe, float("inf")), filter.lost / safe)


def taylor(eigenvalues: Array, lam: float, weights: Array) -> Filter:
    """Return the filter a (1 + w_1 x + ... + w_r x**r), where x = lam / (d + lam).

    `weights` are w_1, ..., w_r: the student moves along the Taylor coefficients of the ridge path.
    One round is w_1 = -xi.

    >>> taylor([1.0, 3.0], 1.0, [-1.0]).kept
    array([0.25  , 0.5625])
    """
    d = _checks.array("eigenvalues", eigenvalues, ndim=1, at_least=0, empty=True)
    weights = _checks.array("weights", weights, like=d, ndim=1)
    return distill(d, lam, [], steps=0).plus(taylor_directions(d, lam, weights.shape[0]), weights)


def taylor_directions(eigenvalues: Array, lam: float, steps: int) -> Filter:
    """Return the stack (steps, r) of changes a x, a x**2, ... that `steps` rounds can combine.

    >>> taylor_directions([1.0, 3.0], 1.0, steps=2).kept
    array([[0.25    , 0.1875  ],
           [0.125   , 0.046875]])
    """
    inverse, kept, lost = _at_one_penalty(eigenvalues, lam)
    power = (
        _ascending(lost, _checks.integer("steps", steps, at_least=1, at_most=_checks.ROUNDS)) * lost
    )
    return Filter(kept * power, -kept * power, inverse * power)


def powers(eigenvalues: Array, lam: float, steps: int) -> Filter:
    """Return the stack (steps + 1, r) of pure students a, a**2, ..., a**(steps + 1).

    >>> powers([1.0, 3.0], 1.0, steps=1).kept
    array([[0.5   , 0.75  ],
           [0.25  , 0.5625]])
    """
    inverse, kept, lost = _at_one_penalty(eigenvalues, lam)
    power = _ascending(kept, _checks.integer("steps", steps, at_most=_checks.ROUNDS) + 1)
    total = namespace(kept).cumulative_sum(power, axis=0)
    return Filter(kept * power, lost * total, inverse * power)


def _at_one_penalty(eigenvalues: Array, lam: float) -> tuple[Array, Array, Array]:
    d = _checks.array("eigenvalues", eigenvalues, ndim=1, at_least=0, empty=True)
    return kept_and_lost(d, _checks.array("lam", lam, like=d, ndim=0, at_least=0))


def _ascending(base: Array, count: int) -> Array:
    """Return the stack 1, base, base**2, ... of `count` powers."""
    power = [namespace(base).ones_like(base)]
    for _ in range(count - 1):
        power.append(base * power[-1])
    return namespace(base).stack(power)


def _arguments(
    eigenvalues: Array, lam: Array, xi: Array, steps: Array
) -> tuple[Array, Array, Array, Array]:
    d = _checks.array("eigenvalues", eigenvalues, at_least=0, empty=True)
    lam = _checks.array("lam", lam, like=d, at_least=0)
    xi = _checks.array("xi", xi, like=d, empty=True)
    for name, value in (("lam", lam), ("xi", xi)):
        if value.ndim != 1:
            _broadcasts(name, value, d)
    if not (is_array(steps) and steps.ndim > 0):
        return d, lam, xi, _rounds(lam, xi, steps)
    if lam.ndim == 1 or xi.ndim == 1:
        raise ValueError(f"steps must be an integer for a schedule, got {_checks.show(steps)}")
    xp = namespace(steps)
    counts = xp.astype(steps, d.dtype) if xp.isdtype(steps.dtype, "integral") else steps
    counts = _checks.array("steps", counts, like=d, at_least=0)
    if bool(xp.any(counts != xp.floor(counts))):
        raise ValueError(f"steps must be whole numbers, got {_checks.show(steps)}")
    _broadcasts("steps", counts, d)
    return d, lam, xi, counts


def _broadcasts(name: str, value: Array, d: Array) -> None:
    if size(value) == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(value.shape)}")
    try:
        np.broadcast_shapes(tuple(value.shape), tuple(d.shape))
    except ValueError:
        shape = tuple(value.shape)
        raise ValueError(
            f"{name} must broadcast against eigenvalues {tuple(d.shape)}, got shape {shape}"
        ) from None


def _rounds(lam: Array, xi: Array, steps: object) -> int:
    lengths = {"xi": xi.shape[0]} if xi.ndim == 1 else {}
    if lam.ndim == 1:
        lengths["lam"] = lam.shape[0] - 1
    given = next(iter(lengths.values()), 1)
    wanted = given if steps is None else _checks.integer("steps", steps)
    for name, length in lengths.items():
        if length != wanted:
            entries = wanted + (name == "lam")
            raise ValueError(
                f"{name} must have {entries} entries for {wanted} rounds, got "
                f"{length + (name == 'lam')}"
            )
    return wanted
