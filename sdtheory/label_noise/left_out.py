"""The leave-one-out criterion of ridge regression and all its students, on factorised data."""

from __future__ import annotations

from sdtheory.label_noise._samples import Samples
from sdtheory.spectral import LeastSquares, criteria

__all__ = ["left_out_errors"]


def left_out_errors(samples: Samples, lam: float, steps: int) -> LeastSquares:
    """Return the leave-one-out criterion as a function of the Taylor weights."""
    spectrum = samples.spectrum
    squares = criteria.leave_one_out(spectrum, samples.y, lam, steps, samples.constant)
    root = (spectrum.n / samples.total) ** 0.5
    return LeastSquares(
        root * squares.residual, root * squares.design, squares.slope, squares.constant
    )
