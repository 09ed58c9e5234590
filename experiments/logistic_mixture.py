"""Logistic students on a noisy Gaussian mixture, against the proportional limit.

A teacher, a soft student, a hard student and a student with weight 3/2 are trained on finite
samples, in growing dimension d: means should approach the limit like 1/d, and the spread between
data sets should shrink like 1/sqrt(d). What is stored needs no test set: the error of a linear
classifier on the mixture is a function of its signal w.v/d and norm |w|^2/d.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments._mixture import fit, samples
from experiments.registry import Config, Experiment, Task
from sdtheory.logistic import GaussianMixture

VERSION = 2
VARIANTS = ("teacher", "soft", "hard", "xi=1.5")
# Dimensions with their numbers of tasks: small samples scatter more and cost less.
PRESETS = {
    "smoke": {"sizes": [[20, 1]], "alpha": [2.0], "seeds": 3},
    "cpu": {
        "sizes": [[100, 12], [200, 4], [400, 4], [1000, 1]],
        "alpha": [0.5, 1.0, 2.0, 4.0, 8.0],
        "seeds": 20,
    },
    "paper": {
        "sizes": [[100, 50], [200, 25], [400, 25], [1000, 10], [2000, 10]],
        "alpha": [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0],
        "seeds": 20,
    },
}
VARIANCE, FLIPS, LAM = 0.5, 0.2, 0.5


def tasks(settings: Config) -> Iterable[Config]:
    """Return tasks of equal numbers of data sets for every dimension and sample ratio."""
    return (
        {"d": d, "batch": batch, "alpha": alpha, "seeds": settings["seeds"]}
        for d, batches in settings["sizes"]
        for alpha in settings["alpha"]
        for batch in range(batches)
    )


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train every variant on every data set.

    Returns
    -------
    mapping
        ``signal``, ``norm``, ``error``: shape (variants, seeds), in the order of `VARIANTS`.
    """
    config: Mapping[str, Any] = task.config
    problem = GaussianMixture(config["alpha"], VARIANCE, FLIPS)
    signal, norm = [], []
    for sample in samples(problem, config["d"], config["seeds"], task.entropy("data"), device):
        labels = sample.labels
        teacher, _, logits = fit(sample, labels, LAM)
        soft, hard = torch.sigmoid(logits), (logits > 0).to(logits)
        students = [
            fit(sample, target, LAM)[0] for target in (soft, hard, 1.5 * soft - 0.5 * labels)
        ]
        sizes = [sample.sizes(weights) for weights in (teacher, *students)]
        signal.append([first for first, _ in sizes])
        norm.append([second for _, second in sizes])
    m, q = np.concatenate(signal, axis=1), np.concatenate(norm, axis=1)
    return {"signal": m, "norm": q, "error": problem.test_error(m, np.zeros(()), q)}


EXPERIMENT = Experiment("logistic_mixture", VERSION, PRESETS, tasks, run)
