"""Weights that repair every flipped label: trained students on exact Gram vectors.

The theory (`sdtheory.logistic.perfect_mixing`) gives an open interval of weights xi for which one
student classifies all training points as their true class; where plain distillation fails, only
weights above one do. Students are trained for a grid of weights and every count of flips, and one
more on hard labels, which should equal its teacher wherever the teacher repairs nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments._gram import flip_within, softmax_learner, unit_vectors
from experiments.engine import one_hot_labels, to_tensor
from experiments.engine.distillation import mixed_targets, one_hot, probabilities
from experiments.registry import Config, Experiment, Task
from sdtheory.logistic import RandomLabels

VERSION = 1
N, SAME, PENALTY = 20, 0.3, 0.01
PRESETS = {
    "smoke": {"flips": [9], "xi": [1.0, 1.5], "seeds": 2},
    "cpu": {"flips": list(range(1, 10)), "xi": [x / 5 for x in range(17)], "seeds": 20},
    "paper": {"flips": list(range(1, 10)), "xi": [x / 20 for x in range(-20, 81)], "seeds": 200},
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a count of flips."""
    return ({**settings, "flips": flips} for flips in settings["flips"])


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train teachers and all their students; each seed flips other points.

    Returns
    -------
    mapping
        ``accuracy``: of each student on the training points against the true labels, shape
        (weights, seeds); ``deviation``: largest difference of a margin from the theory, same
        shape; ``hard``: largest difference of the margins of hard student and teacher, (seeds,).
    """
    config: Mapping[str, Any] = task.config
    xi, seeds, rng = config["xi"], config["seeds"], task.rng("flips", of=("flips", "seeds"))
    truth = np.repeat([1, 0], N)
    labels = np.stack([flip_within(truth, config["flips"], rng) for _ in range(seeds)])
    x = unit_vectors(truth, SAME)

    def trained(targets: torch.Tensor, label: str) -> torch.Tensor:
        learner = softmax_learner(x, 2, 2 * PENALTY, task.seeds(len(targets), label), device)
        return learner.outputs(learner.fit(targets).params)

    given = to_tensor(one_hot_labels(labels, 2), device, torch.float64)
    teacher = trained(given, "teachers")
    soft = probabilities()(teacher)
    targets = [mixed_targets(given, soft, weight) for weight in xi] + [one_hot(teacher)]
    logits = torch.cat([teacher, trained(torch.cat(targets), "students")]).cpu().numpy()
    margin = np.where(truth == 1, 1, -1) * (logits[:, :, 1] - logits[:, :, 0])
    margin = margin.reshape(len(xi) + 2, seeds, -1)
    world = RandomLabels(N, config["flips"], SAME, penalty=PENALTY)
    stage = world.student(xi=np.asarray(xi)[:, None, None])
    theory = np.where(labels == truth, stage.good_margin, stage.flipped_margin)
    return {
        "accuracy": (margin[1:-1] > 0).mean(axis=2),
        "deviation": np.abs(margin[1:-1] - theory).max(axis=2),
        "hard": np.abs(margin[-1] - margin[0]).max(axis=1),
    }


EXPERIMENT = Experiment("logistic_weights", VERSION, PRESETS, tasks, run)
