"""Log-concave likelihoods of labels in [0, 1]: log p(y | f) = y f - A(f)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from sdtheory import _checks
from sdtheory.gp import continuous_bernoulli

__all__ = [
    "BERNOULLI",
    "CONTINUOUS_BERNOULLI",
    "LIKELIHOODS",
    "Likelihood",
    "log_density",
    "residual",
]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Elementwise = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Likelihood:
    """A(f) and its first three derivatives, each elementwise in the logit f.

    >>> BERNOULLI.mean(np.array([0.0])), BERNOULLI.residual(np.array([1.0]), np.array([0.0]))
    (array([0.5]), array([0.5]))
    >>> BERNOULLI.log_density(np.array([1.0]), np.array([0.0]))
    array([-0.69314718])
    """

    name: str
    log_partition: Elementwise
    mean: Elementwise
    curvature: Elementwise
    third: Elementwise

    def log_density(self, y: FloatArray, f: FloatArray) -> FloatArray:
        """Return y f - A(f), for labels and logits that broadcast."""
        return log_density(self, *_pair(y, f))

    def residual(self, y: FloatArray, f: FloatArray) -> FloatArray:
        """Return y - A'(f), for labels and logits that broadcast."""
        return residual(self, *_pair(y, f))


def log_density(likelihood: Likelihood, y: FloatArray, f: FloatArray) -> FloatArray:
    """Return y f - A(f), unchecked, by A(f) - f = A(-f): nothing cancels for certain labels."""
    return -y * likelihood.log_partition(-f) - (1.0 - y) * likelihood.log_partition(f)


def residual(likelihood: Likelihood, y: FloatArray, f: FloatArray) -> FloatArray:
    """Return y - A'(f), unchecked, by 1 - A'(f) = A'(-f)."""
    return y * likelihood.mean(-f) - (1.0 - y) * likelihood.mean(f)


def _pair(y: FloatArray, f: FloatArray) -> tuple[FloatArray, FloatArray]:
    labels, logits = _checks.ndarray("y", y), _checks.ndarray("f", f)
    _checks.together(y=labels, f=logits)
    return labels, logits


def _softplus(f: FloatArray) -> FloatArray:
    return np.logaddexp(0.0, f)


def _variance(f: FloatArray) -> FloatArray:
    # expit(f) (1 - expit(f)) without the subtraction.
    variance: FloatArray = expit(f) * expit(-f)
    return variance


def _skewness(f: FloatArray) -> FloatArray:
    return -_variance(f) * np.tanh(0.5 * f)


BERNOULLI = Likelihood("bernoulli", _softplus, expit, _variance, _skewness)
CONTINUOUS_BERNOULLI = Likelihood("continuous_bernoulli", *continuous_bernoulli.UNCHECKED)
LIKELIHOODS = {likelihood.name: likelihood for likelihood in (BERNOULLI, CONTINUOUS_BERNOULLI)}
