"""Averages over a Gaussian latent: the probabilities that a classifier reports."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import erf, expit, ndtr

from sdtheory import _checks
from sdtheory.gp.likelihoods import CONTINUOUS_BERNOULLI

__all__ = ["average_mean", "average_sigmoid", "average_sigmoid_by_erf"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

# The nodes of `average_mean` grow with the root of the variance: 4e5 of them here.
LARGEST_VARIANCE = 1e8
# Williams and Barber's fit of five error functions to the sigmoid, as scikit-learn uses it.
_ERF_SCALES = np.array([0.41, 0.4, 0.37, 0.44, 0.39])
_ERF_WEIGHTS = np.array([-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654])
# The Gaussian beyond 9.5 and the logistic density beyond 40 are below rounding.
_GAUSS = np.arange(-19, 20) * 0.5
_LOGISTIC = np.arange(-80, 81) * 0.5


def average_sigmoid(mean: FloatArray, variance: FloatArray) -> FloatArray:
    """Return E sigmoid(f) for f ~ N(mean, variance), to about 1e-14 for any variance.

    Both forms are trapezoidal sums, which converge geometrically for analytic integrands: over the
    Gaussian where it is narrow, over the logistic density where that is the narrower one.

    >>> average_sigmoid(np.array([1.0, 1.0]), np.array([0.0, 4.0]))
    array([0.73105858, 0.64772644])
    """
    mean, variance = _arguments(mean, variance)
    deviation = np.sqrt(variance)[..., None]
    weights = np.exp(-0.5 * _GAUSS**2)
    narrow = expit(mean[..., None] + np.minimum(deviation, 1.0) * _GAUSS) @ (
        weights / weights.sum()
    )
    density = 0.5 * expit(_LOGISTIC) * expit(-_LOGISTIC)
    wide = ndtr((mean[..., None] - _LOGISTIC) / np.maximum(deviation, 1.0)) @ density
    return np.where(variance < 1.0, narrow, wide)


def average_sigmoid_by_erf(mean: FloatArray, variance: FloatArray) -> FloatArray:
    """Return scikit-learn's approximation of the average, off by up to 5e-4.

    >>> average_sigmoid_by_erf(np.array([1.0]), np.array([4.0]))
    array([0.64771297])
    """
    mean, variance = _arguments(mean, variance)
    slope = _ERF_SCALES / np.sqrt(1.0 + 2.0 * variance[..., None] * _ERF_SCALES**2)
    average: FloatArray = 0.5 * (1.0 + erf(mean[..., None] * slope)) @ _ERF_WEIGHTS
    return average


def average_mean(mean: FloatArray, variance: FloatArray) -> FloatArray:
    """Return E A'(f), the average mean of a continuous Bernoulli with Gaussian logit.

    The number of nodes grows with the deviation, because A' flattens out only like 1 / f.

    >>> average_mean(np.array([0.0, 2.0]), np.array([1.0, 0.0]))
    array([0.5       , 0.65651764])
    """
    mean, variance = _arguments(mean, variance)
    _checks.ndarray("variance", variance, at_most=LARGEST_VARIANCE, empty=True)
    deviation = np.sqrt(variance)
    step = 0.5 / float(np.max(deviation, initial=1.0))
    reach = np.ceil(9.5 / step)
    nodes = np.arange(-reach, reach + 1) * step
    weights = np.exp(-0.5 * nodes**2)
    total = np.zeros_like(mean)
    for z, w in zip(nodes, weights / weights.sum(), strict=True):
        total += w * CONTINUOUS_BERNOULLI.mean(mean + deviation * z)
    return total


def _arguments(mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    mean = _checks.ndarray("mean", mean, empty=True)
    variance = _checks.ndarray("variance", variance, at_least=0, empty=True)
    _checks.together(mean=mean, variance=variance)
    mean, variance = np.broadcast_arrays(mean, variance)
    return mean, variance
