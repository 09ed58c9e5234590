"""Floors: what no ridge regression, no student and no spectral estimator at all can beat."""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, eps, namespace, place
from sdtheory.label_noise.problem import RidgeProblem
from sdtheory.spectral import Filter, QuadraticRisk, projections

__all__ = ["WienerFloor", "linear_smoother_floor", "wiener_floor"]


@dataclass(frozen=True, slots=True)
class WienerFloor:
    """The best estimator that treats each distinct singular value alike."""

    risk: Array
    """Its expected risk, shape ()."""
    filter: Array
    """What it keeps of each mode (r,)."""
    distinct: int
    """Number of distinct singular values: as many rounds reach the floor at every penalty."""


def wiener_floor(problem: RidgeProblem) -> WienerFloor:
    """Return the lowest expected risk of any filter on the spectrum.

    In a diagonal metric the best filter keeps s**2 e / (s**2 e + v) of a mode with signal energy
    e = theta**2 and noise variance v, and its risk is sum omega e v / (s**2 e + v). An estimator
    cannot tell modes with equal singular values apart: they share the weighted mean of e and v.

    Examples
    --------
    >>> import numpy as np
    >>> problem = RidgeProblem(np.array([2.0, 1.0, 0.5]), [1.0, -0.5, 2.0], noise_var=0.5)
    >>> wiener_floor(problem).risk
    np.float64(1.611111...)
    """
    _checks.instance("problem", problem, RidgeProblem)
    d = problem.eigenvalues
    xp = namespace(d)
    groups = _groups(problem.singular_values)
    weights = problem.weights
    if weights is None:
        risk, kept = _coupled(problem.risk, d, groups)
        return WienerFloor(risk, kept, groups.shape[0])
    noise = xp.zeros_like(d) + problem.noise_var
    bias = groups @ (weights * problem.energy)
    variance = groups @ (weights * noise / d)
    total = bias + variance
    safe = xp.where(total == 0, xp.ones_like(total), total)
    kept = (bias / safe) @ groups
    return WienerFloor(
        xp.sum(bias * (variance / safe)) + problem.risk.constant, kept, groups.shape[0]
    )


def linear_smoother_floor(problem: RidgeProblem) -> Array:
    """Return the in-sample floor of linear smoothers that need not share the singular vectors.

    With m = |X theta|**2 it is v m / (m + v) / n: below the Wiener floor unless theta lies along
    one singular direction, where distillation is optimal among all linear smoothers.

    >>> import numpy as np
    >>> aligned = RidgeProblem(np.array([2.0, 1.0]), [1.0, 0.0], 0.5, "in_sample", n=2)
    >>> linear_smoother_floor(aligned), wiener_floor(aligned).risk
    (np.float64(0.222...), np.float64(0.222...))
    """
    _checks.instance("problem", problem, RidgeProblem)
    if problem.metric != "in_sample":
        raise ValueError(f"problem must have the metric 'in_sample', got {problem.metric!r}")
    if problem.noise_var.ndim > 0:
        raise ValueError(f"noise_var must be one number, got {_checks.show(problem.noise_var)}")
    weights = problem.weights
    assert weights is not None  # in-sample errors are diagonal
    n = problem.singular_values.shape[0] if problem.n is None else problem.n
    xp = namespace(weights)
    signal = n * xp.sum(weights * problem.energy)
    total = signal + problem.noise_var
    share = problem.noise_var / xp.where(total == 0, xp.ones_like(total), total)
    return signal * share / n


def _groups(s: Array) -> Array:
    """Return the membership (m, r) of modes in the m distinct singular values."""
    xp = namespace(s)
    order = xp.argsort(s)
    ranked = xp.take(s, order, axis=0)
    gaps = ranked[1:] - ranked[:-1] > s.shape[0] * eps(s) * ranked[-1]
    first = xp.concat([ranked[:1] > 0, gaps])
    label = xp.cumulative_sum(xp.astype(first, xp.int64))
    back = xp.take(label, xp.argsort(order), axis=0)
    names = place(list(range(1, int(label[-1]) + 1)), like=s)
    return xp.astype(names[:, None] == xp.astype(back, s.dtype)[None, :], s.dtype)


def _coupled(risk: QuadraticRisk, d: Array, groups: Array) -> tuple[Array, Array]:
    """Minimise over every filter that is constant on the groups."""
    xp = namespace(d)
    nothing = Filter(xp.zeros_like(d), xp.ones_like(d), xp.zeros_like(d))
    best = projections.minimise(risk, nothing, Filter(groups, -groups, groups / d))
    return best.risk, best.filter.kept
