"""Problems whose answers are known."""

import numpy as np
import pytest

from sdtheory.label_noise import RidgeProblem

SINGULAR_VALUES = np.array([2.0, 1.0, 0.5])
THETA = np.array([1.0, -0.5, 2.0])


@pytest.fixture
def bottom():
    """Build the reference problem, whose signal lies on the small singular values."""

    def build(metric="param", noise_var=0.5, theta=THETA, n=1):
        name = {"param": "parameter"}.get(metric, metric)
        return RidgeProblem(SINGULAR_VALUES, theta, noise_var, name, n=n)

    return build


@pytest.fixture
def top():
    """Return the reference problem with the signal on the large singular values."""
    return RidgeProblem(SINGULAR_VALUES, np.array([2.0, 1.0, 0.5]), 0.5)
