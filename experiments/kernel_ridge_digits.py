"""Noisy digits, distilled twenty times: chains in closed form, and trained probes and networks.

Forty per cent of the training labels are replaced at random. Chains of linear and of
Gaussian-kernel ridge regression are evaluated in closed form; the linear probe is trained as well,
by gradients, and so is a network, every round from the same initialisation. Without labels in later
rounds (xi = 1) an under-regularised model gets better for many rounds; an over-regularised one
collapses.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments.engine import (
    LBFGS,
    MLP,
    Adam,
    Learner,
    Linear,
    Streams,
    bundled,
    cosine,
    one_hot_labels,
    squared,
    to_tensor,
    weight_decay_for,
)
from experiments.engine.corruption import uniform
from experiments.engine.distillation import repeated
from experiments.registry import Config, Experiment, Task
from sdtheory import kernel_ridge

VERSION = 1
NOISE, CLASSES, GAMMA = 0.4, 10, 0.05
# A model and its penalty in the sum convention (of the network: its weight decay).
FITS = [
    ["ridge", 0.3],
    ["ridge", 30.0],
    ["gaussian", 0.03],
    ["probe", 0.3],
    ["probe", 30.0],
    ["network", 1e-3],
]
PRESETS = {
    "smoke": {
        "fits": [["ridge", 0.3], ["probe", 0.3], ["network", 1e-3]],
        "xi": [1.0],
        "rounds": 2,
        "seeds": 2,
        "train": 100,
        "width": 16,
        "steps": 40,
    },
    "cpu": {
        "fits": FITS,
        "xi": [0.7, 1.0],
        "rounds": 20,
        "seeds": 5,
        "train": 400,
        "width": 128,
        "steps": 300,
    },
    "paper": {
        "fits": [*FITS, ["ridge", 3.0], ["probe", 3.0], ["network", 3e-3]],
        "xi": [0.0, 0.3, 0.5, 0.7, 0.9, 1.0],
        "rounds": 20,
        "seeds": 40,
        "train": 400,
        "width": 256,
        "steps": 400,
    },
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a model, penalty and weight."""
    rest = {k: v for k, v in settings.items() if k not in ("fits", "xi")}
    for model, penalty in settings["fits"]:
        for xi in settings["xi"]:
            yield {**rest, "model": model, "penalty": penalty, "xi": xi}


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Distil one model; all models and weights see the same split and the same noisy labels.

    Returns
    -------
    mapping
        ``accuracy`` on clean test labels and ``loss``, the mean squared distance from them as
        one-hot rows: (rounds + 1, seeds), the teacher's first.
    """
    config: Mapping[str, Any] = task.config
    shared = ("seeds", "train")
    digits = bundled("digits", config["train"], task.rng("split", of=shared))
    noise = task.entropy("noise", of=shared).spawn(config["seeds"])
    noisy = [uniform(digits.y_train, CLASSES, NOISE, np.random.default_rng(s)) for s in noise]
    labels = one_hot_labels(np.stack(noisy), CLASSES)
    chain = _trained if config["model"] in ("probe", "network") else _exact
    outputs = chain(task, digits.x_train, labels, digits.x_test, device)
    truth = one_hot_labels(digits.y_test, CLASSES)
    return {
        "accuracy": np.mean(outputs.argmax(axis=-1) == digits.y_test, axis=-1),
        "loss": np.mean((outputs - truth) ** 2, axis=(-2, -1)),
    }


def _biased(x: np.ndarray) -> np.ndarray:
    return np.hstack([x, np.ones((len(x), 1))])


def _gaussian(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    values: np.ndarray = np.exp(-GAMMA * np.maximum(squares, 0.0))
    return values


def _exact(
    task: Task, x: np.ndarray, labels: np.ndarray, new: np.ndarray, _device: torch.device
) -> np.ndarray:
    """Return the outputs (rounds + 1, seeds, m, classes) of the closed form."""
    config = task.config
    # The seeds are outputs of one and the same fit.
    columns = labels.transpose(1, 0, 2).reshape(len(x), -1)
    if config["model"] == "gaussian":
        fit, at = kernel_ridge.fit(_gaussian(x, x), columns), _gaussian(new, x)
    else:
        fit, at = kernel_ridge.fit_features(_biased(x), columns), _biased(new)
    path = fit.path(at, config["penalty"], config["xi"], config["rounds"])
    stacked: np.ndarray = path.reshape(*path.shape[:2], len(labels), CLASSES)
    return stacked.transpose(0, 2, 1, 3)


def _trained(
    task: Task, x: np.ndarray, labels: np.ndarray, new: np.ndarray, device: torch.device
) -> np.ndarray:
    """Return the same of models trained by gradients, all rounds from one initialisation."""
    config, seeds = task.config, len(labels)
    probe = config["model"] == "probe"
    dtype = torch.float64 if probe else torch.float32
    inputs, at = (to_tensor(_biased(part) if probe else part, device, dtype) for part in (x, new))
    width = config["width"]
    learner = Learner(
        model=Linear(x.shape[1] + 1, CLASSES) if probe else MLP((x.shape[1], width, width, 10)),
        x=inputs,
        loss=squared,
        optimiser=LBFGS(tolerance=1e-9) if probe else Adam(2e-3, schedule=cosine),
        steps=1000 if probe else config["steps"],
        streams=Streams.of(task.seeds(seeds, of=("seeds", "model")), device),
        weight_decay=(
            weight_decay_for(config["penalty"], len(x), CLASSES) if probe else config["penalty"]
        ),
    )
    fits = repeated(
        learner,
        to_tensor(labels, device, dtype),
        [config["xi"]] * config["rounds"],
        start="same",
    )
    return np.stack([learner.outputs(f.params, at).cpu().numpy() for f in fits])


EXPERIMENT = Experiment("kernel_ridge_digits", VERSION, PRESETS, tasks, run)
