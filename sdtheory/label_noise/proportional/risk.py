"""Teacher, pure student and best student in the proportional limit, without subtractions."""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, namespace, place, size
from sdtheory.label_noise.proportional.problem import ProportionalProblem, effective_penalty

__all__ = ["Asymptotics", "asymptotics", "population_moments"]

# Penalties are treated in blocks of about this many numbers, which stay in the processor's cache.
_BLOCK = 1 << 17


@dataclass(frozen=True, slots=True)
class Asymptotics:
    """Limits of the risk of new predictions (noise included), of the shape of `lam_mean`."""

    kappa: Array
    """Effective penalty on the population."""
    teacher_risk: Array
    """Risk of ridge regression."""
    pure_risk: Array
    """Risk of the student with xi = 1."""
    student_risk: Array
    """Risk of the student with the best weight."""
    xi: Array
    """The best weight."""
    distance: Array
    """Squared distance of pure student and teacher, (beta_1 - beta_0)' Sigma (beta_1 - beta_0)."""
    gcv_inflation: Array
    """Factor by which the published one-shot estimator of xi exceeds xi: between 1 and 2."""


def asymptotics(problem: ProportionalProblem, lam_mean: Array) -> Asymptotics:
    """Return the limits at penalties `lam_mean`, a number or (l,), positive.

    Notes
    -----
    With h = s / (s + kappa), g = 1 - h, means taken with the aspect ratio, b = dkappa / dlam and
    R the teacher's risk,

        U = sum beta**2 s h g**2 - R mean(h**2 g)
        V = sum beta**2 s h**2 g**2 + R mean(h**2 g**2) - 2 b mean(h**2 g) U

    and xi = -(kappa / (lam b)) U / V, best risk R - b U**2 / V, distance b (lam b / kappa)**2 V.

    Examples
    --------
    >>> isotropic = ProportionalProblem([1.0], [1.0], aspect_ratio=0.5, noise_var=1.0)
    >>> asymptotics(isotropic, 0.1).xi  # 28 / 15
    array(1.86666667)
    """
    s = problem.eigenvalues
    lam = _checks.array("lam_mean", lam_mean, like=s, ndim=(0, 1), above=0)
    xp = namespace(s)
    column = xp.reshape(lam, (-1, 1))
    length = max(1, _BLOCK // size(s))
    blocks = [
        _block(problem, column[start : min(start + length, column.shape[0]), :])
        for start in range(0, column.shape[0], length)
    ]
    fields = [xp.reshape(xp.concat(parts), lam.shape) for parts in zip(*blocks, strict=True)]
    return Asymptotics(*fields)


def population_moments(problem: ProportionalProblem, lam: Array) -> tuple[Array, Array, Array]:
    """Return kappa (l, 1), what is kept h (l, p), and dkappa / dlam (l, 1)."""
    kappa = effective_penalty(problem, lam)
    total = problem.eigenvalues + kappa
    kept, lost = problem.eigenvalues / total, kappa / total
    weights = problem.aspect_ratio * problem.masses
    return kappa, kept, 1.0 / (lam / kappa + ((kept * lost) @ weights)[:, None])


def _block(problem: ProportionalProblem, lam: Array) -> tuple[Array, ...]:
    s = problem.eigenvalues
    kappa, h, slope = population_moments(problem, lam)
    g = kappa / (s + kappa)
    weights, signal = problem.aspect_ratio * problem.masses, problem.signal_energy * s
    kappa, b, lam = kappa[:, 0], slope[:, 0], lam[:, 0]
    noise = place(problem.noise_var, like=s)

    hg = h * g
    hhg = h * hg
    ggs = g * g
    teacher = (ggs @ signal + noise) * b
    third = hhg @ weights
    u = (hg * g) @ signal - teacher * third
    v = (hg * hg) @ signal + teacher * ((hhg * g) @ weights) - 2.0 * b * third * u
    empty = v == 0  # no signal and no noise: nothing to learn
    ratio = u / _filled(empty, v)
    share = lam * b / kappa
    distance = b * share**2 * v
    change = share * b * u
    return (
        kappa,
        teacher,
        teacher + 2.0 * change + distance,
        teacher - b * u * ratio,
        -ratio / share,
        distance,
        2.0 - share,
    )


def _filled(empty: Array, value: Array) -> Array:
    """Return `value` with ones where it is empty."""
    xp = namespace(value)
    return xp.where(empty, xp.ones_like(value), value)
