"""What the Gaussian-process estimators read off scikit-learn's kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["refuse_all_priors", "split_kernel"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def split_kernel(kernel: Any, X: FloatArray) -> tuple[FloatArray, float]:
    """Return the covariance of the function, and the noise that a white kernel adds to it."""
    matrix = np.asarray(kernel(X, X))
    white = np.asarray(kernel.diag(X)) - np.diagonal(matrix)
    level = float(np.mean(white))
    return matrix, level if level > 1e-14 * float(np.max(matrix)) else 0.0


def refuse_all_priors(method: str, hyperparameters: str) -> None:
    """Raise where every round would choose a prior of its own, though rounds share one."""
    if method == "distribution" and hyperparameters == "all":
        raise ValueError(
            "hyperparameters must be 'first' or 'none' for method 'distribution': its rounds "
            "share one prior, got 'all'"
        )
