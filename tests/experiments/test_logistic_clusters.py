"""Clustered points: fresh accuracy follows the theory although training accuracy is smeared."""

import numpy as np

from experiments import store
from experiments.logistic_clusters import EXPERIMENT, PENALTY, PRESETS, SAME, N
from experiments.registry import Task
from sdtheory.logistic import RandomLabels, population_accuracy


def predicted(flips, dimension):
    world = RandomLabels(N, flips, SAME, penalty=PENALTY)
    spread = (1 - SAME) / dimension**0.5
    stages = (world.student(steps=steps) for steps in range(4))
    return np.array([population_accuracy(world, stage, spread) for stage in stages])


def test_a_small_run_has_the_shape_it_promises(device):
    config = {**PRESETS["smoke"], "flips": 10}
    result = EXPERIMENT.run(Task("logistic_clusters", 1, config), device)
    assert result["train"].shape == result["fresh"].shape == (2, 2)
    assert np.all((result["fresh"] > 0) & (result["fresh"] <= 1))


def gaps():
    result = store.load("logistic_clusters", "cpu")
    for task, draws in zip(result.tasks, result["fresh"], strict=True):
        want = predicted(task["flips"], task["dimension"])
        error = draws.std(axis=1, ddof=1) / np.sqrt(draws.shape[1])
        yield task, want, draws.mean(axis=1), error


def test_fresh_accuracy_is_predicted():
    for task, want, mean, error in gaps():
        # The inner products of the training points themselves scatter: a correction O(n / D)
        # of the argument of Phi, whose slope is at most 1 / sqrt(2 pi).
        assert np.all(np.abs(mean - want) < 4 * error + 0.1 * N / task["dimension"])


def test_three_per_cent_of_the_scatter_would_be_noticed():
    worst = 0.0
    for task, _, mean, error in gaps():
        wrong = predicted(task["flips"], task["dimension"] / 1.03**2)
        allowed = 4 * error + 0.1 * N / task["dimension"]
        worst = max(worst, float((np.abs(mean - wrong) / allowed).max()))
    assert worst > 1


def test_rounds_help_where_no_training_point_moves():
    result = store.load("logistic_clusters", "cpu")
    row = [task["flips"] for task in result.tasks].index(18)
    train, fresh = result["train"][row].mean(axis=1), result["fresh"][row]
    # The first round leaves the training accuracy of the teacher and raises the fresh one.
    assert abs(train[1] - train[0]) < 0.01
    gain = fresh[1] - fresh[0]
    assert gain.mean() > 4 * gain.std(ddof=1) / np.sqrt(len(gain))
