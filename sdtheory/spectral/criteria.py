"""The risks themselves: expected error, error on an evaluation set, SURE, GCV, leave-one-out.

Each function states one criterion as a `QuadraticRisk`; multi-output targets are summed over the
outputs. Notation: d eigenvalues, s = sqrt(d), z projected targets, f the filter, c = f / d.
"""

from __future__ import annotations

from sdtheory import _checks
from sdtheory._array import Array, namespace, place
from sdtheory.spectral.left_out import left_out_errors
from sdtheory.spectral.risks import Block, LeastSquares, QuadraticRisk, RatioRisk
from sdtheory.spectral.spectrum import Spectrum, Targets, semidefinite

__all__ = [
    "expected_error",
    "expected_error_general",
    "expected_fit",
    "gcv",
    "leave_one_out",
    "prediction_error",
    "prediction_risk",
    "sure",
]


def expected_error(
    singular_values: Array,
    coefficients: Array,
    noise_var: Array,
    weights: Array = 1.0,
    null_energy: float = 0.0,
) -> QuadraticRisk:
    """Return sum_j weights_j [ (1 - f_j)^2 theta_j^2 + noise_j f_j^2 / s_j^2 ] + null_energy.

    The expected squared error of the estimated coefficients over the label noise, in a metric that
    is diagonal in the right singular vectors: weights 1 for parameter error, s**2 / n in sample.

    Parameters
    ----------
    singular_values : array (r,)
        Positive.
    coefficients : array (r,) or (r, q)
        True coefficients theta in the basis of the right singular vectors.
    noise_var : float or array (r,)
        Label-noise variance, summed over outputs; one per left singular vector where it varies.
    weights : float or array (r,)
        Nonnegative.
    null_energy : float
        Weighted energy of the signal in the null space of the design.

    Examples
    --------
    >>> from sdtheory import filters
    >>> risk = expected_error([2.0, 1.0], coefficients=[1.0, 0.5], noise_var=0.5)
    >>> teacher = filters.distill([4.0, 1.0], lam=1.0, xi=0.0, steps=0)
    >>> risk(teacher)  # (0.2^2 + 0.5 0.8^2 / 4) + (0.5^2 0.25 + 0.5 0.5^2)
    np.float64(0.3075)
    """
    s = _checks.array("singular_values", singular_values, ndim=1, above=0, empty=True)
    theta = _per_mode("coefficients", coefficients, s, (1, 2))
    noise = _per_mode("noise_var", noise_var, s, (0, 1), at_least=0)
    metric = _per_mode("weights", weights, s, (0, 1), at_least=0)
    xp = namespace(s)
    root = xp.sqrt(metric)
    bias = Block(root * _norms(theta), "lost")
    variance = Block(root * xp.sqrt(noise) * s, "coefficient")
    floor = place(_checks.number("null_energy", null_energy, at_least=0), like=s)
    return QuadraticRisk((bias, variance), floor)


def expected_fit(
    eigenvalues: Array, mean: Array, noise_var: Array, n: int, outside: float = 0.0
) -> QuadraticRisk:
    """Return (1/n) [ sum_j (1 - f_j)^2 m_j^2 + noise_j f_j^2 + outside ].

    The expected in-sample error for targets with any mean E[y] (no linear model needed): `mean` is
    U.T E[y] of shape (r,) or (r, q), `outside` the squared length of E[y] beyond the span of U,
    `noise_var` the variance per sample, summed over outputs.

    >>> from sdtheory import filters
    >>> risk = expected_fit([4.0, 1.0], mean=[2.0, 0.5], noise_var=0.5, n=3)
    >>> risk(filters.distill([4.0, 1.0], lam=1.0, xi=0.0, steps=0))
    np.float64(0.2225)
    """
    d = _checks.array("eigenvalues", eigenvalues, ndim=1, above=0, empty=True)
    mean = _per_mode("mean", mean, d, (1, 2))
    noise = _per_mode("noise_var", noise_var, d, (0, 1), at_least=0)
    xp = namespace(d)
    count = float(_checks.integer("n", n, at_least=1))
    bias = Block(_norms(mean) / count**0.5, "lost")
    variance = Block(xp.sqrt(noise / count) * d, "coefficient")
    floor = place(_checks.number("outside", outside, at_least=0) / count, like=d)
    return QuadraticRisk((bias, variance), floor)


