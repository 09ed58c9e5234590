"""Laplace's approximation for one latent function, with copies of the data and Gaussian sites.

The mode maximises, over f = kernel @ dual,

    psi(f) = copies sum(y f - A(f)) + shift . f - f' diag(sites) f / 2 - f' kernel^-1 f / 2.

`copies` counts how often the data are seen. `sites` and `shift` are an earlier posterior divided by
its prior, which keeps sequential re-use exact without a dense prior. The kernel is never inverted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg

from sdtheory import _checks
from sdtheory._array import eps
from sdtheory.gp.likelihoods import Likelihood, log_density, residual

__all__ = ["Laplace", "evidence_gradient", "laplace"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

# Newton's method converges quadratically: after a step this small the next would be invisible.
_SMALL_STEP = 1e-9
# Below this, curvatures (squares of roots) underflow.
_TINY = 1e-140
# Steps of this size may be rounding errors; equations must hold to as much.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Laplace:
    """A Gaussian approximation N(mode, (kernel^-1 + diag(precision))^-1).

    >>> from sdtheory.gp.likelihoods import BERNOULLI
    >>> fit = laplace(np.array([[4.0]]), np.array([1.0]), BERNOULLI)
    >>> fit.latent(np.array([[4.0]]), np.array([4.0]))  # mean and variance at the training input
    (array([1.04259691]), array([2.25880886]))
    >>> fit.covariance(np.array([[4.0]]), np.array([[4.0]]))
    array([[2.25880886]])
    """

    mode: FloatArray
    """Latent values (n,) at the training inputs."""
    dual: FloatArray
    """kernel^-1 mode (n,): latent means at new points are K(new, train) @ dual."""
    precision: FloatArray
    """Site precisions (n,): sites + copies A''(mode)."""
    factor: FloatArray
    """Lower Cholesky factor (n, n) of I + precision^(1/2) kernel precision^(1/2)."""
    fit: float
    """copies sum(y f - A(f)) at the mode."""
    evidence: float
    """Log marginal likelihood (for sites and shift of zero)."""
    iterations: int
    """Newton steps."""

    @property
    def log_det(self) -> float:
        """Logarithm of the determinant of I + precision^(1/2) kernel precision^(1/2)."""
        return float(2.0 * np.sum(np.log(np.diagonal(self.factor))))

    def latent(self, new: FloatArray, prior: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return latent means and variances (m,), from K(new, train) and diag K(new, new)."""
        prior = _checks.ndarray("prior", prior, like=self.mode, ndim=1, at_least=0, empty=True)
        new = self._rows(new)
        _checks.same_length("prior", prior, "new", new)
        return new @ self.dual, np.maximum(prior - np.sum(self._halves(new) ** 2, axis=0), 0.0)

    def covariance(self, new: FloatArray, prior: FloatArray) -> FloatArray:
        """Return the latent covariance (m, m), from K(new, train) and K(new, new)."""
        new = self._rows(new)
        prior = _checks.ndarray("prior", prior, like=self.mode, ndim=2, empty=True)
        _checks.square("prior", prior)
        _checks.same_length("prior", prior, "new", new)
        halves = self._halves(new)
        return prior - halves.T @ halves

    def _rows(self, new: FloatArray) -> FloatArray:
        new = _checks.ndarray("new", new, like=self.mode, ndim=2, empty=True)
        if new.shape[1] != len(self.mode):
            raise ValueError(f"new must have {len(self.mode)} columns, got shape {new.shape}")
        return new

    def _halves(self, new: FloatArray) -> FloatArray:
        scaled = np.sqrt(self.precision)[:, None] * new.T
        solved: FloatArray = scipy.linalg.solve_triangular(
            self.factor, scaled, lower=True, check_finite=False
        )
        return solved


def laplace(
    kernel: FloatArray,
    y: FloatArray,
    likelihood: Likelihood,
    *,
    copies: float = 1.0,
    sites: FloatArray | None = None,
    shift: FloatArray | None = None,
    start: FloatArray | None = None,
    most: int = 200,
) -> Laplace:
    """Return Laplace's approximation at the mode, found by Newton's method with step halving.

    Parameters
    ----------
    kernel : array (n, n)
        Prior covariance; singular is fine.
    y : array (n,)
        Labels.
    likelihood : Likelihood
        `BERNOULLI` or `CONTINUOUS_BERNOULLI`.
    copies : float
        How often the data are seen.
    sites, shift : array (n,), optional
        Diagonal precision (not negative) and linear term; zero by default.
    start : array (n,), optional
        Dual weights to start from, such as those of a similar problem.
    most : int
        The most Newton steps; psi is concave, so a handful is enough.

    Examples
    --------
    >>> from sdtheory.gp.likelihoods import BERNOULLI
    >>> laplace(np.array([[4.0]]), np.array([1.0]), BERNOULLI).mode
    array([1.04259691])
    """
    kernel, y, copies = _arguments(kernel, y, likelihood, copies)
    sites = _per_sample("sites", sites, y, at_least=0.0)
    shift, dual = _per_sample("shift", shift, y), _per_sample("start", start, y)
    most = _checks.integer("most", most, at_least=1, at_most=_checks.ROUNDS)
    f = kernel @ dual

    def objective(f: FloatArray, dual: FloatArray) -> float:
        fit = copies * np.sum(log_density(likelihood, y, f))
        return float(fit + shift @ f - 0.5 * f @ (sites * f) - 0.5 * f @ dual)

    value, before = objective(f, dual), np.inf
    for iteration in range(1, most + 1):  # noqa: B007 - reported
        weights = copies * likelihood.curvature(f)
        pull = weights * f + copies * residual(likelihood, y, f) + shift
        step = _solve(kernel, np.sqrt(sites + weights), pull) - dual
        move = kernel @ step
        # psi is concave: halve the step until it rises (rounding apart).
        share, slack = 1.0, 1e-12 * (1.0 + abs(value))
        while objective(f + share * move, dual + share * step) < value - slack:
            share *= 0.5
        f, dual = f + share * move, dual + share * step
        value = objective(f, dual)
        size = share * float(np.max(np.abs(move))) / (1.0 + float(np.max(np.abs(f))))
        # With a huge kernel steps end at its rounding, not at the tolerance: see the check below.
        if size <= _SMALL_STEP or (size <= _ROUNDING and size >= 0.5 * before):
            break
        before = size
    else:
        raise ValueError(
            f"most must be larger, or the kernel valid: Newton's method did not converge in {most} "
            "steps"
        )
    # At the mode the dual is the gradient of the rest.
    gradient = copies * residual(likelihood, y, f) + shift - sites * f
    size = copies + float(np.max(np.abs(shift))) + float(np.max(np.abs(sites * f)))
    if not np.max(np.abs(gradient - dual)) <= _ROUNDING * size:
        raise ValueError(
            "kernel must be positive semi-definite, and leave digits of the latent mode, got "
            f"entries up to {np.max(np.abs(kernel)):.3g}"
        )
    precision = sites + copies * likelihood.curvature(f)
    factor = _factor(kernel, np.sqrt(precision))
    fit = float(copies * np.sum(log_density(likelihood, y, f)))
    evidence = fit - 0.5 * float(f @ dual) - float(np.sum(np.log(np.diagonal(factor))))
    return Laplace(f, dual, precision, factor, fit, evidence, iteration)


