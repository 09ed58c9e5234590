"""Simulations made precise by what is known of their randomness."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["controlled", "nearest_within"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def controlled(draws: ArrayLike, controls: ArrayLike) -> FloatArray:
    """Return draws (m, ...) without what `controls` (m, k), whose means are zero, explain of them.

    Their mean is the constant of a least-squares fit, their standard error the one of that
    constant, with the degrees of freedom that the fit leaves.
    """
    given = np.asarray(draws, dtype=float)
    count = len(given)
    design = np.column_stack([np.ones(count), controls])
    flat = given.reshape(count, -1)
    fitted = np.linalg.lstsq(design, flat, rcond=None)[0]
    freedom = count - np.linalg.matrix_rank(design)
    # The constant varies more than a mean of residuals: the controls have not exactly mean zero.
    spread = count * np.linalg.pinv(design.T @ design)[0, 0] * (count - 1) / freedom
    residuals = (flat - design @ fitted) * np.sqrt(spread)
    return np.asarray((fitted[0] + residuals).reshape(given.shape))


def nearest_within(draws: ArrayLike, want: ArrayLike, allowed: ArrayLike) -> FloatArray:
    """Return the numbers closest to the means of `draws` that are `allowed` from `want` at most.

    They stand for `want` where a bound on the bias of a finite size is known.
    """
    limit, slack = np.asarray(want, dtype=float), np.asarray(allowed, dtype=float)
    mean = np.mean(np.asarray(draws, dtype=float), axis=0)
    return np.asarray(np.clip(mean, limit - slack, limit + slack))
