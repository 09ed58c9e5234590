"""The reference experiment: trained linear students are the closed-form filter."""

import pytest
import torch

from experiments.registry import Task
from experiments.ridge_probe import EXPERIMENT, PRESETS


@pytest.fixture(scope="module")
def config():
    return {**PRESETS["smoke"], "lam": 0.3}


def test_students_agree_with_the_filter(device, config):
    result = EXPERIMENT.run(Task("ridge_probe", 1, config), device)
    assert {-2.0, 3.0} < set(config["xi"])
    assert config["rounds"] == 3
    assert result["converged"].all()
    assert result["deviation"].max() < 1e-8


def test_a_wrong_filter_would_be_noticed(config, monkeypatch):
    """The experiment's deviation is a comparison, not an assertion of equality with itself."""
    from sdtheory.spectral import filters

    right = filters.distilled
    monkeypatch.setattr(
        filters, "distilled", lambda d, lam, xi, steps: right(d, lam, (1 + 1e-6) * xi, steps)
    )
    result = EXPERIMENT.run(Task("ridge_probe", 1, config), torch.device("cpu"))
    assert (result["deviation"][0] < 1e-8).all()
    assert (result["deviation"][1:] > 1e-8).all()
