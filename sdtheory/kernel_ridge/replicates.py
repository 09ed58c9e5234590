"""Inputs that occur more than once: a smaller problem with the same students."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdtheory import _checks

__all__ = ["Merged", "merge_replicates"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Merged:
    """A data set in which every input occurs once."""

    inputs: FloatArray
    """The distinct inputs (u, p), in order of first occurrence."""
    y: FloatArray
    """Mean labels (u,) or (u, q)."""
    noise: FloatArray
    """Relative noise (u,): one over the number of copies. Pass it to `fit`."""
    groups: np.ndarray[Any, np.dtype[np.int64]]
    """For each of the n samples, which distinct input it is: fitted values go back by indexing."""


def merge_replicates(inputs: FloatArray, y: FloatArray) -> Merged:
    """Merge equal inputs: r copies act as one with their mean label and the penalty lam / r.

    That holds at every round and weight, because a student fits copies alike. The factorisation
    then costs (number of distinct inputs)**3.

    Examples
    --------
    >>> merge_replicates([[1.0], [2.0], [1.0]], [0.0, 5.0, 1.0])
    Merged(inputs=array([[1.],
           [2.]]), y=array([0.5, 5. ]), noise=array([0.5, 1. ]), groups=array([0, 1, 0]))
    """
    inputs = np.asarray(_checks.array("inputs", inputs, ndim=2))
    y = np.asarray(_checks.array("y", y, ndim=(1, 2)))
    _checks.same_length("y", y, "inputs", inputs)
    unique, first, groups, copies = np.unique(
        inputs, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    groups = place[groups.ravel()]
    sums = np.zeros((order.size, *y.shape[1:]))
    np.add.at(sums, groups, y)
    counts = copies[order].astype(float)
    means = sums / (counts if y.ndim == 1 else counts[:, None])
    return Merged(unique[order], means, 1.0 / counts, groups)
