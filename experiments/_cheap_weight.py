"""The best weight from two trained networks against a grid of trained students, for any network."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from experiments.engine import (
    Adam,
    Learner,
    Streams,
    bundled,
    cosine,
    one_hot_labels,
    squared,
    to_tensor,
)
from experiments.engine.corruption import uniform
from experiments.engine.distillation import combine, combined_xi, distil
from experiments.engine.models import Model
from experiments.registry import Config, Task

TRAIN, HELD_OUT, NOISE = 400, 400, 0.4


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a weight decay."""
    return ({**settings, "weight_decay": decay} for decay in settings["weight_decay"])


def compare(task: Task, model: Model, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train teachers, extreme students from the same and from other starts, and the grid.

    Returns
    -------
    mapping
        ``teacher``: held-out loss, (seeds,); ``grid``: held-out losses of trained students,
        (weights, seeds); ``mixed``: losses of mixed outputs of the extremes at the same weights,
        (2, weights, seeds), from the same start first; ``xi``: estimates, (2, seeds); ``chosen``:
        losses of students trained with the estimates, (2, seeds); ``accuracy``: test accuracy of
        teacher and chosen students, (3, seeds).
    """
    config: Mapping[str, Any] = task.config
    seeds, grid = config["seeds"], config["xi"]
    digits = bundled("digits", TRAIN, task.rng("split", of=("seeds",)))
    noise = np.random.SeedSequence.spawn(task.entropy("noise", of=("seeds",)), seeds)
    noisy = [uniform(digits.y_train, 10, NOISE, np.random.default_rng(s)) for s in noise]

    def place(values: np.ndarray) -> torch.Tensor:
        return to_tensor(values, device, torch.float32)

    labels = place(one_hot_labels(np.stack(noisy), 10))
    held_out = place(digits.x_test[:HELD_OUT])
    wanted = place(one_hot_labels(digits.y_test[:HELD_OUT], 10))
    learner = Learner(
        model=model,
        x=place(digits.x_train),
        loss=squared,
        optimiser=Adam(2e-3, schedule=cosine),
        steps=config["steps"],
        streams=Streams.of(task.seeds(seeds), device),
        weight_decay=config["weight_decay"],
    )
    other = replace(learner, streams=learner.streams.child("other"))
    start, elsewhere = learner.init(), other.init()

    def loss(outputs: torch.Tensor) -> np.ndarray:
        missed: np.ndarray = (outputs - wanted).square().mean(dim=(1, 2)).cpu().numpy()
        return missed

    def answer(params: Any) -> torch.Tensor:
        return learner.outputs(params, held_out)

    teacher = learner.fit(labels, start)
    taught = learner.outputs(teacher.params)
    # With the same start and full batches, the student of the labels is the teacher itself.
    plain = answer(teacher.params)
    pure = [
        answer(distil(learner, labels, taught, 1.0, initial=begin).params)
        for begin in (start, elsewhere)
    ]
    estimates = [combined_xi(p, plain, wanted) for p in pure]
    trained = [distil(learner, labels, taught, xi, initial=start) for xi in grid]
    chosen = [distil(learner, labels, taught, xi, initial=start) for xi in estimates]

    test, truth = place(digits.x_test[HELD_OUT:]), place(digits.y_test[HELD_OUT:])
    right = [
        (learner.outputs(f.params, test).argmax(-1) == truth).double().mean(1).cpu().numpy()
        for f in (teacher, *chosen)
    ]
    return {
        "teacher": loss(plain),
        "grid": np.stack([loss(answer(f.params)) for f in trained]),
        "mixed": np.stack([[loss(combine(p, plain, xi)) for xi in grid] for p in pure]),
        "xi": np.stack([xi.cpu().numpy() for xi in estimates]),
        "chosen": np.stack([loss(answer(f.params)) for f in chosen]),
        "accuracy": np.stack(right),
    }
