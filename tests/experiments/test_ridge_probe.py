"""The reference experiment: trained linear students are the closed-form filter."""

import numpy as np
import pytest

from experiments.registry import Task
from experiments.ridge_probe import EXPERIMENT, PRESETS, filters


@pytest.fixture(scope="module")
def config():
    return {**PRESETS["smoke"], "lam": 0.3}


def test_students_agree_with_the_filter(device, config):
    result = EXPERIMENT.run(Task("ridge_probe", 1, config), device)
    assert {-2.0, 3.0} < set(config["xi"])
    assert config["rounds"] == 3
    assert result["converged"].all()
    assert result["deviation"].max() < 1e-8


def test_filter_is_repeated_refitting(rng):
    """The filter against literal normal equations on mixed targets."""
    x, y, lam, xi = rng.normal(size=(12, 4)), rng.normal(size=12), 0.7, np.array([-2.0, 0.4, 3.0])
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    chain = filters(s**2, lam, xi, 3)
    for k, weight in enumerate(xi):
        target = y
        for number in range(4):
            theta = np.linalg.solve(x.T @ x + lam * np.eye(4), x.T @ target)
            shrunk = vt.T @ (chain[number, k] / s * (u.T @ y))
            np.testing.assert_allclose(shrunk, theta, rtol=0, atol=1e-12 * np.abs(theta).max())
            target = weight * (x @ theta) + (1 - weight) * y