def evidence_gradient(
    fit: Laplace,
    kernel: FloatArray,
    derivatives: FloatArray,
    y: FloatArray,
    likelihood: Likelihood,
    copies: float = 1.0,
) -> FloatArray:
    """Return the derivatives (p,) of the evidence in the parameters of the kernel.

    `derivatives` (p, n, n) are those of the kernel matrix. The mode moves with the parameters, and
    the curvature with the mode: the last term below.

    >>> from sdtheory.gp.likelihoods import BERNOULLI
    >>> kernel, y = np.array([[4.0]]), np.array([1.0])
    >>> fit = laplace(kernel, y, BERNOULLI)
    >>> evidence_gradient(fit, kernel, kernel[None], y, BERNOULLI)  # in the logarithm of the kernel
    array([-0.02043095])
    """
    _checks.instance("fit", fit, Laplace)
    kernel, y, copies = _arguments(kernel, y, likelihood, copies)
    derivatives = _checks.ndarray("derivatives", derivatives, like=kernel, ndim=3, empty=True)
    if derivatives.shape[1:] != kernel.shape or fit.mode.shape != y.shape:
        raise ValueError(
            f"derivatives and fit must be of kernel, of shape {kernel.shape}, got "
            f"{derivatives.shape} and a fit of {len(fit.mode)} samples"
        )
    root = np.sqrt(fit.precision)
    inner = scipy.linalg.cho_solve((fit.factor, True), np.diag(root), check_finite=False)
    shrunk = root[:, None] * inner  # (kernel + precision^-1)^-1
    variance = np.diagonal(kernel) - np.sum((kernel @ shrunk) * kernel, axis=1)
    tilt = -0.5 * variance * copies * likelihood.third(fit.mode)
    back = tilt - shrunk @ (kernel @ tilt)  # (I + precision kernel)^-1 tilt
    pull = copies * residual(likelihood, y, fit.mode)
    return np.array(
        [
            0.5 * fit.dual @ d @ fit.dual - 0.5 * np.sum(shrunk * d) + back @ (d @ pull)
            for d in derivatives
        ]
    )


def _arguments(
    kernel: FloatArray, y: FloatArray, likelihood: Likelihood, copies: float
) -> tuple[FloatArray, FloatArray, float]:
    """Return a symmetric kernel, labels of the same length and a positive number of copies."""
    kernel = _checks.ndarray("kernel", kernel, ndim=2)
    _checks.symmetric("kernel", kernel, eps(kernel) ** 0.5)
    y = _checks.ndarray("y", y, like=kernel, ndim=1)
    _checks.same_length("y", y, "kernel", kernel)
    _checks.instance("likelihood", likelihood, Likelihood)
    return kernel, y, _checks.number("copies", copies, above=0)


def _per_sample(name: str, value: FloatArray | None, y: FloatArray, **limits: Any) -> FloatArray:
    """Return one number a sample, zeros by default."""
    if value is None:
        return np.zeros_like(y)
    value = _checks.ndarray(name, value, like=y, ndim=1, **limits)
    _checks.same_length(name, value, "y", y)
    return value


def _solve(kernel: FloatArray, root: FloatArray, pull: FloatArray) -> FloatArray:
    """Return (I + root^2 kernel)^-1 pull."""
    factor = (_factor(kernel, root), True)
    if np.min(root) > _TINY:  # nothing cancels, however large the kernel
        inner: FloatArray = scipy.linalg.cho_solve(factor, pull / root, check_finite=False)
        return root * inner
    smoothed = scipy.linalg.cho_solve(factor, root * (kernel @ pull), check_finite=False)
    return pull - root * smoothed


def _factor(kernel: FloatArray, root: FloatArray) -> FloatArray:
    inner = root[:, None] * kernel * root
    inner.flat[:: len(inner) + 1] += 1.0
    try:
        lower: FloatArray = scipy.linalg.cholesky(
            inner, lower=True, overwrite_a=True, check_finite=False
        )
    except np.linalg.LinAlgError:
        raise ValueError(
            "kernel must be positive semi-definite, got the least eigenvalue "
            f"{np.linalg.eigvalsh(kernel)[0]:.6g}"
        ) from None
    return lower
