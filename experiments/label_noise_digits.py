"""Digits with flipped labels: which weight is best, in squared loss (exact) and cross-entropy.

The squared-loss probe is ridge regression on one-hot targets, evaluated in closed form.  Softmax
regression and a small network are trained on the same mixtures of labels and teacher with
cross-entropy and weight decay, for weights far outside [0, 1].  Next to the trained accuracies
stand the weights that the squared-loss theory recommends: from the true mean labels of the test
points, and from the noisy training labels alone.

Near uniform outputs the cross-entropy of K classes is 1 / (2 K) |z - K (q - 1 / K)|^2 in the logits
z, for targets q.  So cross-entropy with the penalty lam is there ridge regression with the penalty
2 K lam, and this is the penalty of the prediction.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments._noisy_labels import flipped, recommended
from experiments.engine import (
    LBFGS,
    MLP,
    Adam,
    Learner,
    Linear,
    Streams,
    bundled,
    cross_entropy,
    to_tensor,
)
from experiments.engine.distillation import distil, probabilities
from experiments.registry import Config, Experiment, Task
from sdtheory.spectral import Spectrum, filters

VERSION = 3
SETTINGS: dict[str, Any] = {
    "xi": [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0],
    "corruption": [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
    # Penalty in the sum convention, first too little of it, then too much. Softmax regression with
    # 0.05 and 5 is to be compared with ridge regression with 1 and 100.
    "fits": [
        ["ridge", 1.0],
        ["ridge", 100.0],
        ["softmax", 0.05],
        ["softmax", 5.0],
        ["mlp", 0.3],
        ["mlp", 4.0],
    ],
    "train": 300,
    "hidden": 32,
    "steps": 150,
}
PRESETS = {
    "smoke": {
        **SETTINGS,
        "xi": [-1.0, 0.0, 1.0, 2.0],
        "corruption": [0.4],
        "fits": [["ridge", 1.0], ["softmax", 5.0], ["mlp", 0.3]],
        "seeds": 2,
        "train": 100,
        "hidden": 8,
        "steps": 40,
    },
    "cpu": {**SETTINGS, "seeds": 20},
    "paper": {**SETTINGS, "seeds": 200, "train": 600, "hidden": 128, "steps": 400},
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a fit and corruption level: all weights and seeds train as one batch."""
    rest = {k: v for k, v in settings.items() if k not in ("corruption", "fits")}
    for model, lam in settings["fits"]:
        for corruption in settings["corruption"]:
            yield {**rest, "model": model, "lam": lam, "corruption": corruption}


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Fit teacher and students of one corruption level.

    Returns
    -------
    mapping
        ``accuracy``: on clean test labels, shape (xi, seeds); ``teacher``: the teacher's, (seeds,);
        ``best_for_ridge``: the weight with the lowest squared error on the true mean labels of
        the test points, for ridge regression with the matching penalty, (seeds,); ``from_data``:
        the weight that leave-one-out finds on the noisy labels alone, (seeds,).
    """
    config: Mapping[str, Any] = task.config
    seeds, lam = config["seeds"], config["lam"]
    # All fits and weights see the same splits and the same flips.
    rng = task.rng("data", of=("seeds", "train", "corruption"))
    data = bundled("digits", config["train"], rng)
    labels = flipped(data, config["corruption"], seeds, rng)
    penalty = lam if config["model"] == "ridge" else 2 * data.classes * lam
    found = [recommended(data, y, config["corruption"], penalty) for y in labels]
    fit = _ridge if config["model"] == "ridge" else _trained
    outputs = fit(task, data.x_train, labels, data.x_test, device)
    right = outputs.argmax(axis=-1) == data.y_test
    accuracy = right.mean(axis=-1)
    return {
        "accuracy": accuracy[1:],
        "teacher": accuracy[0],
        "best_for_ridge": np.array([weights.from_truth for weights in found]),
        "from_data": np.array([weights.from_data for weights in found]),
    }


def _ridge(
    task: Task, x: np.ndarray, labels: np.ndarray, new: np.ndarray, _device: torch.device
) -> np.ndarray:
    """Return outputs (1 + xi, seeds, m, classes) of teacher and students, in closed form."""
    spectrum = Spectrum.from_design(x)
    projection, d = spectrum.projection(new), spectrum.eigenvalues
    found = []
    for xi in [0.0, *task.config["xi"]]:
        student = filters.distill(d, task.config["lam"], xi)
        found.append(
            [
                spectrum.predict(projection, student, spectrum.project(y - y.mean(axis=0)))
                + y.mean(axis=0)
                for y in labels
            ]
        )
    return np.array(found)


def _trained(
    task: Task, x: np.ndarray, labels: np.ndarray, new: np.ndarray, device: torch.device
) -> np.ndarray:
    """Return outputs (1 + xi, seeds, m, classes) of trained teacher and students."""
    config = task.config
    (features, classes), seeds, count = (
        (x.shape[1], labels.shape[2]),
        len(labels),
        len(config["xi"]),
    )
    linear = config["model"] == "softmax"
    model = (
        Linear(features, classes, bias=True)
        if linear
        else MLP((features, config["hidden"], classes))
    )

    def learner(runs: int, streams: np.ndarray) -> Learner:
        return Learner(
            model=model,
            x=to_tensor(x, device, torch.float32),
            loss=cross_entropy,
            # A convex objective is minimised; how long a network trains is part of its settings.
            optimiser=LBFGS(tolerance=1e-5) if linear else Adam(0.01),
            steps=400 if linear else config["steps"],
            streams=Streams.of(streams, device),
            # lam |theta|^2 beside a sum over samples is lam / n beside their mean.
            weight_decay=np.full(runs, 2 * config["lam"] / len(x)),
        )

    inputs, targets = (
        to_tensor(new, device, torch.float32),
        to_tensor(labels, device, torch.float32),
    )
    # The student starts where its teacher started: what differs is the target alone.
    streams = task.seeds(seeds, of=("seeds", "model"))
    teacher = learner(seeds, streams)
    fitted = teacher.fit(targets)
    seen = teacher.outputs(fitted.params).repeat(count, 1, 1)
    student = learner(count * seeds, np.tile(streams, count))
    xi = np.repeat(np.asarray(config["xi"]), seeds)
    students = distil(student, targets.repeat(count, 1, 1), seen, xi, respond=probabilities())
    first = teacher.outputs(fitted.params, inputs)[None]
    rest = student.outputs(students.params, inputs)
    outputs = torch.cat([first, rest.reshape(count, *first.shape[1:])])
    return np.asarray(outputs.cpu().numpy())


EXPERIMENT = Experiment("label_noise_digits", VERSION, PRESETS, tasks, run)
