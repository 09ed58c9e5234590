"""Generic weights: features of mixed views are what they are said to be, and fates are measured."""

import numpy as np
import pytest
import torch

from experiments import jepa_generic, jepa_vanishing
from experiments.registry import Task

CPU = torch.device("cpu")


@pytest.mark.parametrize("rho", [jepa_generic.LADDER, jepa_generic.PLANE])
def test_mixed_views_have_the_stated_features(rho):
    views, axes, lam = jepa_generic._draw(np.random.default_rng(0), rho)
    both = np.concatenate([rho, rho[rho.imag != 0].conj()])
    np.testing.assert_allclose(
        np.sort_complex(np.asarray(views.rho(), complex)), np.sort_complex(both), atol=1e-12
    )
    image = views.regression @ axes
    place = 0
    for value in rho:
        columns = slice(place, place + (2 if value.imag else 1))
        inside = axes[:, columns]
        np.testing.assert_allclose(  # R maps the feature's span into itself, by |rho| on average
            inside @ np.linalg.lstsq(inside, image[:, columns])[0], image[:, columns], atol=1e-12
        )
        place = columns.stop
    assert lam.shape == rho.shape


def test_a_plane_is_as_large_as_its_directions_on_average():
    groups = jepa_generic._groups(jepa_generic.PLANE)
    np.testing.assert_array_equal(groups, [[0.5, 0, 0], [0.5, 0, 0], [0, 1, 0], [0, 0, 1]])


def test_strong_decay_loses_the_least_predictable_features_first():
    learned = []
    for share in (0.0, 2.0):
        case = {"training": "decay", "spectrum": "real", "share": share}
        task = Task("jepa_generic", 1, {**case, "depth": 1, "layer": 0.03, "seeds": 4})
        learned.append((jepa_generic.run(task, CPU)["end"] > 0.5).mean(axis=0))
    assert learned[0][0] == learned[1][0] == 1.0
    assert learned[1][-1] < learned[0][-1]


def test_a_plane_and_two_real_features_are_all_learned():
    case = {"training": "gradient", "spectrum": "complex", "share": 0.0}
    task = Task("jepa_generic", 1, {**case, "depth": 1, "layer": 0.05, "seeds": 3})
    result = jepa_generic.run(task, CPU)
    np.testing.assert_allclose(result["end"][:, :3], 1.0, atol=0.1)
    assert np.isnan(result["end"][:, 3]).all()


def test_the_order_becomes_that_of_rho_as_the_scale_vanishes():
    tau = []
    for scale in (3e-2, 3e-4):
        config = {"depth": 1, "scale": scale, "start": "tilted", "seeds": 4}
        result = jepa_vanishing.run(Task("jepa_vanishing", 1, config), CPU)
        tau.append(result["tau"][:, 0, 0].mean())
        assert result["kept"].shape == result["sizes"].shape == (4, 4)
    assert tau[1] > tau[0]
    assert tau[1] > 0.9
