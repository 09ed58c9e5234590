"""Products in blocks against the matrix, and students of a kernel that is never held."""

import tracemalloc

import numpy as np
import pytest
from backends import BACKENDS

from sdtheory import kernel_ridge
from sdtheory.kernel_ridge import chunked_product

EPS = np.finfo(float).eps


def gaussian(a, b):
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return np.exp(-0.5 * np.maximum(squares, 0.0))


@pytest.mark.parametrize("rows", [1, 7, 60, 1000])
def test_products_in_blocks_are_those_of_the_matrix(rng, rows):
    x, v = rng.normal(size=(60, 3)), rng.normal(size=60)
    product = chunked_product(gaussian, x, rows)
    np.testing.assert_allclose(product(v), gaussian(x, x) @ v, rtol=0, atol=60 * EPS * 60)
    assert product(np.stack([v, v], axis=1)).shape == (60, 2)


@pytest.mark.parametrize("put", BACKENDS)
def test_backends(put, rng):
    x, v = rng.normal(size=(9, 2)), rng.normal(size=9)
    found = chunked_product(lambda a, b: a @ b.T, put(x), rows=4)(put(v))
    assert put.owns(found)
    want = x @ (x.T @ v)
    np.testing.assert_allclose([float(f) for f in found], want, rtol=0, atol=200 * put.eps)


def test_students_without_the_matrix(rng):
    """Rounds from products in blocks, in less memory than the matrix, with the promised error."""
    n = 1200
    x = rng.normal(size=(n, 2))
    y = np.sin(x).sum(axis=1) + rng.normal(size=n)
    tracemalloc.start()
    chain = kernel_ridge.distil(
        chunked_product(gaussian, x, 50), y, lam=1.0, xi=0.7, steps=5, tolerance=1e-9
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * 8 * n * n
    exact = kernel_ridge.distil(gaussian(x, x), y, 1.0, 0.7, 5, route="cholesky")
    gap = np.linalg.norm(chain.fitted - exact.fitted, axis=1)
    allowed = chain.fitted_error + 1e3 * EPS * n
    assert np.all(gap <= allowed * np.linalg.norm(exact.fitted, axis=1))


def test_bad_input():
    with pytest.raises(ValueError, match="kernel must be symmetric"):
        chunked_product(lambda a, b: a + 2 * b.T, np.arange(3.0)[:, None])(np.ones(3))
    with pytest.raises(ValueError, match="rows must be at least 1, got 0"):
        chunked_product(gaussian, np.ones((2, 2)), rows=0)
    with pytest.raises(ValueError, match="points must have 2 dimensions"):
        chunked_product(gaussian, np.ones(2))


def test_progress_counts_kernel_values_and_products(monkeypatch, rng):
    calls = []

    class Recorder:
        def __init__(self, total):
            calls.append(total)

        def advance(self, text, values):
            calls.append((text, values))

    monkeypatch.setattr("sdtheory.kernel_ridge.products.Progress", Recorder)
    x, v = rng.normal(size=(5, 2)), rng.normal(size=5)
    product = chunked_product(gaussian, x, rows=3, products=2)
    product(v)
    product(v)
    first, second = ((f"product {k} with the kernel",) for k in (1, 2))
    assert calls == [38, (*first, 15), (*first, 4), (*second, 15), (*second, 4)]
    calls.clear()
    chunked_product(gaussian, x)(v)
    assert calls == [0]


def test_blocks_are_as_large_as_asked_and_of_one_half(rng):
    seen = []

    def kernel(a, b):
        seen.append((a.shape[0], b.shape[0]))
        return gaussian(a, b)

    chunked_product(kernel, rng.normal(size=(7, 2)), rows=3)(np.ones(7))
    assert seen == [(3, 7), (3, 4), (1, 1)]


@pytest.mark.parametrize(("gap", "accepted"), [(1e-10, True), (1e-6, False)])
def test_half_the_digits_of_symmetry_are_asked_for(gap, accepted):
    def kernel(a, b):
        return np.ones((len(a), len(b))) + gap * (a > b.T)

    product = chunked_product(kernel, np.arange(4.0)[:, None], rows=2)
    if accepted:
        np.testing.assert_allclose(product(np.ones(4)), 4.0, rtol=4 * gap)
    else:
        with pytest.raises(ValueError, match="kernel must be symmetric"):
            product(np.ones(4))
