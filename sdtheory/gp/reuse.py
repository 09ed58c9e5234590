"""Distribution-centric classification: three meanings of 'the posterior becomes the prior'.

For a Gaussian likelihood they coincide. Under Laplace's approximation they do not:

`duplicated`  the data are seen steps + 1 times. That is the true posterior re-used, approximated
              once; the best cheap target.
`sequential`  Laplace's Gaussian is re-used, round after round, exactly.
`scaled`      the kernel is multiplied by steps + 1. Same mode and labels as `duplicated`, but all
              latent variances are steps + 1 times as large: probabilities tend to 1/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdtheory import _checks
from sdtheory._array import eps
from sdtheory.gp.averages import average_sigmoid, average_sigmoid_by_erf
from sdtheory.gp.laplace import Laplace, laplace
from sdtheory.gp.likelihoods import BERNOULLI

__all__ = ["REUSES", "LatentProcess", "distribution_centric_classification"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

REUSES = ("duplicated", "sequential", "scaled")
AVERAGES = {"exact": average_sigmoid, "erf": average_sigmoid_by_erf}


@dataclass(frozen=True, slots=True)
class LatentProcess:
    """A classifier: a Gaussian latent process behind a sigmoid.

    >>> process = distribution_centric_classification([[4.0]], [1.0], steps=0)
    >>> process.latent([[4.0]], [4.0]), process.probability([[4.0]], [4.0])
    ((array([1.04259691]), array([2.25880886])), array([0.67733753]))
    """

    approximation: Laplace
    """The approximation after the last round."""
    scale: float
    """What the kernel is multiplied by: steps + 1 for `scaled`, else 1."""
    evidence: FloatArray
    """`sequential`: log evidence (steps + 1,) of every round under the posterior before it. Else:
    log marginal likelihood (1,) of all copies, or of the scaled process."""

    def latent(self, new: FloatArray, prior: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return latent means and variances (m,), from K(new, train) and diag K(new, new)."""
        new = _checks.ndarray("new", new, ndim=2, empty=True)
        prior = _checks.ndarray("prior", prior, ndim=1, empty=True)
        return self.approximation.latent(self.scale * new, self.scale * prior)

    def probability(self, new: FloatArray, prior: FloatArray, average: str = "exact") -> FloatArray:
        """Return the probability (m,) of label one, averaged over the latent's uncertainty.

        `average` is "exact" or "erf", scikit-learn's approximation.
        """
        _checks.choice("average", average, AVERAGES)
        return AVERAGES[average](*self.latent(new, prior))


def distribution_centric_classification(
    kernel: FloatArray, y: FloatArray, *, steps: int = 1, reuse: str = "duplicated"
) -> LatentProcess:
    """Return the classifier after `steps` rounds in which the posterior becomes the prior.

    Parameters
    ----------
    kernel : array (n, n)
        Prior covariance of the latent function.
    y : array (n,)
        Labels, zero or one.
    steps : int
        Rounds after the first fit.
    reuse : {"duplicated", "sequential", "scaled"}
        What re-using a posterior means; see the module.

    Examples
    --------
    >>> process = distribution_centric_classification([[4.0]], [1.0], steps=2)
    >>> process.probability([[4.0]], [4.0])
    array([0.79702237])
    """
    kernel, y = checked(kernel, y)
    _checks.choice("reuse", reuse, REUSES)
    most = _checks.ROUNDS if reuse == "sequential" else _checks.LARGEST
    steps = _checks.integer("steps", steps, at_most=most)
    if reuse == "sequential":
        return _sequential(kernel, y, steps)
    if reuse == "scaled":
        scale = steps + 1.0
        fit = laplace(scale * kernel, y, BERNOULLI)
        return LatentProcess(fit, scale, np.array([fit.evidence]))
    fit = laplace(kernel, y, BERNOULLI, copies=steps + 1.0)
    return LatentProcess(fit, 1.0, np.array([fit.evidence]))


def _sequential(kernel: FloatArray, y: FloatArray, steps: int) -> LatentProcess:
    """Re-use Laplace's Gaussian: its sites add up, and the dense prior is never formed."""
    fit = laplace(kernel, y, BERNOULLI)
    evidence: list[float] = [fit.evidence]
    sites, shift = fit.precision, fit.dual + fit.precision * fit.mode
    for _ in range(steps):
        new = laplace(kernel, y, BERNOULLI, sites=sites, shift=shift, start=fit.dual)
        move = new.mode - fit.mode
        quadratic = move @ (new.dual - fit.dual) + move @ (sites * move)
        evidence.append(float(new.fit - 0.5 * quadratic - 0.5 * (new.log_det - fit.log_det)))
        # The Gaussian has precision kernel^-1 + sites and natural mean shift.
        sites, shift, fit = new.precision, new.dual + new.precision * new.mode, new
    return LatentProcess(fit, 1.0, np.array(evidence))


def checked(
    kernel: FloatArray, y: FloatArray, extend: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Return a symmetric kernel and labels, in [0, 1] unless extended, of the same length."""
    kernel = _checks.ndarray("kernel", kernel, ndim=2)
    _checks.symmetric("kernel", kernel, eps(kernel) ** 0.5)
    low, high = (None, None) if extend else (0.0, 1.0)
    y = _checks.ndarray("y", y, like=kernel, ndim=1, at_least=low, at_most=high)
    _checks.same_length("y", y, "kernel", kernel)
    return kernel, y
