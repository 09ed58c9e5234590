"""Linear students trained by gradients against the closed-form filter of repeated distillation.

A squared-loss linear model with weight decay is ridge regression, so a chain of distilled students
must end, direction by direction, at the filter ``f = a * ((1 - xi) + xi * f_before)`` with
``a = d / (d + lam)``, which `sdtheory.spectral.filters` computes in closed form.  The experiment
measures the largest deviation of the trained coefficients, for weights far outside [0, 1] and
several rounds, and the risk of every student.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments.engine import LBFGS, Learner, Linear, Streams, squared, to_tensor, weight_decay_for
from experiments.engine.distillation import repeated
from experiments.registry import Config, Experiment, Task
from sdtheory import problems
from sdtheory.spectral import filters

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
FEATURES = 8
NOISE_VAR = 0.5


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a penalty: all xi and seeds of it train as one batch."""
    return ({**settings, "lam": lam} for lam in settings["lam"])


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
    # Every penalty and every xi sees the same data.
    rng = task.rng("data", of=("n", "seeds"))
    spectrum = 9.0 * problems.spectrum("power_law", FEATURES, condition=100.0)
    problem = problems.planted(spectrum, problems.signal("top", FEATURES), NOISE_VAR, n, rng)
    weight = np.repeat(np.asarray(xi), seeds)
    labels = np.tile(problem.labels(rng, draws=seeds).T, (len(xi), 1))[:, :, None]

    learner = Learner(
        model=Linear(FEATURES, 1),
        x=to_tensor(problem.design, device, torch.float64),
        loss=squared,
        optimiser=LBFGS(tolerance=1e-13),
        steps=400,
        streams=Streams.of(task.seeds(len(weight)), device),
        weight_decay=weight_decay_for(lam, n, outputs=1),
    )
    chain = repeated(learner, to_tensor(labels, device, torch.float64), [weight] * rounds)
    trained = np.stack([fit.params["weight"][:, :, 0].cpu().numpy() for fit in chain])

    u, s, vt = np.linalg.svd(problem.design, full_matrices=False)
    kept = [filters.distilled(s**2, lam, weight[:, None], steps=k) for k in range(rounds + 1)]
    exact = (np.stack(kept) * (labels[:, :, 0] @ u) / s) @ vt
    shape = (rounds + 1, len(xi), seeds)
    deviation = np.abs(trained - exact).max(axis=2) / np.abs(exact).max(axis=2)
    return {
        "risk": np.square(trained - problem.truth).sum(axis=2).reshape(shape),
        "deviation": deviation.reshape(shape),
        "converged": np.stack([fit.converged.cpu().numpy() for fit in chain]).reshape(shape),
    }


EXPERIMENT = Experiment("ridge_probe", VERSION, PRESETS, tasks, run)
