"""Pareek, Du & Oh 2024: the lowest risk that rounds can reach, and how many it takes."""

from typing import Any

import numpy as np

from sdtheory.claims import claim, relative_error
from sdtheory.spectral import criteria, projections

from ._instances import EPS, known_truth

PAPER = "Pareek, Du & Oh 2024"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@claim(
    "pareek2024.rounds_reach_the_wiener_filter",
    paper=PAPER,
    where="R16, R26",
    source="paper",
    says="""With as many rounds as distinct singular values the best student at any penalty is the
    Wiener filter d theta^2 / (d theta^2 + noise), below which no filter can go.""",
    kind="identity",
    instances=lambda draw: known_truth(draw) | {"steps": draw.integer(1, 6)},
    tolerance=lambda d, theta, noise_var, lam, steps: 1e4 * EPS * d.size,
    guards=(
        "sdtheory.spectral.projections.minimise",
        "sdtheory.spectral.criteria.expected_error",
    ),
)
def rounds_reach_the_wiener_filter(
    d: FloatArray, theta: FloatArray, noise_var: float, lam: float, steps: int
) -> float:
    """Return the relative excess over the floor, with enough rounds; with fewer, any shortfall."""
    d = np.arange(1.0, d.size + 1)
    floor = np.sum(theta**2 * noise_var / (d * theta**2 + noise_var))
    risk = criteria.expected_error(np.sqrt(d), theta, noise_var)
    best = float(projections.optimal_weights(risk, d, lam, d.size).risk)
    fewer = float(projections.optimal_weights(risk, d, lam, steps).risk)
    return max(relative_error(best, floor), (floor - fewer) / floor)
