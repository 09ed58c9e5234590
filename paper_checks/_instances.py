"""Instances that several papers share, and the long way to distil them."""

from typing import Any

import numpy as np

from sdtheory.claims import Draw

__all__ = [
    "EPS",
    "chain",
    "data",
    "design_and_labels",
    "distil_by_solving",
    "known_truth",
    "spectra",
]

EPS = float(np.finfo(float).eps)
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def spectra(draw: Draw) -> dict[str, Any]:
    """Eigenvalues and a penalty."""
    size = draw.integer(1, 6)
    return {
        "d": draw.log_uniform(1e-4, 1e4, size=size),
        "lam": draw.log_uniform(1e-3, 1e3),
    }


def data(draw: Draw) -> dict[str, Any]:
    """The seed of a random design (n, p), wide or tall, and its size and scale."""
    return {
        "n": draw.integer(2, 10),
        "p": draw.integer(1, 10),
        "lam": draw.log_uniform(1e-2, 1e2),
        "seed": draw.seed(),
    }


def chain(draw: Draw) -> dict[str, Any]:
    """A random design with a schedule of penalties and weights."""
    steps = draw.integer(1, 5)
    drawn = data(draw)
    del drawn["lam"]
    lams = draw.log_uniform(1e-1, 1e1, size=steps + 1)
    return drawn | {"lams": lams, "xis": draw.uniform(-2.0, 3.0, size=steps)}


def known_truth(draw: Draw) -> dict[str, Any]:
    """A spectrum with true coefficients, the noise of the labels, and a penalty."""
    size = draw.integer(1, 6)
    return {
        "d": draw.log_uniform(1e-2, 1e2, size=size),
        "theta": draw.uniform(0.1, 2.0, size=size),
        "noise_var": draw.log_uniform(1e-2, 1e2),
        "lam": draw.log_uniform(1e-2, 1e2),
    }


def design_and_labels(n: int, p: int, seed: int, outputs: int = 2) -> tuple[FloatArray, FloatArray]:
    """Return a Gaussian design (n, p) and labels (n, outputs)."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, p)), rng.normal(size=(n, outputs))


def distil_by_solving(
    kernel: FloatArray, new: FloatArray, y: FloatArray, lams: FloatArray, xis: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return predictions at the training and new inputs, each round solved from scratch."""
    identity = np.eye(kernel.shape[0])
    weights = np.linalg.solve(kernel + lams[0] * identity, y)
    for lam, xi in zip(lams[1:], xis, strict=True):
        target = xi * kernel @ weights + (1.0 - xi) * y
        weights = np.linalg.solve(kernel + lam * identity, target)
    return kernel @ weights, new @ weights
