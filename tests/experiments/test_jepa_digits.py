"""The digits experiment: its features diagonalise the measured pencil."""

import numpy as np

from experiments import jepa_digits
from experiments.registry import Task

CONFIG = {"keep": 0.5, "target": "second", "images": 200, "steps": 300, "seeds": 2}


def test_features_diagonalise_both_moments():
    views = jepa_digits._views(CONFIG, np.random.default_rng(0))
    right, rho, covariance = jepa_digits._features(views)
    left = np.linalg.inv(right)
    for matrix, want in ((views.s_xx, covariance / rho), (views.s_yx, covariance)):
        diagonal = left @ matrix @ left.T
        np.testing.assert_allclose(np.diag(diagonal), want, rtol=1e-8)
        off = diagonal - np.diag(np.diag(diagonal))
        assert np.abs(off).max() < 1e-8 * np.abs(want).max()
    assert (np.diff(rho) <= 0).all()


def test_masks_hide_whole_patches():
    masks = jepa_digits._masks(500, 0.3, np.random.default_rng(0)).reshape(500, 8, 8)
    np.testing.assert_array_equal(masks[:, ::2, ::2], masks[:, 1::2, 1::2])
    share = masks[:, ::2, ::2].mean()
    assert abs(share - 0.3) < 5 * np.sqrt(0.21 / (500 * 16))


def test_a_run_measures_and_predicts(device):
    config = {**CONFIG, "objective": "mae", "width": jepa_digits.WIDTH}
    result = jepa_digits.run(Task("jepa_digits", 1, config), device)
    assert result["rho"].shape == (2, jepa_digits.COMPONENTS)
    assert (result["commutator"] > 1e-4).all()
    assert (result["sine"][:, 1] < 0.2).all()  # MAE is quick: 300 steps come close
