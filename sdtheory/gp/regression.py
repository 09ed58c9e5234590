"""Gaussian-process regression, distilled: through its means, through its distribution, or both.

Data-centric: the teacher's mean becomes the student's data. The mean is kernel ridge
self-distillation; the covariance that the last fit reports knows nothing of the teachers' errors.
Distribution-centric: the teacher's posterior becomes the student's prior, with the same data. That
is one ordinary Gaussian process with less noise.
"""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, namespace, place
from sdtheory.gp._rounds import combined_noise
from sdtheory.spectral import filters
from sdtheory.spectral.filters import Filter
from sdtheory.spectral.schedules import per_round
from sdtheory.spectral.smoother import Smoother

__all__ = [
    "GaussianProcess",
    "data_centric",
    "distribution_centric",
    "effective_noise",
    "hybrid",
]


@dataclass(frozen=True, slots=True)
class GaussianProcess:
    """The posterior of a self-distilled Gaussian process, at any points.

    >>> process = data_centric([[3.0]], [2.0], noise=1.0, steps=1)
    >>> process.mean([[3.0]]), process.covariance([[3.0]], [[3.0]])  # at the training input
    (array([1.125]), array([[0.75]]))
    >>> process.error_variance([[3.0]], [3.0], label_noise=1.0)  # of the mean, honestly
    array([0.890625])
    >>> process.error_covariance([[3.0]], [[3.0]], label_noise=1.0)
    array([[0.890625]])
    """

    smoother: Smoother
    """The factorised kernel, with the labels in its coordinates."""
    profile: Filter
    """Filter of the posterior mean."""
    noise: float
    """Noise variance (times the relative noise levels) behind the reported covariance."""

    def mean(self, new: Array) -> Array:
        """Return the posterior mean (m,) or (m, q) at new points, from K(new, train) (m, n)."""
        return self.smoother.predict(self.smoother.projection(new), self.profile)

    def covariance(self, new: Array, prior: Array) -> Array:
        """Return the covariance (m, m) that the last fit reports; `prior` is K(new, new)."""
        projection, prior = self._at(new, prior, 2)
        return prior - (projection * self._explained) @ projection.T

    def variance(self, new: Array, prior: Array) -> Array:
        """Return the reported variances (m,); `prior` is the diagonal of K(new, new)."""
        projection, prior = self._at(new, prior, 1)
        left = prior - namespace(prior).sum(projection**2 * self._explained, axis=1)
        return _not_negative(left)

    def error_covariance(self, new: Array, prior: Array, label_noise: float) -> Array:
        """Return the covariance (m, m) of f - mean when the labels are f plus `label_noise`.

        f has the prior's covariance. The reported covariance is this one only for the ordinary
        posterior with the true noise; a distilled process is overconfident.
        """
        projection, prior = self._at(new, prior, 2)
        return prior - (projection * self._honest(label_noise)) @ projection.T

    def error_variance(self, new: Array, prior: Array, label_noise: float) -> Array:
        """Return the diagonal (m,) of `error_covariance`, from the diagonal of the prior."""
        projection, prior = self._at(new, prior, 1)
        explained = projection**2 * self._honest(label_noise)
        return _not_negative(prior - namespace(prior).sum(explained, axis=1))

    @property
    def _explained(self) -> Array:
        d = self.smoother.eigenvalues
        return 1.0 / (d + place(self.noise, like=d))

    def _honest(self, label_noise: float) -> Array:
        # Var(f - P c z), z being f + noise in the eigenbasis, lacks P (2 c - c**2 (d + noise)) P'.
        noise = _checks.number("label_noise", label_noise, at_least=0)
        c, d = self.profile.coefficient, self.smoother.eigenvalues
        return c * (2.0 - c * (d + place(noise, like=d)))

    def _at(self, new: Array, prior: Array, ndim: int) -> tuple[Array, Array]:
        projection = self.smoother.projection(new)
        prior = _checks.array("prior", prior, like=projection, ndim=ndim, empty=True)
        _checks.same_length("prior", prior, "new", projection)
        if ndim == 2:
            _checks.square("prior", prior)
        return projection, prior


