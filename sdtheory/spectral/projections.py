"""Optimal weights are projections: least squares on the few directions that students can reach.

`minimise` is the whole theory of the best weight in one function: a base filter, the directions
that further rounds add to it, and a risk that is a sum of squares along them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, eps, first, is_array, namespace, place, to_numpy
from sdtheory.spectral.filters import Filter, distill, powers
from sdtheory.spectral.risks import QuadraticRisk, RatioRisk
from sdtheory.spectral.simplex import minimise_on_simplex

__all__ = ["Optimum", "constrained_weights", "minimise", "optimal_weights", "optimal_xi"]


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best student of a family of filters."""

    weights: Array
    """The weights (k,) in the parametrisation of the function that returned them."""
    risk: Array
    """Risk of the student, shape ()."""
    base_risk: Array
    """Risk of the filter that zero weights give (the teacher), shape ()."""
    filter: Filter
    """The student's filter: more accurate than the weights where those are ill-conditioned."""
    rank: int
    """Number of independent directions; further rounds than that reach nothing new."""
    degenerate: bool
    """No weight changes the risk, or none attains its infimum; the weights are then zero (or, on an
    interval, next to it)."""


def minimise(risk: QuadraticRisk | RatioRisk, base: Filter, directions: Filter) -> Optimum:
    """Return the best filter base + w_1 direction_1 + ... + w_k direction_k.

    `directions` is a stack of changes (k, r); `Optimum.weights` are w.

    >>> from sdtheory.spectral import criteria, filters
    >>> risk = criteria.expected_error([2.0, 1.0], [1.0, 0.5], noise_var=0.5)
    >>> teacher = filters.distill([4.0, 1.0], lam=1.0, xi=0.0, steps=0)
    >>> best = minimise(risk, teacher, filters.taylor_directions([4.0, 1.0], 1.0, steps=2))
    >>> best.weights, best.rank  # two rounds
    (array([ 1.37037037, -4.07407407]), 2)
    """
    _checks.instance("risk", risk, QuadraticRisk, RatioRisk)
    _checks.instance("base", base, Filter)
    _checks.instance("directions", directions, Filter)
    if directions.kept.ndim != 2:
        raise ValueError(
            f"directions must be a stack (k, r) of changes, got shape {directions.kept.shape}"
        )
    found = risk.along(base, directions).minimiser()
    xp = namespace(base.kept)
    degenerate = found.rank == 0 or found.descent is not None
    weights = xp.zeros_like(found.weights) if degenerate else found.weights
    student = base.plus(directions, weights)
    return Optimum(weights, risk(student), risk(base), student, found.rank, degenerate)


