"""Finite samples of the mixture against the proportional limit."""

import numpy as np
import pytest

from experiments import store
from experiments.logistic_mixture import EXPERIMENT, FLIPS, LAM, PRESETS, VARIANCE, VARIANTS
from experiments.registry import Task
from sdtheory.logistic import GaussianMixture, mixture_stages

OPTIONS = {"soft": {}, "hard": {"hard": True}, "xi=1.5": {"xi": 1.5}}


def theory(alpha):
    problem = GaussianMixture(alpha, VARIANCE, FLIPS)
    found = [mixture_stages(problem, LAM, 1, **OPTIONS[name]) for name in VARIANTS[1:]]
    rows = [(found[0].signal[0], found[0].overlap[0, 0], found[0].error[0])]
    return np.array(rows + [(f.signal[1], f.overlap[1, 1], f.error[1]) for f in found])


def check(measured, alpha, d):
    want = theory(alpha)
    for column, name in enumerate(("signal", "norm", "error")):
        draws = measured[name]
        error = draws.std(axis=1, ddof=1) / np.sqrt(draws.shape[1])
        scale = np.sqrt(want[:, 1]) if name == "signal" else want[:, column]
        assert np.all(np.abs(draws.mean(axis=1) - want[:, column]) < 4 * error + 3 * scale / d)


def test_a_small_run_agrees_with_the_limit(device):
    config = {**PRESETS["smoke"], "d": 60, "alpha": 2.0, "seeds": 12}
    result = EXPERIMENT.run(Task("logistic_mixture", 1, config), device)
    assert result["error"].shape == (len(VARIANTS), 12)
    check(result, 2.0, 60)


@pytest.mark.parametrize("row", range(5))
def test_the_stored_run_agrees_with_the_limit(row):
    result = store.load("logistic_mixture", "cpu")
    config = result.tasks[row]
    measured = {name: result[name][row] for name in ("signal", "norm", "error")}
    check(measured, config["alpha"], config["d"])


def test_weights_above_one_help_with_many_samples_only():
    result = store.load("logistic_mixture", "cpu")
    for config, error in zip(result.tasks, result["error"].mean(axis=2), strict=True):
        plain, bold = error[VARIANTS.index("soft")], error[VARIANTS.index("xi=1.5")]
        if config["alpha"] != 2.0:
            assert (bold < plain) == (config["alpha"] > 2)
