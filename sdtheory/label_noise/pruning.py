"""A teacher that saw all data, a student that sees a part: the best weight on the teacher."""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, namespace, place
from sdtheory.label_noise.problem import RidgeProblem
from sdtheory.spectral.spectrum import semidefinite

__all__ = ["PrunedXi", "pruned_xi", "pruned_xi_ideal"]


@dataclass(frozen=True, slots=True)
class PrunedXi:
    """The best weight of a student on pruned data, shapes ()."""

    xi: Array
    """Weight on the teacher's predictions."""
    risk: Array
    """Expected risk of the student with this weight."""
    label_risk: Array
    """Expected risk of the student of the labels alone (xi = 0)."""
    teacher_label_risk: Array
    """Expected risk of the student of the teacher alone (xi = 1)."""


def pruned_xi(
    design: Array,
    theta: Array,
    noise_var: float,
    kept: Array,
    lam: float,
    student_lam: float,
    metric: Array | None = None,
) -> PrunedXi:
    """Return the best weight when the student sees only some rows of the teacher's data.

    Parameters
    ----------
    design : array (n, p)
        Design of the teacher.
    theta : array (p,)
        True coefficients.
    noise_var : float
        Variance of the label noise, which teacher and student share.
    kept : sequence of int
        Rows that the student sees.
    lam, student_lam : float
        Penalties, positive.
    metric : array (p, p), optional
        Errors count as (beta - theta)' metric (beta - theta); identity by default.

    Examples
    --------
    >>> design = [[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]]
    >>> pruned_xi(design, [1.0, -0.5], 0.5, [0, 1], 1.0, 1.0).xi
    np.float64(0.229447...)
    """
    x = _checks.array("design", design, ndim=2)
    theta = _checks.array("theta", theta, like=x, ndim=1)
    xp = namespace(x)
    if theta.shape[0] != x.shape[1]:
        raise ValueError(f"theta must have {x.shape[1]} entries, got {theta.shape[0]}")
    noise = _checks.number("noise_var", noise_var, at_least=0) ** 0.5
    lam = _checks.number("lam", lam, above=0)
    student_lam = _checks.number("student_lam", student_lam, above=0)
    if not hasattr(kept, "__iter__") or getattr(kept, "ndim", 1) == 0:
        raise TypeError(f"kept must be a sequence of row numbers, got {_checks.show(kept)}")
    rows = [_checks.integer("kept", row, at_most=x.shape[0] - 1) for row in kept]
    if not rows or len(set(rows)) < len(rows):
        raise ValueError(f"kept must name different rows, at least one, got {_checks.show(kept)}")
    root = None
    if metric is not None:
        root = _root(_checks.array("metric", metric, like=x, ndim=2))
        if root.shape[1] != x.shape[1]:
            raise ValueError(f"metric must be (p, p), got {_checks.show(metric)}")
    picked = xp.stack([x[row, :] for row in rows])
    unit = place([[float(row == k) for k in range(x.shape[0])] for row in rows], like=x)

    # Maps from all labels to coefficients, and what fits of noiseless labels miss of theta.
    teacher, missed = _ridge(x, theta, lam)
    fit, missed_alone = _ridge(picked, theta, student_lam)
    missed_again = fit @ (picked @ missed)
    errors = []
    for smoother, bias in (
        (fit @ unit, -missed_alone),
        (fit @ (unit - picked @ teacher), missed_again),
        (fit @ (picked @ teacher), -missed_alone - missed_again),
    ):
        stacked = xp.concat([bias[:, None], noise * smoother], axis=1)
        errors.append(stacked if root is None else root @ stacked)
    start, change, pure = errors
    size = xp.sum(change**2)
    xi = xp.sum(start * change) / xp.where(size == 0, xp.ones_like(size), size)
    return PrunedXi(xi, xp.sum((start - xi * change) ** 2), xp.sum(start**2), xp.sum(pure**2))


def pruned_xi_ideal(problem: RidgeProblem, lam: float, fraction: Array) -> Array:
    """Return the best weight when a fraction of the data is kept and nothing else changes.

    The idealised subset has the Gram matrix fraction X'X and the penalty fraction lam. With a and x
    as always, e the signal energy and v the noise variance, the weight is

        sum omega [v a**2 (1 / fraction - a) / s**2 - a x**2 e]
            / sum omega [v a**2 (1 / fraction - 1 + x**2) / s**2 + a**2 x**2 e].

    It tends to 1 as the fraction falls to 0: from below where the weight without pruning is below
    1, and from above where it is above.

    Examples
    --------
    >>> import numpy as np
    >>> problem = RidgeProblem(np.array([2.0, 1.0, 0.5]), [1.0, -0.5, 2.0], noise_var=0.5)
    >>> pruned_xi_ideal(problem, 1.0, [1.0, 0.5, 0.1])
    array([-1.88747138, -0.28729765,  0.76307808])
    """
    _checks.instance("problem", problem, RidgeProblem)
    d, weights = problem.eigenvalues, problem.weights
    if weights is None:
        raise ValueError("problem must have a metric that is diagonal in the modes, got a matrix")
    lam = _checks.number("lam", lam, above=0)
    fraction = _checks.array("fraction", fraction, like=d, above=0, at_most=1)
    xp = namespace(d)
    share = fraction[..., None]
    more = (1.0 - share) / share  # 1 / fraction - 1
    a, x = d / (d + lam), lam / (d + lam)
    noise = weights * problem.noise_var * a**2 / d
    signal = weights * problem.energy
    up = xp.sum(noise * (more + x) - signal * a * x**2, axis=-1)
    size = xp.sum(noise * (more + x**2) + signal * a**2 * x**2, axis=-1)
    return up / xp.where(size == 0, xp.ones_like(size), size)


def _ridge(x: Array, theta: Array, lam: float) -> tuple[Array, Array]:
    """Return the map from labels to coefficients, and lam (X'X + lam)^-1 theta.

    The latter is what the fit of noiseless labels misses, written without a subtraction.
    """
    xp = namespace(x)
    left, s, right = xp.linalg.svd(x, full_matrices=False)
    inside = right @ theta
    missed = (lam / (s**2 + lam) * inside) @ right
    if x.shape[1] > x.shape[0]:
        missed = missed + (theta - inside @ right)
    return (right.T * (s / (s**2 + lam))) @ left.T, missed


def _root(metric: Array) -> Array:
    values, vectors = semidefinite("metric", metric)
    return namespace(metric).sqrt(values)[:, None] * vectors.T
