"""Slope and curvature of the estimated ridge risk: the sign rule and the curvature test on data."""

from __future__ import annotations

from sdtheory import _checks
from sdtheory._array import Array, namespace
from sdtheory.label_noise._samples import Samples
from sdtheory.label_noise.left_out import left_out_errors
from sdtheory.label_noise.one_round import Derivatives
from sdtheory.spectral import LeastSquares

__all__ = ["estimated_derivatives"]


def estimated_derivatives(
    design: Array,
    y: Array,
    lam: float,
    *,
    intercept: bool = False,
    sample_weight: Array | None = None,
) -> Derivatives:
    """Return slope, curvature and distance of the leave-one-out error of ridge regression.

    The data-only counterpart of `derivatives`: its sign rule and its curvature test.

    >>> design, y = [[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]], [1.0, 2.0, 0.0]
    >>> estimated_derivatives(design, y, 1.0).first < 0  # under-regularised
    np.True_
    """
    _checks.flag("intercept", intercept)
    lam = _checks.number("lam", lam, above=0)
    samples = Samples.made(design, y, intercept, sample_weight)
    return derivatives_of(left_out_errors(samples, lam, 2))


def derivatives_of(squares: LeastSquares) -> Derivatives:
    """Return slope, curvature and distance from leave-one-out errors of two rounds or more."""
    xp = namespace(squares.design)
    errors, first, second = squares.residual, squares.design[:, 0], squares.design[:, 1]
    distance, curvature = xp.sum(first**2), xp.sum(errors * second)
    return Derivatives(
        -2.0 * xp.sum(errors * first), 2.0 * distance + 4.0 * curvature, distance, curvature
    )
