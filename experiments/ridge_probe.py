"""Linear students trained by gradients against the closed-form filter of repeated distillation.

A squared-loss linear model with weight decay is ridge regression, so a chain of distilled students
must end, direction by direction, at the filter ``f = a * ((1 - xi) + xi * f_before)`` with
``a = d / (d + lam)``.  The experiment measures the largest deviation of the trained coefficients,
for weights far outside [0, 1] and several rounds, and the risk of every student.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments.engine import LBFGS, Learner, Linear, Streams, squared, to_tensor, weight_decay_for
from experiments.engine.distillation import repeated
from experiments.engine.synthetic import planted_regression
from experiments.registry import Config, Experiment, Task

VERSION = 1
PRESETS = {
    "smoke": {"xi": [-2.0, 0.5, 3.0], "lam": [0.3], "rounds": 3, "seeds": 2, "n": 24},
    "cpu": {
        "xi": [-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0],
        "lam": [0.03, 0.3, 3.0],
        "rounds": 5,
        "seeds": 20,
        "n": 60,
    },
    "paper": {
        "xi": [x / 4 for x in range(-8, 25)],
        "lam": [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0],
        "rounds": 5,
        "seeds": 200,
        "n": 200,
    },
}
OUTPUTS = 2
NOISE_VAR = 0.5


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a penalty: all xi and seeds of it train as one batch."""
    return ({**settings, "lam": lam} for lam in settings["lam"])


def filters(d: np.ndarray, lam: float, xi: np.ndarray, rounds: int) -> np.ndarray:
    """Return the filter of the teacher and each student, shape ``(rounds + 1, xi, modes)``."""
    kept = d / (d + lam)
    chain = [np.broadcast_to(kept, (len(xi), len(d)))]
    for _ in range(rounds):
        chain.append(kept * ((1 - xi)[:, None] + xi[:, None] * chain[-1]))
    return np.stack(chain)


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train every xi and seed of one penalty; compare with the filter.

    Returns
    -------
    mapping
        ``risk``: ``|theta - truth|^2`` with shape (rounds + 1, xi, seeds); ``deviation``: largest
        distance of a trained coefficient from the closed form, relative to the largest
        coefficient, same shape; ``converged``: same shape.
    """
    config: Mapping[str, Any] = task.config
    xi, seeds, rounds, lam, n = (config[k] for k in ("xi", "seeds", "rounds", "lam", "n"))
    singular_values = np.geomspace(3.0, 0.3, 8)
    # Every penalty and every xi sees the same data.
    rng = task.rng("data", of=("n", "seeds"))
    problem = planted_regression(singular_values, n, OUTPUTS, np.full(seeds, NOISE_VAR), rng)
    weight = np.repeat(np.asarray(xi), seeds)
    labels = np.tile(problem.y, (len(xi), 1, 1))

    learner = Learner(
        model=Linear(problem.x.shape[1], OUTPUTS),
        x=to_tensor(problem.x, device, torch.float64),
        loss=squared,
        optimiser=LBFGS(tolerance=1e-13),
        steps=400,
        streams=Streams.of(task.seeds(len(weight)), device),
        weight_decay=weight_decay_for(lam, n, OUTPUTS),
    )
    chain = repeated(learner, to_tensor(labels, device, torch.float64), [weight] * rounds)
    trained = np.stack([fit.params["weight"].cpu().numpy() for fit in chain])

    u, s, vt = np.linalg.svd(problem.x, full_matrices=False)
    shrunk = filters(s**2, lam, weight, rounds) / s
    exact = vt.T @ (shrunk[..., None] * (u.T @ labels))
    shape = (rounds + 1, len(xi), seeds)
    deviation = np.abs(trained - exact).max(axis=(2, 3)) / np.abs(exact).max(axis=(2, 3))
    return {
        "risk": np.square(trained - problem.theta).sum(axis=(2, 3)).reshape(shape),
        "deviation": deviation.reshape(shape),
        "converged": np.stack([fit.converged.cpu().numpy() for fit in chain]).reshape(shape),
    }


EXPERIMENT = Experiment("ridge_probe", VERSION, PRESETS, tasks, run)
