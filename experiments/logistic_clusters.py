"""Clustered features: rounds help on fresh points even where no training point changes sides.

Points are sqrt(c) e_class + sqrt(1-c) z with z uniform on the sphere of dimension D, so that inner
products scatter by (1-c)/sqrt(D). A chain is trained on explicit points for every count of flips;
the theory (`sdtheory.logistic.population_accuracy`) predicts the accuracy on fresh ones.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments._gram import embedded, flip_within, softmax_learner
from experiments.engine import one_hot_labels, to_tensor
from experiments.engine.distillation import probabilities, repeated
from experiments.registry import Config, Experiment, Task

VERSION = 1
N, SAME, PENALTY = 40, 0.1, 0.002
PRESETS = {
    "smoke": {"dimension": 50, "flips": [10], "fresh": 50, "rounds": 1, "seeds": 2},
    "cpu": {
        "dimension": 2000,
        "flips": [4, 8, 12, 14, 16, 18],
        "fresh": 500,
        "rounds": 3,
        "seeds": 40,
    },
    "paper": {
        "dimension": 20000,
        "flips": list(range(2, 20)),
        "fresh": 500,
        "rounds": 3,
        "seeds": 200,
    },
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a count of flips."""
    return ({**settings, "flips": flips} for flips in settings["flips"])


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train a chain on every seed's points.

    Returns
    -------
    mapping
        ``train``: accuracy on the training points against the true labels, ``fresh``: on fresh
        points, both (rounds + 1, seeds).
    """
    config: Mapping[str, Any] = task.config
    D, fresh, rounds, seeds = (config[k] for k in ("dimension", "fresh", "rounds", "seeds"))
    rng = task.rng("points")
    truth, wanted = np.repeat([1, 0], N), np.repeat([1, 0], fresh)
    labels = np.stack([flip_within(truth, config["flips"], rng) for _ in range(seeds)])
    grams, new = [], []
    for _ in range(seeds):
        z = rng.normal(size=(2 * (N + fresh), D))
        z /= np.linalg.norm(z, axis=1, keepdims=True)
        inner = (1 - SAME) * z @ z[: 2 * N].T
        inner += SAME * (np.concatenate([truth, wanted])[:, None] == truth)
        grams.append(inner[: 2 * N])
        new.append(inner[2 * N :])
    features, x_fresh = embedded(np.stack(grams), np.stack(new))
    learner = softmax_learner(
        features, 2, 2 * PENALTY, task.seeds(seeds), device, tolerance=1e-9, steps=3000
    )
    targets = to_tensor(one_hot_labels(labels, 2), device, torch.float64)
    chain = repeated(learner, targets, [1.0] * rounds, respond=probabilities())

    def accuracy(points: torch.Tensor, right: np.ndarray) -> np.ndarray:
        answers = [learner.outputs(fit.params, points).argmax(-1).cpu().numpy() for fit in chain]
        return np.asarray((np.stack(answers) == right).mean(axis=2))

    return {
        "train": accuracy(learner.x, truth),
        "fresh": accuracy(to_tensor(x_fresh, device, torch.float64), wanted),
    }


EXPERIMENT = Experiment("logistic_clusters", VERSION, PRESETS, tasks, run)
