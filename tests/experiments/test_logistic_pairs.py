"""Smeared thresholds on pairs of digits: orders that hold over seeds."""

import numpy as np

from experiments import store
from experiments.logistic_pairs import EXPERIMENT, PRESETS
from experiments.registry import Task


def test_a_small_run_has_the_shape_it_promises(device):
    config = {**PRESETS["smoke"], "digits": [3, 8], "flipped": 0.2}
    result = EXPERIMENT.run(Task("logistic_pairs", 1, config), device)
    for name in ("repaired", "test", "threshold"):
        assert result[name].shape == (2, 2)
    assert np.all(result["threshold"][1] >= result["threshold"][0])


def test_every_round_repairs_more_labels_of_every_pair():
    result = store.load("logistic_pairs", "cpu")
    repaired, flipped = result["repaired"], np.array([task["flipped"] for task in result.tasks])
    for stage in range(3):
        gain = repaired[:, stage + 1] - repaired[:, stage]
        error = gain.std(axis=1, ddof=1) / np.sqrt(gain.shape[1])
        assert np.all(gain.mean(axis=1) > 0)
        # With few flips nearly all are repaired already; there the order alone is certain.
        assert np.all(gain.mean(axis=1)[flipped >= 0.2] > 4 * error[flipped >= 0.2])


def test_half_of_the_flips_are_repaired_near_the_predicted_threshold():
    result = store.load("logistic_pairs", "cpu")
    fractions = np.array([task["flipped"] for task in result.tasks])
    pairs = np.array([task["digits"][0] for task in result.tasks])
    for pair in np.unique(pairs):
        rows = pairs == pair
        for stage in (1, 2, 3):
            curve = result["repaired"][rows, stage].mean(axis=1)
            predicted = result["threshold"][rows, stage].mean()
            # The fraction falls with the corruption; where it passes 1/2 replaces the threshold.
            assert np.all(np.diff(curve) < 0)
            half = np.interp(-0.5, -curve, fractions[rows])
            assert abs(half - predicted) < 0.12
