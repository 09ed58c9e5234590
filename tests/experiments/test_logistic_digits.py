"""Which model a network follows: orders that hold over seeds, not single numbers."""

import numpy as np
import pytest

from experiments import store
from experiments.logistic_digits import EXPERIMENT, PRESETS, VARIANTS
from experiments.registry import Task


def stored(regime, noise, name):
    result = store.load("logistic_digits", "cpu")
    row = next(
        i for i, t in enumerate(result.tasks) if (t["regime"], t["noise"]) == (regime, noise)
    )
    return dict(zip(VARIANTS, result[name][row], strict=True))


def ahead(better, worse):
    """Return the paired advantage in standard errors."""
    gap = better - worse
    return gap.mean() / (gap.std(ddof=1) / np.sqrt(len(gap)))


def test_a_small_run_has_the_shape_it_promises(device):
    config = {**PRESETS["smoke"], "regime": "probe", "noise": 0.4}
    result = EXPERIMENT.run(Task("logistic_digits", 1, config), device)
    for name in ("train", "test", "repaired"):
        assert result[name].shape == (len(VARIANTS), 2)
        assert np.all((result[name] >= 0) & (result[name] <= 1))
    # The accuracy on the training points counts good and flipped points together.
    assert np.all(result["train"] >= 0.4 * result["repaired"] - 1e-9)


@pytest.mark.parametrize("noise", [0.2, 0.4])
def test_the_interpolating_network_follows_the_gram_model(noise):
    repaired = stored("network", noise, "repaired")
    for low, high in (
        ("teacher", "xi=1"),
        ("xi=1", "xi=2"),
        ("xi=1", "2 rounds"),
        ("2 rounds", "3 rounds"),
    ):
        assert ahead(repaired[high], repaired[low]) > 4
    # Hard labels repair less than the soft ones of the same teacher.
    assert ahead(repaired["xi=1"], repaired["hard"]) > 4


def test_the_probe_follows_the_mixture():
    test = stored("probe", 0.4, "test")
    assert ahead(test["hard"], test["teacher"]) > 4
    assert ahead(test["xi=1"], test["teacher"]) > 4


def test_too_strong_a_penalty_loses_with_the_weight():
    test = stored("strong", 0.4, "test")
    assert ahead(test["xi=1"], test["xi=3"]) > 4
