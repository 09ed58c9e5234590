"""Linear softmax models on vectors of an exact Gram matrix: the phase map of random labels.

Two classes of unit vectors have inner product c inside a class and 0 across; k of the n labels of
each class are flipped. The theory (`sdtheory.logistic.RandomLabels`) says that training accuracy
against the true labels is exactly 1, 1 - k/n or 0, and for which k and penalty the teacher and
each student reach 1. Trained by gradients on explicit vectors, the margins must agree and the map
must be the same integer by integer.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments._gram import flip_within, softmax_learner, unit_vectors
from experiments.engine import one_hot_labels, to_tensor
from experiments.engine.distillation import probabilities, repeated
from experiments.registry import Config, Experiment, Task
from sdtheory.logistic import RandomLabels

VERSION = 1
SAME = 0.3
PRESETS = {
    "smoke": {"n": 8, "penalty": [0.02], "rounds": 2, "seeds": 2},
    "cpu": {
        "n": 20,
        "penalty": [0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003],
        "rounds": 3,
        "seeds": 20,
    },
    "paper": {
        "n": 50,
        "penalty": [0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001],
        "rounds": 5,
        "seeds": 200,
    },
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a penalty: all counts of flips and seeds train as one batch."""
    return ({**settings, "penalty": penalty} for penalty in settings["penalty"])


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train a chain for every count of flips; each seed flips other points.

    Returns
    -------
    mapping
        ``accuracy``: on the training points against the true labels, shape (rounds + 1, n//2 + 1,
        seeds); ``deviation``: largest difference of a margin from the theory, same shape.
    """
    config: Mapping[str, Any] = task.config
    n, penalty, rounds, seeds = (config[k] for k in ("n", "penalty", "rounds", "seeds"))
    rng = task.rng("flips", of=("n", "seeds"))
    counts = np.arange(n // 2 + 1)
    truth = np.repeat([1, 0], n)
    labels = np.empty((len(counts), seeds, 2 * n), dtype=int)
    for i, count in enumerate(counts):
        for seed in range(seeds):
            labels[i, seed] = flip_within(truth, count, rng)
    labels = labels.reshape(-1, 2 * n)
    features = unit_vectors(truth, SAME)
    learner = softmax_learner(features, 2, 2 * penalty, task.seeds(len(labels)), device)
    targets = to_tensor(one_hot_labels(labels, 2), device, torch.float64)
    chain = repeated(learner, targets, [1.0] * rounds, respond=probabilities())
    accuracy, deviation = [], []
    shape = (len(counts), seeds)
    for steps, fit in enumerate(chain):
        logits = learner.outputs(fit.params, learner.x).cpu().numpy()
        margin = np.where(truth == 1, 1, -1) * (logits[:, :, 1] - logits[:, :, 0])
        stage = RandomLabels(n, np.repeat(counts, seeds), SAME, penalty=penalty).student(
            steps=steps
        )
        good, bad = stage.good_margin[:, None], stage.flipped_margin[:, None]
        theory = np.where(labels == truth, good, bad)
        accuracy.append((margin > 0).mean(axis=1).reshape(shape))
        deviation.append(np.abs(margin - theory).max(axis=1).reshape(shape))
    return {"accuracy": np.stack(accuracy), "deviation": np.stack(deviation)}


EXPERIMENT = Experiment("logistic_gram", VERSION, PRESETS, tasks, run)
