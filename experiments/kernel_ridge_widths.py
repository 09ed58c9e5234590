"""Wide networks, distilled, against the chain that their tangent kernel at the start predicts.

Networks in tangent-kernel parametrisation with weight decay towards their initialisation, all
rounds from the same one. As the width grows, the change of the outputs must follow the spectral
filter of the empirical tangent kernel, round after round.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments.engine import LBFGS, MLP, Learner, Streams, squared, to_tensor, weight_decay_for
from experiments.engine.distillation import repeated
from experiments.engine.parameters import Params
from experiments.registry import Config, Experiment, Task
from sdtheory import kernel_ridge

VERSION = 1
SAMPLES, LAM, XI, ROUNDS, POINTS = 24, 0.3, 0.7, 3, 50
PRESETS = {
    "smoke": {"widths": [16, 64], "seeds": 2, "steps": 40},
    "cpu": {"widths": [32, 128, 512, 2048, 8192], "seeds": 10, "steps": 1500},
    "paper": {"widths": [2**k for k in range(5, 15)], "seeds": 40, "steps": 4000},
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a width."""
    return ({**settings, "width": width} for width in settings["widths"])


def tangent_kernel(params: Params, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the inner products (runs, len(a), len(b)) of the gradients of one-layer networks."""
    size = a.shape[1] ** -0.5
    names = ("weight0", "bias0", "weight1")
    weight, bias, out = (params[name].cpu().numpy() for name in names)
    hidden = [np.tanh(x @ weight * size + bias[:, None, :]) for x in (a, b)]
    slopes = [(1 - h**2) * out[:, None, :, 0] for h in hidden]
    values: np.ndarray = (
        1.0
        + hidden[0] @ hidden[1].transpose(0, 2, 1) / weight.shape[2]
        + slopes[0] @ slopes[1].transpose(0, 2, 1) / weight.shape[2] * (a @ b.T * size**2 + 1.0)
    )
    return values


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train the teacher and its students at one width, all seeds in one batch.

    Returns
    -------
    mapping
        ``deviation``: relative distance of the change of the outputs from the prediction on a grid,
        (rounds + 1, seeds); ``effect``: relative distance of each student from its teacher, the
        same shape; ``converged``: same shape.
    """
    config: Mapping[str, Any] = task.config
    rng = task.rng("data", of=())
    x = np.sort(rng.uniform(-2, 2, (SAMPLES, 1)), axis=0)
    y = np.sin(2 * x[:, 0]) + 0.3 * rng.normal(size=SAMPLES)
    grid = np.linspace(-2, 2, POINTS)[:, None]
    learner = Learner(
        model=MLP((1, config["width"], 1), "tanh", "ntk"),
        x=to_tensor(x, device, torch.float64),
        loss=squared,
        optimiser=LBFGS(tolerance=1e-10),
        steps=config["steps"],
        streams=Streams.of(task.seeds(config["seeds"]), device),
        weight_decay=weight_decay_for(LAM, SAMPLES, 1),
        anchor="init",
    )
    start, at = learner.init(), to_tensor(grid, device, torch.float64)
    # Labels are measured from the initial outputs, so that the *change* of the outputs fits y.
    labels = learner.outputs(start) + to_tensor(y[:, None], device, torch.float64)
    fits = repeated(learner, labels, [XI] * ROUNDS, start="same")
    before = learner.outputs(start, at)
    trained = [(learner.outputs(f.params, at) - before)[:, :, 0].cpu().numpy() for f in fits]
    kernels, crosses = tangent_kernel(start, x, x), tangent_kernel(start, grid, x)
    predicted = np.stack(
        [
            kernel_ridge.fit(kernel, y).path(cross, LAM, XI, ROUNDS)
            for kernel, cross in zip(kernels, crosses, strict=True)
        ],
        axis=1,
    )
    size = np.linalg.norm(predicted, axis=2)
    effect = np.linalg.norm(predicted - predicted[:1], axis=2) / size[:1]
    return {
        "deviation": np.linalg.norm(np.stack(trained) - predicted, axis=2) / size,
        "effect": effect,
        "converged": np.stack([f.converged.cpu().numpy() for f in fits]),
    }


EXPERIMENT = Experiment("kernel_ridge_widths", VERSION, PRESETS, tasks, run)
