"""Trained softmax models have the margins of the theory, and the same integer phase map."""

import numpy as np
import torch

from experiments import store
from experiments.logistic_gram import EXPERIMENT, PRESETS, SAME
from experiments.registry import Task
from sdtheory.logistic import RandomLabels


def test_margins_agree_with_the_theory(device):
    config = {**PRESETS["smoke"], "penalty": 0.02}
    result = EXPERIMENT.run(Task("logistic_gram", 1, config), device)
    assert result["accuracy"].shape == (3, 5, 2)
    # A gradient of 1e-11 moves a margin by at most 1e-11 over twice the penalty.
    assert result["deviation"].max() < 1e-8


def test_a_wrong_penalty_would_be_noticed(monkeypatch):
    import experiments.logistic_gram as module

    def wrong(n, flips, same, penalty):
        return RandomLabels(n, flips, same, penalty=penalty * (1 + 1e-5))

    monkeypatch.setattr(module, "RandomLabels", wrong)
    config = {**PRESETS["smoke"], "penalty": 0.02}
    result = module.run(Task("logistic_gram", 1, config), torch.device("cpu"))
    assert result["deviation"].max() > 1e-6


def test_the_stored_phase_map_is_the_table_integer_by_integer():
    result = store.load("logistic_gram", "cpu")
    counts = np.arange(11)
    for task, accuracy, deviation in zip(
        result.tasks, result["accuracy"], result["deviation"], strict=True
    ):
        assert deviation.max() < 1e-6
        world = RandomLabels(20, counts, SAME, penalty=task["penalty"])
        for steps in range(4):
            theory = world.student(steps=steps).training_accuracy
            # Without the tie at 10 of 20, every seed has exactly the predicted accuracy.
            seeds = accuracy[steps, :10]
            np.testing.assert_allclose(seeds, np.tile(theory[:10, None], seeds.shape[1]))
