"""Hyper-parameters chosen once or in every data-centric round: amplitudes, noise, and the errors.

Regression at fixed noise, regression with free noise above a tiny floor, and classification with
the continuous Bernoulli. In closed form, or by Laplace's approximation.
"""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import torch
from scipy.special import ndtr

from experiments.registry import Config, Experiment, Task
from sdtheory import gp

VERSION = 1
SAMPLES, DEVIATION, FLOOR = 40, 0.3, 1e-8
CONFUSION = 0.8  # deviation of the error that makes classes overlap
BOUNDS = np.log([[1e-2, 1e4], [1e-1, 1e1]])
GRID = np.linspace(-3, 3, 121)
WORLDS = ("regression", "free noise", "classification")
PRESETS = {
    "smoke": {"worlds": WORLDS, "modes": ["first", "all"], "rounds": 2, "seeds": 1},
    "cpu": {"worlds": WORLDS, "modes": ["first", "all"], "rounds": 8, "seeds": 10},
    "paper": {"worlds": WORLDS, "modes": ["none", "first", "all"], "rounds": 20, "seeds": 200},
}
FloatArray = np.ndarray


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a world and mode."""
    rest = {k: v for k, v in settings.items() if k not in ("worlds", "modes")}
    for world in settings["worlds"]:
        for mode in settings["modes"]:
            yield {**rest, "world": world, "mode": mode}


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Run the chain for every seed; all worlds and modes see the same inputs and errors.

    Returns
    -------
    mapping
        ``error``: mean squared error on a grid, of the function or of the probability;
        ``amplitude`` (variance of the kernel), ``length`` and ``noise``: (rounds + 1, seeds).
    """
    del device
    rounds, seeds = task.config["rounds"], task.config["seeds"]
    tables = np.empty((4, rounds + 1, seeds))
    rng = task.rng("data", of=("seeds",))
    for seed in range(seeds):
        x = rng.uniform(-3, 3, SAMPLES)
        errors = rng.normal(size=SAMPLES)
        if task.config["world"] == "classification":
            labels = (np.sin(2 * x) + CONFUSION * errors > 0).astype(float)
            tables[:, :, seed] = _classify(task, x, labels)
        else:
            tables[:, :, seed] = _regress(task, x, np.sin(2 * x) + DEVIATION * errors)
    return dict(zip(("error", "amplitude", "length", "noise"), tables, strict=True))


def _kernel(a: FloatArray, b: FloatArray) -> Callable[[FloatArray], tuple[FloatArray, FloatArray]]:
    distances = (a[:, None] - b) ** 2

    def kernel(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        inside = distances * np.exp(-2 * theta[1])
        matrix = np.exp(theta[0] - 0.5 * inside)
        return matrix, np.stack([matrix, matrix * inside])

    return kernel


def _regress(task: Task, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return error, amplitude, length and noise of every fit (4, rounds + 1)."""
    free = task.config["world"] == "free noise"
    found = gp.optimise_evidence(
        _kernel(x, x),
        np.zeros(2),
        BOUNDS,
        y,
        DEVIATION**2,
        noise_floor=FLOOR if free else None,
        mode=task.config["mode"],
        steps=task.config["rounds"],
    )
    errors, targets = [], y
    for theta, noise in zip(found.theta, found.noise, strict=True):
        process = gp.data_centric(_kernel(x, x)(theta)[0], targets, noise, steps=0)
        errors.append(np.mean((process.mean(_kernel(GRID, x)(theta)[0]) - np.sin(2 * GRID)) ** 2))
        targets = process.mean(_kernel(x, x)(theta)[0])
    return np.stack([errors, *np.exp(found.theta.T), found.noise])


def _classify(task: Task, x: FloatArray, labels: FloatArray) -> FloatArray:
    """Return the same; `noise` is zero."""
    found = gp.optimise_label_evidence(
        _kernel(x, x),
        np.zeros(2),
        BOUNDS,
        labels,
        mode=task.config["mode"],
        steps=task.config["rounds"],
        link="sigmoid",
    )
    errors, truth = [], ndtr(np.sin(2 * GRID) / CONFUSION)
    for k, theta in enumerate(found.theta):
        likelihood = gp.BERNOULLI if k == 0 else gp.CONTINUOUS_BERNOULLI
        fit = gp.laplace(_kernel(x, x)(theta)[0], found.process.labels[k], likelihood)
        latent = fit.latent(_kernel(GRID, x)(theta)[0], np.full(GRID.shape, np.exp(theta[0])))
        errors.append(np.mean((gp.average_sigmoid(*latent) - truth) ** 2))
    return np.stack([errors, *np.exp(found.theta.T), found.noise])


EXPERIMENT = Experiment("gp_hyperparameters", VERSION, PRESETS, tasks, run)
