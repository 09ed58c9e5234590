"""Products with a kernel matrix that is never held: blocks of rows are made, used and dropped."""

from __future__ import annotations

from collections.abc import Callable

from sdtheory import _checks
from sdtheory._array import Array, eps, namespace
from sdtheory._console import Progress

__all__ = ["chunked_product"]


def chunked_product(
    kernel: Callable[[Array, Array], Array],
    points: Array,
    rows: int = 256,
    *,
    products: int = 0,
) -> Callable[[Array], Array]:
    """Return v -> K v for `distil`, where K = kernel(points, points) need not fit memory.

    A product holds blocks of `rows` times n numbers, as many as `kernel` itself makes of them, and
    costs n**2 / 2 kernel values: a block serves for its mirror image too. For kernels of gpytorch
    or KeOps see `sdtheory.interop.gpytorch.product`.

    Parameters
    ----------
    kernel : callable
        (a, p), (b, p) -> (a, b), symmetric: kernel(y, x) is the transpose of kernel(x, y).
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
    starts = range(0, count, rows)
    progress = Progress(
        expected * sum((count - start) * min(rows, count - start) for start in starts)
    )

    def multiply(vector: Array) -> Array:
        nonlocal made
        made += 1
        result = xp.zeros_like(vector)
        for start in starts:
            stop = min(start + rows, count)
            block = kernel(points[start:stop, :], points[start:, :])
            if made == 1 and start == 0:
                _checks.symmetric("kernel", block[:, :stop], eps(block) ** 0.5)
            result[start:stop, ...] += block @ vector[start:, ...]
            mirrored = xp.matrix_transpose(block[:, stop - start :])
            result[stop:, ...] += mirrored @ vector[start:stop, ...]
            if expected:
                done = (stop - start) * (count - start)
                progress.advance(f"product {made} with the kernel", done)
        return result

    return multiply
