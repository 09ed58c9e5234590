"""Kernel ridge: sweeps, chains and Lanczos against one eigendecomposition of the same matrix.

Run from the repository's root: ``python -m benchmarks.kernel_ridge``. Budgets, on one core: 10,500
students with predictions within 1.15 of `scipy.linalg.eigh(driver="evd")` at n = 2000, a chain of
20 rounds at one penalty within 0.4 of it, and Lanczos at n = 4000 ten times faster.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from sdtheory import kernel_ridge

Problem = tuple[np.ndarray, np.ndarray, np.ndarray]


def problem(n: int) -> Problem:
    """Return a Gaussian kernel of n points in five dimensions, 500 new points, and labels."""
    rng = np.random.default_rng(0)
    x, new = rng.normal(size=(n, 5)), rng.normal(size=(500, 5))
    y = np.sin(x).sum(axis=1) + rng.normal(size=n)
    return _gaussian(x, x), _gaussian(new, x), y


def _gaussian(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    values: np.ndarray = np.exp(-0.1 * np.maximum(squares, 0.0))
    return values


def seconds(function: Callable[[], Any], repeats: int = 3) -> float:
    """Return the shortest of a few runs: what the work costs, without what else was running."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def sweep(kernel: np.ndarray, new: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Factorise, and predict for 25 penalties, 21 weights and 20 numbers of fits."""
    fit = kernel_ridge.fit(kernel, y)
    return fit.sweep(new, np.geomspace(1e-2, 1e2, 25), np.linspace(0, 1, 21), steps=19)


if __name__ == "__main__":
    kernel, new, y = problem(2000)
    factorisation = seconds(lambda: scipy.linalg.eigh(kernel, driver="evd"))
    print(f"n = 2000: one eigendecomposition {factorisation:.2f} s")
    spent = seconds(lambda: sweep(kernel, new, y))
    print(f"10,500 students at 500 points: {spent / factorisation:.2f} of it (budget 1.15)")
    spent = seconds(lambda: kernel_ridge.distil(kernel, y, 1.0, 0.7, 20, route="cholesky"))
    print(f"20 rounds at one penalty, Cholesky: {spent / factorisation:.2f} of it (budget 0.40)")

    kernel, new, y = problem(4000)
    factorisation = seconds(lambda: scipy.linalg.eigh(kernel, driver="evd"), repeats=1)
    chain = kernel_ridge.distil(kernel, y, 1.0, 0.7, 20, tolerance=1e-6)
    spent = seconds(lambda: kernel_ridge.distil(kernel, y, 1.0, 0.7, 20, tolerance=1e-6))
    exact = kernel_ridge.distil(kernel, y, 1.0, 0.7, 20, route="cholesky").predict(new)
    error = np.linalg.norm(chain.predict(new) - exact) / np.linalg.norm(exact)
    print(
        f"n = 4000, lam = 1: {chain.route} {factorisation / spent:.0f} times faster (budget 10), "
        f"{chain.products} products, relative error {error:.0e} (bound {chain.fitted_error:.0e})"
    )
