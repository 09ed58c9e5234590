"""The best weights of all rounds at once, and of infinitely many.

At one penalty every student is an affine mixture of pure students, so the best schedule is one
small least-squares problem; with weights in [0, 1] it is the same problem on the simplex.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdtheory import _checks
from sdtheory._array import Array, namespace, place, to_numpy
from sdtheory.kernel_ridge.fitting import KernelRidge
from sdtheory.kernel_ridge.selection import METHODS, criterion
from sdtheory.spectral import criteria, filters, projections, weights
from sdtheory.spectral.filters import Filter
from sdtheory.spectral.risks import LeastSquares
from sdtheory.spectral.simplex import minimise_on_simplex

__all__ = ["OptimalSchedule", "optimal_limit_xi", "optimal_schedule"]


@dataclass(frozen=True, slots=True)
class OptimalSchedule:
    """The best student after several rounds at one penalty."""

    mixture: Array
    """Weights (steps + 1,) of the pure students a, a**2, ...; they sum to one."""
    xi: Array | None
    """Per-round weights (steps,); None if the mixture is out of reach of finite ones."""
    risk: float
    """Estimated risk of the student."""
    teacher_risk: float
    """Estimated risk of the teacher."""
    filter: Filter
    """The student's filter: it keeps the digits that an ill-conditioned mixture loses."""
    degenerate: bool
    """No weight changes the risk, or none attains its infimum."""


def optimal_schedule(
    fit: KernelRidge,
    lam: float,
    steps: int,
    *,
    method: str = "loo",
    constrained: bool = True,
    validation: tuple[Array, Array] | None = None,
    truth: Array | tuple[Array, Array, Array] | None = None,
    noise_var: float | None = None,
) -> OptimalSchedule:
    """Return the best weights of all rounds together.

    Parameters
    ----------
    fit, lam, steps, method, validation, truth, noise_var
        As in `optimal_xi`, with one penalty.
    constrained : bool
        Keep every weight in [0, 1]. Without, the risk is the lowest that any real weights reach;
        after more than three rounds they follow the noise of an estimated risk.

    Examples
    --------
    >>> import numpy as np
    >>> from sdtheory.kernel_ridge import fit
    >>> grid = np.arange(5.0)
    >>> model = fit(np.exp(-((grid[:, None] - grid) ** 2)), [0.0, 1.0, 0.2, 1.2, 0.1])
    >>> best = optimal_schedule(model, 0.5, steps=2)
    >>> best.xi, best.risk < best.teacher_risk
    (array([1., 1.]), True)
    """
    _checks.instance("fit", fit, KernelRidge)
    _checks.flag("constrained", constrained)
    method = _checks.choice("method", method, METHODS)
    steps = _checks.integer("steps", steps, at_least=1, at_most=_checks.POWERS)
    lam = _checks.number("lam", lam, above=0)
    if method == "loo":
        return _by_leaving_out(fit, lam, steps, constrained)
    risk = criterion(fit, method, validation, truth, noise_var)
    if constrained:
        best = projections.constrained_weights(risk, fit.eigenvalues, lam, steps)
        mixture = best.weights
    else:
        best = projections.optimal_weights(risk, fit.eigenvalues, lam, steps)
        mixture = weights.powers_from_taylor(best.weights)
    teacher_risk = float(best.base_risk)
    return OptimalSchedule(
        mixture, _per_round(mixture), float(best.risk), teacher_risk, best.filter, best.degenerate
    )


def optimal_limit_xi(lam: float, best_lam: float) -> float:
    """Return the constant weight in [0, 1) whose infinite repetition is ridge with `best_lam`.

    Infinitely many rounds are ridge regression with lam / (1 - xi) >= lam, so they reach the best
    penalty if that is at least lam, and otherwise do best with none (xi = 0). They never beat ridge
    regression with the best penalty.

    >>> optimal_limit_xi(0.5, best_lam=2.0), optimal_limit_xi(2.0, best_lam=0.5)
    (0.75, 0.0)
    """
    lam = _checks.number("lam", lam, above=0)
    best_lam = _checks.number("best_lam", best_lam, above=0)
    return max((best_lam - lam) / best_lam, 0.0)


def _by_leaving_out(fit: KernelRidge, lam: float, steps: int, constrained: bool) -> OptimalSchedule:
    squares = _leave_one_out(fit, lam, steps)
    xp = namespace(squares.design)
    if constrained:
        corners = weights.taylor_from_powers(_identity(squares.design, steps + 1))
        table = squares.residual[:, None] + squares.design @ corners.T
        triangle = xp.linalg.qr(table, mode="reduced")[1]
        found = minimise_on_simplex(to_numpy(triangle), np.zeros(steps + 1))
        mixture = place(found.tolist(), like=squares.design)
        taylor = mixture @ corners
        degenerate = False
    else:
        free = squares.minimiser()
        degenerate = free.rank == 0
        taylor = free.weights
        mixture = weights.powers_from_taylor(taylor)
    return OptimalSchedule(
        mixture,
        _per_round(mixture),
        float(squares(taylor)),
        float(squares(0.0 * taylor)),
        filters.taylor(fit.eigenvalues, lam, taylor),
        degenerate,
    )


def _leave_one_out(fit: KernelRidge, lam: float, steps: int) -> LeastSquares:
    """Return the mean squared leave-one-out error, per output, in the original units."""
    smoother, y = fit.smoother, fit.y
    root, xp = smoother.root, namespace(fit.y)
    outputs = 1 if y.ndim == 1 else y.shape[1]
    column = root if root is None or y.ndim == 1 else root[:, None]
    scale = xp.ones_like(y) if root is None else xp.broadcast_to(column, y.shape)
    squares = criteria.leave_one_out(smoother.spectrum, y / scale, lam, steps)
    rows = xp.reshape(scale, (-1,)) / outputs**0.5
    return LeastSquares(
        squares.residual * rows, squares.design * rows[:, None], squares.slope, squares.constant
    )


def _per_round(mixture: Array) -> Array | None:
    return weights.xi_from_powers(mixture) if bool(weights.reachable(mixture)) else None


def _identity(like: Array, count: int) -> Array:
    return place([[float(i == j) for j in range(count)] for i in range(count)], like)
