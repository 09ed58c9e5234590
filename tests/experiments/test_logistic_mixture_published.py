"""Three stages with a learnt bias, for both losses, at the published parameters."""

import numpy as np
import pytest

from experiments import store
from experiments.logistic_mixture_published import (
    BALANCE,
    EXPERIMENT,
    FLIPS,
    LAM,
    PRESETS,
    SHARPNESS,
    VARIANCE,
)
from experiments.registry import Task
from sdtheory.logistic import GaussianMixture, mixture_stages


def theory(alpha, loss):
    problem = GaussianMixture(alpha, VARIANCE, FLIPS, BALANCE)
    found = mixture_stages(problem, LAM, temperature=1 / np.array(SHARPNESS), loss=loss)
    return {
        "signal": found.signal,
        "norm": np.diag(found.overlap),
        "bias": found.bias,
        "error": found.error,
    }


def scores(draws, want):
    """Return the distance of the mean in standard errors; equal values have distance 0."""
    gap = draws.mean(axis=1) - want
    error = draws.std(axis=1, ddof=1) / draws.shape[1] ** 0.5
    return np.where(np.abs(gap) < 1e-6, 0.0, gap / np.maximum(error, 1e-12))


@pytest.mark.parametrize("loss", ["logistic", "squared"])
def test_a_small_run_agrees_with_the_limit(loss, device):
    config = {**PRESETS["smoke"], "d": 60, "alpha": 3.0, "loss": loss, "seeds": 12}
    result = EXPERIMENT.run(Task("logistic_mixture_published", 1, config), device)
    for name, want in theory(3.0, loss).items():
        assert result[name].shape == (3, 12)
        # The bias of a finite dimension is of the order of one over it.
        assert np.all(np.abs(result[name].mean(axis=1) - want) < 0.1), name


def test_the_stored_stages_agree_within_four_standard_errors():
    result = store.load("logistic_mixture_published", "cpu")
    assert {task["loss"] for task in result.tasks} == {"logistic", "squared"}
    for row, task in enumerate(result.tasks):
        for name, want in theory(task["alpha"], task["loss"]).items():
            assert np.abs(scores(result[name][row], want)).max() < 4, (task, name)


def test_five_per_cent_of_a_penalty_would_be_noticed(monkeypatch):
    import sys

    module = sys.modules[__name__]
    monkeypatch.setattr(module, "LAM", (1.5, 0.5, 2.1))
    result = store.load("logistic_mixture_published", "cpu")
    worst = max(
        np.abs(scores(result["norm"][row], theory(task["alpha"], task["loss"])["norm"])).max()
        for row, task in enumerate(result.tasks)
    )
    assert worst > 4
