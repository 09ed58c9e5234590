"""The best weight of each round, with everything before it fixed: a projection, no grid search.

A student's predictions are affine in its weight, f = f_labels + xi (f_pure - f_labels), whatever
made them: for squared error the best weight is a quotient of two inner products.
"""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, eps, namespace, place, size
from sdtheory.kernel_ridge.fitting import KernelRidge
from sdtheory.kernel_ridge.leave_one_out import Smoothing
from sdtheory.spectral import criteria, filters, projections
from sdtheory.spectral.risks import QuadraticRisk, RatioRisk
from sdtheory.spectral.schedules import per_round
from sdtheory.spectral.smoother import divided

__all__ = ["METHODS", "OptimalXi", "criterion", "optimal_xi"]

METHODS = ("loo", "gcv", "sure", "validation", "truth")


@dataclass(frozen=True, slots=True)
class OptimalXi:
    """The best weights of rounds that are chosen one after the other."""

    xi: Array | float
    """Weights (steps,); from outputs alone a number, or one weight per output (q,)."""
    risk: Array | float
    """Estimated risk of the student (steps,) after each round; same shape as `xi`."""
    teacher_risk: Array | float
    """Estimated risk of the teacher."""
    method: str
    """Where the risk comes from."""
    degenerate: bool
    """In some round no weight changes the risk, or none in the interval attains its infimum; that
    weight is 0, or the end of the interval next to it."""


def optimal_xi(
    fit: KernelRidge | None = None,
    lam: Array | None = None,
    steps: int = 1,
    *,
    method: str = "loo",
    validation: tuple[Array, Array] | None = None,
    truth: Array | tuple[Array, Array, Array] | None = None,
    noise_var: float | None = None,
    lower: float = -float("inf"),
    upper: float = float("inf"),
    teacher_outputs: Array | None = None,
    student_outputs: Array | None = None,
    targets: Array | None = None,
    per_output: bool = False,
    relative: bool = False,
) -> OptimalXi:
    """Return the best weight on the teacher, without a grid search.

    Either of a kernel ridge fit, round by round, or of *any* model from its outputs alone: those of
    the model trained on the labels, those of the model trained on the first one's outputs (both
    from the same initialisation, for networks), and the targets they should have had, all on a
    validation set.

    Parameters
    ----------
    fit : KernelRidge, optional
        Made by `fit` or `fit_features`.
    lam : float or array (steps + 1,)
        Penalties, the teacher's first.
    steps : int
        Rounds; each is optimal given those before it (see `optimal_schedule` for all at once).
    method : {"loo", "gcv", "sure", "validation", "truth"}
        Leave-one-out of the whole pipeline, generalised cross-validation, Stein's unbiased risk
        estimate (needs `noise_var`), a validation set, or a known truth (needs `noise_var`).
    validation : (K(new, train), labels), optional
        Or features of the new points, for a fit from features.
    truth : array (n,) or (K(new, train), values there, values at the training inputs)
        Noiseless targets: the expected risk over label noise, at the training inputs or at others.
    noise_var : float
        Variance of the label noise.
    lower, upper : float
        Interval for every weight. On small samples [0, 1] guards against selection noise.
    teacher_outputs, student_outputs, targets : array (m,) or (m, q)
        Outputs of any model, instead of a fit.
    per_output : bool
        One weight per output, from outputs alone.
    relative : bool
        Divide squared leave-one-out errors by the noise levels of the fit: a sample that counts
        little in the fit then counts as little in the choice.

    Returns
    -------
    OptimalXi

    Examples
    --------
    >>> optimal_xi(teacher_outputs=[1.0, 0.0], student_outputs=[0.5, 0.0], targets=[0.8, 0.1]).xi
    0.4
    """
    if fit is not None:
        _checks.instance("fit", fit, KernelRidge)
    _checks.flag("per_output", per_output)
    _checks.flag("relative", relative)
    lower = _checks.number("lower", lower, finite=False)
    upper = _checks.number("upper", upper, finite=False)
    if not lower <= upper:
        raise ValueError(f"lower must be at most upper, got {lower} and {upper}")
    outputs = (teacher_outputs, student_outputs, targets)
    if fit is None:
        if any(o is None for o in outputs):
            raise ValueError(
                "fit, or all of teacher_outputs, student_outputs and targets, must be given"
            )
        return _from_outputs(*outputs, per_output, lower, upper)
    if any(o is not None for o in outputs):
        raise ValueError("teacher_outputs, student_outputs and targets must be given without fit")
    method = _checks.choice("method", method, METHODS)
    steps = _checks.integer("steps", steps, at_least=1, at_most=_checks.ROUNDS)
    if lam is None:
        raise ValueError("lam must be given with fit")
    schedule = per_round("lam", lam, 0.0, steps, fit.eigenvalues)[0]
    if method == "loo":
        return _by_leaving_out(fit, schedule, lower, upper, relative)
    if relative:
        raise ValueError(f"relative must be False for method {method!r}, got True")
    risk = criterion(fit, method, validation, truth, noise_var)
    return _by_risk(fit, risk, schedule, method, lower, upper)


