"""Softmax models of several classes on exact Gram vectors: label averaging round by round.

Every class has the same number of wrong labels, spread evenly over the other classes. The theory
(`sdtheory.logistic.SymmetricClasses`) has one scalar equation for all points; which ones are
flipped makes no difference, so there are no seeds.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments._gram import softmax_learner, unit_vectors
from experiments.engine import one_hot_labels, to_tensor
from experiments.engine.distillation import probabilities, repeated
from experiments.registry import Config, Experiment, Task
from sdtheory.logistic import SymmetricClasses

VERSION = 2
SAME, CROSS = 0.4, 0.1
# The penalty is STRENGTH / (K^2 n), at which the linear model keeps the same shares for every K.
STRENGTH = 0.4
PRESETS = {
    "smoke": {"n": 6, "classes": [3], "rounds": 2, "most": 3},
    "cpu": {"n": 60, "classes": [2, 4, 7], "rounds": 8, "most": 15},
    "paper": {"n": 120, "classes": [2, 3, 4, 5, 7, 10], "rounds": 12, "most": 60},
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task for every number of classes and count of flips, about `most` a class."""
    for classes in settings["classes"]:
        largest = settings["n"] * (classes - 1) // classes
        step = (classes - 1) * max(1, round(largest / (classes - 1) / settings["most"]))
        for flips in range(step, largest, step):
            yield {
                "n": settings["n"],
                "rounds": settings["rounds"],
                "classes": classes,
                "flips": flips,
            }


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train the rounds of one setting; the first is the teacher.

    Returns
    -------
    mapping
        ``accuracy``: on the training points against the true labels, ``deviation``: largest
        difference of a logit from the theory, both (rounds,).
    """
    config: Mapping[str, Any] = task.config
    K, n, flips, rounds = (config[k] for k in ("classes", "n", "flips", "rounds"))
    penalty = STRENGTH / (K**2 * n)
    truth = np.repeat(np.arange(K), n)
    place = np.tile(np.arange(n), K)
    given = np.where(place < flips, truth + 1 + place % (K - 1), truth) % K
    features = unit_vectors(truth, SAME, CROSS)
    learner = softmax_learner(features, K, penalty, task.seeds(1), device)
    targets = to_tensor(one_hot_labels(given, K), device, torch.float64)[None]
    chain = repeated(learner, targets, [1.0] * (rounds - 1), respond=probabilities())
    world = SymmetricClasses(K, n, flips, SAME, CROSS, penalty)
    accuracy, deviation = [], []
    for steps, fit in enumerate(chain):
        logits = learner.outputs(fit.params)[0].cpu().numpy()
        stage = world.student(steps=steps)
        # The theory's logits are those of class 0, and of a point that is labelled 1 there.
        theory = np.stack([np.roll(stage.good_logits, a) for a in range(K)])[truth]
        for i in np.flatnonzero(given != truth):
            rest = np.full(K, stage.flipped_logits[-1]) if K > 2 else np.empty(K)
            rest[truth[i]], rest[given[i]] = stage.flipped_logits[:2]
            theory[i] = rest
        accuracy.append((logits.argmax(axis=1) == truth).mean())
        deviation.append(np.abs(logits - theory).max())
    return {"accuracy": np.array(accuracy), "deviation": np.array(deviation)}


EXPERIMENT = Experiment("logistic_classes", VERSION, PRESETS, tasks, run)
