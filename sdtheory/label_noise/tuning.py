"""The best weight from the data alone: leave-one-out, and generalised cross-validation.

All criteria are mean squared errors e_0 + w_1 e_1 + ... of predictions at samples that neither
teacher nor student has seen, exactly (leave-one-out) or with each leverage replaced by the mean
one. They estimate the error of predictions on new data of the same kind, noise included.
"""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, eps, first, namespace, place
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
    missing, spare = _beyond(samples)
    lost = filters.distill(d, lam, 0.0, steps=0).lost
    if missing == 0 and first(spare) == 0 and bool(_small(samples, place(lam, like=d))):
        # Residuals and what is free have a factor lam: it cancels, and is left out.
        unit = lost / xp.max(lost)
        rows = [unit * lost**k for k in range(steps + 1)]
    else:
        changes = filters.taylor_directions(d, lam, steps).kept
        rows = [lost, *(-changes[k, :] for k in range(steps))]
    free = missing + xp.sum(rows[0])
    # The part of the labels that no filter reaches is one more row.
    errors: list[Array] = []
    for k in range(steps + 1):
        rest = xp.concat([rows[k] * samples.length, spare if k == 0 else xp.zeros_like(spare)])
        for j in range(1, k + 1):
            rest = rest - xp.sum(rows[j]) * errors[k - j]
        errors.append(rest / free)
    # Errors are n times these, and their squares are averaged.
    flat = samples.total**0.5 * xp.stack(errors, axis=1)
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
    # the modes span all samples the former is zero and the factor cancels: it is left out. Of the
    # changes, too, if it is small: what does not fall with the penalty would cancel.
    complete = d.shape[0] + samples.lost_freedom == left.shape[0]
    scale = xp.ones_like(lam) if complete else lam
    spare = xp.where(spare > 4 * eps(d), spare, xp.zeros_like(spare))
    if complete:
        spare, fixed = xp.zeros_like(spare), xp.zeros_like(fixed)
    inverse = 1.0 / (d[:, None] + lam)
    change = scale * d[:, None] * inverse**2
    if complete:
        change = xp.where(_small(samples, lam), -lam * inverse**2, change)
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
    errors, change, _ = _averages(samples, lam)
    return _projected(samples, lam, errors, change)


def _published(samples: Samples, lam: Array) -> TunedPath:
    # The pure student is divided by a leverage of its own: all its errors change in proportion.
    errors, change, share = _averages(samples, lam)
    return _projected(samples, lam, errors, share * change)


def _averages(samples: Samples, lam: Array) -> tuple[Array, Array, Array]:
    """Return errors and what a unit of xi takes from them (l, r + 1), and a ratio (l, 1).

    The ratio is that of what teacher and pure student leave free. With n samples, m of them beyond
    the modes, what is free is f = (m + sum lost) / n. A unit of xi takes (sum kept lost / n) / f
    less kept of an error: for small penalties both are near one, and written as 1 - lost.
    """
    xp, d = namespace(lam), samples.spectrum.eigenvalues
    missing, spare = _beyond(samples)
    kept, lost = d / (d + lam[:, None]), lam[:, None] / (d + lam[:, None])
    free = missing + xp.sum(lost, axis=1)[:, None]
    part, beyond = lost / free, xp.broadcast_to(spare, free.shape)
    more, less = (xp.sum(v * part, axis=1)[:, None] for v in (kept, lost))
    taken = xp.where(
        _small(samples, lam)[:, None],
        lost * xp.sum(part, axis=1)[:, None] - less - kept * (missing / free),
        more - kept,
    )
    errors = xp.concat([part * samples.length, beyond / free], axis=1)
    change = xp.concat([part * samples.length * taken, more * beyond / free], axis=1)
    n = samples.total
    return n * errors, n * change, 1.0 / (1.0 + more)


def _small(samples: Samples, lam: Array) -> Array:
    """Say whether less is lost of some mode than is kept of another: for which penalties."""
    d, xp = samples.spectrum.eigenvalues, namespace(lam)
    if d.shape[0] == 0:
        return lam < 0  # no mode, nothing to be small
    return lam < xp.sqrt(xp.min(d)) * xp.sqrt(xp.max(d))


def _beyond(samples: Samples) -> tuple[float, Array]:
    """Return how many samples are beyond modes and intercept, and the length of their labels."""
    taken = samples.spectrum.eigenvalues.shape[0] + samples.lost_freedom
    if samples.total <= samples.lost_freedom:
        raise ValueError(
            "design must count more than one sample (by their weights) to cross-validate an "
            f"intercept, got {samples.total:g}"
        )
    # What rounding leaves of the labels where the modes span all samples is no error.
    spare = samples.spare * float(taken < samples.spectrum.n)
    return samples.total - taken, spare


def _projected(samples: Samples, lam: Array, errors: Array, change: Array) -> TunedPath:
    """Minimise |errors - xi change|**2, row by row."""
    xp = namespace(lam)
    size = xp.sum(change**2, axis=1)
    xi = xp.sum(errors * change, axis=1) / xp.where(size == 0, xp.ones_like(size), size)
    student = xp.sum((errors - xi[:, None] * change) ** 2, axis=1)
    return _path(samples, lam, xi, student, xp.sum(errors**2, axis=1), lam > 0)


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
