"""Repeated distillation at one penalty: the best weights, and whether per-step weights exist."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdtheory import _checks
from sdtheory._array import Array, namespace
from sdtheory.label_noise.problem import Problem, RidgeProblem, check_problem
from sdtheory.spectral import Filter, projections, weights

__all__ = ["OptimalSteps", "optimal_steps", "separation_problem"]


@dataclass(frozen=True, slots=True)
class OptimalSteps:
    """The best student after several rounds."""

    weights: Array
    """Taylor weights w (steps,): f = a (1 + w_1 x + ... + w_steps x**steps)."""
    xi: Array | None
    """Per-step weights (steps,), first round first; None where some would be infinite. In float64
    they reproduce `filter` only while `largest_xi` is far below 1e16."""
    risk: Array
    """Its risk, shape ()."""
    teacher_risk: Array
    """Risk of ridge regression at the same penalty, shape ()."""
    filter: Filter
    """The student itself: use this, not the weights, to predict."""
    rank: int
    """Rounds that reach something new; further ones cannot."""

    @property
    def largest_xi(self) -> float:
        """The largest |xi| of any round; infinite where no per-step weights exist."""
        if self.xi is None:
            return float("inf")
        xp = namespace(self.xi)
        return float(xp.max(xp.abs(self.xi)))


def optimal_steps(
    problem: Problem, lam: float, steps: int, *, constrained: bool = False
) -> OptimalSteps:
    """Return the best student after `steps` rounds at penalty `lam`.

    The risk is quadratic in the Taylor weights, so the optimum is one least-squares problem. It is
    found there and converted to per-step weights at the end, because some optima are limits of
    students whose weights grow without bound.

    Parameters
    ----------
    problem : RidgeProblem or ConditionalProblem
        The risk to minimise.
    lam : float
        Ridge penalty of every round, positive.
    steps : int
        Rounds, at least 1.
    constrained : bool
        Keep every weight in [0, 1]. Such students are the mixtures of pure students a, a**2, ...,
        so this is a convex problem on a simplex; its solution is not the clipped free one.

    Examples
    --------
    >>> import numpy as np
    >>> problem = RidgeProblem(np.array([2.0, 1.0, 0.5]), [1.0, -0.5, 2.0], noise_var=0.5)
    >>> best = optimal_steps(problem, lam=1.0, steps=3)  # three distinct singular values
    >>> best.risk, best.xi
    (np.float64(1.611111...), array([-0.87153652, -3.84094427, -7.97530864]))
    """
    check_problem(problem)
    _checks.flag("constrained", constrained)
    lam = _checks.number("lam", lam, above=0)
    if constrained:
        best = projections.constrained_weights(problem.risk, problem.eigenvalues, lam, steps)
        mixture, taylor = best.weights, weights.taylor_from_powers(best.weights)
    else:
        best = projections.optimal_weights(problem.risk, problem.eigenvalues, lam, steps)
        mixture, taylor = weights.powers_from_taylor(best.weights), best.weights
    possible = bool(weights.reachable(mixture))
    xi = weights.xi_from_powers(mixture) if possible else None
    return OptimalSteps(taylor, xi, best.risk, best.base_risk, best.filter, best.rank)


def separation_problem(
    rank: int, gap: float, energy: float, noise_var: float = 1.0
) -> RidgeProblem:
    """Return the family that separates repeated distillation from ridge regression.

    The singular values satisfy s_j**2 = 1 + gap (rank - j), all signal has the given energy and
    lies along the first direction, errors count in sample (with n = 1: risks are n times larger).
    Ridge regression then has a risk near rank times the noise variance, `rank` rounds below it.

    >>> separation_problem(2, 0.01, 1e6).eigenvalues
    array([1.01, 1.  ])
    """
    rank = _checks.integer("rank", rank, at_least=1, at_most=_checks.SIZE)
    gap = _checks.number("gap", gap, above=0)
    energy = _checks.number("energy", energy, at_least=0)
    d = 1.0 + gap * np.arange(rank - 1, -1, -1)
    theta = np.zeros(rank)
    theta[0] = energy**0.5
    return RidgeProblem(np.sqrt(d), theta, noise_var, "in_sample", n=1)
