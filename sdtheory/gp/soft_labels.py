"""Data-centric classification: the teacher's probabilities become the student's labels.

Labels inside (0, 1) need another likelihood than Bernoulli's, and the way back from a latent
function to a label, the link, must fit it. With the continuous Bernoulli that is its own mean; the
sigmoid amplifies every mode with an eigenvalue above about 6, and labels saturate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sdtheory import _checks
from sdtheory.gp.averages import average_mean
from sdtheory.gp.laplace import Laplace, laplace
from sdtheory.gp.likelihoods import BERNOULLI, LIKELIHOODS
from sdtheory.gp.reuse import AVERAGES, checked

__all__ = ["LINKS", "SoftLabelProcess", "data_centric_classification", "linearised_gain"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

LINKS = ("mean", "sigmoid")


@dataclass(frozen=True, slots=True)
class SoftLabelProcess:
    """The classifier after rounds in which labels were replaced by probabilities.

    >>> process = data_centric_classification([[4.0]], [1.0], steps=1)
    >>> process.latent([[4.0]], [4.0]), process.probability([[4.0]], [4.0])
    ((array([0.532638]), array([3.0105573])), array([0.53920152]))
    """

    approximation: Laplace
    """The approximation after the last round."""
    labels: FloatArray
    """Labels (steps + 1, n) that each fit was given; the first row is y."""
    evidence: FloatArray
    """Log marginal likelihood (steps + 1,) of each fit. Those of a continuous Bernoulli are
    densities: they may be positive, and are not comparable with the first one."""
    link: str
    """How latents become labels: "sigmoid", or "mean" of the last fit's likelihood."""
    likelihood: str
    """Likelihood of the last fit."""
    average: str
    """How sigmoids are averaged: "exact" or "erf"."""

    def latent(self, new: FloatArray, prior: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return latent means and variances (m,), from K(new, train) and diag K(new, new)."""
        return self.approximation.latent(new, prior)

    def probability(self, new: FloatArray, prior: FloatArray) -> FloatArray:
        """Return the label (m,) that the process expects, through its link."""
        return self._linked(*self.latent(new, prior))

    def _linked(self, mean: FloatArray, variance: FloatArray) -> FloatArray:
        if self.link == "mean" and self.likelihood == "continuous_bernoulli":
            return average_mean(mean, variance)
        return AVERAGES[self.average](mean, variance)


def data_centric_classification(
    kernel: FloatArray,
    y: FloatArray,
    *,
    xi: FloatArray | float = 1.0,
    steps: int | None = None,
    noise: float = 0.0,
    likelihood: str = "continuous_bernoulli",
    link: str = "mean",
    average: str = "exact",
    extend: bool = False,
) -> SoftLabelProcess:
    """Return the classifier after `steps` rounds in which probabilities become labels.

    Parameters
    ----------
    kernel : array (n, n)
        Prior covariance of the latent function.
    y : array (n,)
        Labels in [0, 1]; the first fit treats them as Bernoulli.
    xi : float or array (steps,)
        Weight in [0, 1] on the teacher's probabilities; labels get 1 - xi.
    steps : int, optional
        Rounds after the teacher; the length of the schedule, or 1, by default.
    noise : float
        Variance of white noise on the latents, fresh for every label; 0 for none. A teacher's
        probability is that of a fresh label, so new points need it in their `prior` too.
    likelihood : {"continuous_bernoulli", "bernoulli"}
        Of the soft labels, from the second fit on.
    link : {"mean", "sigmoid"}
        Averaged mean of the fit's own likelihood, or averaged sigmoid (which are the same for
        Bernoulli, and for the first fit).
    average : {"exact", "erf"}
        How sigmoids are averaged; "erf" is scikit-learn's approximation.
    extend : bool
        Allow labels outside [0, 1] and any real weights. They have no density, but the objective
        stays concave and its maximum finite; evidences are then values of that objective.

    Examples
    --------
    >>> process = data_centric_classification([[4.0]], [1.0], steps=1)
    >>> process.labels
    array([[1.        ],
           [0.67733753]])
    """
    _checks.flag("extend", extend)
    kernel, y = checked(kernel, y, extend)
    noise = _checks.number("noise", noise, at_least=0)
    weights = blending(xi, steps, extend)
    return chain(lambda _, __: (kernel, noise), y, weights, likelihood, link, average, extend)


def chain(
    choose: Callable[[int, FloatArray], tuple[FloatArray, float]],
    y: FloatArray,
    weights: FloatArray,
    likelihood: str,
    link: str,
    average: str,
    extend: bool,
) -> SoftLabelProcess:
    """Return the last classifier of a chain; `choose` gives each fit its kernel and its noise.

    It is called with the number of the fit and its labels.
    """
    _checks.choice("likelihood", likelihood, LIKELIHOODS)
    _checks.choice("link", link, LINKS)
    _checks.choice("average", average, AVERAGES)
    labels, evidence = [y], []
    for k in range(len(weights) + 1):
        name = "bernoulli" if k == 0 else likelihood
        kernel, noise = choose(k, labels[-1])
        fit = laplace(with_noise(kernel, noise), labels[-1], LIKELIHOODS[name])
        evidence.append(fit.evidence)
        process = SoftLabelProcess(fit, np.stack(labels), np.array(evidence), link, name, average)
        if k < len(weights):
            own = process.probability(kernel, np.diagonal(kernel) + noise)
            soft = weights[k] * own + (1.0 - weights[k]) * y
            # Quadrature may miss the interval by rounding; a density needs labels inside.
            labels.append(soft if extend else np.clip(soft, 0.0, 1.0))
    return process


def with_noise(kernel: FloatArray, noise: float) -> FloatArray:
    """Return the covariance of the latents behind the labels themselves."""
    if noise == 0:
        return kernel
    total = kernel.copy()
    total.flat[:: len(kernel) + 1] += noise
    return total


def blending(xi: FloatArray | float, steps: int | None, extend: bool = False) -> FloatArray:
    """Return the weights (steps,) on the teachers, in [0, 1] unless extended."""
    low, high = (None, None) if extend else (0.0, 1.0)
    weights = _checks.ndarray("xi", xi, ndim=(0, 1), at_least=low, at_most=high, empty=True)
    if weights.ndim == 0:
        rounds = 1 if steps is None else _checks.integer("steps", steps, at_most=_checks.ROUNDS)
        return np.full(rounds, float(weights))
    if steps is not None and len(weights) != _checks.integer("steps", steps):
        raise ValueError(f"xi must have {steps} entries for {steps} rounds, got {len(weights)}")
    return weights


def linearised_gain(
    eigenvalues: FloatArray, likelihood: str = "continuous_bernoulli", link: str = "mean"
) -> FloatArray:
    """Return by what factor a round multiplies small deviations of the labels from 1/2.

    Plug-in probabilities (averaging over latents reduces the gain further). Modes with a gain above
    one grow until they saturate.

    >>> linearised_gain(np.array([6.0, 60.0]), link="sigmoid")
    array([1. , 2.5])
    """
    d = _checks.ndarray("eigenvalues", eigenvalues, at_least=0)
    _checks.choice("likelihood", likelihood, LIKELIHOODS)
    _checks.choice("link", link, LINKS)
    at_zero = np.zeros(())
    curvature = float(LIKELIHOODS[likelihood].curvature(at_zero))
    slope = curvature if link == "mean" else float(BERNOULLI.curvature(at_zero))
    return slope / curvature * d / (d + 1.0 / curvature)
