"""Training time against the number of fits: all rounds at once, and refitting each of them.

Data-centric regression and classification, and distribution-centric classification, relative to
one ordinary fit of scikit-learn on the same data, with the same fixed kernel.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from experiments.registry import Config, Experiment, Task
from sdtheory import gp

VERSION = 2
KERNEL = ConstantKernel(2.0, "fixed") * RBF(1.5, "fixed")
NOISE = 0.3
PRESETS = {
    "smoke": {"n": 40, "fits": [1, 3], "repeats": 1, "worlds": ["regression"]},
    "cpu": {
        "n": 400,
        "fits": [1, 2, 5, 10, 20],
        "repeats": 5,
        "worlds": ["regression", "classification"],
    },
    "paper": {
        "n": 1000,
        "fits": [1, 2, 5, 10, 20, 50, 100],
        "repeats": 30,
        "worlds": ["regression", "classification"],
    },
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task for regression and one for classification."""
    return ({**settings, "world": world} for world in settings["worlds"])


def _regression(x: np.ndarray, y: np.ndarray, fits: int) -> dict[str, Callable[[], Any]]:
    def refit() -> None:
        target = y
        for _ in range(fits):
            peer = GaussianProcessRegressor(KERNEL, alpha=NOISE, optimizer=None)
            target = peer.fit(x, target).predict(x)

    return {
        "refit": refit,
        "data": lambda: gp.data_centric(KERNEL(x), y, NOISE, steps=fits - 1),
        "distribution": lambda: gp.distribution_centric(KERNEL(x), y, NOISE, steps=fits - 1),
    }


def _classification(x: np.ndarray, y: np.ndarray, fits: int) -> dict[str, Callable[[], Any]]:
    labels = (y > 0).astype(float)

    def refit() -> None:
        # What re-using a classifier's labels by refitting costs, whatever the labels.
        for _ in range(fits):
            peer = GaussianProcessClassifier(KERNEL, optimizer=None).fit(x, labels)
            peer.predict_proba(x)

    return {
        "refit": refit,
        "data": lambda: gp.data_centric_classification(KERNEL(x), labels, steps=fits - 1),
        "distribution": lambda: gp.distribution_centric_classification(
            KERNEL(x), labels, steps=fits - 1, reuse="sequential"
        ),
    }


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Time every way to train, on the CPU whatever the device; other programs do not count.

    Returns
    -------
    mapping
        ``seconds``: processor time of refitting, of data- and of distribution-centric rounds,
        (3, fits, repeats); ``once``: one ordinary fit, (repeats,); ``fits``: their numbers.
    """
    del device
    config: Mapping[str, Any] = task.config
    rng = task.rng("data")
    x = rng.normal(size=(config["n"], 3))
    y = np.sin(x).sum(axis=1) + 0.5 * rng.normal(size=config["n"])
    make = _regression if config["world"] == "regression" else _classification

    def clock(function: Callable[[], Any]) -> list[float]:
        times = []
        for _ in range(config["repeats"]):
            start = time.process_time()
            function()
            times.append(time.process_time() - start)
        return times

    for warm_up in make(x, y, 1).values():
        warm_up()
    once = clock(make(x, y, 1)["refit"])
    ways = ("refit", "data", "distribution")
    seconds = [[clock(make(x, y, fits)[way]) for fits in config["fits"]] for way in ways]
    return {
        "seconds": np.array(seconds),
        "once": np.array(once),
        "fits": np.array(config["fits"]),
    }


EXPERIMENT = Experiment("gp_timing", VERSION, PRESETS, tasks, run)
