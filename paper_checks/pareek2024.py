"""Pareek, Du & Oh 2024: repeated self-distillation of ridge regression."""

from typing import Any

import numpy as np

from sdtheory.claims import claim, relative_error
from sdtheory.spectral import weights

from ._instances import EPS

PAPER = "Pareek, Du & Oh 2024"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@claim(
    "pareek2024.weights_of_the_powers",
    paper=PAPER,
    where="R4",
    source="paper",
    says="""r rounds with weights xi_1, ..., xi_r are the polynomial sum_i c_i a^(i+1) in the
    teacher's filter a, where the tail sums of c are T_i = xi_r xi_(r-1) ... xi_(r-i+1); conversely
    xi_(r-i+1) = T_i / T_(i-1).""",
    kind="identity",
    instances=lambda draw: {"xis": draw.uniform(0.2, 3.0, size=draw.integer(1, 6))},
    tolerance=lambda xis: 64 * EPS * float(np.prod(1 + 2 * np.abs(xis))),
    guards=(
        "sdtheory.spectral.weights.powers_from_xi",
        "sdtheory.spectral.weights.xi_from_powers",
    ),
)
def weights_of_the_powers(xis: FloatArray) -> float:
    """Return the error against expanding the recursion, and that of the way back."""
    expanded = np.ones(1)
    for xi in xis:
        expanded = np.concatenate([[1 - xi], xi * expanded])
    mixture = weights.powers_from_xi(xis)
    return max(
        relative_error(mixture, expanded, scale=1.0),
        relative_error(weights.xi_from_powers(mixture), xis, scale=1.0),
    )
