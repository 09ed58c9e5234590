"""A convex quadratic on the simplex, for a handful of unknowns: exact, by active sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from sdtheory.spectral.risks import LeastSquares

__all__ = ["minimise_on_simplex"]

FloatArray = np.ndarray[Any, np.dtype[Any]]


def minimise_on_simplex(matrix: FloatArray, slope: FloatArray) -> FloatArray:
    """Return the c >= 0, sum c = 1, that minimises |matrix @ c|**2 + 2 slope . c.

    Starts at the best vertex and solves on a growing face, as nonnegative least squares does; each
    face is visited at most once, so the process ends.

    >>> minimise_on_simplex(np.array([[1.0, -1.0, 3.0]]), np.zeros(3))
    array([0.5, 0.5, 0. ])
    """
    count = matrix.shape[1]
    at = np.zeros(count)
    at[np.argmin((matrix**2).sum(axis=0) + 2 * slope)] = 1.0
    face = at > 0
    rounding = 8 * matrix.shape[0] * np.finfo(matrix.dtype).eps
    for _ in range(100 * count):
        at, face = _descend_on_face(matrix, slope, at, face)
        gradient = matrix.T @ (matrix @ at) + slope
        gain = gradient @ at - gradient
        gain[face] = -np.inf
        # Gains within the rounding error of the gradients are none.
        noise = rounding * (np.abs(matrix.T) @ np.abs(matrix @ at) + np.abs(slope))
        gain[gain <= noise + noise @ at] = -np.inf
        if np.max(gain) == -np.inf:
            break
        face[np.argmax(gain)] = True
    return at


def _descend_on_face(
    matrix: FloatArray, slope: FloatArray, at: FloatArray, face: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Move to the minimum over the affine hull of a face, dropping vertices that block the way."""
    while True:
        members = np.flatnonzero(face)
        if members.size == 1:
            return face.astype(matrix.dtype), face
        # c = at + (e_i - e_0) u_i keeps the sum; members[0] is the vertex e_0.
        edges = np.zeros((matrix.shape[1], members.size - 1))
        edges[members[0]] = -1.0
        edges[members[1:], np.arange(members.size - 1)] = 1.0
        problem = LeastSquares(matrix @ at, matrix @ edges, edges.T @ slope, np.zeros(()))
        found = problem.minimiser()
        step = edges @ (found.weights if found.descent is None else found.descent)
        shrinking = step < 0
        with np.errstate(divide="ignore"):
            reach = np.where(shrinking, at / np.where(shrinking, -step, 1.0), np.inf)
        longest = 1.0 if found.descent is None else np.inf
        blocking = int(np.argmin(reach))
        if reach[blocking] >= longest:
            return np.where(face, at + step, 0.0), face
        at = np.where(face, at + reach[blocking] * step, 0.0)
        at[blocking] = 0.0
        face = face.copy()
        face[blocking] = False
        at = np.maximum(at, 0.0) / np.sum(np.maximum(at, 0.0))
