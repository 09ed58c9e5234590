"""Linear probes on flipped digits in closed form: what the best weight gains, and who finds it.

One-hot targets and squared loss: teacher and student are ridge regression, so every accuracy is
exact and a fine grid of weights costs one factorisation.  Every repetition has a split of its own.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments._noisy_labels import flipped, recommended
from experiments.engine import bundled
from experiments.registry import Config, Experiment, Task
from sdtheory.spectral import Spectrum, filters

VERSION = 1
SETTINGS: dict[str, Any] = {
    "corruption": [0.0, 0.3, 0.5, 0.7],
    "lam": [1.0, 10.0, 100.0],  # in the sum convention
    "train": 600,
}
PRESETS = {
    "smoke": {"corruption": [0.3], "lam": [1.0], "train": 100, "seeds": 2},
    "cpu": {**SETTINGS, "seeds": 20},
    "paper": {**SETTINGS, "seeds": 200},
}
XI = np.arange(-2.0, 8.25, 0.25)


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a rate of flips and penalty."""
    for rate in settings["corruption"]:
        for lam in settings["lam"]:
            yield {**settings, "corruption": rate, "lam": lam}


def run(task: Task, _device: torch.device) -> Mapping[str, np.ndarray]:
    """Fit teachers and students of one probe.

    Returns
    -------
    mapping
        ``accuracy``: on clean test labels, for the weights `XI`, shape (xi, seeds); ``from_truth``,
        ``from_data`` and ``one_shot``: weights recommended by the theory, (seeds,).
    """
    config: Mapping[str, Any] = task.config
    accuracy, found = [], []
    # All penalties and rates of flips see the same splits.
    splits = task.entropy("split", of=("train", "seeds")).spawn(config["seeds"])
    flips = task.entropy("flips", of=("train", "seeds", "corruption")).spawn(config["seeds"])
    for split, flip in zip(splits, flips, strict=True):
        data = bundled("digits", config["train"], np.random.default_rng(split))
        labels = flipped(data, config["corruption"], 1, np.random.default_rng(flip))[0]
        mean = labels.mean(axis=0)
        spectrum = Spectrum.from_design(data.x_train)
        students = filters.distill(spectrum.eigenvalues, config["lam"], XI[:, None])
        weights = students.coefficient[:, :, None] * spectrum.project(labels - mean).projected
        outputs = spectrum.projection(data.x_test) @ weights + mean
        accuracy.append((outputs.argmax(axis=2) == data.y_test).mean(axis=1))
        found.append(recommended(data, labels, config["corruption"], config["lam"]))
    columns = {name: np.array([getattr(f, name) for f in found]) for name in found[0]._fields}
    return {"accuracy": np.stack(accuracy, axis=1), **columns}


EXPERIMENT = Experiment("label_noise_probe", VERSION, PRESETS, tasks, run)
