"""Three stages on an unbalanced mixture, at the parameters of the authors' published notebook.

Takanami, Takahashi and Sakata compare their equations with trained classifiers at sample ratios
1.5, 3 and 5 in d = 1000 with 20 data sets, for logistic and for squared loss, with an intercept
that is learnt and not penalised. Here the same models are trained again.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments._mixture import fit, samples
from experiments.registry import Config, Experiment, Task
from sdtheory.logistic import GaussianMixture

VERSION = 1
PRESETS = {
    "smoke": {"d": 20, "loss": ["logistic"], "alpha": [3.0], "seeds": 2},
    "cpu": {"d": 1000, "loss": ["logistic", "squared"], "alpha": [1.5, 3.0, 5.0], "seeds": 20},
    "paper": {
        "d": 1000,
        "loss": ["logistic", "squared"],
        "alpha": [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0],
        "seeds": 200,
    },
}
VARIANCE, FLIPS, BALANCE = 0.5, 0.2, 0.4
LAM, SHARPNESS = (1.5, 0.5, 2.0), (0.8, 1.2)


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task for every loss and sample ratio."""
    return (
        {**settings, "loss": loss, "alpha": alpha}
        for loss in settings["loss"]
        for alpha in settings["alpha"]
    )


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train the three stages on every data set.

    Returns
    -------
    mapping
        ``signal``, ``norm``, ``bias``, ``error``: shape (stages, seeds).
    """
    config: Mapping[str, Any] = task.config
    problem = GaussianMixture(config["alpha"], VARIANCE, FLIPS, BALANCE)
    squared = config["loss"] == "squared"
    rows = []
    # Both losses see the same data.
    entropy = task.entropy("data", of=("d", "alpha", "seeds"))
    for sample in samples(problem, config["d"], config["seeds"], entropy, device):
        targets, stages = sample.labels, []
        for lam, sharpness in zip(LAM, (*SHARPNESS, 1.0), strict=True):
            weights, bias, logits = fit(sample, targets, lam, squared=squared, bias=True)
            stages.append([*sample.sizes(weights), bias.cpu().numpy()])
            warm = sharpness * logits
            targets = (1 + warm) / 2 if squared else torch.sigmoid(warm)
        rows.append(stages)
    signal, norm, bias = np.moveaxis(np.concatenate(rows, axis=2), 1, 0)
    error = problem.test_error(signal, bias, norm)
    return {"signal": signal, "norm": norm, "bias": bias, "error": error}


EXPERIMENT = Experiment("logistic_mixture_published", VERSION, PRESETS, tasks, run)