def optimal_xi(
    risk: QuadraticRisk | RatioRisk,
    eigenvalues: Array,
    lam: float,
    previous: Filter | None = None,
    lower: float = -float("inf"),
    upper: float = float("inf"),
) -> Optimum:
    """Return the best weight of one round, on any interval of weights.

    Parameters
    ----------
    risk : QuadraticRisk or RatioRisk
        See `criteria`.
    eigenvalues : array (r,)
        Of the spectrum that the risk was made with.
    lam : float
        Ridge penalty of the round. At 0 every student is its teacher: degenerate.
    previous : Filter, optional
        The filter of the round's teacher; by default ridge regression with the same penalty.
    lower, upper : float
        Interval of weights. The optimum is the free one, clipped, because the risk is a parabola or
        has a single valley; where it falls for ever, the end towards which it falls.

    Returns
    -------
    Optimum
        `weights` is (1,), the weight xi itself.

    Examples
    --------
    >>> import numpy as np
    >>> from sdtheory.spectral import criteria
    >>> risk = criteria.expected_error(np.array([2.0, 1.0, 0.5]), [1.0, -0.5, 2.0], noise_var=0.5)
    >>> best = optimal_xi(risk, np.array([4.0, 1.0, 0.25]), lam=1.0)
    >>> best.weights, best.risk
    (array([-1.88747138]), np.float64(2.130696...))
    """
    _checks.instance("risk", risk, QuadraticRisk, RatioRisk)
    if previous is not None:
        _checks.instance("previous", previous, Filter)
    lower = _checks.number("lower", lower, finite=False, below=float("inf"))
    upper = _checks.number("upper", upper, finite=False, above=-float("inf"))
    if lower > upper:
        raise ValueError(f"lower must be at most upper, got {lower} and {upper}")
    d, base = _teacher(risk, eigenvalues, lam)
    teacher = base if previous is None else previous
    if tuple(teacher.lost.shape) != tuple(d.shape):
        raise ValueError(
            f"previous must be a filter of the {d.shape[0]} eigenvalues, "
            f"got shape {tuple(teacher.lost.shape)}"
        )
    # Each unit of xi takes from the round's target what its teacher has lost of each mode.
    direction = _change(d, -(base.coefficient * teacher.lost)[None, :])
    free = minimise(risk, base, direction)
    xi, degenerate = first(free.weights), free.degenerate
    clipped = min(max(xi, lower), upper)
    if degenerate:
        falling = risk.along(base, direction).minimiser().descent
        end = 0.0 if falling is None else upper if first(falling) > 0 else lower
        if falling is not None and math.isfinite(end):  # the interval attains what the line cannot
            clipped, degenerate = end, False
    if clipped == xi and degenerate == free.degenerate and (previous is not None or degenerate):
        return free
    weights = place([clipped], like=free.weights)
    # Without signal or noise the best student is nearly perfect: what it loses is then far less
    # than what teacher and direction lose, so it is not made as their difference.
    student = distill(d, lam, weights[0]) if previous is None else base.plus(direction, weights)
    return Optimum(weights, risk(student), free.base_risk, student, free.rank, degenerate)


def optimal_weights(
    risk: QuadraticRisk | RatioRisk, eigenvalues: Array, lam: float, steps: int = 1
) -> Optimum:
    """Return the unconstrained best student after `steps` rounds at one penalty.

    `Optimum.weights` are Taylor weights (`filters.taylor`), for one round (-xi,). Convert them with
    `weights.xi_from_taylor`, knowing that per-step weights can be huge or infinite.

    Notes
    -----
    The directions a x, a x**2, ... are nearly parallel after a few rounds. Each is therefore made
    by multiplying the last *orthonormal* one by x (Arnoldi's process), which spans the same space
    with a perfectly conditioned basis in the inner product of the risk.

    Examples
    --------
    >>> import numpy as np
    >>> from sdtheory.spectral import criteria
    >>> risk = criteria.expected_error(np.array([2.0, 1.0, 0.5]), [1.0, -0.5, 2.0], noise_var=0.5)
    >>> best = optimal_weights(risk, np.array([4.0, 1.0, 0.25]), lam=1.0, steps=2)
    >>> best.weights, best.risk
    (array([-1.90689784,  5.72046492]), np.float64(1.793572...))
    """
    _checks.instance("risk", risk, QuadraticRisk, RatioRisk)
    count = _checks.integer("steps", steps, at_least=1, at_most=_checks.POWERS)
    d, base = _teacher(risk, eigenvalues, lam)
    directions, taylor = _orthonormal_directions(risk, d, base, count)
    best = minimise(risk, base, directions)
    return Optimum(
        best.weights @ taylor, best.risk, best.base_risk, best.filter, best.rank, best.degenerate
    )


