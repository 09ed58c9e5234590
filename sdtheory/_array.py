"""The array namespace: one place that knows NumPy from torch.

Every function of the package that takes arrays computes in the namespace, on the device and in the
dtype of its data (the array API standard), and hands back what it was given.
"""

from __future__ import annotations

from typing import Any

import numpy as np

try:
    import array_api_compat
except ModuleNotFoundError:  # a checkout on a machine where nothing can be installed
    from sklearn.externals import array_api_compat  # type: ignore[no-redef]

__all__ = [
    "Array",
    "cache_block",
    "descending_eigh",
    "device",
    "eps",
    "first",
    "is_array",
    "namespace",
    "place",
    "size",
    "to_numpy",
    "triangle",
]

# Arrays of any array-API library. The standard has no common base class to annotate with.
Array = Any


def is_array(value: object) -> bool:
    """Say whether `value` is an array of some array-API library (NumPy scalars are numbers)."""
    return array_api_compat.is_array_api_obj(value) and not isinstance(value, np.generic)


def namespace(*arrays: Array) -> Any:
    """Return the array namespace that all of `arrays` share."""
    return array_api_compat.array_namespace(*arrays)


def device(array: Array) -> Any:
    """Return the device that an array lives on."""
    return array_api_compat.device(array)


def place(value: object, like: Array) -> Array:
    """Return numbers as an array with the namespace, device and dtype of `like`."""
    xp = namespace(like)
    return xp.asarray(value, dtype=like.dtype, device=array_api_compat.device(like))


def size(array: Array) -> int:
    """Return the number of entries; torch spells `size` as a method."""
    total = array_api_compat.size(array)
    assert total is not None, "arrays of unknown size do not occur here"
    return int(total)


def cache_block(array: Array) -> int:
    """Return how many entries to treat at once: what a processor's cache holds, or a GPU fills.

    >>> cache_block(np.zeros(1))
    32768
    """
    on_processor = not array_api_compat.is_torch_array(array) or array.device.type == "cpu"
    return 1 << 15 if on_processor else 1 << 24


def descending_eigh(negative: Array) -> tuple[Array, Array]:
    """Return eigenvalues (n,), largest first, and eigenvectors of minus a symmetric matrix.

    LAPACK's eigenvalues ascend; those of the negative matrix are in our order without a copy of
    the eigenvectors. In NumPy `negative` is overwritten, and with LAPACK's workspace of two
    matrices the peak is three; `numpy.linalg.eigh` makes two more copies.

    >>> descending_eigh(-np.array([[2.0, 1.0], [1.0, 2.0]]))[0]
    array([3., 1.])
    """
    if not array_api_compat.is_numpy_array(negative):
        values, vectors = namespace(negative).linalg.eigh(negative)
        return 0.0 - values, vectors
    import scipy.linalg  # not needed by most of what imports this module

    # The transpose of a symmetric matrix is itself, in the order that LAPACK overwrites.
    values, vectors = scipy.linalg.eigh(
        negative.T, driver="evd", overwrite_a=True, check_finite=False
    )
    return 0.0 - values, vectors


def eps(array: Array) -> float:
    """Return the machine epsilon of the dtype of `array`."""
    return float(namespace(array).finfo(array.dtype).eps)


def first(array: Array) -> float:
    """Return the first entry of a non-empty array as a float; gradients are not followed."""
    if array_api_compat.is_torch_array(array):
        array = array.detach()
    return float(namespace(array).reshape(array, (-1,))[0])


def to_numpy(array: Array) -> np.ndarray[Any, Any]:
    """Copy a small array to the host as NumPy (for problems of a few unknowns, never for data)."""
    if array_api_compat.is_numpy_array(array):
        return np.asarray(array)
    if array_api_compat.is_torch_array(array):
        return np.asarray(array.detach().cpu().numpy())
    flat = namespace(array).reshape(array, (-1,))
    values = [float(flat[i]) for i in range(flat.shape[0])]
    return np.asarray(values).reshape(tuple(array.shape))


def triangle(matrix: Array) -> Array:
    """Return R (..., min(m, k), k) of the factorisation Q R of (..., m, k), without forming Q.

    >>> abs(triangle(np.array([[3.0], [4.0]])))
    array([[5.]])
    """
    if array_api_compat.is_numpy_array(matrix):
        return np.linalg.qr(matrix, mode="r")
    xp = namespace(matrix)
    if array_api_compat.is_torch_array(matrix):
        return xp.linalg.qr(matrix, mode="r")[1]
    return xp.linalg.qr(matrix, mode="reduced")[1]