def expected_error_general(
    singular_values: Array,
    coefficients: Array,
    noise_var: Array,
    covariance: Array,
    target: Array | None = None,
) -> QuadraticRisk:
    """Return b' G b + noise sum_j G_jj f_j^2 / s_j^2, with b = target - f theta.

    The expected error in a metric that couples the modes: a test covariance G that does not commute
    with the training one, or a shifted target.

    Parameters
    ----------
    singular_values : array (r,)
        Positive.
    coefficients : array (p,)
        True coefficients in the full right singular basis, the r retained ones first.
    noise_var : float or array (r,)
        Label-noise variance.
    covariance : array (p, p)
        G = V' Sigma V, positive semi-definite, in the same basis.
    target : array (p,), optional
        Coefficients that the test data follow; `coefficients` by default.

    Examples
    --------
    >>> from sdtheory import filters
    >>> correlated = [[1.0, 0.5], [0.5, 1.0]]
    >>> risk = expected_error_general([2.0, 1.0], [1.0, 0.5], 0.5, covariance=correlated)
    >>> risk(filters.distill([4.0, 1.0], lam=1.0, xi=0.0, steps=0))
    np.float64(0.3575)
    """
    s = _checks.array("singular_values", singular_values, ndim=1, above=0, empty=True)
    theta = _checks.array("coefficients", coefficients, like=s, ndim=1)
    noise = _per_mode("noise_var", noise_var, s, (0, 1), at_least=0)
    metric = _checks.array("covariance", covariance, like=s, ndim=2)
    goal = theta if target is None else _checks.array("target", target, like=s, ndim=1)
    rank, full = s.shape[0], theta.shape[0]
    if full < rank or tuple(metric.shape) != (full, full) or goal.shape[0] != full:
        raise ValueError(
            f"coefficients, target and covariance must have shapes (p,), (p,) and (p, p) with "
            f"p >= {rank}, got {tuple(theta.shape)}, {tuple(goal.shape)} and {tuple(metric.shape)}"
        )
    xp = namespace(s)
    root = _root("covariance", metric)
    # target - f theta = (target - theta on the retained modes) + lost theta
    kept_part = xp.concat([theta[:rank], xp.zeros_like(theta[rank:])])
    bias = Block(root[:, :rank] * theta[:rank], "lost", root @ (goal - kept_part))
    diagonal = xp.sum(root**2, axis=0)[:rank]
    variance = Block(xp.sqrt(diagonal * noise) * s, "coefficient")
    return QuadraticRisk((bias, variance), place(0.0, like=s))


def prediction_error(projection: Array, targets: Targets, truth: Array) -> QuadraticRisk:
    """Return the mean of (truth - P (c z))**2 over points and outputs: a labelled evaluation set.

    `projection` is P (m, r) from `Spectrum.projection`; `truth` is (m,) or (m, q).

    >>> from sdtheory import filters
    >>> spectrum = Spectrum.from_design([[2.0, 0.0], [0.0, 1.0]])
    >>> new = spectrum.projection([[1.0, 1.0]])
    >>> risk = prediction_error(new, spectrum.project([1.0, 2.0]), truth=[1.0])
    >>> risk(filters.distill(spectrum.eigenvalues, lam=1.0, xi=0.0, steps=0))  # (1 - 0.4 - 1)^2
    np.float64(0.16)
    """
    _checks.instance("targets", targets, Targets)
    projection = _checks.array("projection", projection, ndim=2, empty=True)
    truth = _checks.array("truth", truth, like=projection, ndim=targets.projected.ndim)
    _checks.same_length("truth", truth, "projection", projection)
    xp = namespace(projection)
    if targets.projected.shape[0] != projection.shape[1]:
        raise ValueError(
            f"projection must have a column for each of the {targets.projected.shape[0]} modes of "
            f"the targets (or of the mean), got shape {tuple(projection.shape)}"
        )
    z = targets.projected[:, None] if truth.ndim == 1 else targets.projected
    goal = truth[:, None] if truth.ndim == 1 else truth
    if goal.shape[1] != z.shape[1]:
        raise ValueError(f"truth must have {z.shape[1]} outputs, got {goal.shape[1]}")
    scale = float(goal.shape[0] * goal.shape[1]) ** -0.5
    weight = xp.concat([-scale * projection * z[:, k] for k in range(z.shape[1])], axis=0)
    offset = xp.concat([scale * goal[:, k] for k in range(z.shape[1])])
    return QuadraticRisk((Block(weight, "coefficient", offset),), place(0.0, like=projection))


def prediction_risk(
    projection: Array, mean: Array, noise_var: float, truth: Array
) -> QuadraticRisk:
    """Return E mean((truth - P (c z))**2) over z = mean + noise: a known truth at new points.

    `mean` is U.T E[y] (r,) or (r, q), `truth` (m,) or (m, q) the noiseless values, `noise_var` the
    label noise of each output; outputs are averaged over.

    >>> from sdtheory import filters
    >>> spectrum = Spectrum.from_design([[2.0, 0.0], [0.0, 1.0]])
    >>> mean = spectrum.project([1.0, 2.0]).projected
    >>> risk = prediction_risk(spectrum.projection([[1.0, 1.0]]), mean, 0.5, truth=[1.0])
    >>> risk(filters.distill(spectrum.eigenvalues, lam=1.0, xi=0.0, steps=0))
    np.float64(0.365)
    """
    projection = _checks.array("projection", projection, ndim=2, empty=True)
    mean = _checks.array("mean", mean, like=projection, ndim=(1, 2), empty=True)
    noise = _checks.number("noise_var", noise_var, at_least=0)
    xp = namespace(projection)
    bias = prediction_error(projection, Targets(mean, place(0.0, like=mean)), truth)
    energy = xp.sum(projection**2, axis=0) / float(projection.shape[0])
    variance = Block(xp.sqrt(noise * energy), "coefficient")
    return QuadraticRisk((*bias.blocks, variance), bias.constant)


