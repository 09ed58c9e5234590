"""The linear experiment: aligned descent is the closed form, and the rest is measured honestly."""

import numpy as np
import pytest
import torch

from experiments import jepa_linear
from experiments._jepa import crossings, kendall, record_steps
from experiments.registry import Task


def config(**changes):
    case = {**jepa_linear.CASES[0], "depth": 1, "objective": "jepa", "seeds": 2, "records": 400}
    return {**case, **changes}


@pytest.mark.parametrize(("objective", "depth"), [("jepa", 1), ("mae", 1), ("mae", 2)])
def test_aligned_descent_arrives_when_the_theory_says(device, objective, depth):
    task = Task("jepa_linear", 1, config(objective=objective, depth=depth))
    result = jepa_linear.run(task, device)
    # linear interpolation between records, and the second order of the finite step
    np.testing.assert_allclose(
        result["first"], np.tile(result["predicted_descent"], (2, 1)), rtol=2e-3
    )
    assert np.abs(result["predicted"] / result["predicted_descent"] - 1).max() > 1e-3
    np.testing.assert_allclose(result["end"], 1.0, rtol=1e-3)


def test_weight_decay_and_averages_delay():
    plain = jepa_linear.run(Task("jepa_linear", 1, config()), torch.device("cpu"))
    for training in ("decay", "average"):
        slow = jepa_linear.run(
            Task("jepa_linear", 1, config(training=training)), torch.device("cpu")
        )
        assert (slow["first"] > plain["first"]).all()


def test_crossings_tell_visits_from_retention():
    sizes = np.array([[[0.0, 0.0], [1.0, 0.2], [0.2, 0.4], [1.0, 0.3]]])
    first, kept = crossings(np.arange(4.0), sizes, np.array([0.6, 0.5]))
    np.testing.assert_allclose(first, [[0.6, np.inf]])
    np.testing.assert_allclose(kept, [[2.5, np.inf]])
    started, stayed = crossings(np.arange(4.0), np.ones((1, 4, 1)), np.array([0.5]))
    assert started[0, 0] == stayed[0, 0] == 0.0


def test_kendall_counts_pairs():
    times = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [1.0, np.inf, np.inf]])
    np.testing.assert_allclose(kendall(times, np.array([3.0, 2.0, 1.0])), [1.0, -1.0, 2 / 3])


def test_records_are_sorted_and_reach_the_end():
    steps = record_steps(1000, 50)
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, 1000)
