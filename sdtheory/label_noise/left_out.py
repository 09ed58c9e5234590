"""The leave-one-out criterion of ridge regression and all its students, on factorised data."""

from __future__ import annotations

from sdtheory._array import Array, eps, namespace
from sdtheory.label_noise._samples import Samples
from sdtheory.spectral import LeastSquares, Spectrum, criteria

__all__ = ["left_out_errors"]


def left_out_errors(samples: Samples, lam: float, steps: int) -> LeastSquares:
    """Return the leave-one-out criterion as a function of the Taylor weights."""
    spectrum = samples.spectrum
    if samples.constant is not None:
        # An unpenalised constant is a mode with an infinite eigenvalue: all of it is kept.
        xp = namespace(samples.z)
        huge = xp.full_like(samples.constant[:1], _far_away(spectrum.eigenvalues, lam))
        left = xp.concat([samples.constant[:, None], spectrum.left], axis=1)
        values = xp.concat([huge, spectrum.eigenvalues])
        spectrum = Spectrum(values, spectrum.n, left, None)
    squares = criteria.leave_one_out(spectrum, samples.y, lam, steps)
    root = (spectrum.n / samples.total) ** 0.5
    # Without features no student differs from the mean: what is left of a change is rounding.
    moved = root if samples.spectrum.eigenvalues.shape[0] > 0 else 0.0
    return LeastSquares(
        root * squares.residual, moved * squares.design, squares.slope, squares.constant
    )


def _far_away(d: Array, lam: float) -> float:
    """Return an eigenvalue to stand for infinity beside the others and the penalty.

    One unit of xi changes what is kept of it by lam / far, which must vanish beside the d / lam of
    the data; its square must be in range.
    """
    if d.shape[0] == 0:
        return float(lam / eps(d) ** 2)
    xp = namespace(d)
    smallest, top = float(xp.min(d)), float(xp.finfo(d.dtype).max) ** 0.5 / 4
    if lam > (eps(d) * top) ** 0.5 * smallest**0.5:
        raise ValueError(
            f"lam must be closer to the squared singular values of the design, got {lam:g}"
        )
    wanted = float(xp.max(d) + lam) * max(1.0, lam / smallest) / eps(d) ** 2
    return float(min(wanted, top))
