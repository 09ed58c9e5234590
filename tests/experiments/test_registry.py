"""Tasks, their keys and their randomness."""

import numpy as np
import pytest

from experiments import catalogue, registry
from experiments.registry import Experiment, Task


@pytest.mark.parametrize("name", catalogue.names())
def test_every_preset_of_every_experiment_expands(name):
    experiment = registry.find(name)
    for preset in registry.PRESETS:
        tasks = experiment.expand(preset)
        assert len({task.key("cpu") for task in tasks}) == len(tasks) > 0


def test_key_depends_on_everything_that_decides_the_result():
    task = Task("a", 1, {"xi": 1})
    others = [Task("b", 1, {"xi": 1}), Task("a", 2, {"xi": 1}), Task("a", 1, {"xi": 2})]
    keys = {task.key("cpu"), task.key("cuda"), *(other.key("cpu") for other in others)}
    assert len(keys) == 5


def test_seeds_depend_on_label_and_configuration_but_not_on_version():
    task = Task("a", 1, {"xi": 1, "n": 5})
    assert np.array_equal(task.seeds(4), Task("a", 2, {"n": 5, "xi": 1}).seeds(4))
    assert np.array_equal(task.seeds(4), task.seeds(9)[:4])
    assert not np.array_equal(task.seeds(4), task.seeds(4, "noise"))
    assert not np.array_equal(task.seeds(4), Task("a", 1, {"xi": 2, "n": 5}).seeds(4))


def test_matched_tasks_share_their_draws():
    tasks = [Task("a", 1, {"xi": xi, "n": 5}) for xi in (1, 2)]
    draws = [task.rng("data", of=("n",)).normal(size=3) for task in tasks]
    assert np.array_equal(*draws)
    assert not np.array_equal(*[task.rng("data").normal(size=3) for task in tasks])


def nothing(task, device):
    return {}


@pytest.mark.parametrize(
    ("configs", "message"),
    [([], "has no tasks"), ([{"xi": 1}, {"xi": 1}], "lists one task twice")],
)
def test_bad_task_lists_are_refused(configs, message):
    experiment = Experiment("a", 1, {"smoke": {}}, lambda settings: configs, nothing)
    with pytest.raises(ValueError, match=message):
        experiment.expand("smoke")
    with pytest.raises(ValueError, match="preset must be one of smoke for a; got 'huge'"):
        experiment.expand("huge")
