"""One round of self-distillation at a fixed penalty: its risk, its best weight, and the noise.

The risk is a parabola in xi, risk = A - 2 xi N + xi**2 D, where A is the teacher's risk and D the
squared distance between the pure student and the teacher. Along the ridge path N is
-lam R'(lam) / 2: the best weight N / D has the sign of the descent direction of the penalty.
"""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, namespace
from sdtheory.label_noise.problem import Problem, RidgeProblem, check_problem
from sdtheory.spectral import Filter, filters, projections
from sdtheory.spectral.risks import Block, QuadraticRisk

__all__ = [
    "Derivatives",
    "NoiseThresholds",
    "OptimalXi",
    "derivatives",
    "expected_risk",
    "noise_thresholds",
    "optimal_xi",
]


@dataclass(frozen=True, slots=True)
class OptimalXi:
    """The best weight of one round, shapes ()."""

    xi: Array
    """Weight on the teacher's predictions."""
    teacher_risk: Array
    """Risk of ridge regression at the same penalty."""
    student_risk: Array
    """Risk of the student with this weight."""
    degenerate: bool
    """No weight changes the risk (no penalty, no signal and no noise): xi is then 0."""


@dataclass(frozen=True, slots=True)
class Derivatives:
    """The risk R(lam) of ridge regression around one penalty, shapes ()."""

    first: Array
    """lam R'(lam)."""
    second: Array
    """lam**2 R''(lam)."""
    distance: Array
    """D, the squared distance of the pure student (xi = 1) from the teacher."""
    curvature: Array
    """(lam**2 R''(lam) / 2 - D) / 2, without the subtraction. If positive where R' vanishes, the
    joint risk has a saddle there: other penalties with xi != 0 beat this ridge regression."""


@dataclass(frozen=True, slots=True)
class NoiseThresholds:
    """How the best weight depends on the noise variance v at one penalty, shapes ()."""

    above_zero: Array
    """xi > 0 if and only if v is larger than this."""
    above_one: Array
    """xi > 1 if and only if v is larger than this."""
    noiseless_xi: Array
    """The best weight without noise: below -1 in a metric that is diagonal in the modes."""
    pure_noise_xi: Array
    """The best weight in the limit of noise alone: above 1 in any metric."""


def expected_risk(
    problem: Problem, lam: Array, xi: Array = 0.0, steps: int | Array | None = None
) -> Array:
    """Return the risk of the student after `steps` rounds.

    Parameters
    ----------
    problem : RidgeProblem or ConditionalProblem
        The risk to evaluate.
    lam, xi, steps
        Penalty, weight and rounds as in `filters.distill`: numbers, schedules, or grids (..., 1).
        By default the teacher, xi = 0.

    Returns
    -------
    array (...)
        The shape of the grid; () without one.

    Examples
    --------
    >>> import numpy as np
    >>> problem = RidgeProblem(np.array([2.0, 1.0, 0.5]), [1.0, -0.5, 2.0], noise_var=0.5)
    >>> expected_risk(problem, lam=1.0, xi=1.0)  # the pure student
    np.float64(4.042275)
    """
    check_problem(problem)
    return problem.risk(filters.distill(problem.eigenvalues, lam, xi, steps))


def optimal_xi(
    problem: Problem, lam: float, lower: float = -float("inf"), upper: float = float("inf")
) -> OptimalXi:
    """Return the weight that minimises the risk of one round at penalty `lam`.

    In a metric with weights omega and with a = s**2 / (s**2 + lam), x = 1 - a it is

        sum omega a x**2 (v / lam - theta**2) / sum omega a**2 x**2 (theta**2 + v / s**2).

    `lower` and `upper` bound it; clipping is exact, because the risk is a parabola.

    Examples
    --------
    >>> import numpy as np
    >>> problem = RidgeProblem(np.array([2.0, 1.0, 0.5]), [1.0, -0.5, 2.0], noise_var=0.5)
    >>> optimal_xi(problem, lam=1.0).xi
    np.float64(-1.887471...)
    """
    check_problem(problem)
    best = projections.optimal_xi(problem.risk, problem.eigenvalues, lam, lower=lower, upper=upper)
    return OptimalXi(best.weights[0], best.base_risk, best.risk, best.degenerate)