def data_centric(
    kernel: Array,
    y: Array,
    noise: Array,
    *,
    xi: Array = 1.0,
    steps: int | None = None,
    levels: Array | None = None,
) -> GaussianProcess:
    """Return the process after `steps` rounds in which the teacher's mean becomes the data.

    Parameters
    ----------
    kernel : array (n, n)
        Prior covariance at the training inputs.
    y : array (n,) or (n, q)
        Labels; several outputs share the covariance.
    noise : float or array (steps + 1,)
        Noise variance assumed in every fit, the teacher's first.
    xi : float or array (steps,)
        Weight on the teacher's mean; labels get 1 - xi.
    steps : int, optional
        Rounds after the teacher; the length of a schedule, or 1, by default.
    levels : array (n,), optional
        Relative noise of the samples: sample i has the variance noise * levels[i].

    Returns
    -------
    GaussianProcess

    Examples
    --------
    >>> process = data_centric([[3.0]], [2.0], noise=1.0, steps=1)
    >>> process.mean([[3.0]]), process.variance([[3.0]], [3.0])
    (array([1.125]), array([0.75]))
    """
    smoother = Smoother.from_kernel(kernel, y, levels, "levels")
    noises, weights = per_round("noise", noise, xi, steps, smoother.eigenvalues)
    profile = filters.distill(smoother.eigenvalues, noises, weights)
    return GaussianProcess(smoother, profile, noises[-1])


def distribution_centric(
    kernel: Array, y: Array, noise: Array, *, steps: int | None = None
) -> GaussianProcess:
    """Return the process after `steps` rounds in which the posterior becomes the prior.

    It is one ordinary process whose noise is `effective_noise`: for the same noise in every round,
    noise / (steps + 1).

    Parameters
    ----------
    kernel : array (n, n)
        Prior covariance at the training inputs.
    y : array (n,), (n, q)
        Labels, the same in every round.
    noise : float, array (steps + 1,) or array (steps + 1, n)
        Noise variance of every fit, or of every fit and sample.
    steps : int, optional
        Rounds after the teacher; the length of a schedule, or 1, by default.

    Examples
    --------
    >>> process = distribution_centric([[3.0]], [2.0], noise=1.0, steps=2)
    >>> process.mean([[3.0]]), process.variance([[3.0]], [3.0])
    (array([1.8]), array([0.3]))
    """
    kernel = _checks.array("kernel", kernel, ndim=2)
    combined, _, _ = combined_noise(noise, steps, kernel)
    if combined.ndim == 0:
        smoother, scale = Smoother.from_kernel(kernel, y), float(combined)
    else:
        smoother, scale = Smoother.from_kernel(kernel, y, combined), 1.0
    profile = filters.distill(smoother.eigenvalues, scale, [], steps=0)
    return GaussianProcess(smoother, profile, scale)


def effective_noise(noise: Array) -> Array:
    """Return 1 / sum_s 1 / noise_s over the first axis: what conditioning several times amounts to.

    >>> effective_noise([1.0, 1.0, 2.0])
    np.float64(0.4)
    """
    noise = _checks.array("noise", noise, ndim=(1, 2), above=0)
    return 1.0 / namespace(noise).sum(1.0 / noise, axis=0)


def hybrid(kernel: Array, y: Array, noise: Array, *, steps: int | None = None) -> GaussianProcess:
    """Return the process whose posterior *and* mean are handed on, as prior and as data.

    The mean then never moves, and the covariance shrinks as if labels had been seen again.

    >>> process = hybrid([[3.0]], [2.0], noise=1.0, steps=2)
    >>> process.mean([[3.0]]), process.variance([[3.0]], [3.0])
    (array([1.5]), array([0.3]))
    """
    later = distribution_centric(kernel, y, noise, steps=steps)
    d = later.smoother.eigenvalues
    if later.smoother.root is not None:
        raise ValueError(
            "noise must be a number or one variance a fit: the mean of the hybrid is that of its "
            f"first fit, got {_checks.show(noise)}"
        )
    noises = _checks.array("noise", noise, like=d, ndim=(0, 1))
    first = filters.distill(d, noises[0] if noises.ndim else noises, [], steps=0)
    return GaussianProcess(later.smoother, first, later.noise)


def _not_negative(variance: Array) -> Array:
    """Cut what rounding has made negative: where data leave no variance, zero is left."""
    xp = namespace(variance)
    return xp.where(variance > 0, variance, xp.zeros_like(variance))
