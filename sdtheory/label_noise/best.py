"""The best penalty: for ridge regression, and jointly with the weights of any number of rounds.

Ridge and joint risks can have several local minima in the penalty, and the global one of the joint
risk need not be near the best ridge regression. Both are searched on the whole compact half-line
from the ridgeless limit to an infinite penalty, whose limits are students of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sdtheory import _checks
from sdtheory._array import Array, eps, first, namespace, place
from sdtheory.label_noise.problem import Problem, check_problem
from sdtheory.spectral import Filter, QuadraticRisk, filters, projections, weights

__all__ = ["Best", "LimitStudent", "best_joint", "best_ridge", "limit_students"]

# Decades beyond the extreme eigenvalues. Risks of ridge regression have become their limits to the
# last digit there; those of students to eight, but further out rounding rules their weights.
_MARGIN_OF_RIDGE, _MARGIN = 16.0, 8.0
_PER_DECADE = 12


@dataclass(frozen=True, slots=True)
class Best:
    """The best student over all penalties."""

    lam: float
    """The penalty; 0 or inf where the infimum is a limit."""
    weights: Array
    """Taylor weights (steps,). In a limit, the coefficients t of the limiting student instead:
    f = 1 - t_1 / d - ... for lam = 0 and f = t_1 d + ... for lam = inf."""
    xi: Array | None
    """Per-step weights (steps,); None if infinite, or in a limit."""
    risk: Array
    """Its risk, shape ()."""
    ridge_lam: float
    """The best penalty of ridge regression alone."""
    ridge_risk: Array
    """The risk of ridge regression at its own best penalty."""


@dataclass(frozen=True, slots=True)
class LimitStudent:
    """The best student in the limit of a vanishing or an infinite penalty."""

    step: Array
    """Vanishing: tau, f = 1 - tau / d. Infinite: tau, f = tau d: one gradient step from zero."""
    risk: Array
    """Its risk, shape ()."""


def limit_students(problem: Problem) -> tuple[LimitStudent, LimitStudent]:
    """Return the best one-round students for lam to 0 and lam to infinity.

    There lam xi tends to tau and xi / lam to -tau. The first beats least squares whenever labels
    are noisy, the second beats predicting zero whenever there is signal.

    >>> import numpy as np
    >>> from sdtheory.label_noise import RidgeProblem
    >>> problem = RidgeProblem(np.array([2.0, 1.0, 0.5]), [1.0, -0.5, 2.0], noise_var=0.5)
    >>> [limit.risk for limit in limit_students(problem)]
    [np.float64(1.873275...), np.float64(3.808823...)]
    """
    check_problem(problem)
    found, d = [], problem.eigenvalues
    for lam, (base, directions) in zip((0.0, math.inf), _limits(d, 1), strict=True):
        best = projections.minimise(problem.risk, base, directions)
        found.append(LimitStudent(_coefficients(d, lam, best.weights)[0], best.risk))
    return found[0], found[1]


def best_ridge(problem: Problem) -> Best:
    """Return ridge regression at its best penalty.

    >>> import numpy as np
    >>> from sdtheory.label_noise import RidgeProblem
    >>> problem = RidgeProblem(np.array([2.0, 1.0, 0.5]), [1.0, -0.5, 2.0], noise_var=0.5)
    >>> best_ridge(problem).lam
    0.145294886355...
    """
    return best_joint(problem, steps=0)


def best_joint(problem: Problem, steps: int = 1) -> Best:
    """Return the best student over all penalties and all weights of `steps` rounds.

    Ridge regression itself (weights zero) is returned where nothing improves on it.

    Examples
    --------
    >>> import numpy as np
    >>> from sdtheory.label_noise import RidgeProblem
    >>> top = RidgeProblem(np.array([2.0, 1.0, 0.5]), [2.0, 1.0, 0.5], noise_var=0.5)
    >>> best = best_joint(top)
    >>> best.lam, best.xi, best.risk  # ridge regression alone: 0.794...
    (0.053380297..., array([4.93299267]), np.float64(0.688966...))
    """
    check_problem(problem)
    steps = _checks.integer("steps", steps, at_most=_checks.POWERS)
    d = problem.eigenvalues
    lam, risk, taylor = _search(problem, 0)
    ridge_lam, ridge_risk = lam, risk
    if steps > 0:
        xp = namespace(d)
        taylor = xp.concat([xp.zeros_like(d[:1])] * steps)
        found = _search(problem, steps)
        # Where the joint risk is flat (one singular value, say) rounding must not pick a penalty.
        if float(found[1]) < float(ridge_risk) * (1 - 64 * d.shape[0] * eps(d)):
            lam, risk, taylor = found
            if not 0 < lam < math.inf:
                taylor = _coefficients(d, lam, taylor)
    return Best(lam, taylor, _per_step(lam, taylor), risk, ridge_lam, ridge_risk)


def _coefficients(d: Array, lam: float, taylor: Array) -> Array:
    """Return the t_k of a limiting student from the weights of the directions of `_limits`."""
    unit = np.float64(first(namespace(d).min(d)) if lam == 0 else 1.0 / first(namespace(d).max(d)))
    with np.errstate(over="ignore", invalid="ignore"):  # many rounds may leave the range of floats
        units = place([float(unit**k) for k in range(1, taylor.shape[0] + 1)], like=d)
        return namespace(d).where(taylor == 0, taylor, taylor * units)


def _per_step(lam: float, taylor: Array) -> Array | None:
    if taylor.shape[0] == 0:
        return taylor
    if not 0 < lam < math.inf:
        return None
    mixture = weights.powers_from_taylor(taylor)
    return weights.xi_from_powers(mixture) if bool(weights.reachable(mixture)) else None


def _search(problem: Problem, steps: int) -> tuple[float, Array, Array]:
    """Return penalty, risk and Taylor weights of the best student."""
    from scipy.optimize import brentq  # slow to import, needed here alone

    d, risk = problem.eigenvalues, problem.risk
    xp = namespace(d)
    margin = (_MARGIN_OF_RIDGE if steps == 0 else _MARGIN) * math.log(10.0)
    # Penalties must be numbers.
    low = max(math.log(float(xp.min(d))) - margin, -700.0)
    high = min(math.log(float(xp.max(d))) + margin, 700.0)
    count = int((high - low) / math.log(10.0) * _PER_DECADE) + 1
    grid = [low + (high - low) * k / (count - 1) for k in range(count)]
    values, slopes = _profile(risk, d, grid, steps)
    found = []
    for lam, (base, directions) in zip((0.0, math.inf), _limits(d, max(steps, 1)), strict=True):
        best = projections.minimise(risk, base, directions)
        found.append((lam, risk(base), d[:0]) if steps == 0 else (lam, best.risk, best.weights))
    for k in range(1, count - 1):
        if values[k] <= values[k - 1] and values[k] <= values[k + 1]:
            at = grid[k]
            if slopes[k - 1] < 0 < slopes[k + 1]:
                at = brentq(
                    lambda t: _profile(risk, d, [t], steps)[1][0],
                    grid[k - 1],
                    grid[k + 1],
                    xtol=1e-15,
                    rtol=1e-15,
                )
            found.append(_student(risk, d, math.exp(at), steps))
    # An interior student wins ties with a limit.
    return min(found, key=lambda item: (first(item[1]), not 0 < item[0] < math.inf))


def _student(risk: QuadraticRisk, d: Array, lam: float, steps: int) -> tuple[float, Array, Array]:
    if steps == 0:
        return lam, risk(filters.distill(d, lam, 0.0, steps=0)), d[:0]
    best = projections.optimal_weights(risk, d, lam, steps)
    return lam, best.risk, best.weights


def _profile(
    risk: QuadraticRisk, d: Array, grid: list[float], steps: int
) -> tuple[list[float], list[float]]:
    """Return the risk of the best student at each log penalty, and its derivative up to a factor.

    Let q_1, q_2, ... be orthonormal rows of the directions a x, a x**2, ..., and g_k their products
    with the rows of the teacher. By the envelope theorem the derivative in log lam of the risk
    after k rounds is g_k g_(k+1) times a positive number (for ridge regression, -g_1): lower powers
    of x are orthogonal to the rows of the best student already.
    """
    xp = namespace(d)
    lam = place([math.exp(t) for t in grid], like=d)[:, None]
    base = filters.distill(d, lam, xp.zeros_like(lam), steps=0)
    residual, one = risk.rows(base), xp.ones_like(lam)
    candidate = base.coefficient * base.lost
    basis: list[tuple[Array, Array]] = []
    products = [-one]
    for _ in range(steps + 1):
        rows = risk.rows(_change(d, candidate), change=True)
        before = xp.linalg.vector_norm(rows, axis=1, keepdims=True)
        for _ in range(2):  # twice is enough
            for other, other_rows in basis:
                overlap = xp.sum(rows * other_rows, axis=1, keepdims=True)
                candidate, rows = candidate - overlap * other, rows - overlap * other_rows
        norm = xp.linalg.vector_norm(rows, axis=1, keepdims=True)
        new = norm > 1e3 * eps(d) * before  # else these rounds reach nothing new
        scale = xp.where(new, 1.0 / xp.where(new, norm, one), xp.zeros_like(one))
        basis.append((candidate * scale, rows * scale))
        products.append(xp.sum(residual * basis[-1][1], axis=1, keepdims=True))
        candidate = basis[-1][0] * base.lost
    for product, (_, rows) in zip(products[1:-1], basis, strict=False):
        residual = residual - product * rows
    values = risk.constant + xp.sum(residual**2, axis=1) + xp.zeros_like(lam[:, 0])
    slopes = (products[-1] * products[-2])[:, 0]
    return [float(v) for v in values], [float(v) for v in slopes]


def _change(d: Array, coefficient: Array) -> Filter:
    return Filter(d * coefficient, -d * coefficient, coefficient)


def _limits(d: Array, steps: int) -> list[tuple[Filter, Filter]]:
    """Return base and directions of the students for lam to 0 and lam to infinity.

    They are 1 - t_1 / d - t_2 / d**2 - ... and t_1 d + t_2 d**2 + ..., each power in units of the
    eigenvalue that makes it at most one: see `_coefficients`.
    """
    xp = namespace(d)
    one, zero = xp.ones_like(d), xp.zeros_like(d)
    bottom, top = xp.min(d), xp.max(d)
    # Powers of ratios at most one: no overflow, whatever the units of the design.
    small = xp.stack([(bottom / d) ** k for k in range(1, steps + 1)])
    large = xp.stack([(d / top) ** k for k in range(1, steps + 1)])
    return [
        (Filter(one, zero, 1.0 / d), Filter(-small, small, -small / d)),
        (Filter(zero, one, zero), Filter(large, -large, large / d)),
    ]
