"""Softmax regression on explicit vectors has the logits of the symmetric classes."""

import numpy as np

from experiments import store
from experiments.logistic_classes import CROSS, EXPERIMENT, PRESETS, SAME, STRENGTH
from experiments.registry import Task
from sdtheory.logistic import LinearLabels, SymmetricClasses, rounds_needed


def test_logits_agree_with_the_theory(device):
    config = {"n": 6, "rounds": 2, "classes": 3, "flips": 2}
    result = EXPERIMENT.run(Task("logistic_classes", 1, config), device)
    assert result["deviation"].shape == (2,)
    assert result["deviation"].max() < 1e-8


def test_tasks_spread_over_the_counts():
    for preset in PRESETS:
        for task in EXPERIMENT.expand(preset):
            K, n, flips = (task.config[k] for k in ("classes", "n", "flips"))
            assert flips % (K - 1) == 0
            assert 0 < flips < n * (K - 1) / K


def test_the_stored_run_repairs_what_the_theory_says():
    result = store.load("logistic_classes", "cpu")
    assert result["deviation"].max() < 1e-6
    for task, accuracy in zip(result.tasks, result["accuracy"], strict=True):
        K, n, flips = (task[k] for k in ("classes", "n", "flips"))
        world = SymmetricClasses(K, n, flips, SAME, CROSS, STRENGTH / (K**2 * n))
        want = [world.student(steps=steps).training_accuracy for steps in range(task["rounds"])]
        np.testing.assert_allclose(accuracy, want, rtol=0, atol=1e-12)


def test_two_classes_are_earlier_than_the_linear_model_and_several_later():
    result = store.load("logistic_classes", "cpu")
    late = {2: [], 4: [], 7: []}
    for task, accuracy in zip(result.tasks, result["accuracy"], strict=True):
        K, n, noise = task["classes"], task["n"], task["flips"] / task["n"]
        shares = (1 - noise) * np.eye(K) + noise / (K - 1) * (1 - np.eye(K))
        linear = rounds_needed(LinearLabels(K, n, SAME, CROSS, STRENGTH / (K**2 * n)), shares)
        assert accuracy[-1] == 1
        late[K].append(int(np.argmax(accuracy == 1)) + 1 - linear)
    extremes = {K: (min(rounds), max(rounds)) for K, rounds in late.items()}
    assert extremes == {2: (-1, 0), 4: (0, 1), 7: (1, 2)}
