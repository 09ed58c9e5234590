"""The selection experiment: narrow encoders keep what stability predicts."""

import numpy as np
import pytest
import torch

from experiments import jepa_selection
from experiments.registry import Task


@pytest.mark.parametrize("mixing", [0.0, 0.3])
@pytest.mark.parametrize(("objective", "own"), [("jepa", 0), ("mae", 1)])
def test_narrow_encoders_keep_the_predicted_subspace(device, objective, own, mixing):
    config = {
        "depth": 1,
        "width": 2,
        "mixing": mixing,
        "objective": objective,
        "layer": 0.03,
        "seeds": 4,
    }
    result = jepa_selection.run(Task("jepa_selection", 1, config), device)
    # MAE's subspaces compete by covariance * rho, which can be close: the median decides
    assert np.median(result["sine"][:, own]) < 1e-3
    told_apart = result["apart"] > 0.1
    assert told_apart.any()
    assert (result["sine"][told_apart, 1 - own] > 0.05).all()


def test_views_have_the_ladder_of_rho():
    views, lam = jepa_selection._draw(np.random.default_rng(0), 0.3)
    np.testing.assert_allclose(views.rho(), jepa_selection.LADDER, rtol=1e-10)
    assert sorted(lam) == [0.5, 0.8, 1.1, 1.4]
    features = jepa_selection._features(views)
    image = views.regression @ features
    np.testing.assert_allclose(image, features * jepa_selection.LADDER, atol=1e-12)


def test_narrowing_keeps_shapes_consistent():
    square = {"encoder0": torch.ones(3, 4, 4), "predictor": torch.ones(3, 4, 4)}
    for objective, rows in (("jepa", 2), ("mae", 4)):
        cut = jepa_selection._narrow(square, 1, 2, objective)
        assert cut["encoder0"].shape == (3, 2, 4)
        assert cut["predictor"].shape == (3, rows, 2)
