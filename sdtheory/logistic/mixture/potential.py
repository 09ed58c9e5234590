"""The potential whose saddle point the teacher is: a certificate that the right point was found."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from sdtheory import _checks

from ..prox import centred_prox
from .points import smooth_rule
from .problem import GaussianMixture, MixtureStages

__all__ = ["SaddlePoint", "potential", "saddle_gradient", "teacher_saddle"]


@dataclass(frozen=True, slots=True)
class SaddlePoint:
    """Arguments of the potential: it is convex in the first four and concave in the last.

    Attributes
    ----------
    signal : w . v / d (m)
    length : |w| / sqrt(d) (q), at least |signal|
    width : sqrt(variance) times the length orthogonal to v (eta), positive
    bias : intercept
    tau : root of alpha times the mean squared dual variable, positive

    """

    signal: float
    length: float
    width: float
    bias: float
    tau: float


def potential(problem: GaussianMixture, lam: float, at: SaddlePoint) -> float:
    """Return the min-max potential of the teacher; its saddle value is the objective / d.

    tau width / 2 - tau sqrt(Delta (q^2 - m^2)) + alpha E[ M(h) ] + lam q^2 / 2, where
    h = s m + b + sqrt(Delta) q zeta and M is the Moreau envelope of the logistic loss with
    parameter width / tau. Convexity makes the saddle point unique, so a vanishing gradient
    certifies a solution whatever iteration found it.

    >>> from sdtheory.logistic.mixture import mixture_stages
    >>> problem = GaussianMixture(2.0, 0.5, 0.2)
    >>> at = teacher_saddle(problem, mixture_stages(problem, 0.5))
    >>> potential(problem, 0.5, at)
    1.1154997
    """
    _checks.instance("problem", problem, GaussianMixture)
    _checks.instance("at", at, SaddlePoint)
    lam = _checks.number("lam", lam, above=0)
    m, q, eta, b, tau = (
        _checks.number(name, value)
        for name, value in zip(SaddlePoint.__dataclass_fields__, astuple(at), strict=True)
    )
    Delta, gain = problem.variance, np.asarray(eta / tau)
    zeta, weight = smooth_rule(max(1.0, np.sqrt(Delta) * q), 1.5)
    total = 0.0
    for sign, label, chance in zip(*problem.groups(), strict=True):
        h = sign * m + b + np.sqrt(Delta) * q * zeta
        o = centred_prox(h + gain * (label - 0.5), gain)
        envelope = np.logaddexp(0, o) - label * o + (o - h) ** 2 / (2 * gain)
        total += chance * float(np.sum(weight * envelope))
    orthogonal = np.sqrt(Delta * (q - m) * (q + m))
    return float(tau * eta / 2 - tau * orthogonal + problem.sample_ratio * total + lam * q**2 / 2)


def teacher_saddle(problem: GaussianMixture, found: MixtureStages) -> SaddlePoint:
    """Return the arguments of the potential that belong to a solved teacher.

    >>> from sdtheory.logistic.mixture import mixture_stages
    >>> problem = GaussianMixture(2.0, 0.5, 0.2)
    >>> at = teacher_saddle(problem, mixture_stages(problem, 0.5))
    >>> at.length >= abs(at.signal)
    True
    """
    _checks.instance("problem", problem, GaussianMixture)
    _checks.instance("found", found, MixtureStages)
    m, Q = float(found.signal[0]), float(found.overlap[0, 0])
    return SaddlePoint(
        signal=m,
        length=float(np.sqrt(Q)),
        width=float(np.sqrt(problem.variance * (Q - m * m))),
        bias=float(found.bias[0]),
        tau=float(np.sqrt(found.force[0, 0] / problem.variance)),
    )


def saddle_gradient(problem: GaussianMixture, lam: float, at: SaddlePoint) -> float:
    """Return the largest slope of the potential, by central differences of fourth order.

    Examples
    --------
    >>> from sdtheory.logistic.mixture import mixture_stages
    >>> problem = GaussianMixture(2.0, 0.5, 0.2)
    >>> at = teacher_saddle(problem, mixture_stages(problem, 0.5))
    >>> saddle_gradient(problem, 0.5, at) < 1e-9
    True

    """
    _checks.instance("at", at, SaddlePoint)
    point = astuple(at)
    # With a fixed bias of 0 the mixture is symmetric, and the slope in the bias vanishes too.
    slopes = []
    for i, value in enumerate(point):
        step = 1e-3 * max(abs(value), 0.1)
        values = []
        for k in (-2, -1, 1, 2):
            moved = list(point)
            moved[i] += k * step
            values.append(potential(problem, lam, SaddlePoint(*moved)))
        slopes.append((values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step))
    return float(np.max(np.abs(slopes)))
