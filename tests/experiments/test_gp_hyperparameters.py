"""Selected weights and selected hyper-parameters: smoke runs, and what the stored ones must say."""

import numpy as np
import pytest
import torch

from experiments import gp_hyperparameters, kernel_ridge_selectors
from experiments.registry import Task
from experiments.store import load


def smoke(module, **wanted):
    experiment = module.EXPERIMENT
    (config,) = (
        c
        for c in experiment.tasks(experiment.presets["smoke"])
        if all(c[k] == v for k, v in wanted.items())
    )
    return experiment.run(Task(experiment.name, experiment.version, config), torch.device("cpu"))


@pytest.mark.parametrize("world", gp_hyperparameters.WORLDS)
def test_first_keeps_and_all_changes(world):
    first = smoke(gp_hyperparameters, world=world, mode="first")
    every = smoke(gp_hyperparameters, world=world, mode="all")
    for name in first:
        assert first[name].shape == (3, 1)
        np.testing.assert_array_equal(first[name][0], every[name][0])
    assert np.ptp(first["length"]) == 0
    assert np.ptp(every["length"]) > 0


def test_stored_chains_fail_as_stated():
    result = load("gp_hyperparameters", "cpu")
    at = {(t["world"], t["mode"]): k for k, t in enumerate(result.tasks)}
    error, amplitude, noise = (result[name] for name in ("error", "amplitude", "noise"))
    every = at["regression", "all"]
    assert error[every, -1].mean() > error[at["regression", "first"], -1].mean()
    # Free noise ends at its floor, and the students copy their teacher.
    free = at["free noise", "all"]
    np.testing.assert_allclose(noise[free, 1:], gp_hyperparameters.FLOOR, rtol=1e-6)
    np.testing.assert_allclose(error[free, 1:], np.tile(error[free, 0], (8, 1)), rtol=0.05)
    labels = at["classification", "all"]
    assert np.median(amplitude[labels, -1]) == pytest.approx(1e4)


def test_no_criterion_beats_the_truth():
    result = smoke(kernel_ridge_selectors)
    ways = kernel_ridge_selectors.WAYS
    assert result["xi"].shape == (len(ways), 5)
    oracle = result["risk"][ways.index("oracle")]
    assert np.all(result["risk"] >= oracle - 1e-12)


def test_stored_weights_pay_where_the_penalty_is_too_large():
    result = load("kernel_ridge_selectors", "cpu")
    ways = kernel_ridge_selectors.WAYS
    for task, risk in zip(result.tasks, result["risk"].mean(axis=2), strict=True):
        by = dict(zip(ways, risk, strict=True))
        assert by["oracle"] < by["risk"] <= min(by["labels"], by["pure"])
        if task["lam"] == 3.0:
            assert by["loo"] < 0.6 * by["clipped loo"]
        if task["lam"] == 0.3:
            assert by["clipped loo"] < by["loo"]
