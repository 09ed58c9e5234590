"""Kernels of low rank: features whose Gram matrix stands in for a kernel too large to factorise.

Everything that `fit_features` computes from them is exact for the approximate kernel; how far that
is from the kernel itself is bounded by `approximation_bound`.
"""

from __future__ import annotations

import numpy as np

from sdtheory import _checks
from sdtheory._array import Array, namespace, place
from sdtheory.spectral.spectrum import semidefinite

__all__ = ["fourier_features", "nystrom_features"]


def nystrom_features(columns: Array, landmarks: Array) -> Array:
    """Return features (m, r) whose inner products are the Nyström approximation of the kernel.

    Parameters
    ----------
    columns : array (m, l)
        K(points, landmarks); for training and new points alike.
    landmarks : array (l, l)
        K(landmarks, landmarks). Its null directions are dropped.

    Examples
    --------
    >>> features = nystrom_features([[2.0], [1.0]], [[2.0]])
    >>> features @ features.T
    array([[2. , 1. ],
           [1. , 0.5]])
    """
    d, vectors = semidefinite("landmarks", landmarks)
    columns = _checks.array("columns", columns, like=d, ndim=2)
    if columns.shape[1] != vectors.shape[0]:
        raise ValueError(
            f"columns must have one column for each landmark ({vectors.shape[0]}), "
            f"got shape {tuple(columns.shape)}"
        )
    return (columns @ vectors) / namespace(d).sqrt(d)


def fourier_features(inputs: Array, gamma: float, count: int, rng: np.random.Generator) -> Array:
    """Return random features (n, 2 count) whose inner products approximate exp(-gamma |x - x'|^2).

    Pairs of cosines and sines at Gaussian frequencies: the approximate kernel has an exact
    diagonal, and an unbiased rest with an error of order 1 / sqrt(count). Pass all inputs,
    training and new ones, in one call, so that they share the frequencies.

    >>> features = fourier_features([[0.0], [1.0]], 0.5, count=100, rng=np.random.default_rng(0))
    >>> np.diag(features @ features.T)
    array([1., 1.])
    """
    _checks.instance("rng", rng, np.random.Generator)
    inputs = _checks.array("inputs", inputs, ndim=2)
    gamma = _checks.number("gamma", gamma, above=0)
    count = _checks.integer("count", count, at_least=1, at_most=_checks.SIZE)
    xp = namespace(inputs)
    frequencies = rng.normal(scale=(2 * gamma) ** 0.5, size=(inputs.shape[1], count))
    angles = inputs @ place(frequencies.tolist(), like=inputs)
    return xp.concat([xp.cos(angles), xp.sin(angles)], axis=1) / count**0.5
