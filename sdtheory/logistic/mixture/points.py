"""Quadrature points that grow by one Gaussian dimension with every stage.

A point carries its class, its given label, the noises zeta_1..zeta_t and the dual variables
r_1..r_t of the stages so far. The trapezoidal rule is spectrally exact here: the dual variables
are analytic in a strip of half-width pi / (sharpness * width) around the real noises. Where the
next stage uses hard labels, the dimension is split at the sign change of the logit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..roots import Floats
from .problem import GaussianMixture

__all__ = ["Points", "smooth_rule", "split_rule"]

# Beyond this many standard deviations the Gaussian weight is below 1e-17.
_REACH = 8.8
_SMALLEST = 1e-18
_MOST = 4_000_000
_LEGENDRE = np.polynomial.legendre.leggauss(52)


@dataclass(frozen=True, slots=True)
class Points:
    """Quadrature points of the stages solved so far.

    Attributes
    ----------
    sign, label, weight : class, given label and probability weight, shape (P,)
    zeta, dual : noises and dual variables of the stages, shape (P, t)
    logit : logit of the last stage, shape (P,)

    """

    sign: Floats
    label: Floats
    weight: Floats
    zeta: Floats
    dual: Floats
    logit: Floats

    @classmethod
    def start(cls, problem: GaussianMixture) -> Points:
        """Return the four kinds of points before any stage."""
        sign, label, weight = problem.groups()
        present = weight > 0
        sign, label, weight = sign[present], label[present], weight[present]
        empty = np.empty((len(sign), 0))
        return cls(sign, label, weight, empty, empty, np.zeros(len(sign)))

    def extended(self, zeta: Floats, weight: Floats, dual: Floats, logit: Floats) -> Points:
        """Return the points with one more dimension; the arguments have shape (P, nodes)."""
        total = self.weight[:, None] * weight
        # Points this unlikely contribute less than rounding.
        keep = total > _SMALLEST
        count = np.count_nonzero(keep)
        if count > _MOST:
            raise ValueError(
                f"temperature is so low, or steps so many, that {count} quadrature points would "
                "be needed: use hard=True or fewer steps"
            )
        rows = np.nonzero(keep)[0]
        return Points(
            sign=self.sign[rows],
            label=self.label[rows],
            weight=total[keep],
            zeta=np.column_stack([self.zeta[rows], np.broadcast_to(zeta, keep.shape)[keep]]),
            dual=np.column_stack([self.dual[rows], dual[keep]]),
            logit=logit[keep],
        )


def smooth_rule(steepness: float, refine: float) -> tuple[Floats, Floats]:
    """Return nodes and weights, shape (1, nodes), for functions of `steepness` times the noise.

    The error is exp(-2 pi a / h) for a strip of half-width a = pi / steepness and the step h.
    """
    step = min(0.7, np.pi / steepness / 8) / refine
    if not _REACH / step <= 4 * _MOST:
        raise ValueError(
            f"sharpness must be lower, or temperature higher, got {steepness:.3g} times the noise"
        )
    count = int(np.ceil(_REACH / step))
    zeta = step * np.arange(-count, count + 1)
    weight = step * np.exp(-0.5 * zeta**2) / np.sqrt(2 * np.pi)
    return np.asarray(zeta[None, :], float), np.asarray(weight[None, :])


def split_rule(threshold: Floats) -> tuple[Floats, Floats]:
    """Return nodes and weights, shape (P, nodes), split at a threshold for every point."""
    x, w = _LEGENDRE
    at = np.clip(threshold, -_REACH, _REACH)[:, None]
    below, above = at + _REACH, _REACH - at
    zeta = np.hstack([-_REACH + below * (x + 1) / 2, at + above * (x + 1) / 2])
    weight = np.hstack([below * w / 2, above * w / 2])
    return zeta, np.asarray(weight * np.exp(-0.5 * zeta**2) / np.sqrt(2 * np.pi))
