"""Closed forms of the proportional limit: isotropic features, vanishing and infinite penalties."""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, namespace
from sdtheory.label_noise.proportional.problem import ProportionalProblem, effective_penalty

__all__ = ["PenaltyLimits", "isotropic_xi", "penalty_limits"]


@dataclass(frozen=True, slots=True)
class PenaltyLimits:
    """Risks (noise included) and best weights at both ends of the penalties, shapes ()."""

    ridgeless_risk: Array
    """Teacher for lam to 0; at aspect ratio 1 infinite, or 0 without noise."""
    ridgeless_student_risk: Array
    """Best student there; at aspect ratio 1 the same, though on the way half of the teacher's."""
    ridgeless_step: Array
    """Limit of lam xi; 0 at aspect ratio 1, where xi itself tends to 2 (-2 without noise)."""
    null_risk: Array
    """Teacher for lam to infinity: predicting zero."""
    null_student_risk: Array
    """Best student there."""
    null_step: Array
    """Limit of -xi / lam."""


def penalty_limits(problem: ProportionalProblem) -> PenaltyLimits:
    """Return the limits for lam to 0 and to infinity.

    >>> isotropic = ProportionalProblem([1.0], [1.0], aspect_ratio=0.5, noise_var=1.0)
    >>> penalty_limits(isotropic).ridgeless_student_risk
    np.float64(1.5)
    """
    _checks.instance("problem", problem, ProportionalProblem)
    s, signal = problem.eigenvalues, problem.signal_energy * problem.eigenvalues
    xp = namespace(s)
    weights = problem.aspect_ratio * problem.masses
    null = problem.noise_var + xp.sum(signal)
    pull = xp.sum(signal * s)
    push = xp.sum(signal * s**2) + null * xp.sum(weights * s**2)
    step = pull / xp.where(push == 0, xp.ones_like(push), push)
    ridgeless = _ridgeless(problem, signal, weights)
    return PenaltyLimits(*ridgeless, null, null - pull * step, step)


def isotropic_xi(
    lam_mean: Array, aspect_ratio: Array, signal_energy: Array, noise_var: Array
) -> Array:
    """Return the best weight for isotropic features, a rational function; broadcasts.

    It changes sign exactly at the best ridge penalty, aspect_ratio noise_var / signal_energy.

    >>> isotropic_xi(0.05, 1.5, 1.0, 1.0)  # 1943 / 560
    np.float64(3.469642...)
    """
    lam = _checks.array("lam_mean", lam_mean, above=0)
    ratio = _checks.array("aspect_ratio", aspect_ratio, like=lam, above=0)
    energy = _checks.array("signal_energy", signal_energy, like=lam, at_least=0)
    noise = _checks.array("noise_var", noise_var, like=lam, at_least=0)
    # The squared gap between both roots for kappa, over lam: the square alone may overflow.
    _checks.together(lam_mean=lam, aspect_ratio=ratio, signal_energy=energy, noise_var=noise)
    spread = (lam + ratio - 1.0) * ((lam + ratio - 1.0) / lam) + 4.0
    below = energy * ((1.0 - ratio) ** 2 + lam * (1.0 + ratio)) + noise * ratio * (
        1.0 + ratio + lam
    )
    return (ratio * noise - lam * energy) / below * spread


def _ridgeless(
    problem: ProportionalProblem, signal: Array, weights: Array
) -> tuple[Array, Array, Array]:
    s, ratio = problem.eigenvalues, problem.aspect_ratio
    xp = namespace(s)
    zero = xp.zeros_like(xp.sum(s))
    if ratio == 1:
        peak = zero + float("inf") if problem.noise_var > 0 else zero
        return peak, peak, zero
    kappa = zero if ratio < 1 else effective_penalty(problem, xp.reshape(zero, (1, 1)))[0, 0]
    total = s + kappa
    slope = 1.0 / ((1.0 - ratio) if ratio < 1 else xp.sum(weights * s * kappa / total**2))
    teacher = (kappa**2 * xp.sum(signal / total**2) + problem.noise_var) * slope
    third = xp.sum(weights * s**2 / total**3)
    u = kappa * xp.sum(signal * s / total**3) - teacher * third
    v = (
        xp.sum(signal * s**2 / total**4)
        + teacher * xp.sum(weights * s**2 / total**4)
        - 2.0 * slope * third * u
    )
    safe = xp.where(v == 0, xp.ones_like(v), v)
    return teacher, teacher - slope * u * (u / safe), -u / (slope * safe)
