"""Ten noisy digits in three regimes: which of the two logistic models a network follows.

An interpolating network should behave like the exact Gram model (hard labels change nothing, more
rounds and weights above one repair labels), an under-parameterised linear probe like the Gaussian
mixture (hard labels help most), and a probe with too strong a penalty loses with every round. The
experiment reports accuracy on the training points against their TRUE labels and on test points,
for the teacher, students of several weights, a student on hard labels, one on the teacher's two
most probable classes, and two and three rounds; and for each network the model that it follows.
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
    cross_entropy,
    one_hot_labels,
    to_tensor,
)
from experiments.engine.corruption import uniform
from experiments.engine.distillation import mixed_targets, one_hot, probabilities
from experiments.registry import Config, Experiment, Task

VERSION = 2
WEIGHTS = (0.5, 1.0, 1.5, 2.0, 3.0)
VARIANTS = (
    *("teacher", *(f"xi={xi:g}" for xi in WEIGHTS)),
    *("hard", "top two", "2 rounds", "3 rounds"),
)
REGIMES = {"network": 1e-3, "probe": 1e-3, "strong": 1e-2}
PRESETS = {
    "smoke": {"regime": ["probe"], "noise": [0.4], "train": 100, "width": 8, "seeds": 2},
    "cpu": {
        "regime": list(REGIMES),
        "noise": [0.2, 0.4, 0.6],
        "train": 500,
        "width": 128,
        "seeds": 20,
    },
    "paper": {
        "regime": list(REGIMES),
        "noise": [0.2, 0.4, 0.6],
        "train": 1000,
        "width": 256,
        "seeds": 200,
    },
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task for every regime and noise level."""
    return (
        {**settings, "regime": regime, "noise": noise}
        for regime in settings["regime"]
        for noise in settings["noise"]
    )


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train all variants of one regime at one noise level.

    Returns
    -------
    mapping
        ``train``: accuracy on the training points against the true labels, ``test``: on test
        points; ``repaired``: fraction of the flipped training points classified as their true
        class. Shape (variants, seeds) in the order of `VARIANTS`. ``two_margins``: whether hard
        labels leave each network nearer to its teacher than to its soft student, in accuracy on
        the training points, as two margins say and the mixture denies; shape (seeds,).
    """
    config: Mapping[str, Any] = task.config
    seeds = config["seeds"]
    data = bundled("digits", config["train"], task.rng("split", of=("seeds", "train")))
    flips = np.random.SeedSequence.spawn(task.entropy("flips", of=("seeds", "noise")), seeds)
    given = np.stack(
        [uniform(data.y_train, 10, config["noise"], np.random.default_rng(s)) for s in flips]
    )
    x, x_test = (to_tensor(v, device, torch.float32) for v in (data.x_train, data.x_test))
    labels = to_tensor(one_hot_labels(given, 10), device, torch.float32)

    def learner(runs: int, label: str) -> Learner:
        network = config["regime"] == "network"
        return Learner(
            model=MLP((64, config["width"], 10)) if network else Linear(64, 10, bias=True),
            x=x,
            loss=cross_entropy,
            optimiser=Adam(3e-3) if network else LBFGS(tolerance=1e-5),
            steps=400,
            streams=Streams.of(task.seeds(runs, label), device),
            weight_decay=REGIMES[config["regime"]],
        )

    soft = probabilities()
    stages = [learner(seeds, "teacher")]
    fits = [stages[0].fit(labels)]
    outputs = stages[0].outputs(fits[0].params, x)
    targets = [mixed_targets(labels, soft(outputs), xi) for xi in WEIGHTS]
    targets += [one_hot(outputs), top_two(outputs)]
    stages.append(learner(seeds * len(targets), "students"))
    fits.append(stages[1].fit(torch.cat(targets)))
    plain = slice(WEIGHTS.index(1.0) * seeds, (WEIGHTS.index(1.0) + 1) * seeds)
    outputs = stages[1].outputs(fits[1].params, x)[plain]
    for label in VARIANTS[-2:]:
        stages.append(learner(seeds, label))
        fits.append(stages[-1].fit(soft(outputs)))
        outputs = stages[-1].outputs(fits[-1].params, x)

    def answers(inputs: torch.Tensor) -> np.ndarray:
        parts = [s.outputs(f.params, inputs).argmax(-1) for s, f in zip(stages, fits, strict=True)]
        return np.asarray(torch.cat(parts).cpu()).reshape(len(VARIANTS), seeds, -1)

    train, test = answers(x) == data.y_train, answers(x_test) == data.y_test
    wrong = given != data.y_train
    right = dict(zip(VARIANTS, train.sum(axis=2), strict=True))
    return {
        "two_margins": 2 * right["hard"] < right["teacher"] + right["xi=1"],
        "train": train.mean(axis=2),
        "test": test.mean(axis=2),
        "repaired": (train & wrong).sum(axis=2) / wrong.sum(axis=1),
    }


def top_two(outputs: torch.Tensor) -> torch.Tensor:
    """Return targets of 1/2 on the two largest outputs."""
    best = outputs.topk(2, dim=-1).indices
    return torch.zeros_like(outputs).scatter_(-1, best, 0.5)


EXPERIMENT = Experiment("logistic_digits", VERSION, PRESETS, tasks, run)
