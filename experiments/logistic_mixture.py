"""Logistic students on a noisy Gaussian mixture, against the proportional limit.

A teacher, a soft student, a hard student and a student with weight 3/2 are trained on finite
samples of dimension d. What is stored needs no test set: the error of a linear classifier on the
mixture is a function of its signal w.v/d and norm |w|^2/d.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments.engine import (
    LBFGS,
    Learner,
    Linear,
    Streams,
    cross_entropy,
    one_hot_labels,
    to_tensor,
)
from experiments.engine.distillation import distil, one_hot, probabilities
from experiments.registry import Config, Experiment, Task
from sdtheory.logistic import GaussianMixture

VERSION = 1
VARIANTS = ("teacher", "soft", "hard", "xi=1.5")
PRESETS = {
    "smoke": {"d": 20, "alpha": [2.0], "seeds": 3},
    "cpu": {"d": 200, "alpha": [0.5, 1.0, 2.0, 4.0, 8.0], "seeds": 20},
    "paper": {"d": 1000, "alpha": [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0], "seeds": 200},
}
VARIANCE, FLIPS, LAM = 0.5, 0.2, 0.5


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a sample ratio."""
    return ({**settings, "alpha": alpha} for alpha in settings["alpha"])


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train every variant on every seed's data set.

    Returns
    -------
    mapping
        ``signal``, ``norm``, ``error``: shape (variants, seeds), in the order of `VARIANTS`.
    """
    config: Mapping[str, Any] = task.config
    d, seeds = config["d"], config["seeds"]
    problem = GaussianMixture(config["alpha"], VARIANCE, FLIPS)
    count = round(config["alpha"] * d)
    rng = task.rng("data")
    sign = rng.choice([-1.0, 1.0], size=(seeds, count))
    v = rng.normal(size=(seeds, d))
    v *= np.sqrt(d) / np.linalg.norm(v, axis=1, keepdims=True)
    noise = np.sqrt(VARIANCE) * rng.normal(size=(seeds, count, d))
    features = (sign[:, :, None] * v[:, None, :] / np.sqrt(d) + noise) / np.sqrt(d)
    given = np.where(rng.random((seeds, count)) < FLIPS, sign < 0, sign > 0).astype(int)
    learner = Learner(
        model=Linear(d, 2),
        x=to_tensor(features, device, torch.float64),
        loss=cross_entropy,
        optimiser=LBFGS(tolerance=1e-8),
        steps=1000,
        streams=Streams.of(task.seeds(seeds), device),
        # The loss is a mean over samples, and |W|^2 is half of |w|^2 for w = W_1 - W_0.
        weight_decay=2 * LAM / count,
    )
    labels = to_tensor(one_hot_labels(given, 2), device, torch.float64)
    teacher = learner.fit(labels)
    outputs = learner.outputs(teacher.params, learner.x)
    fits = [
        teacher,
        distil(learner, labels, outputs, 1.0, respond=probabilities()),
        distil(learner, labels, outputs, 1.0, respond=one_hot),
        distil(learner, labels, outputs, 1.5, respond=probabilities()),
    ]
    weights = np.stack([fit.params["weight"].cpu().numpy() for fit in fits])
    w = weights[:, :, :, 1] - weights[:, :, :, 0]
    signal, norm = np.einsum("tsd,sd->ts", w, v) / d, np.einsum("tsd,tsd->ts", w, w) / d
    return {"signal": signal, "norm": norm, "error": problem.test_error(signal, 0.0, norm)}


EXPERIMENT = Experiment("logistic_mixture", VERSION, PRESETS, tasks, run)
