"""Gaussian designs for limits of many features, drawn so that small ones are close to the limit.

The limits are those of real and of complex features alike. For real ones the first correction is of
order 1/n, which for designs that are cheap to draw is far above the standard error of a thousand of
them. For complex Gaussian features it vanishes, and the next one, of order 1/n^2, is far below.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["adjoint", "centred_traces", "gaussian"]

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


def centred_traces(designs: Array, variances: Array) -> Array:
    """Return the traces (runs, 2 + 2 levels) of X X' and its square less their known means.

    They are those of all features and of the features of each variance, in units of the means:
    most of what varies with a design is linear in them.
    """
    n, found = designs.shape[1], []
    for chosen in (variances > 0, *(variances == level for level in np.unique(variances))):
        product = designs[:, :, chosen] @ adjoint(designs[:, :, chosen])
        total, squares = np.sum(variances[chosen]), np.sum(variances[chosen] ** 2)
        once = np.trace(product, axis1=1, axis2=2).real / (n * total)
        twice = np.sum(np.abs(product) ** 2, axis=(1, 2)) / (n * total**2 + n**2 * squares)
        found += [once - 1, twice - 1]
    return np.stack(found, axis=1)