def criterion(
    fit: KernelRidge,
    method: str,
    validation: tuple[Array, Array] | None = None,
    truth: Array | tuple[Array, Array, Array] | None = None,
    noise_var: float | None = None,
) -> QuadraticRisk | RatioRisk:
    """Return the risk that a method minimises, as a function of the student's filter."""
    smoother = fit.smoother
    if method == "validation":
        if validation is None:
            raise ValueError("validation must be given for method 'validation'")
        projection = smoother.projection(validation[0])
        return criteria.prediction_error(projection, smoother.targets, validation[1])
    if smoother.root is not None:
        raise ValueError(f"method must be 'loo' or 'validation' with noise levels, got {method!r}")
    if method == "gcv":
        return criteria.gcv(smoother.spectrum, smoother.targets)
    if noise_var is None:
        raise ValueError(f"noise_var must be given for method {method!r}")
    if method == "sure":
        return criteria.sure(smoother.spectrum, smoother.targets, noise_var)
    if truth is None:
        raise ValueError("truth must be given for method 'truth'")
    if isinstance(truth, tuple):
        if len(truth) != 3:
            raise ValueError(
                "truth must be values at the training inputs, or (K(new, train), values there, "
                f"values at the training inputs), got {len(truth)} entries"
            )
        mean = smoother.spectrum.project(truth[2])
        return criteria.prediction_risk(
            smoother.projection(truth[0]), mean.projected, noise_var, truth[1]
        )
    mean = smoother.spectrum.project(truth)
    q = 1 if fit.y.ndim == 1 else fit.y.shape[1]
    outside = float(namespace(mean.outside).sum(mean.outside))
    return criteria.expected_fit(
        fit.eigenvalues, mean.projected, q * noise_var, smoother.spectrum.n, outside
    )


def _by_risk(
    fit: KernelRidge,
    risk: QuadraticRisk | RatioRisk,
    lams: list[float],
    method: str,
    lower: float,
    upper: float,
) -> OptimalXi:
    teacher = previous = filters.distill(fit.eigenvalues, lams[0], [], steps=0)
    found = []
    for lam in lams[1:]:
        found.append(projections.optimal_xi(risk, fit.eigenvalues, lam, previous, lower, upper))
        previous = found[-1].filter
    xp = namespace(fit.eigenvalues)
    return OptimalXi(
        xp.concat([best.weights for best in found]),
        xp.stack([best.risk for best in found]),
        risk(teacher),
        method,
        any(best.degenerate for best in found),
    )


def _by_leaving_out(
    fit: KernelRidge, lams: list[float], lower: float, upper: float, relative: bool
) -> OptimalXi:
    xp, root, n = namespace(fit.y), fit.smoother.root, fit.y.shape[0]
    # Folds live in coordinates in which all samples are equally noisy; errors, in `unit` of these.
    scaled = divided(fit.y, root)
    unit = 1.0 if relative or root is None else root
    ys = [scaled] if scaled.ndim == 1 else [scaled[:, k] for k in range(scaled.shape[1])]
    labels = [xp.broadcast_to(y[:, None], (n, n)) for y in ys]
    smoothing, last = Smoothing.of(fit, lams[0]), lams[0]
    first = [smoothing.folds(t) for t in labels]
    fitted = [f for _, f in first]
    teacher = xp.mean(
        xp.stack([(unit * (y - o)) ** 2 for y, (o, _) in zip(ys, first, strict=True)])
    )
    xis, risks, degenerate = [], [], False
    for lam in lams[1:]:
        if lam != last:
            smoothing, last = Smoothing.of(fit, lam), lam
        by_labels = [smoothing.folds(t) for t in labels]
        pure = [smoothing.folds(t) for t in fitted]
        pairs = list(zip(pure, by_labels, strict=True))
        direct = xp.concat([unit * (y - o) for y, (o, _) in zip(ys, by_labels, strict=True)])
        change = xp.concat([unit * (p - o) for (p, _), (o, _) in pairs])
        xi, none = _projection(direct, change, lower, upper)
        degenerate = degenerate or none
        fitted = [xi * p + (1.0 - xi) * f for (_, p), (_, f) in pairs]
        xis.append(xi)
        risks.append(xp.mean((direct - xi * change) ** 2))
    return OptimalXi(place(xis, fit.y), xp.stack(risks), teacher, "loo", degenerate)


def _from_outputs(
    teacher: Array, student: Array, targets: Array, per_output: bool, lower: float, upper: float
) -> OptimalXi:
    teacher = _checks.array("teacher_outputs", teacher, ndim=(1, 2))
    student = _checks.array("student_outputs", student, like=teacher, ndim=teacher.ndim)
    targets = _checks.array("targets", targets, like=teacher, ndim=teacher.ndim)
    for name, value in (("student_outputs", student), ("targets", targets)):
        if value.shape != teacher.shape:
            raise ValueError(
                f"{name} must have the shape of teacher_outputs, got {tuple(value.shape)} "
                f"and {tuple(teacher.shape)}"
            )
    xp = namespace(teacher)
    missing, change = targets - teacher, student - teacher
    if not (per_output and teacher.ndim == 2):
        flat = (size(missing),)
        xi, degenerate = _projection(
            xp.reshape(missing, flat), xp.reshape(change, flat), lower, upper
        )
        risk = float(xp.mean((missing - xi * change) ** 2))
        return OptimalXi(xi, risk, float(xp.mean(missing**2)), "outputs", degenerate)
    found = [
        _projection(missing[:, k], change[:, k], lower, upper) for k in range(teacher.shape[1])
    ]
    xis = place([xi for xi, _ in found], like=teacher)
    return OptimalXi(
        xis,
        xp.mean((missing - xis * change) ** 2, axis=0),
        xp.mean(missing**2, axis=0),
        "outputs",
        any(none for _, none in found),
    )


def _projection(missing: Array, change: Array, lower: float, upper: float) -> tuple[float, bool]:
    """Return the xi that minimises |missing - xi change|^2 in an interval, and whether none does.

    A change within rounding of zero cannot be told from no change at all.
    """
    xp = namespace(missing)
    size = float(xp.linalg.vector_norm(change))
    scale = float(xp.linalg.vector_norm(missing))
    degenerate = size <= eps(change) * scale
    xi = 0.0 if degenerate else float(xp.sum(missing * (change / size))) / size
    return min(max(xi, lower), upper), degenerate
