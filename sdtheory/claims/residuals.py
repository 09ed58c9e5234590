"""How far two numbers are apart: as a relative error, a fitted rate, or in standard errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sdtheory import _checks

__all__ = ["SCORE_LIMIT", "deviate", "fit_rate", "relative_error", "z_score"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

SCORE_LIMIT = 6.0
"""The score that a fair comparison exceeds once in 5e8, a hundred of them once in 5e6."""


def relative_error(got: ArrayLike, want: ArrayLike, scale: ArrayLike | None = None) -> float:
    """Return max |got - want| / max |want|; `scale` replaces the denominator, entry by entry.

    Identical zeros have error 0, arrays of other shapes an infinite one. Pass
    `scale=np.abs(want)` to compare entry by entry.

    >>> relative_error([1.0, 2.0], [1.0, 2.5])
    0.2
    """
    got, want = _numbers("got", got), _numbers("want", want)
    if got.shape != want.shape:
        return math.inf
    gap = np.abs(got - want)
    largest = np.max(np.abs(want), initial=0.0)
    size = _numbers("scale", largest if scale is None else scale, got.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(gap == 0, 0.0, gap / size)
    return float(np.max(error, initial=0.0))


def fit_rate(
    x: ArrayLike,
    y: ArrayLike,
    stated: float,
    *,
    correction: float | None = None,
    precision: float = 0.05,
) -> float:
    """Return |fitted - stated| exponent of y ~ x**p, in units of the fit's confidence half-width.

    The fit is least squares of log y on log x, with a term x**correction for the next order where
    one is given. The half-width covers 99.9% under the fit's own scatter and is at least 1e-9, so
    that an exact power law is not divided by zero; a fit that is not certain to `precision` says
    nothing and returns inf. Compare with a tolerance of one.

    >>> x = np.geomspace(1.0, 100.0, 9)
    >>> fit_rate(x, 3.0 * x**2, stated=2.0) < 1.0, fit_rate(x, 3.0 * x**2, stated=2.1) > 1.0
    (True, True)
    """
    x, y = _numbers("x", x), _numbers("y", y)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(
            f"x and y must be vectors of one length, got shapes {x.shape} and {y.shape}"
        )
    stated, precision = _checks.number("stated", stated), _checks.number("precision", precision)
    if x.size < 5 or not (np.all(x > 0) and np.all(y > 0)):
        return math.inf
    columns = [np.ones_like(x), np.log(x)]
    if correction is not None:
        correction = _checks.number("correction", correction)
        if correction == 0:
            raise ValueError("correction must be a power other than 0, which is the constant")
        columns.append((x / (np.max(x) if correction > 0 else np.min(x))) ** correction)
    design = np.stack(columns, axis=1)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return math.inf
    solution = np.linalg.lstsq(design, np.log(y), rcond=None)[0]
    residual = np.log(y) - design @ solution
    freedom = x.size - design.shape[1]
    variance = residual @ residual / freedom * np.linalg.inv(design.T @ design)[1, 1]

    from scipy.stats import t as student  # slow to import, needed here alone

    half_width = max(float(student.ppf(0.9995, freedom)) * math.sqrt(variance), 1e-9)
    return math.inf if half_width > precision else abs(float(solution[1]) - stated) / half_width


def z_score(
    draws: ArrayLike, want: ArrayLike, precision: float, scale: ArrayLike | None = None
) -> float:
    """Return how unlikely the means of `draws` are if `want` holds, as a normal deviate.

    Draws run along the first axis; each entry of `want` is compared with a mean. The largest
    deviation is judged by Student's distribution, because its standard error is estimated, and by
    the number of entries, because it is the largest of so many. The score is what a standard normal
    exceeds in size as rarely: compare it with `SCORE_LIMIT`, whatever the number of draws.

    If a standard error exceeds `precision * scale` (by default scale is |want|), the sample is too
    small to say anything and the score is inf.

    >>> draws = [0.9, 1.1, 1.0, 1.2, 0.8]  # mean 1, standard error 0.0707
    >>> round(z_score(draws, want=1.1, precision=0.1), 2)  # 1.41 for certain standard errors
    1.2
    >>> z_score(draws, want=1.1, precision=0.01)
    inf
    """
    sample = _numbers("draws", draws)
    if sample.ndim < 1 or sample.shape[0] < 2 or sample.size == 0:
        raise ValueError(
            f"draws must hold two numbers or more along the first axis, got shape {sample.shape}"
        )
    target = _numbers("want", want, sample.shape[1:])
    precision = _checks.number("precision", precision, at_least=0, finite=False)
    error = np.std(sample, axis=0, ddof=1) / math.sqrt(sample.shape[0])
    size = np.abs(target) if scale is None else _numbers("scale", scale, sample.shape[1:])
    if np.any(error > precision * size):
        return math.inf
    gap = np.abs(np.mean(sample, axis=0) - target)
    with np.errstate(divide="ignore", invalid="ignore"):
        farthest = float(np.max(np.where(gap == 0, 0.0, gap / error)))

    from scipy.special import stdtr  # slow to import, as above

    entries = gap.size
    return deviate(2 * entries * float(stdtr(sample.shape[0] - 1, -farthest)))


def deviate(chance: float) -> float:
    """Return what the size of a standard normal exceeds with a probability of `chance`.

    It turns the chance of a deviation at least as large, however computed, into a score.

    >>> round(deviate(0.0455), 3), deviate(2.0), round(deviate(2e-9), 1)
    (2.0, 0.0, 6.0)
    """
    from scipy.special import ndtri

    given: object = chance
    if isinstance(given, float) and math.isnan(given):  # nothing is known: as far as can be
        return math.inf
    chance = _checks.number("chance", chance, finite=False)
    return max(0.0, -float(ndtri(min(chance, 1.0) / 2)))


def _numbers(name: str, value: object, shape: tuple[int, ...] | None = None) -> FloatArray:
    """Return an array of float64 that fits a shape, or raise naming it: counts and NaN may be."""
    try:
        found: FloatArray = np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} must be an array of numbers, got {_checks.show(value)}") from None
    if shape is not None:
        try:
            fits = np.broadcast_shapes(found.shape, shape) == shape
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(f"{name} must fit arrays of shape {shape}, got {_checks.show(found)}")
    return found
