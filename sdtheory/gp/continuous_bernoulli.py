"""The continuous Bernoulli distribution in its logit f, to the last digits for every |f| <= 1e8.

On y in [0, 1] the density is exp(f y - A(f)), A(f) = log((e**f - 1) / f). A is entire where it
looks singular: near zero its series in Bernoulli numbers is used, elsewhere e**(-|f|), so nothing
cancels and nothing overflows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import zeta

from sdtheory import _checks

__all__ = ["curvature", "log_partition", "mean", "third"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

# The series converge for |f| < 2 pi; below this bound 30 terms leave 60**2 (3 / 2 pi)**60 = 8e-17.
# Beyond it the closed forms cancel to a fifth at most: one digit, where at 2 it would be one more.
NEAR = 3.0
# From here on powers of 1 / |f| are below everything they are added to, and |f|**3 overflows.
HUGE = 1e100
_ORDERS = np.arange(1.0, 31.0)
# B_2k / (2k)!
BERNOULLI = -2.0 * zeta(2.0 * _ORDERS) / (-((2.0 * np.pi) ** 2)) ** _ORDERS


def log_partition(f: FloatArray) -> FloatArray:
    """Return A(f) = log((e**f - 1) / f).

    >>> log_partition(np.array([0.0, 1.0, 50.0]))
    array([ 0.        ,  0.54132485, 46.08797699])
    """
    return _log_partition(_checks.ndarray("f", f, empty=True))


def _log_partition(f: FloatArray) -> FloatArray:
    near, x = _split(f)
    series = near / 2 + near**2 * _series(near, BERNOULLI / (2 * _ORDERS))
    far = np.maximum(f, 0.0) + np.log(-np.expm1(-x)) - np.log(x)
    return np.where(np.abs(f) < NEAR, series, far)


def mean(f: FloatArray) -> FloatArray:
    """Return A'(f) = 1 / (1 - e**(-f)) - 1 / f, the mean.

    >>> mean(np.array([-3.0, 0.0, 800.0]))
    array([0.28093764, 0.5       , 0.99875   ])
    """
    return _mean(_checks.ndarray("f", f, empty=True))


def _mean(f: FloatArray) -> FloatArray:
    near, x = _split(f)
    series = 0.5 + near * _series(near, BERNOULLI)
    lower = 1.0 / x + np.exp(-x) / np.expm1(-x)
    return np.where(np.abs(f) < NEAR, series, np.where(f > 0, 1.0 - lower, lower))


def curvature(f: FloatArray) -> FloatArray:
    """Return A''(f) = 1 / f**2 - 1 / (2 sinh(f / 2))**2, the variance, in (0, 1 / 12].

    >>> curvature(np.array([0.0, 50.0]))
    array([0.08333333, 0.0004    ])
    """
    return _curvature(_checks.ndarray("f", f, empty=True))


def _curvature(f: FloatArray) -> FloatArray:
    near, x = _split(f)
    x = np.minimum(x, HUGE)
    series = _series(near, (2 * _ORDERS - 1) * BERNOULLI)
    far = 1.0 / x**2 - np.exp(-x) / np.expm1(-x) ** 2
    return np.where(np.abs(f) < NEAR, series, far)


def third(f: FloatArray) -> FloatArray:
    """Return A'''(f), odd in f.

    >>> third(np.array([0.01, 50.0]))
    array([-8.33326720e-05, -1.60000000e-05])
    """
    return _third(_checks.ndarray("f", f, empty=True))


def _third(f: FloatArray) -> FloatArray:
    near, x = _split(f)
    coefficients = (2 * _ORDERS - 1) * (2 * _ORDERS - 2) * BERNOULLI
    series = near * _series(near, coefficients[1:])
    x = np.minimum(x, HUGE)
    e = np.exp(-x)
    far = np.sign(f) * (-2.0 / x**3 - e * (1 + e) / np.expm1(-x) ** 3)
    return np.where(np.abs(f) < NEAR, series, far)


def _split(f: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return f where the series apply and |f| elsewhere, each with a harmless rest."""
    inside = np.abs(f) < NEAR
    return np.where(inside, f, 0.0), np.where(inside, NEAR, np.abs(f))


def _series(f: FloatArray, coefficients: FloatArray) -> FloatArray:
    """Return the sum of c_k f**(2 k - 2) over k = 1, 2, ... by Horner's rule."""
    square = f * f
    total = np.zeros_like(square)
    for c in coefficients[::-1]:
        total = total * square + c
    return total


# The same functions for inner loops, whose logits were checked when they were made.
UNCHECKED = (_log_partition, _mean, _curvature, _third)
