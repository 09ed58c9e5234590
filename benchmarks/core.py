"""The spectral core: factorisation, filters, sweeps, and how they grow."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from benchmarks.harness import Options, Row, Work, compare, growth
from sdtheory import Spectrum, filters

TOPIC = "core"


def kernel_of(n: int, seed: int = 0) -> np.ndarray:
    """Return a Gaussian kernel of n points in five dimensions."""
    x = np.random.default_rng(seed).normal(size=(n, 5))
    squares = (x**2).sum(1)[:, None] + (x**2).sum(1) - 2 * x @ x.T
    return np.exp(-0.1 * np.maximum(squares, 0.0))


def grid(spectrum: Spectrum, penalties: int, weights: int, steps: int) -> filters.Filter:
    """Return the filters (penalties, weights, r) of students after `steps` rounds."""
    like = spectrum.eigenvalues
    lams, xis = np.geomspace(1e-2, 1e2, penalties), np.linspace(0, 1, weights)
    if not isinstance(like, np.ndarray):
        lams, xis = (like.new_tensor(values) for values in (lams, xis))
    return filters.distill(like, lams[:, None, None], xis[None, :, None], steps)


def refitted(kernel: np.ndarray, y: np.ndarray, lam: float, fits: int) -> np.ndarray:
    """Return fitted values of pure students by dense solves, one a fit."""
    target, shifted = y, kernel + lam * np.eye(len(kernel))
    for _ in range(fits):
        target = kernel @ np.linalg.solve(shifted, target)
    return target


def rows(options: Options) -> list[Row]:
    n = options.pick(60, 1200)
    kernel, y = kernel_of(n), np.random.default_rng(1).normal(size=n)
    spectrum = Spectrum.from_kernel(kernel)
    design = np.random.default_rng(2).normal(size=(2 * n, n // 2))
    here, there = options.put(kernel), options.put(design)
    found = [
        compare(
            TOPIC, f"kernel spectrum, n = {n}", lambda: Spectrum.from_kernel(here),
            eigh(here), options, against="one eigh of the matrix", kind="limit",
        ),
        compare(
            TOPIC, f"design spectrum, {2 * n} x {n // 2}", lambda: Spectrum.from_design(there),
            svd(there), options, against="one SVD of the matrix", kind="limit",
        ),
        compare(
            TOPIC, f"20 fits at 25 penalties, n = {n}", lambda: sweep(kernel, y),
            lambda: refitted(kernel, y, 1.0, options.pick(1, 4)), options,
            against="dense NumPy solves", scale=25 * 20 / options.pick(1, 4), rounds=3,
            note="ours with its factorisation",
        ),
    ]  # fmt: skip
    return [*found, *elementwise(spectrum, options), *growths(options)]


def sweep(kernel: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Factorise, and return fitted values (20, 25, n) of pure students."""
    spectrum = Spectrum.from_kernel(kernel)
    targets, d, left = spectrum.project(y), spectrum.eigenvalues, spectrum.left
    stack = [filters.powers(d, lam, steps=19).kept for lam in np.geomspace(1e-2, 1e2, 25)]
    return (np.stack(stack, axis=1) * targets.projected) @ left.T


def elementwise(spectrum: Spectrum, options: Options) -> list[Row]:
    """Filters against the time that writing their three arrays to memory takes."""
    d = options.put(spectrum.eigenvalues)
    held = Spectrum(d, spectrum.n, None, None)
    penalties, weights = options.pick((3, 3), (50, 40))
    made = grid(held, penalties, weights, 20)
    outputs = [made.kept, made.lost, made.coefficient]

    def copied() -> list[Any]:
        return [1.0 * values for values in outputs]

    return [
        compare(
            TOPIC, f"filters after {steps:,} rounds, {penalties} x {weights} x {len(d)}",
            lambda steps=steps: grid(held, penalties, weights, steps), copied, options,
            against="writing them", kind="limit",
            note="compensated arithmetic, about 200 operations a number",
        )
        for steps in (20, 10**9)
    ]  # fmt: skip


def growths(options: Options) -> list[Row]:
    small = Spectrum.from_kernel(kernel_of(options.pick(40, 400)))
    y = np.random.default_rng(0).normal(size=(small.n, 640))
    teacher = filters.distill(small.eigenvalues, 1.0, 0.5, 3)

    def factorise(n: int) -> Work:
        kernel = options.put(kernel_of(n))
        return lambda: Spectrum.from_kernel(kernel)

    def penalties(count: int) -> Work:
        return lambda: grid(small, count, 20, 20)

    def steps(count: int) -> Work:
        return lambda: grid(small, 40, 20, count)

    def targets(count: int) -> Work:
        labels = np.ascontiguousarray(y[:, :count])
        return lambda: small.fitted(teacher, small.project(labels))

    return [
        growth(TOPIC, "factorisation", "samples", (200, 400, 800, 1600), factorise, options,
               wanted=3.2),
        growth(TOPIC, "filters", "penalties", (10, 40, 160), penalties, options, wanted=1.1),
        growth(TOPIC, "filters", "rounds", (10, 1000, 10**6, 10**9), steps, options, wanted=0.05),
        growth(TOPIC, "fitted values", "targets", (40, 160, 640), targets, options, wanted=1.1),
    ]  # fmt: skip


def eigh(matrix: Any) -> Callable[[], Any]:
    if isinstance(matrix, np.ndarray):
        return lambda: scipy.linalg.eigh(matrix, driver="evd")
    import torch

    return lambda: torch.linalg.eigh(matrix)


def svd(matrix: Any) -> Callable[[], Any]:
    if isinstance(matrix, np.ndarray):
        return lambda: np.linalg.svd(matrix, full_matrices=False)
    import torch

    return lambda: torch.linalg.svd(matrix, full_matrices=False)
