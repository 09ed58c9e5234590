"""Instances of the JEPA claims, and the mode laws by quadrature instead of closed forms."""

from itertools import pairwise
from typing import Any, Literal

import numpy as np
from scipy import integrate

from sdtheory.claims import Draw
from sdtheory.jepa import Mode

__all__ = ["EPS", "QUADRATURE", "Objective", "grown", "quadrature_time", "views_seed"]

EPS = float(np.finfo(float).eps)
# Relative tolerance asked of the adaptive quadrature, the slow route of these claims.
QUADRATURE = 1e-12
Objective = Literal["jepa", "mae"]


def grown(draw: Draw) -> dict[str, Any]:
    """A mode that is learned, its start and the fraction of its fixed point."""
    return {
        "lam": draw.log_uniform(0.2, 5.0),
        "rho": draw.uniform(0.3, 1.5),
        "depth": draw.integer(1, 6),
        "start": draw.log_uniform(0.01, 0.5),  # of one layer, relative to its fixed point
        "fraction": draw.uniform(0.6, 0.95),
    }


def views_seed(draw: Draw) -> dict[str, Any]:
    """The seed of random covariances and weights, and a depth."""
    return {"seed": draw.seed(), "depth": draw.integer(1, 3)}


def quadrature_time(
    mode: Mode,
    depth: int,
    start: float,
    stop: float,
    objective: Objective = "jepa",
    predictor_depth: int = 1,
) -> float:
    """Return the paper time between two encoder sizes by quadrature of the law of one layer."""
    lam, s2 = float(mode.covariance), float(mode.variance)
    own = 2 * depth if objective == "jepa" else depth
    order = predictor_depth if objective == "jepa" else depth + predictor_depth
    power = own + predictor_depth - 1

    def slowness(log_w: float) -> float:
        w = np.exp(log_w)
        return float(depth * w ** (1 - power) / (lam - s2 * w**order))

    ends = np.log([start, stop]) / depth
    # pieces over which the integrand changes by a bounded factor
    points = np.linspace(ends[0], ends[1], 2 + int(abs(ends[1] - ends[0]) * power))
    return float(
        sum(
            integrate.quad(slowness, a, b, epsabs=0.0, epsrel=QUADRATURE)[0]
            for a, b in pairwise(points)
        )
    )
