"""Weights on real data against literal refits."""

import numpy as np
import pytest
import torch

from experiments import label_noise_held_out as module
from experiments.engine import bundled
from experiments.registry import Task
from sdtheory.label_noise import tune_xi


def refitted(x, y, new, lam, xi):
    """Return predictions of a student with an unpenalised intercept, solved twice."""
    centre, mean = x.mean(axis=0), y.mean(axis=0)
    a = x - centre
    fit = np.linalg.solve(a.T @ a + lam * np.eye(x.shape[1]), a.T)
    target = xi * (a @ fit @ (y - mean)) + (1 - xi) * (y - mean)
    return (new - centre) @ fit @ target + mean


def test_errors_and_weights_are_those_of_refits():
    (task,) = module.EXPERIMENT.expand("smoke")
    found, config = module.run(task, torch.device("cpu")), task.config
    lams = module.penalties(config["penalties"])
    seeds = task.entropy("data", of=("data", "train", "noise", "seeds")).spawn(config["seeds"])
    for k, seed in enumerate(seeds):
        rng = np.random.default_rng(seed)
        data = bundled("diabetes", config["train"], rng)
        y = data.y_train + config["noise"] * rng.normal(size=len(data.y_train))
        for i in (0, 2, 4):
            lam = len(y) * lams[i]

            def error(xi, lam=lam, data=data, y=y):
                return np.mean((refitted(data.x_train, y, data.x_test, lam, xi) - data.y_test) ** 2)

            assert error(0.0) == pytest.approx(found["teacher"][i, k], rel=1e-9)
            for name in ("held_out", "corrected", "published"):
                xi = found[f"xi_{name}"][i, k]
                assert error(xi) == pytest.approx(found[name][i, k], rel=1e-9)
            best = found["xi_held_out"][i, k]
            assert min(error(best + s * (1 + abs(best))) for s in (-0.1, 0.1)) > error(best)
            tuned = tune_xi(data.x_train, y, lam, "gcv", intercept=True)
            assert found["xi_corrected"][i, k] == pytest.approx(tuned.xi, rel=1e-9)


def test_flipped_labels_are_measured_on_their_means():
    config = {"data": "wine", "train": 89, "noise": 0.3, "penalties": 3, "seeds": 2}
    found = module.run(Task("label_noise_held_out", 1, config), torch.device("cpu"))
    assert all(values.shape == (3, 2) for values in found.values())
    assert np.all(found["held_out"] <= found["teacher"])
    assert np.all(found["held_out"] <= found["corrected"])
