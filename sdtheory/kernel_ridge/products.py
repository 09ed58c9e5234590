"""Products with a kernel matrix that is never held: blocks of rows are made, used and dropped."""

from __future__ import annotations

from collections.abc import Callable

from sdtheory import _checks
from sdtheory._array import Array, namespace
from sdtheory._console import Progress

__all__ = ["chunked_product"]


def chunked_product(
    kernel: Callable[[Array, Array], Array],
    points: Array,
    rows: int = 1024,
    *,
    products: int = 0,
) -> Callable[[Array], Array]:
    """Return v -> K v for `distil`, where K = kernel(points, points) need not fit memory.

    A product holds blocks of `rows` times n numbers, as many as `kernel` itself makes of them, and
    costs n**2 kernel values; a symmetric half is not saved, since memory traffic would take its
    place. For kernels of gpytorch or KeOps see `sdtheory.interop.gpytorch.product`.

    Parameters
    ----------
    kernel : callable
        (a, p), (b, p) -> (a, b).
    points : array (n, p)
    rows : int
        Rows of a block.
    products : int
        How many products are expected, for a progress bar; 0 for none.

    Examples
    --------
    >>> import numpy as np
    >>> product = chunked_product(lambda a, b: a @ b.T, np.eye(3), rows=2)
    >>> product(np.arange(3.0))
    array([0., 1., 2.])
    """
    points = _checks.array("points", points, ndim=2)
    rows = _checks.integer("rows", rows, at_least=1)
    expected = _checks.integer("products", products)
    count, xp, made = points.shape[0], namespace(points), 0
    progress = Progress(expected * count)

    def multiply(vector: Array) -> Array:
        nonlocal made
        made += 1
        parts = []
        for start in range(0, count, rows):
            block = points[start : min(start + rows, count), :]
            parts.append(kernel(block, points) @ vector)
            if expected:
                progress.advance(f"product {made} with the kernel", block.shape[0])
        return xp.concat(parts)

    return multiply