def constrained_weights(
    risk: QuadraticRisk | RatioRisk, eigenvalues: Array, lam: float, steps: int = 1
) -> Optimum:
    """Return the best student after `steps` rounds whose weights xi all lie in [0, 1].

    These students are exactly the mixtures of the pure students a, a**2, ..., a**(steps + 1), so
    the optimum is that of a small convex problem on the simplex (it is not the clipped free one).
    `Optimum.weights` are the weights c (steps + 1,) of the mixture: see `weights.xi_from_powers`.

    Notes
    -----
    A quotient |R c|**2 / (t . c)**2 with t > 0 depends on the ratios of c alone: with
    u = t c / (t . c), again on the simplex, it is |(R / t) u|**2.

    Examples
    --------
    >>> from sdtheory.spectral import criteria
    >>> risk = criteria.expected_error([2.0, 1.0], [1.0, 0.5], noise_var=2.0)
    >>> constrained_weights(risk, [4.0, 1.0], lam=1.0, steps=2).weights
    array([0.        , 0.43175588, 0.56824412])
    """
    _checks.instance("risk", risk, QuadraticRisk, RatioRisk)
    d, base = _teacher(risk, eigenvalues, lam)
    vertices = powers(d, lam, steps)
    xp = namespace(d)
    if isinstance(risk, RatioRisk):
        freedoms = risk.freedom(vertices)
        floor = xp.sqrt(risk.energy.constant) * xp.ones_like(freedoms)
        rows = xp.concat([risk.energy.rows(vertices).T, floor[None, :]], axis=0) / freedoms
        slope = xp.zeros_like(freedoms)
    else:
        freedoms, rows, slope = None, risk.rows(vertices).T, risk.tilt(vertices)
    triangle = xp.linalg.qr(rows, mode="reduced")[1]
    mixture = minimise_on_simplex(to_numpy(triangle), to_numpy(slope))
    weights = place(mixture.tolist(), like=base.kept)
    if freedoms is not None:
        weights = weights / freedoms
        weights = weights / xp.sum(weights)
    student = Filter(
        weights @ vertices.kept, weights @ vertices.lost, weights @ vertices.coefficient
    )
    rank = int((mixture > 0).sum())
    return Optimum(weights, risk(student), risk(base), student, rank, degenerate=False)


def _orthonormal_directions(
    risk: QuadraticRisk | RatioRisk, d: Array, base: Filter, count: int
) -> tuple[Filter, Array]:
    """Return directions that span a x, ..., a x**count, orthonormal in the traces of the risk.

    Also returns their coefficients (k, count) in a x, ..., a x**count. Once a direction depends on
    those before it there is nothing new to reach; at least one direction is returned.
    """
    xp = namespace(d)
    # `coefficient` alone is carried along, so that the three forms of a direction never part.
    candidate = base.coefficient * base.lost
    # Powers of a = 1 - x span the same space, and tell modes apart where x is one to rounding.
    shrunk = d.shape[0] > 0 and first(xp.max(base.kept)) < 0.5
    factor = base.kept if shrunk else base.lost
    taylor = place([float(j == 0) for j in range(count)], like=d)
    basis: list[tuple[Array, Array, Array]] = []
    for _ in range(count):
        rows = risk.traces(_change(d, candidate))
        before = xp.linalg.vector_norm(rows)
        for _ in range(2):  # twice is enough
            for other, other_rows, other_taylor in basis:
                overlap = xp.sum(rows * other_rows)
                candidate = candidate - overlap * other
                taylor = taylor - overlap * other_taylor
            rows = risk.traces(_change(d, candidate))
        norm = xp.linalg.vector_norm(rows)
        if basis and first(norm) <= 100 * eps(d) * first(before):
            break
        norm = xp.where(norm == 0, xp.ones_like(norm), norm)
        basis.append((candidate / norm, rows / norm, taylor / norm))
        candidate, taylor = candidate / norm * factor, taylor / norm
        raised = xp.concat([xp.zeros_like(taylor[:1]), taylor[:-1]])
        taylor = taylor - raised if shrunk else raised
    return (
        _change(d, xp.stack([coefficient for coefficient, _, _ in basis])),
        xp.stack([taylor for _, _, taylor in basis]),
    )


def _teacher(
    risk: QuadraticRisk | RatioRisk, eigenvalues: Array, lam: float
) -> tuple[Array, Filter]:
    constant = (risk.energy if isinstance(risk, RatioRisk) else risk).constant
    like = constant if is_array(constant) else None
    d = _checks.array("eigenvalues", eigenvalues, like=like, ndim=1, at_least=0, empty=True)
    lam = _checks.array("lam", lam, like=d, ndim=0, at_least=0)
    return d, distill(d, lam, [], steps=0)


def _change(d: Array, coefficient: Array) -> Filter:
    return Filter(d * coefficient, -d * coefficient, coefficient)
