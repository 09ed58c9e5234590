"""Small kernel problems that several modules draw, and their students by dense solves."""

from typing import Any

import numpy as np
import scipy.linalg

from sdtheory.claims import Draw

__all__ = [
    "EPS",
    "Problem",
    "conditioning",
    "kernel_problem",
    "labelled",
    "posterior",
    "smoother",
    "vertex",
]

EPS = float(np.finfo(float).eps)
FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Problem = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def kernel_problem(draw: Draw) -> dict[str, Any]:
    """Size, penalty and seed of a noisy sine on the line."""
    return {"n": draw.integer(6, 14), "lam": draw.log_uniform(3e-2, 3.0), "seed": draw.seed()}


def labelled(n: int, seed: int) -> Problem:
    """Return K (n, n), K(new, train) (9, n), labels (n,) and noiseless values at the new points."""
    rng = np.random.default_rng(seed)
    x, new = rng.uniform(-2, 2, n), np.linspace(-2, 2, 9)
    kernel = np.exp(-((x[:, None] - x) ** 2))
    y = np.sin(2 * x) + 0.5 * rng.normal(size=n)
    return kernel, np.exp(-((new[:, None] - x) ** 2)), y, np.sin(2 * new)


def conditioning(n: int, lam: float) -> float:
    """Return how much a dense solve with these kernels may amplify rounding errors."""
    return n * EPS * (1.0 + n / lam)


def smoother(kernel: FloatArray, lam: float, xi: float) -> FloatArray:
    """Return the matrix that maps labels to the fitted values of a student after one round."""
    teacher = np.linalg.solve(kernel + lam * np.eye(len(kernel)), kernel)
    student: FloatArray = teacher @ (xi * teacher + (1.0 - xi) * np.eye(len(kernel)))
    return student


def vertex(parabola: Any) -> tuple[float, float]:
    """Return where a parabola is smallest, from its values at -1, 0 and 1, and its curvature."""
    below, middle, above = (float(parabola(x)) for x in (-1.0, 0.0, 1.0))
    curvature = above - 2.0 * middle + below
    return 0.5 * (below - above) / curvature, curvature / (abs(below) + abs(middle) + abs(above))


def posterior(
    mean: FloatArray, cov: FloatArray, y: FloatArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Condition a joint Gaussian on noisy values of its first len(y) entries."""
    n = len(y)
    factor = scipy.linalg.cho_factor(cov[:n, :n] + np.diag(noise))
    gain = scipy.linalg.cho_solve(factor, cov[:n, :]).T
    return mean + gain @ (y - mean[:n]), cov - gain @ cov[:n, :]
