"""Teacher, pure student and best student in the proportional limit, without subtractions."""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, namespace, place, size
from sdtheory.label_noise.proportional.problem import ProportionalProblem, effective_penalty

__all__ = ["Asymptotics", "asymptotics", "asymptotics_grid", "population_moments"]

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
    _checks.instance("problem", problem, ProportionalProblem)
    s = problem.eigenvalues
    lam = _checks.array("lam_mean", lam_mean, like=s, ndim=(0, 1), above=0)
    xp = namespace(s)
    column = xp.reshape(lam, (-1, 1))
    length, noise = max(1, _BLOCK // size(s)), place(problem.noise_var, like=s)
    blocks = [
        _risks(noise, *_moments(problem, column[start : min(start + length, column.shape[0]), :]))
        for start in range(0, column.shape[0], length)
    ]
    fields = [xp.reshape(xp.concat(parts), lam.shape) for parts in zip(*blocks, strict=True)]
    return Asymptotics(*fields)


def asymptotics_grid(
    problem: ProportionalProblem, lam_mean: Array, aspect_ratio: Array, noise_var: Array
) -> Asymptotics:
    """Return the limits (a, b, l) for every aspect ratio (a,), noise variance (b,), penalty (l,).

    Ratios and noise replace those of `problem`. The effective penalty does not depend on the noise,
    and no moment does: a whole map costs little more than one of its columns.

    >>> isotropic = ProportionalProblem([1.0], [1.0], aspect_ratio=1.0, noise_var=1.0)
    >>> asymptotics_grid(isotropic, [0.1], [0.5, 1.5], [1.0, 2.0]).xi[:, :, 0]
    array([[1.86666667, 2.52      ],
           [2.41818182, 2.65542169]])
    """
    _checks.instance("problem", problem, ProportionalProblem)
    s = problem.eigenvalues
    xp = namespace(s)
    lam = _checks.array("lam_mean", lam_mean, like=s, ndim=1, above=0)
    ratio = _checks.array("aspect_ratio", aspect_ratio, like=s, ndim=1, above=0)
    noise = _checks.array("noise_var", noise_var, like=s, ndim=1, at_least=0)
    pairs = (ratio.shape[0], lam.shape[0])
    lams = xp.reshape(xp.broadcast_to(lam, pairs), (-1, 1))
    ratios = xp.reshape(xp.broadcast_to(ratio[:, None], pairs), (-1, 1))
    length = max(1, _BLOCK // size(s))
    count = lams.shape[0]
    parts = [slice(k, min(k + length, count)) for k in range(0, count, length)]
    blocks = [_moments(problem, lams[part, :], ratios[part, :]) for part in parts]
    columns = [xp.reshape(xp.concat(m), (pairs[0], 1, pairs[1])) for m in zip(*blocks, strict=True)]
    fields = _risks(noise[:, None], *columns)
    shape = (pairs[0], noise.shape[0], pairs[1])
    return Asymptotics(*(xp.broadcast_to(field, shape) for field in fields))


def population_moments(
    problem: ProportionalProblem, lam: Array, ratio: Array | None = None
) -> tuple[Array, Array, Array]:
    """Return kappa (l, 1), what is kept h (l, p), and dkappa / dlam (l, 1)."""
    kappa = effective_penalty(problem, lam, ratio)
    total = problem.eigenvalues + kappa
    kept, lost = problem.eigenvalues / total, kappa / total
    ratio = place(problem.aspect_ratio, like=kappa) if ratio is None else ratio
    return kappa, kept, 1.0 / (lam / kappa + ratio * ((kept * lost) @ problem.masses)[:, None])


def _moments(
    problem: ProportionalProblem, lam: Array, ratio: Array | None = None
) -> tuple[Array, ...]:
    """Return, for penalties (l, 1), all that the risks are made of, each of shape (l,)."""
    kappa, h, slope = population_moments(problem, lam, ratio)
    g = kappa / (problem.eigenvalues + kappa)
    weights, signal = problem.masses, problem.signal_energy * problem.eigenvalues
    share = place(problem.aspect_ratio, like=kappa) if ratio is None else ratio[:, 0]
    hg = h * g
    hhg = h * hg
    return (
        lam[:, 0],
        kappa[:, 0],
        slope[:, 0],
        (g * g) @ signal,
        (hg * g) @ signal,
        (hg * hg) @ signal,
        share * (hhg @ weights),
        share * ((hhg * g) @ weights),
    )


def _risks(
    noise: Array,
    lam: Array,
    kappa: Array,
    b: Array,
    bias: Array,
    pull: Array,
    push: Array,
    third: Array,
    fourth: Array,
) -> tuple[Array, ...]:
    """Return the fields of `Asymptotics` from noise variances and moments; broadcasts."""
    teacher = (bias + noise) * b
    u = pull - teacher * third
    v = push + teacher * fourth - 2.0 * b * third * u
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
