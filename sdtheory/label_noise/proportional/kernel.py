"""Two penalties on the same data: a kernel whose Taylor coefficients hold every repeated student.

For penalties lam (1 + x) and lam (1 + y) the errors of the two ridge fits have the inner product
K(x, y) in the limit. Since students are derivatives along the ridge path, the coefficients K_ij
are the Gram matrix of teacher and Taylor features: K_00 is the teacher's excess risk, -K_01 the
pull towards xi > 0, K_11 the distance. Power series in x need no resolvent calculus.
"""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, eps, namespace, place
from sdtheory.label_noise.proportional.problem import ProportionalProblem, effective_penalty

__all__ = ["AsymptoticSteps", "asymptotic_steps", "kernel_coefficients"]


@dataclass(frozen=True, slots=True)
class AsymptoticSteps:
    """The best student after several rounds, in the proportional limit."""

    weights: Array
    """Taylor weights (steps,)."""
    excess_risk: Array
    """Its risk without the noise of new labels, shape ()."""
    teacher_excess_risk: Array
    """That of ridge regression, shape ()."""


def kernel_coefficients(
    problem: ProportionalProblem,
    lam_mean: float,
    order: int,
    new_eigenvalues: Array | None = None,
) -> Array:
    """Return K_ij (order + 1, order + 1).

    `new_eigenvalues` (p,) is the covariance of new features, if it differs from that of the
    training features but shares its eigenvectors.

    >>> isotropic = ProportionalProblem([1.0], [1.0], aspect_ratio=0.5, noise_var=1.0)
    >>> k = kernel_coefficients(isotropic, 0.1, 1)
    >>> -k[0, 1] / k[1, 1]  # the best weight
    np.float64(1.866666...)
    """
    _checks.instance("problem", problem, ProportionalProblem)
    s = problem.eigenvalues
    lam = _checks.number("lam_mean", lam_mean, above=0)
    order = _checks.integer("order", order, at_most=_checks.POWERS)
    xp = namespace(s)
    if new_eigenvalues is None:
        new = s
    else:
        new = _checks.array("new_eigenvalues", new_eigenvalues, like=s, ndim=1, at_least=0)
        _checks.same_length("new_eigenvalues", new, "eigenvalues", s)
    kept = _series(problem, lam, order)
    kappa = effective_penalty(problem, place([[lam]], like=s))[0, 0]
    lost = xp.concat([(kappa / (s + kappa))[None, :], -kept[1:, :]])

    weights, signal = problem.aspect_ratio * problem.masses, problem.signal_energy
    bias = (lost * (signal * s)) @ lost.T
    overlap = (kept * weights) @ kept.T
    # 1 - T at x = y = 0, without the subtraction.
    unit = lam / kappa + xp.sum(weights * kept[0, :] * lost[0, :])
    noise = place(problem.noise_var, like=s)
    if new_eigenvalues is None:
        return _divided(bias + noise * overlap, overlap, unit)
    bias_new = (lost * (signal * new)) @ lost.T
    overlap_new = (kept * (weights * new / s)) @ kept.T
    first = _corner(bias, noise)
    return bias_new + _divided(_product(first, overlap_new), overlap, unit)


def asymptotic_steps(
    problem: ProportionalProblem,
    lam_mean: float,
    steps: int,
    new_eigenvalues: Array | None = None,
) -> AsymptoticSteps:
    """Return the best student after `steps` rounds in the limit.

    >>> isotropic = ProportionalProblem([1.0], [1.0], aspect_ratio=0.5, noise_var=1.0)
    >>> asymptotic_steps(isotropic, 0.1, 1).weights
    array([-1.86666667])
    """
    steps = _checks.integer("steps", steps, at_least=1, at_most=_checks.POWERS)
    k = kernel_coefficients(problem, lam_mean, steps, new_eigenvalues)
    xp = namespace(k)
    sign = place([(-1.0) ** i for i in range(steps + 1)], like=k)
    gram = k * sign[:, None] * sign[None, :]
    scale = xp.sqrt(xp.linalg.diagonal(gram)[1:])
    scale = xp.where(scale == 0, xp.ones_like(scale), scale)
    values, vectors = xp.linalg.eigh(gram[1:, 1:] / (scale[:, None] * scale[None, :]))
    certain = values > steps * eps(k) * values[-1]
    pull = vectors.T @ (gram[1:, 0] / scale)
    inverse = xp.where(
        certain, 1.0 / xp.where(certain, values, xp.ones_like(values)), xp.zeros_like(values)
    )
    weights = -(vectors @ (inverse * pull)) / scale
    gain = xp.sum(inverse * pull**2)
    return AsymptoticSteps(weights, gram[0, 0] - gain, gram[0, 0])


def _series(problem: ProportionalProblem, lam: float, order: int) -> Array:
    """Return the series h_i (order + 1, p) of s / (s + kappa) in the relative penalty."""
    s, weights = problem.eigenvalues, problem.aspect_ratio * problem.masses
    xp = namespace(s)
    kappa = effective_penalty(problem, place([[lam]], like=s))[0, 0]
    kept, lost = s / (s + kappa), kappa / (s + kappa)
    share = lam / kappa
    slope = 1.0 / (share + xp.sum(weights * kept * lost))
    # kappa (1 + delta_1 x + ...) solves its equation order by order; `shares` is lam / kappa.
    h, shares = [kept], [share]
    delta: list[Array] = []
    for n in range(1, order + 1):
        known = xp.zeros_like(kept)
        for j in range(1, n):
            known = known - lost * delta[j - 1] * h[n - j]
        total = (share if n == 1 else xp.zeros_like(share)) + xp.sum(weights * known)
        for j in range(1, n):
            total = total - delta[j - 1] * shares[n - j]
        delta.append(total * slope)
        h.append(known - lost * delta[-1] * kept)
        shares.append(-xp.sum(weights * h[-1]))
    return xp.stack(h)


def _divided(numerator: Array, overlap: Array, unit: Array) -> Array:
    """Return the series of numerator / (1 - overlap) in two variables."""
    count = numerator.shape[0]
    rows: list[list[Array]] = []
    for i in range(count):
        rows.append([])
        for j in range(count):
            value = numerator[i, j]
            for a in range(i + 1):
                for b in range(j + 1):
                    if a + b > 0:
                        value = value + overlap[a, b] * rows[i - a][j - b]
            rows[i].append(value / unit)
    xp = namespace(numerator)
    return xp.stack([xp.stack(row) for row in rows])


def _product(first: Array, second: Array) -> Array:
    """Return the series of a product in two variables."""
    xp, count = namespace(first), first.shape[0]
    rows = []
    for i in range(count):
        row = []
        for j in range(count):
            block = xp.flip(second[: i + 1, : j + 1])
            row.append(xp.sum(first[: i + 1, : j + 1] * block))
        rows.append(xp.stack(row))
    return xp.stack(rows)


def _corner(matrix: Array, value: Array) -> Array:
    """Return the series plus a constant."""
    unit = place([float(k == 0) for k in range(matrix.shape[0])], like=matrix)
    return matrix + value * unit[:, None] * unit[None, :]
