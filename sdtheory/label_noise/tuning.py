"""The best weight from the data alone: leave-one-out, and generalised cross-validation.

All criteria are mean squared errors e_0 + w_1 e_1 + ... of predictions at samples that neither
teacher nor student has seen, exactly (leave-one-out) or with each leverage replaced by the mean
one. They estimate the error of predictions on new data of the same kind, noise included.
"""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, eps, namespace, place
from sdtheory.label_noise._samples import Samples
from sdtheory.label_noise.left_out import left_out_errors
from sdtheory.spectral import LeastSquares, filters, weights

__all__ = ["METHODS", "TunedPath", "TunedXi", "tune_path", "tune_xi"]

METHODS = ("loo", "gcv", "gcv_published")


@dataclass(frozen=True, slots=True)
class TunedXi:
    """A weight chosen from the data alone."""

    xi: Array
    """The weight, shape (); for several rounds (steps,), or None where some would be infinite."""
    weights: Array
    """Taylor weights (steps,); -xi for one round."""
    risk: Array
    """Estimated squared error on new data, summed over outputs, noise included; shape ()."""
    teacher_risk: Array
    """The same for ridge regression."""
    method: str
    """How the errors were estimated."""
    degenerate: bool
    """The labels do not tell students apart; the weights are then 0."""


@dataclass(frozen=True, slots=True)
class TunedPath:
    """The best weight at every penalty of a grid, from one factorisation; shapes (l,)."""

    lam: Array
    """Penalties, sum convention."""
    xi: Array
    """Weights of one round."""
    risk: Array
    """Estimated squared error of the student; inf where leaving out a sample is undetermined."""
    teacher_risk: Array
    """Estimated squared error of ridge regression; likewise."""


def tune_xi(
    design: Array,
    y: Array,
    lam: float,
    method: str = "loo",
    *,
    steps: int = 1,
    intercept: bool = False,
    sample_weight: Array | None = None,
) -> TunedXi:
    """Return the weights that minimise the estimated error at penalty `lam`.

    Parameters
    ----------
    design : array (n, p)
        Features.
    y : array (n,) or (n, q)
        Labels; outputs share the weights.
    lam : float
        Penalty in the sum convention, positive.
    method : {"loo", "gcv", "gcv_published"}
        "loo" leaves out each sample from teacher and students alike, exactly and without refits.
        "gcv" replaces the leverages by their means. "gcv_published" is the one-shot estimator of
        the public code of Dang, Patil and Rinaldo, for one round: in the proportional limit its
        weight is too large by a factor between 1 and 2 (see `Asymptotics.gcv_inflation`).
    steps : int
        Rounds.
    intercept : bool
        Fit an unpenalised intercept.
    sample_weight : array (n,), optional
        Weights of the squared errors, not negative. Leave-one-out leaves out a sample with all of
        its weight; cross-validation counts a weight of 2 as two samples.

    Examples
    --------
    >>> design, y = [[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]], [1.0, 2.0, 0.0]
    >>> [float(tune_xi(design, y, 1.0, method).xi) for method in ("loo", "gcv", "gcv_published")]
    [0.135813390147, -0.785304020598, -0.973634849067]
    """
    _checks.flag("intercept", intercept)
    method = _checks.choice("method", method, METHODS)
    steps = _checks.integer("steps", steps, at_least=1, at_most=_checks.POWERS)
    lam = _checks.number("lam", lam, above=0)
    return tuned_of(Samples.made(design, y, intercept, sample_weight), lam, method, steps)


def tuned_of(samples: Samples, lam: float, method: str, steps: int) -> TunedXi:
    """Return the weights for data that have been factorised; see `tune_xi`."""
    if method == "gcv_published":
        if steps > 1:
            raise ValueError(f"steps must be 1 for method 'gcv_published', got {steps}")
        path = _published(samples, place([lam], like=samples.z))
        none = bool(path.risk[0] == path.teacher_risk[0]) and bool(path.xi[0] == 0)
        return TunedXi(path.xi[0], -path.xi, path.risk[0], path.teacher_risk[0], method, none)
    squares = (
        left_out_errors(samples, lam, steps) if method == "loo" else _averaged(samples, lam, steps)
    )
    return tuned_on(squares, method, steps)


