"""Kernel ridge: sweeps, chains and Lanczos against one eigendecomposition, and large kernels."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import scipy.linalg
from sklearn.kernel_ridge import KernelRidge

from benchmarks.harness import Options, Row, Work, compare, growth
from sdtheory import filters, kernel_ridge
from sdtheory.kernel_ridge import chunked_product, nystrom_features
from sdtheory.spectral import GramAccumulator

TOPIC = "kernel ridge"
GAMMA = 0.1


def gaussian(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the kernel exp(-gamma |x - x'|^2), written over the one array that it needs."""
    values = a @ (2 * GAMMA * b.T)
    values -= (GAMMA * (a**2).sum(1))[:, None]
    values -= GAMMA * (b**2).sum(1)
    np.minimum(values, 0.0, out=values)
    return np.exp(values, out=values)


def points(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return n points in five dimensions, 500 new ones, and labels."""
    rng = np.random.default_rng(0)
    x, new = rng.normal(size=(n, 5)), rng.normal(size=(500, 5))
    return x, new, np.sin(x).sum(axis=1) + rng.normal(size=n)


def rows(options: Options) -> list[Row]:
    return [*against_factorisation(options), lanczos(options), *large(options)]


def against_factorisation(options: Options) -> list[Row]:
    n = options.pick(60, 2000)
    x, new, y = points(n)
    kernel, cross = gaussian(x, x), gaussian(new, x)
    lams, xis = np.geomspace(1e-2, 1e2, 25), np.linspace(0, 1, 21)
    fits = options.pick(1, 5)

    def sweep() -> np.ndarray:
        return kernel_ridge.fit(kernel, y).sweep(cross, lams, xis, steps=19)

    def factorised() -> object:
        return scipy.linalg.eigh(kernel, driver="evd")

    def chain() -> object:
        return kernel_ridge.distil(kernel, y, 1.0, 0.7, 20, route="cholesky")

    def one_factor() -> object:
        return scipy.linalg.cholesky(kernel + np.eye(n), lower=True)

    def refits() -> None:
        target = y
        for _ in range(fits):
            model = KernelRidge(alpha=1.0, kernel="precomputed").fit(kernel, target)
            target = model.predict(kernel)

    return [
        compare(
            TOPIC, f"10,500 students at 500 new points, n = {n}", sweep, factorised, options,
            against="one eigh of the matrix", kind="limit", wanted=1.15, rounds=9,
        ),
        compare(
            TOPIC, f"20 rounds at one penalty, n = {n}", chain, factorised, options,
            against="one eigh of the matrix", kind="limit", wanted=0.4, rounds=3,
        ),
        compare(
            TOPIC, f"20 rounds at one penalty, n = {n}", chain, one_factor, options,
            against="one Cholesky factor of it", kind="limit", rounds=5,
        ),
        compare(
            TOPIC, f"10,500 students at 500 new points, n = {n}", sweep, refits, options,
            against="KernelRidge refits", scale=25 * 21 * 20 / fits, rounds=2,
        ),
    ]  # fmt: skip


def lanczos(options: Options) -> Row:
    n = options.pick(100, 4000)
    x, _, y = points(n)
    kernel = gaussian(x, x)
    route = "lanczos" if options.quick else "auto"
    chain = kernel_ridge.distil(kernel, y, 1.0, 0.7, 20, tolerance=1e-6, route=route)
    assert chain.route == "lanczos"
    assert chain.fitted_error <= 1e-6
    return compare(
        TOPIC, f"20 rounds by Lanczos, n = {n}",
        lambda: kernel_ridge.distil(kernel, y, 1.0, 0.7, 20, tolerance=1e-6, route=route),
        lambda: scipy.linalg.eigh(kernel, driver="evd"), options,
        against="one eigh of the matrix", wanted=10.0, rounds=1,
        note=f"{chain.products} products, error below {chain.fitted_error:.0e}, which is proved",
    )  # fmt: skip


def large(options: Options) -> list[Row]:
    """Kernels that are never held: products in blocks, and features in one pass."""

    def product(n: int) -> Work:
        x, _, y = points(n)
        multiply = chunked_product(gaussian, x)
        return lambda: multiply(y)

    sizes = (200, 400) if options.quick else (2000, 4000, 8000)

    def rounds(n: int) -> Work:
        x, _, y = points(n)
        kernel = gaussian(x, x)
        return lambda: kernel_ridge.distil(kernel, y, 1.0, 0.7, 20, route="cholesky")

    factorised = options.pick((30, 60), (500, 1000, 2000))
    found = [
        growth(TOPIC, "20 rounds at one penalty", "samples", factorised, rounds, options,
               wanted=3.2),
        growth(TOPIC, "one product in blocks", "samples", sizes, product, options, wanted=2.1),
    ]  # fmt: skip
    n = options.pick(500, 100_000)
    x, _, y = points(n)
    for name, count in (("Nyström", options.pick(20, 400)), ("random features", 400)):
        chunks = nystrom if name == "Nyström" else fourier
        found.append(
            compare(
                TOPIC, f"{name}, {count} of them: 20 rounds at 25 penalties, n = {n:,}",
                lambda chunks=chunks, count=count: students(chunks(x, y, count)),
                lambda chunks=chunks, count=count: sum(f.T @ f for f, _ in chunks(x, y, count)),
                options, against="the features and their Gram matrix", kind="limit", rounds=2,
                note=missed(name, x, chunks(x, y, count)),
            )
        )  # fmt: skip
    if options.full:
        found.append(matrix_free(options))
    return found


def nystrom(x: np.ndarray, y: np.ndarray, count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield features and labels, chunk by chunk."""
    landmarks = x[np.random.default_rng(0).choice(len(x), count, replace=False)]
    corner = gaussian(landmarks, landmarks)
    for k in range(0, len(x), 5000):
        yield nystrom_features(gaussian(x[k : k + 5000], landmarks), corner), y[k : k + 5000]


def fourier(x: np.ndarray, y: np.ndarray, count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield features and labels, chunk by chunk; the same seed gives the same frequencies."""
    for k in range(0, len(x), 5000):
        rng = np.random.default_rng(0)
        features = kernel_ridge.fourier_features(x[k : k + 5000], GAMMA, count // 2, rng)
        yield features, y[k : k + 5000]


def students(chunks: Iterator[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    """Return the coefficients of the last of 20 rounds at 25 penalties, from one pass."""
    seen = GramAccumulator()
    for chunk in chunks:
        seen.update(*chunk)
    summary = seen.summary()
    d = summary.spectrum.eigenvalues
    return [
        summary.coefficients(filters.distill(d, lam, 0.7, 20))[0]
        for lam in np.geomspace(1e-2, 1e2, 25)
    ]


def missed(name: str, x: np.ndarray, chunks: Iterator[tuple[np.ndarray, np.ndarray]]) -> str:
    """Say how far the approximate kernel is from the kernel."""
    diagonal, corner = 0.0, None
    for features, _ in chunks:
        if corner is None:
            first = features[:500]
            corner = np.abs(first @ first.T - gaussian(x[: len(first)], x[: len(first)])).max()
        diagonal += float(np.sum(1.0 - (features**2).sum(1)))
    bound = f"trace of the error {diagonal:.2g}, a bound on its norm; " if name == "Nyström" else ""
    return f"{bound}largest error among 500 points {corner:.1g}"


def matrix_free(options: Options) -> Row:
    """Lanczos on products in blocks, to a proved error."""
    n = options.pick(300, 100_000)
    x, _, y = points(n)
    multiply = chunked_product(gaussian, x, products=25)
    chains = []

    def rounds() -> None:
        chains.append(kernel_ridge.distil(multiply, y, 10.0, 0.7, 20, tolerance=1e-3, products=60))

    row = compare(
        TOPIC, f"20 rounds by Lanczos, kernel never held, n = {n:,}", rounds,
        lambda: multiply(y), replace(options, report=None),
        against="one product in blocks", kind="limit", rounds=1,
    )  # fmt: skip
    found = chains[-1]
    note = f"{found.products} products, error below {found.fitted_error:.0e}, which is proved"
    return options.log(replace(row, note=note))
