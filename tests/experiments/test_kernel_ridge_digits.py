"""Twenty rounds on noisy digits, in small: the trained probe is the closed form, step by step."""

import numpy as np
import pytest
import torch

from experiments import kernel_ridge_digits
from experiments.registry import Task
from experiments.store import load

EXPERIMENT = kernel_ridge_digits.EXPERIMENT


def smoke(model, penalty):
    config = {**next(iter(EXPERIMENT.tasks(EXPERIMENT.presets["smoke"])))}
    task = Task(EXPERIMENT.name, EXPERIMENT.version, {**config, "model": model, "penalty": penalty})
    return EXPERIMENT.run(task, torch.device("cpu"))


def test_the_trained_probe_is_ridge_regression():
    exact, trained = smoke("ridge", 3.0), smoke("probe", 3.0)
    assert exact["loss"].shape == (3, 2)
    np.testing.assert_allclose(trained["loss"], exact["loss"], rtol=1e-6)
    np.testing.assert_array_equal(trained["accuracy"], exact["accuracy"])


@pytest.mark.parametrize("model", ["network", "gaussian"])
def test_networks_and_kernels_learn(model):
    result = smoke(model, 1e-3)
    assert result["accuracy"].shape == (3, 2)
    # The zero function is at 0.1.
    assert np.all(result["loss"][0] < 0.1)


def test_stored_probes_are_ridge_regression():
    result = load("kernel_ridge_digits", "cpu")
    loss = {(t["model"], t["penalty"], t["xi"]): k for k, t in enumerate(result.tasks)}
    for lam in (0.3, 30.0):
        for xi in (0.7, 1.0):
            exact, trained = (result["loss"][loss[m, lam, xi]] for m in ("ridge", "probe"))
            # Trained to a gradient of 1e-9; the null directions of the pixels converge last.
            np.testing.assert_allclose(trained, exact, rtol=1e-4)


@pytest.mark.parametrize(("penalty", "better"), [(0.3, True), (30.0, False)])
def test_rounds_help_only_where_the_penalty_is_small(penalty, better):
    result = load("kernel_ridge_digits", "cpu")
    (index,) = (
        k
        for k, t in enumerate(result.tasks)
        if (t["model"], t["penalty"], t["xi"]) == ("ridge", penalty, 1.0)
    )
    accuracy = result["accuracy"][index].mean(axis=1)
    assert (accuracy[20] > accuracy[0]) == better
