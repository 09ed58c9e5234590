"""The nonlinear experiment: its data have the stated moments, and its gains are covariances."""

import numpy as np
import pytest
import torch

from experiments import jepa_mlp
from experiments.engine import Streams
from experiments.registry import Task
from sdtheory.claims import SCORE_LIMIT, z_score


@pytest.mark.statistical("experiments.jepa_mlp._World.features")
@pytest.mark.parametrize("kind", ["static", "dynamic"])
def test_worlds_have_the_stated_covariances(kind):
    rho = jepa_mlp.RHO["wide"]
    world = jepa_mlp._World(Streams.of(np.arange(4)), kind, rho)
    x, y = (a.double().numpy().reshape(-1, jepa_mlp.D) for a in world.features("check", 200_000, 0))
    for left, want in ((x, jepa_mlp.COVARIANCE / rho), (y, jepa_mlp.COVARIANCE)):
        assert z_score(left * x, want, precision=0.02) < SCORE_LIMIT
    # rotated views keep all the variance
    rotated, _ = world.batch(0)
    assert rotated.shape == (4, jepa_mlp.BATCH, jepa_mlp.D)


@pytest.mark.parametrize("encoder", ["linear", "tanh", "relu"])
def test_runs_are_reproducible_and_shaped(device, encoder):
    config = {
        "world": "static",
        "encoder": encoder,
        "objective": "jepa",
        "ladder": "wide",
        "steps": 20,
        "seeds": 2,
    }
    first, again = (jepa_mlp.run(Task("jepa_mlp", 1, config), device) for _ in range(2))
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
    assert first["gain"].shape == (2, len(first["steps"]), jepa_mlp.D)
    assert (first["explained"] >= 0).all()
    assert (first["explained_square"] >= 0).all()
    # a linear encoder shows no square beyond the sampling error of 2048 probes
    assert encoder != "linear" or (first["explained_square"] < 0.05).all()
    # two outputs cannot explain more than two features
    assert (first["explained"].sum(axis=1) <= jepa_mlp.OUTPUTS + 0.2).all()


def test_a_linear_encoder_keeps_predictable_features_under_jepa_and_strong_ones_under_mae():
    kept = {}
    for objective in ("jepa", "mae"):
        config = {
            "world": "dynamic",
            "encoder": "linear",
            "objective": objective,
            "ladder": "wide",
            "steps": 1500,
            "seeds": 2,
        }
        result = jepa_mlp.run(Task("jepa_mlp", 1, config), torch.device("cpu"))
        kept[objective] = result["explained"].mean(axis=0) @ jepa_mlp.RHO["wide"]
    assert kept["jepa"] > kept["mae"]
