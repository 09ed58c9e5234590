"""Trained students are perfect exactly for the weights that the theory gives."""

import numpy as np

from experiments import store
from experiments.logistic_weights import EXPERIMENT, PENALTY, PRESETS, SAME, N
from experiments.registry import Task
from sdtheory.logistic import RandomLabels, perfect_mixing


def test_a_small_run_agrees_with_the_theory(device):
    config = {**PRESETS["smoke"], "flips": 9}
    result = EXPERIMENT.run(Task("logistic_weights", 1, config), device)
    assert result["accuracy"].shape == (2, 2)
    # Nine of twenty flips: plain distillation repairs none of them, xi = 3/2 all.
    np.testing.assert_allclose(result["accuracy"], [[0.55, 0.55], [1, 1]])
    assert result["deviation"].max() < 1e-8


def test_the_stored_students_have_the_margins_of_the_theory():
    result = store.load("logistic_weights", "cpu")
    assert result["deviation"].max() < 1e-7


def test_the_stored_students_are_perfect_inside_the_interval_only():
    result = store.load("logistic_weights", "cpu")
    for task, accuracy in zip(result.tasks, result["accuracy"], strict=True):
        world = RandomLabels(N, task["flips"], SAME, penalty=PENALTY)
        window = perfect_mixing(float(world.fraction), float(world.own), float(world.shared))
        xi = np.array(task["xi"])
        # Where the teacher is perfect the interval holds 0, its own end.
        low = -1.0 if window.low == 0 else window.low
        inside = (xi > low) & (xi < window.high)
        assert inside.any()
        np.testing.assert_array_equal(accuracy == 1, np.repeat(inside[:, None], 20, axis=1))


def test_hard_labels_change_nothing_where_the_teacher_repairs_nothing():
    result = store.load("logistic_weights", "cpu")
    flips = np.array([task["flips"] for task in result.tasks])
    # The threshold of the teacher is 4.507 of 20 flips.
    assert np.all(result["hard"][flips > 4] < 1e-9)
    assert np.all(result["hard"][flips <= 4] > 1e-2)