def sure(spectrum: Spectrum, targets: Targets, noise_var: float) -> QuadraticRisk:
    """Return Stein's unbiased estimate of the in-sample error, (|y - f|^2 + 2 v df) / n - v.

    `noise_var` v is the label-noise variance per output; summed over outputs.

    >>> from sdtheory.spectral import projections
    >>> spectrum = Spectrum.from_design([[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    >>> risk = sure(spectrum, spectrum.project([1.0, 2.0, 1.0]), noise_var=0.5)
    >>> projections.optimal_xi(risk, spectrum.eigenvalues, lam=1.0).weights
    array([-1.18650218])
    """
    _checks.instance("spectrum", spectrum, Spectrum)
    _checks.instance("targets", targets, Targets)
    energy = _energy(targets, 1.0 / spectrum.n)
    z = targets.projected
    outputs = 1 if z.ndim == 1 else z.shape[1]
    noise = outputs * _checks.number("noise_var", noise_var, at_least=0)
    slope = place(noise / spectrum.n, like=z) * namespace(z).ones_like(spectrum.eigenvalues)
    return QuadraticRisk(energy.blocks, energy.constant - noise, slope)


def gcv(spectrum: Spectrum, targets: Targets) -> RatioRisk:
    """Return generalised cross-validation of the student's smoother, n |y - f|^2 / (n - df)^2.

    >>> from sdtheory.spectral import projections
    >>> spectrum = Spectrum.from_design([[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    >>> risk = gcv(spectrum, spectrum.project([1.0, 2.0, 1.0]))
    >>> projections.optimal_xi(risk, spectrum.eigenvalues, lam=1.0).weights
    array([-0.2715655])
    """
    _checks.instance("spectrum", spectrum, Spectrum)
    _checks.instance("targets", targets, Targets)
    spare = spectrum.n - spectrum.eigenvalues.shape[0]
    return RatioRisk(_energy(targets, float(spectrum.n)), spare)


def leave_one_out(
    spectrum: Spectrum, y: Array, lam: float, steps: int = 1, constant: Array | None = None
) -> LeastSquares:
    """Return the leave-one-out error of the whole pipeline, teacher and students all refitted.

    It is a function of the Taylor weights w of the student (`filters.taylor`), at one penalty: the
    mean over samples of (e_0 + w_1 e_1 + ... + w_k e_k)**2, summed over outputs. Exact, no refits.
    A `constant` (n,) is a unit vector that is fitted without a penalty, an intercept say: spectrum
    and labels must be orthogonal to it.

    >>> spectrum = Spectrum.from_design([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
    >>> error = leave_one_out(spectrum, [1.0, 2.0, 0.0], lam=1.0)
    >>> -error.minimiser().weights  # the best xi
    array([0.13581339])
    """
    _checks.instance("spectrum", spectrum, Spectrum)
    y = _checks.array("y", y, like=spectrum.eigenvalues, ndim=(1, 2))
    z = spectrum.project(y).projected
    left, d = spectrum.left, spectrum.eigenvalues
    assert left is not None  # `project` has refused a spectrum without samples
    xp = namespace(left)
    if y.ndim == 1:
        y, z = y[:, None], z[:, None]
    lam = place(_checks.number("lam", lam, at_least=0), like=d)
    count = _checks.integer("steps", steps, at_least=1, at_most=_checks.POWERS)
    if constant is not None:
        constant = _checks.array("constant", constant, like=left, ndim=1)
        _checks.same_length("constant", constant, "y", y)
    complete = left.shape[0] == left.shape[1] + (constant is not None)
    errors = left_out_errors(left, d, z, y, lam, count, complete, constant)
    root = float(spectrum.n) ** -0.5
    flat = xp.stack([root * xp.reshape(e, (-1,)) for e in errors], axis=1)
    return LeastSquares(flat[:, 0], flat[:, 1:], place([0.0] * count, like=d), place(0.0, like=d))


def _energy(targets: Targets, scale: float) -> QuadraticRisk:
    """Return scale * |y - fitted|^2, summed over outputs."""
    xp = namespace(targets.projected)
    block = Block(scale**0.5 * _norms(targets.projected), "lost")
    return QuadraticRisk((block,), scale * xp.sum(targets.outside))


def _norms(values: Array) -> Array:
    """Return the length of each row over outputs: risks see no more of them."""
    xp = namespace(values)
    return xp.abs(values) if values.ndim == 1 else xp.sqrt(xp.sum(values**2, axis=1))


def _per_mode(
    name: str, value: Array, like: Array, ndim: tuple[int, ...], at_least: float | None = None
) -> Array:
    result = _checks.array(name, value, like=like, ndim=ndim, at_least=at_least, empty=True)
    if result.ndim > 0:
        _checks.same_length(name, result, "the spectrum", like)
        return result
    return namespace(like).broadcast_to(result, like.shape)


def _root(name: str, metric: Array) -> Array:
    """Return R with R' R = metric, for a positive semi-definite matrix."""
    values, vectors = semidefinite(name, metric)
    return namespace(metric).sqrt(values)[:, None] * vectors.T
