"""The published toy problems of regression and classification."""

from types import SimpleNamespace

import numpy as np
import pytest

from sdtheory import problems


def gaussian(a, b, gamma):
    return np.exp(-gamma * ((a[:, None, :] - b[None, :, :]) ** 2).sum(-1))


@pytest.fixture
def toy():
    """Eleven points, exp(-80 |x - x'|^2), and the point 0.33."""
    x, y = problems.toy_regression()
    x = x[:, None]
    return SimpleNamespace(
        x=x, y=y, kernel=gaussian(x, x, 80.0), new=gaussian(np.array([[0.33]]), x, 80.0)
    )


@pytest.fixture
def data(rng):
    """Twenty points in the plane, two outputs, and seven new points."""
    x, new = rng.normal(size=(20, 2)), rng.normal(size=(7, 2))
    y = np.stack([np.sin(x[:, 0]), x[:, 1] ** 2], axis=1) + 0.3 * rng.normal(size=(20, 2))
    return SimpleNamespace(
        x=x,
        y=y,
        kernel=gaussian(x, x, 0.5),
        new=gaussian(new, x, 0.5),
        prior=gaussian(new, new, 0.5),
        points=new,
    )


@pytest.fixture
def six():
    """Six points of two classes and the kernel 2 exp(-(x - x')^2 / 2); new points 0 and 3."""
    x = np.array([-2.0, -1.0, -0.5, 0.3, 1.1, 2.0])[:, None]
    return SimpleNamespace(
        x=x,
        y=np.array([0.0, 0.0, 1.0, 1.0, 1.0, 0.0]),
        kernel=2 * gaussian(x, x, 0.5),
        new=2 * gaussian(np.array([[0.0], [3.0]]), x, 0.5),
        prior=np.array([2.0, 2.0]),
    )