def tuned_on(squares: LeastSquares, method: str, steps: int) -> TunedXi:
    """Return the weights that minimise a criterion of the Taylor weights."""
    found = squares.minimiser()
    xp = namespace(found.weights)
    degenerate = found.rank == 0
    taylor = xp.zeros_like(found.weights) if degenerate else found.weights
    mixture = weights.powers_from_taylor(taylor)
    xi: Array | None = None
    if steps == 1:
        xi = -taylor[0]
    elif bool(weights.reachable(mixture)):
        xi = weights.xi_from_powers(mixture)
    teacher = squares(xp.zeros_like(taylor))
    return TunedXi(xi, taylor, squares(taylor), teacher, method, degenerate)


def tune_path(
    design: Array,
    y: Array,
    lam: Array,
    method: str = "loo",
    *,
    intercept: bool = False,
    sample_weight: Array | None = None,
) -> TunedPath:
    """Return the best weight of one round at each penalty (l,); arguments as for `tune_xi`.

    >>> design, y = [[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]], [1.0, 2.0, 0.0]
    >>> tune_path(design, y, [0.1, 1.0]).xi
    array([4.93642595, 0.13581339])
    """
    _checks.flag("intercept", intercept)
    method = _checks.choice("method", method, METHODS)
    samples = Samples.made(design, y, intercept, sample_weight)
    return path_of(samples, _checks.array("lam", lam, like=samples.z, ndim=1, above=0), method)


def path_of(samples: Samples, lam: Array, method: str) -> TunedPath:
    """Return the best weights for data that have been factorised; see `tune_path`."""
    return {"loo": _path_left_out, "gcv": _path_averaged, "gcv_published": _published}[method](
        samples, lam
    )


def _averaged(samples: Samples, lam: float, steps: int) -> LeastSquares:
    d, xp = samples.spectrum.eigenvalues, namespace(samples.z)
    n = samples.total
    changes = filters.taylor_directions(d, lam, steps)
    teacher = filters.distill(d, lam, 0.0, steps=0)
    # The part of the labels that no filter reaches is one more row.
    zero = xp.zeros_like(samples.spare)
    first = xp.concat([teacher.lost * samples.length, samples.spare])
    free = (n - samples.lost_freedom - xp.sum(teacher.kept)) / n
    traces = [xp.sum(changes.kept[k, :]) / n for k in range(steps)]
    errors = [first / free]
    for k in range(steps):
        rest = xp.concat([-changes.kept[k, :] * samples.length, zero])
        for j in range(k + 1):
            rest = rest + traces[j] * errors[k - j]
        errors.append(rest / free)
    scale = n**-0.5
    flat = scale * xp.stack(errors, axis=1)
    empty = xp.zeros_like(flat[0, :])
    return LeastSquares(flat[:, 0], flat[:, 1:], empty[1:], empty[0])


