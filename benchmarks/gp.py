"""Gaussian processes: all rounds against refitting scikit-learn's, and sequential re-use.

Run from the repository's root: ``python -m benchmarks.gp``. Budget: twenty fits of the sequential
classifier take no longer than twenty plain Laplace fits.
"""

import numpy as np
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from benchmarks.kernel_ridge import seconds
from sdtheory import gp

KERNEL = ConstantKernel(4.0, "fixed") * RBF(1.0, "fixed")


def data(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs (n, 3), real targets and classes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 3))
    y = np.sin(x).sum(axis=1) + 0.5 * rng.normal(size=n)
    return x, y, (y > 0).astype(float)


def refitted(x: np.ndarray, y: np.ndarray, fits: int) -> np.ndarray:
    """Return the mean of a data-centric chain of scikit-learn's regressors."""
    target = y
    for _ in range(fits):
        target = (
            GaussianProcessRegressor(KERNEL, alpha=0.3, optimizer=None).fit(x, target).predict(x)
        )
    return target


if __name__ == "__main__":
    x, y, labels = data(1000)
    kernel = KERNEL(x)
    ours = seconds(lambda: gp.data_centric(kernel, y, 0.3, steps=19).mean(kernel))
    theirs = seconds(lambda: refitted(x, y, 20), repeats=1)
    print(f"regression, n = 1000, 20 fits: {theirs / ours:.0f} times faster than refitting")

    x, y, labels = data(600)
    kernel = KERNEL(x)
    plain = seconds(lambda: [gp.laplace(kernel, labels, gp.BERNOULLI) for _ in range(20)])
    reuse = gp.distribution_centric_classification
    sequential = seconds(lambda: reuse(kernel, labels, steps=19, reuse="sequential"))
    peer = seconds(lambda: GaussianProcessClassifier(KERNEL, optimizer=None).fit(x, labels))
    print(
        f"classification, n = 600: 20 sequential fits take {sequential / plain:.2f} of 20 plain "
        f"ones (budget 1), {sequential / (20 * peer):.2f} of 20 fits of scikit-learn"
    )
