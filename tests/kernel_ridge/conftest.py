"""The published toy problem, and the long way to distil: every round solved from scratch."""

from types import SimpleNamespace

import numpy as np
import pytest

from sdtheory import kernel_ridge, problems


def gaussian(a, b, gamma):
    return np.exp(-gamma * ((a[:, None, :] - b[None, :, :]) ** 2).sum(-1))


@pytest.fixture
def toy():
    """Eleven points, the kernel exp(-80 |x - x'|^2), lam = 0.2, and a grid of 101 points."""
    x, y = problems.toy_regression()
    grid = np.linspace(0, 1, 101)
    kernel = gaussian(x[:, None], x[:, None], 80.0)
    return SimpleNamespace(
        x=x,
        y=y,
        kernel=kernel,
        new=gaussian(grid[:, None], x[:, None], 80.0),
        truth=np.sin(2 * np.pi * grid),
        lam=0.2,
        fit=kernel_ridge.fit(kernel, y),
    )


@pytest.fixture
def data(rng):
    """Thirty points in the plane with two outputs."""
    x = rng.normal(size=(30, 2))
    y = np.stack([np.sin(x[:, 0]), x[:, 1] ** 2], axis=1) + 0.3 * rng.normal(size=(30, 2))
    return SimpleNamespace(
        x=x, y=y, kernel=gaussian(x, x, 0.5), new=gaussian(rng.normal(size=(7, 2)), x, 0.5)
    )


@pytest.fixture
def by_solving():
    """Return predictions at new points after every round, by dense solves with diag(penalties)."""

    def distil(kernel, new, y, lams, xis, noise=1.0):
        predictions, fitted = [], None
        for k, lam in enumerate(lams):
            target = y if k == 0 else xis[k - 1] * fitted + (1 - xis[k - 1]) * y
            penalty = lam * noise * np.eye(len(y))
            weights = np.linalg.solve(kernel + penalty, target)
            fitted = kernel @ weights
            predictions.append(new @ weights)
        return np.stack(predictions)

    return distil
