"""Pairs of digits under a Gaussian kernel: the sharp thresholds of the Gram model, smeared.

Kernel logistic regression on two digits has unit feature vectors whose inner products vary. Their
means inside and across the classes give the gains of the two-margin model, and with them predicted
thresholds of teacher and students. On real data a point's own neighbours decide when it is
repaired, so the fraction of repaired points falls gradually; the experiment measures it against
the fraction of flipped labels.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits

from experiments._gram import embedded, softmax_learner
from experiments.engine import one_hot_labels, to_tensor
from experiments.engine.distillation import probabilities, repeated
from experiments.registry import Config, Experiment, Task
from sdtheory.logistic import student_threshold

VERSION = 1
WIDTH, PENALTY = 0.3, 5e-4
PRESETS = {
    "smoke": {"digits": [[3, 8]], "n": 20, "flipped": [0.2], "rounds": 1, "seeds": 2},
    "cpu": {
        "digits": [[3, 8], [4, 9]],
        "n": 80,
        "flipped": [0.05, 0.1, 0.2, 0.3, 0.4],
        "rounds": 3,
        "seeds": 20,
    },
    "paper": {
        "digits": [[3, 8], [4, 9], [1, 7], [5, 6]],
        "n": 100,
        "flipped": [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45],
        "rounds": 3,
        "seeds": 200,
    },
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task for every pair of digits and fraction of flipped labels."""
    return (
        {**settings, "digits": pair, "flipped": flipped}
        for pair in settings["digits"]
        for flipped in settings["flipped"]
    )


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train a chain on every seed's sample of one pair.

    Returns
    -------
    mapping
        ``repaired``: fraction of the flipped training points classified as their true class,
        ``test``: accuracy on all other images, both (rounds + 1, seeds); ``threshold``: predicted
        from the mean inner products, same shape.
    """
    config: Mapping[str, Any] = task.config
    n, rounds, seeds = config["n"], config["rounds"], config["seeds"]
    images, answers = load_digits(return_X_y=True)
    pools = [np.flatnonzero(answers == digit) for digit in config["digits"]]
    rng = task.rng("samples", of=("digits", "n", "seeds"))
    count = round(config["flipped"] * n)
    truth = np.repeat([1, 0], n)
    labels = np.where(np.tile(np.arange(n) < count, 2), 1 - truth, truth)
    grams, fresh, wanted, thresholds = [], [], [], []
    rest = min(len(pool) for pool in pools) - n
    for _ in range(seeds):
        chosen = [rng.permutation(pool) for pool in pools]
        train = np.concatenate([pool[:n] for pool in chosen])
        test = np.concatenate([pool[n : n + rest] for pool in chosen])
        gram = _kernel(images[train], images[train])
        grams.append(gram)
        fresh.append(_kernel(images[test], images[train]))
        wanted.append(np.repeat([1, 0], rest))
        inside = (gram[:n, :n].sum() + gram[n:, n:].sum() - 2 * n) / (2 * n * (n - 1))
        own, shared = (1 - inside) / (2 * n), (inside - gram[:n, n:].mean()) / 2
        thresholds.append(
            [
                float(student_threshold(own / PENALTY, shared / PENALTY, r))
                for r in range(rounds + 1)
            ]
        )
    features, new = embedded(np.stack(grams), np.stack(fresh))
    place = partial(to_tensor, device=device, dtype=torch.float64)
    learner = softmax_learner(
        features, 2, 2 * PENALTY, task.seeds(seeds), device, tolerance=1e-8, steps=3000
    )
    targets = place(np.tile(one_hot_labels(labels, 2), (seeds, 1, 1)))
    chain = repeated(learner, targets, [1.0] * rounds, respond=probabilities())
    x_test = place(new)
    right, accuracy = [], []
    for fit in chain:
        answer = learner.outputs(fit.params, learner.x).argmax(-1).cpu().numpy()
        right.append((answer == truth)[:, labels != truth].mean(axis=1))
        answer = learner.outputs(fit.params, x_test).argmax(-1).cpu().numpy()
        accuracy.append((answer == np.stack(wanted)).mean(axis=1))
    return {
        "repaired": np.stack(right),
        "test": np.stack(accuracy),
        "threshold": np.array(thresholds).T,
    }


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return exp(-width |x - y|^2) for images scaled to [0, 1]."""
    a, b = a / 16, b / 16
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.asarray(np.exp(-WIDTH * np.maximum(squares, 0.0)))


EXPERIMENT = Experiment("logistic_pairs", VERSION, PRESETS, tasks, run)