def derivatives(problem: Problem, lam: float) -> Derivatives:
    """Return the derivatives of the ridge risk in the penalty, and the curvature test.

    Notes
    -----
    Ridge regression at lam (1 + t) keeps a - a x t + a x**2 t**2 - ..., so both derivatives are
    inner products of the rows of the risk, and D is the square of the first-order rows.

    Examples
    --------
    >>> import numpy as np
    >>> problem = RidgeProblem(np.array([2.0, 1.0, 0.5]), [1.0, -0.5, 2.0], noise_var=0.5)
    >>> derivatives(problem, lam=1.0).first  # above zero: over-regularised, so xi < 0
    np.float64(0.8655)
    """
    check_problem(problem)
    lam = _checks.number("lam", lam, above=0)
    xp = namespace(problem.eigenvalues)
    here, changes = _rows(problem.risk, problem.eigenvalues, lam)
    distance = xp.sum(changes[0, :] ** 2)
    curvature = xp.sum(here * changes[1, :])
    return Derivatives(
        -2.0 * xp.sum(here * changes[0, :]), 2.0 * distance + 4.0 * curvature, distance, curvature
    )


def noise_thresholds(problem: RidgeProblem, lam: float) -> NoiseThresholds:
    """Return the noise variances beyond which the best weight exceeds 0 and 1.

    The best weight is a Moebius function of the noise variance, and rises with it in every metric
    that is diagonal in the modes. There 0 < above_zero < above_one unless there is no signal. With
    a covariance metric or a shifted target the thresholds can be negative: always exceeded.

    Examples
    --------
    >>> import numpy as np
    >>> problem = RidgeProblem(np.array([2.0, 1.0, 0.5]), [1.0, -0.5, 2.0], noise_var=0.5)
    >>> noise_thresholds(problem, lam=1.0).above_one
    np.float64(6.322559...)
    """
    _checks.instance("problem", problem, RidgeProblem)
    lam = _checks.number("lam", lam, above=0)
    d = problem.eigenvalues
    xp = namespace(d)
    if problem.noise_var.ndim > 0:
        raise ValueError(
            f"noise_var must be one number for thresholds, got {_checks.show(problem.noise_var)}"
        )
    pure = filters.distill(d, lam, 1.0)
    change = filters.taylor_directions(d, lam, 1)
    # In units of its largest entry: squares of tiny changes would underflow.
    largest = xp.max(xp.abs(change.kept))
    change = Filter(change.kept / largest, change.lost / largest, change.coefficient / largest)
    bias, unit = _separated(problem)
    # A unit of xi moves the filter by -a x; both parts are written without subtractions.
    up = -bias.rows(change, change=True)[0, :]
    noise_change = unit.rows(change, change=True)[0, :]
    teacher = filters.distill(d, lam, 0.0, steps=0)
    noise = unit.rows(teacher)
    pull = xp.sum(bias.rows(teacher) * up)
    push = xp.sum(noise * noise_change)
    # No error counts, no signal: then no noise is enough, and no weight is better than another.
    never, zero = xp.full_like(push, float("inf")), xp.zeros_like(push)
    return NoiseThresholds(
        _quotient(pull, push, never),
        _quotient(xp.sum(bias.rows(pure) * up), xp.sum(noise * noise_change * teacher.kept), never),
        _quotient(-pull, xp.sum(up**2), zero) / largest,
        _quotient(push, xp.sum(noise_change**2), zero) / largest,
    )


def _quotient(numerator: Array, denominator: Array, otherwise: Array) -> Array:
    """Return the quotient, or `otherwise` where the denominator is zero."""
    return otherwise if bool(denominator == 0) else numerator / denominator


def _rows(risk: QuadraticRisk, d: Array, lam: float) -> tuple[Array, Array]:
    """Return the rows of the teacher, and of the changes a x and a x**2."""
    changes = filters.taylor_directions(d, lam, 2)
    return risk.rows(filters.distill(d, lam, 0.0, steps=0)), risk.rows(changes, change=True)


def _separated(problem: RidgeProblem) -> tuple[Block, Block]:
    """Return the bias, and the variance that unit noise would cause."""
    unit = RidgeProblem(
        problem.singular_values,
        problem.coefficients,
        1.0,
        problem.metric,
        problem.n,
        problem.null_energy,
        problem.target,
    )
    bias, variance = unit.risk.blocks
    return bias, variance
