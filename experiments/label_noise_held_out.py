"""Real data with noisy labels: weights found on the training labels against held-out optima.

For every penalty of a grid the weight is chosen three ways: on the held-out points, which no user
can do, and from the noisy training labels alone by the corrected and by the published
cross-validation.  All of it is ridge regression in closed form.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments._noisy_labels import flipped
from experiments.engine import Dataset, bundled
from experiments.registry import Config, Experiment, Task
from sdtheory import label_noise, problems

VERSION = 1
PRESETS = {
    "smoke": {"data": [["diabetes", 221, 1.0]], "penalties": 5, "seeds": 2},
    "cpu": {
        # Noise: standard deviation added to standardised targets, or rate of flipped labels.
        "data": [["diabetes", 221, 2.0], ["wine", 89, 0.3], ["breast_cancer", 284, 0.3],
                 ["digits", 80, 0.3]],
        "penalties": 20,
        "seeds": 20,
    },
    "paper": {
        "data": [["diabetes", 221, sd] for sd in (0.0, 0.5, 1.0, 2.0, 4.0)]
        + [[name, n, r] for name, n in (("wine", 89), ("breast_cancer", 284), ("digits", 80))
           for r in (0.0, 0.15, 0.3)],
        "penalties": 100,
        "seeds": 200,
    },
}  # fmt: skip


def penalties(count: int) -> np.ndarray:
    """Return the penalties of the grid, in the mean convention."""
    return np.geomspace(1e-3, 50.0, count)


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a data set and noise level."""
    rest = {k: v for k, v in settings.items() if k != "data"}
    for name, train, noise in settings["data"]:
        yield {**rest, "data": name, "train": train, "noise": noise}


def run(task: Task, _device: torch.device) -> Mapping[str, np.ndarray]:
    """Choose weights in three ways on one data set.

    Returns
    -------
    mapping
        Shape (penalties, seeds). ``teacher``, ``held_out``, ``corrected``, ``published``: squared
        error on held-out mean labels of the teacher and of students with each weight;
        ``xi_held_out``, ``xi_corrected``, ``xi_published``: the weights.
    """
    config: Mapping[str, Any] = task.config
    lams = penalties(config["penalties"])
    runs = [
        _chosen(task, lams, np.random.default_rng(seed))
        for seed in task.entropy("data", of=("data", "train", "noise", "seeds")).spawn(
            config["seeds"]
        )
    ]
    return {name: np.stack([found[name] for found in runs], axis=1) for name in runs[0]}


def _chosen(task: Task, lams: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    data = bundled(task.config["data"], task.config["train"], rng)
    labels, truth = _noisy(data, task.config["noise"], rng)
    mean, n = labels.mean(axis=0), len(labels)
    made = label_noise.ConditionalProblem.from_evaluation(
        data.x_train, labels - mean, data.x_test, truth - mean
    )
    best = [label_noise.optimal_xi(made, n * lam) for lam in lams]
    weights = {"held_out": np.array([float(found.xi) for found in best])}
    for method, name in (("gcv", "corrected"), ("gcv_published", "published")):
        path = label_noise.tune_path(data.x_train, labels, n * lams, method, intercept=True)
        weights[name] = np.asarray(path.xi)

    def risk(xi: np.ndarray) -> np.ndarray:
        return np.asarray(label_noise.expected_risk(made, n * lams[:, None], xi[:, None]))

    chosen = {name: risk(xi) for name, xi in weights.items()}
    return {
        "teacher": risk(0.0 * lams),
        **chosen,
        **{f"xi_{name}": xi for name, xi in weights.items()},
    }


def _noisy(data: Dataset, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return noisy training labels, and the mean labels of the held-out points."""
    if data.classes:
        truth, _ = problems.flipped_means(data.y_test, data.classes, noise)
        return flipped(data, noise, 1, rng)[0], truth
    y = data.y_train + noise * rng.normal(size=len(data.y_train))
    return y[:, None], data.y_test[:, None]


EXPERIMENT = Experiment("label_noise_held_out", VERSION, PRESETS, tasks, run)
