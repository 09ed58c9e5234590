"""One penalty, many rounds: one Cholesky factor for each distinct penalty, one solve a round."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from sdtheory._array import Array

__all__ = ["solve_chain"]


def solve_chain(
    kernel: Array, y: Array, lams: list[float], xis: list[float]
) -> tuple[Array, Array] | None:
    """Return the dual weights and the fitted values (rounds + 1, n, ...) of a chain, in NumPy.

    None if the kernel plus a penalty is not positive definite.
    """
    factors: dict[float, Any] = {}
    dual: list[Array] = []
    fitted: list[Array] = []
    for k, lam in enumerate(lams):
        if lam not in factors:
            # The transpose of rows is the order of columns that LAPACK overwrites.
            shifted = kernel.T.copy(order="K")
            shifted[np.diag_indices_from(shifted)] += lam
            try:
                factors[lam] = scipy.linalg.cho_factor(
                    shifted, overwrite_a=True, check_finite=False
                )
            except np.linalg.LinAlgError:
                return None
        target = y if k == 0 else xis[k - 1] * fitted[-1] + (1.0 - xis[k - 1]) * y
        dual.append(scipy.linalg.cho_solve(factors[lam], target, check_finite=False))
        # K w = target - lam w, without another product, where the two are not nearly equal.
        large = lam > float(np.mean(np.diagonal(kernel)))
        fitted.append(kernel @ dual[-1] if large else target - lam * dual[-1])
    return np.stack(dual), np.stack(fitted)