def _path_left_out(samples: Samples, lam: Array) -> TunedPath:
    d, left, y = samples.spectrum.eigenvalues, samples.spectrum.left, samples.y
    assert left is not None  # made from a design
    xp = namespace(d)
    squares, fixed = left**2, y - left @ samples.projected
    spare = 1.0 - xp.sum(squares, axis=1)
    if samples.constant is not None:
        spare = spare - samples.constant**2
    # Residuals and 1 - leverage have a part that no penalty changes and one with a factor lam. If
    # the modes span all samples the former is zero and the factor cancels: it is left out.
    complete = d.shape[0] + samples.lost_freedom == left.shape[0]
    scale = xp.ones_like(lam) if complete else lam
    spare = xp.where(spare > 4 * eps(d), spare, xp.zeros_like(spare))
    if complete:
        spare, fixed = xp.zeros_like(spare), xp.zeros_like(fixed)
    inverse = 1.0 / (d[:, None] + lam)
    change = scale * d[:, None] * inverse**2
    free = spare[:, None] + scale * (squares @ inverse)
    certain = xp.min(free, axis=0) > 0
    free = xp.where(free > 0, free, xp.ones_like(free))
    growth = squares @ change / free
    teacher = pull = size = xp.zeros_like(lam)
    pairs = []
    for k in range(y.shape[1]):
        z = samples.projected[:, k : k + 1]
        e = (fixed[:, k : k + 1] + scale * (left @ (inverse * z))) / free
        # One unit of xi takes this from the error.
        carried, own = growth * e, left @ (change * z) / free
        u = carried - own
        # What is left of a complete cancellation is rounding, and no direction.
        size_of_terms = xp.linalg.vector_norm(xp.abs(carried) + xp.abs(own), axis=0)
        noise = 4 * left.shape[0] * eps(d) * size_of_terms
        u = xp.where(xp.linalg.vector_norm(u, axis=0) > noise, u, xp.zeros_like(u))
        teacher = teacher + xp.sum(e**2, axis=0)
        pull, size = pull + xp.sum(e * u, axis=0), size + xp.sum(u**2, axis=0)
        pairs.append((e, u))
    xi = pull / xp.where(size == 0, xp.ones_like(size), size)
    student = sum((xp.sum((e - xi * u) ** 2, axis=0) for e, u in pairs), start=xp.zeros_like(lam))
    return _path(samples, lam, xi, student, teacher, certain)


def _path_averaged(samples: Samples, lam: Array) -> TunedPath:
    lost, kept, free = _averages(samples, lam)
    xp = namespace(lam)
    first = xp.concat([lost * samples.length, xp.zeros_like(free) + samples.spare], axis=1) / free
    slope = xp.sum(kept * lost, axis=1)[:, None] / samples.total
    change = xp.concat([kept * lost * samples.length, xp.zeros_like(free)], axis=1)
    return _projected(samples, lam, first, (slope * first - change) / free)


def _published(samples: Samples, lam: Array) -> TunedPath:
    lost, kept, free = _averages(samples, lam)
    xp = namespace(lam)
    more = xp.sum(kept * lost, axis=1)[:, None] / samples.total
    rest = xp.zeros_like(free) + samples.spare
    teacher = xp.concat([lost * samples.length, rest], axis=1) / free
    # The pure student leaves lost (1 + kept) and is divided by free + more; teacher - student is
    # written over one denominator, because for small penalties the two are nearly equal.
    change = xp.concat([lost * (more - free * kept) * samples.length, rest * more], axis=1)
    return _projected(samples, lam, teacher, change / (free * (free + more)))


def _averages(samples: Samples, lam: Array) -> tuple[Array, Array, Array]:
    """Return what is lost and kept (l, r), and the free share of the samples (l, 1)."""
    xp, d = namespace(lam), samples.spectrum.eigenvalues
    lam = lam[:, None]
    kept, lost = d / (d + lam), lam / (d + lam)
    # With as many samples as modes what is free is what is lost, without a subtraction.
    missing = samples.total - samples.lost_freedom - d.shape[0]
    return lost, kept, (missing + xp.sum(lost, axis=1)[:, None]) / samples.total


def _projected(samples: Samples, lam: Array, first: Array, change: Array) -> TunedPath:
    """Minimise |first - xi change|**2, row by row."""
    xp = namespace(lam)
    size = xp.sum(change**2, axis=1)
    xi = xp.sum(first * change, axis=1) / xp.where(size == 0, xp.ones_like(size), size)
    student = xp.sum((first - xi[:, None] * change) ** 2, axis=1)
    return _path(samples, lam, xi, student, xp.sum(first**2, axis=1), lam > 0)


def _path(
    samples: Samples, lam: Array, xi: Array, student: Array, teacher: Array, certain: Array
) -> TunedPath:
    xp, scale = namespace(lam), samples.total
    infinite = xp.full_like(lam, float("inf"))
    return TunedPath(
        lam,
        xp.where(certain, xi, xp.zeros_like(xi)),
        xp.where(certain, student / scale, infinite),
        xp.where(certain, teacher / scale, infinite),
    )
