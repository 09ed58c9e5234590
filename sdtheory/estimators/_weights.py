"""Weights of samples, as every estimator that takes them understands them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight

__all__ = ["sample_weights"]


def sample_weights(sample_weight: Any, X: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return one weight for each row of X, in its dtype: at least 0, and one of them positive."""
    weight: np.ndarray[Any, Any] = _check_sample_weight(sample_weight, X, dtype=X.dtype)
    # A single number is spread over the rows unchecked.
    if not np.all(np.isfinite(weight)):
        raise ValueError(f"sample_weight must be finite, got {sample_weight!r}")
    if np.any(weight < 0):
        raise ValueError(f"sample_weight must be at least 0, got {np.min(weight):g}")
    if not np.any(weight > 0):  # recent scikit-learn says so itself
        raise ValueError("sample_weight must be greater than 0 for some sample, got only zeros")
    return weight
