"""A random design in the proportional limit, and the effective penalty that it brings about.

Rows are Sigma**(1/2) times independent entries, and p / n tends to the aspect ratio. Ridge
regression on it behaves like ridge regression on the population with a larger penalty kappa. The
penalty here is that of the mean loss, `lam_mean` = lam / n.
"""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, eps, namespace, place

__all__ = ["ProportionalProblem", "effective_penalty"]


@dataclass(frozen=True, slots=True)
class ProportionalProblem:
    """Spectrum, signal, noise and shape of a random design.

    >>> from sdtheory.label_noise import asymptotics
    >>> problem = ProportionalProblem([1.0], [1.0], aspect_ratio=0.5, noise_var=1.0)
    >>> limits = asymptotics(problem, lam_mean=0.1)
    >>> limits.xi, limits.student_risk < limits.teacher_risk
    (array(1.86666667), np.True_)
    """

    eigenvalues: Array
    """Eigenvalues s (p,) of the feature covariance, positive."""
    signal_energy: Array
    """Squared signal coordinates in its eigenbasis (p,)."""
    aspect_ratio: float
    """Features per sample."""
    noise_var: float
    """Variance of the label noise."""
    masses: Array = None
    """Fraction (p,) of the features with each eigenvalue; equal if None."""

    def __post_init__(self) -> None:
        """Check the arguments."""
        s = _checks.array("eigenvalues", self.eigenvalues, ndim=1, above=0)
        energy = _checks.array("signal_energy", self.signal_energy, like=s, ndim=1, at_least=0)
        _checks.same_length("signal_energy", energy, "eigenvalues", s)
        xp = namespace(s)
        if self.masses is None:
            masses = xp.ones_like(s) / s.shape[0]
        else:
            masses = _checks.array("masses", self.masses, like=s, ndim=1, at_least=0)
            _checks.same_length("masses", masses, "eigenvalues", s)
            if abs(float(xp.sum(masses)) - 1) > 1e3 * s.shape[0] * eps(s):
                raise ValueError(f"masses must sum to one, got {_checks.show(masses)}")
        object.__setattr__(self, "eigenvalues", s)
        object.__setattr__(self, "signal_energy", energy)
        object.__setattr__(self, "masses", masses)
        ratio = _checks.number("aspect_ratio", self.aspect_ratio, above=0)
        noise = _checks.number("noise_var", self.noise_var, at_least=0)
        object.__setattr__(self, "aspect_ratio", ratio)
        object.__setattr__(self, "noise_var", noise)


def effective_penalty(
    problem: ProportionalProblem, lam_mean: Array, aspect_ratio: Array | None = None
) -> Array:
    """Return kappa (l, 1) for penalties (l, 1): kappa - ratio mean(kappa s / (s + kappa)) = lam.

    Aspect ratios (l, 1), if given, replace the problem's.

    Notes
    -----
    The left side is convex, not positive at 0 and not negative at lam + ratio mean(s), nor (below
    ratio 1) at lam / (1 - ratio). Newton's method started at the smaller of these falls to the root
    monotonically. Over kappa the left side is 1 - ratio mean(h) with h = s / (s + kappa), which
    cancels up to ratio 1, or 1 - ratio + ratio mean(1 - h), which cancels above. It is at most the
    slope: no step is as long as kappa.
    """
    s, masses = problem.eigenvalues, problem.masses
    xp = namespace(s)
    ratio = place(problem.aspect_ratio, like=s) if aspect_ratio is None else aspect_ratio
    kappa = lam_mean + ratio * xp.sum(masses * s)
    room = 1.0 - ratio
    other = lam_mean / xp.where(room > 0, room, xp.ones_like(room))
    kappa = xp.where((room > 0) & (other < kappa), other, kappa)
    for _ in range(200):
        kept, lost = s / (s + kappa), kappa / (s + kappa)
        below, above = (
            room + ratio * (lost @ masses)[:, None],
            1.0 - ratio * (kept @ masses)[:, None],
        )
        share = xp.where(room >= 0, below, above)
        slope = share + ratio * ((kept * lost) @ masses)[:, None]
        step = (kappa * share - lam_mean) / slope
        kappa = xp.where(step > 0, kappa - step, kappa)
        # Convergence is quadratic: after a step this small nothing is left but rounding.
        if not bool(xp.any(step > eps(s) ** 0.5 * kappa)):
            break
    return kappa
