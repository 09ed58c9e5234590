"""Ridge problems under label noise that several papers' claims draw."""

from typing import Any

import numpy as np

from sdtheory.claims import Draw
from sdtheory.label_noise import RidgeProblem

__all__ = ["designs", "problem", "tasks", "two_levels"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def tasks(draw: Draw) -> dict[str, Any]:
    """Eigenvalues, coefficients, metric weights, noise and a penalty."""
    size = draw.integer(1, 6)
    return {
        "d": draw.log_uniform(1e-2, 1e2, size=size),
        "theta": draw.uniform(0.1, 2.0, size=size),
        "weights": draw.log_uniform(0.1, 10.0, size=size),
        "noise_var": draw.log_uniform(1e-2, 1e2),
        "lam": draw.log_uniform(1e-2, 1e2),
    }


def two_levels(draw: Draw) -> dict[str, Any]:
    """Two singular values at least a factor of two apart, and the signal energy on each."""
    small = draw.log_uniform(1e-2, 10.0)
    return {
        "d": np.array([small * draw.log_uniform(2.0, 1e2), small]),
        "energy": draw.log_uniform(1e-1, 1e1, size=2),
        "noise_var": draw.log_uniform(1e-1, 1e1),
    }


def designs(draw: Draw) -> dict[str, Any]:
    """The seed and shape of a random design, wide or tall, with a penalty and a weight."""
    return {
        "n": draw.integer(2, 8),
        "p": draw.integer(1, 8),
        "seed": draw.seed(),
        "lam": draw.log_uniform(1e-1, 1e1),
        "xi": draw.uniform(-2.0, 3.0),
    }


def problem(
    d: FloatArray, theta: FloatArray, weights: FloatArray, noise_var: float
) -> RidgeProblem:
    """Return the problem of a drawn task."""
    return RidgeProblem(np.sqrt(d), theta, noise_var, weights)
