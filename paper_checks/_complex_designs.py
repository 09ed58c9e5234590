"""Gaussian designs for limits of many features, drawn so that small ones are close to the limit.

The limits are those of real and of complex features alike. For real ones the first correction is of
order 1/n, which for designs that are cheap to draw is far above the standard error of a thousand of
them. For complex Gaussian features it vanishes, and the next one, of order 1/n^2, is far below.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["adjoint", "gaussian"]

Array = np.ndarray[Any, Any]
BLOCK = 100


def gaussian(rng: np.random.Generator, runs: int, n: int, variances: Array) -> Iterator[Array]:
    """Yield complex designs (100, n, p), `runs` in all, whose features have `variances` (p,)."""
    if runs % BLOCK:
        raise ValueError(f"runs must be a multiple of {BLOCK}, got {runs}")
    for _ in range(runs // BLOCK):
        real, imaginary = rng.normal(size=(2, BLOCK, n, variances.size)) * np.sqrt(variances / 2)
        yield real + 1j * imaginary


def adjoint(a: Array) -> Array:
    """Return the conjugate transposes of a stack of matrices."""
    return a.conj().swapaxes(-1, -2)
