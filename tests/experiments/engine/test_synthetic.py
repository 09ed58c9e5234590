"""Planted tasks have the spectrum and the noise that were asked for."""

import numpy as np

from experiments.engine.synthetic import planted_regression


def test_spectrum_and_noise(rng):
    s, noise_var = np.geomspace(5, 0.1, 6), np.array([0.0, 0.5, 2.0])
    task = planted_regression(s, 4000, 3, noise_var, rng)
    np.testing.assert_allclose(np.linalg.svd(task.x, compute_uv=False), s, rtol=1e-12)
    noise = task.y - task.x @ task.theta
    assert not noise[0].any()
    ratios = noise[1:].var(axis=(1, 2)) / noise_var[1:]
    assert np.all(np.abs(ratios - 1) < 5 * np.sqrt(2 / 12000))
