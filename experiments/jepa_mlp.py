"""Nonlinear encoders: how far the linear laws of JEPA and MAE carry, on static and dynamic data.

Features have covariance rising while rho falls.  Static pairs are two noisy views of uniform
features, dynamic pairs two moments of a Gaussian autoregression; a random rotation hides the
features.  An encoder with fewer outputs than features has to choose, and a nonlinear one may choose
nonlinear functions: the square of a Gaussian feature has the regression coefficient rho^2.  In the
ladder "wide" the square of the first feature beats the second feature, in "close" it does not.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from experiments._jepa import record_steps
from experiments.engine import MLP, GradientDescent, Linear, Recorder, Streams, minimise, to_tensor
from experiments.engine.parameters import Params
from experiments.engine.training import Objective, Step
from experiments.registry import Config, Experiment, Task

VERSION = 2
COVARIANCE = np.array([0.6, 0.8, 1.0, 1.2, 1.4, 1.6])
RHO = {
    "wide": np.array([0.95, 0.85, 0.7, 0.55, 0.4, 0.25]),
    "close": np.array([0.9, 0.88, 0.7, 0.55, 0.4, 0.25]),
}
DTYPE = torch.float32  # no closed form to compare with in many digits
D, OUTPUTS, HIDDEN, BATCH, PROBES, STEP = 6, 2, 48, 128, 2048, 0.05
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"worlds": ["static"], "encoders": ["tanh"], "steps": 20, "seeds": 2, "close": []},
    "cpu": {
        "worlds": ["static", "dynamic"],
        "encoders": ["linear", "tanh", "relu"],
        "steps": 3000,
        "seeds": 20,
        "close": ["tanh", "relu"],
    },
    "paper": {
        "worlds": ["static", "dynamic"],
        "encoders": ["linear", "tanh", "relu"],
        "steps": 40_000,
        "seeds": 200,
        "close": ["tanh", "relu"],
    },
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a (world, encoder, objective, ladder)."""
    common = {"steps": settings["steps"], "seeds": settings["seeds"]}
    for world in settings["worlds"]:
        for encoder in settings["encoders"]:
            for objective in ("jepa", "mae"):
                case = {"world": world, "encoder": encoder, "objective": objective}
                yield {**common, **case, "ladder": "wide"}
        for encoder in settings["close"]:
            case = {"world": world, "encoder": encoder, "objective": "jepa"}
            yield {**common, **case, "ladder": "close"}


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train all seeds of one case on fresh batches.

    Returns
    -------
    mapping
        ``steps``: when it was measured, (records,); ``gain``: |Cov(encoder, feature)| / variance of
        each feature, the counterpart of a linear encoder's sizes, (seeds, records, 6);
        ``explained``: share of each feature's variance that a linear read-out of the final
        encoder recovers, and ``explained_square`` that of each feature's centred square, (seeds,
        6); ``modes``: covariances and rho, (2, 6).
    """
    config: Mapping[str, Any] = task.config
    seeds, steps = config["seeds"], config["steps"]
    streams = Streams.of(task.seeds(seeds, of=("seeds",)), device)
    rho = RHO[config["ladder"]]
    world = _World(streams, config["world"], rho)
    model: Linear | MLP = (
        Linear(D, OUTPUTS)
        if config["encoder"] == "linear"
        else MLP((D, HIDDEN, OUTPUTS), config["encoder"])
    )
    params = model.init(streams.child("encoder"), DTYPE)
    params = {k: v if k == "fan_in" else 0.3 * v for k, v in params.items()}
    if config["encoder"] == "linear":
        params["weight"] = 0.1 * streams.normal("linear", D, OUTPUTS, dtype=DTYPE)
    width = OUTPUTS if config["objective"] == "jepa" else D
    head = streams.normal("predictor", OUTPUTS, width, dtype=DTYPE)
    params["predictor"] = 0.05 * (
        torch.eye(OUTPUTS, dtype=DTYPE, device=device).expand(seeds, -1, -1)
        if config["objective"] == "jepa"
        else head
    )
    probe, features = world.probe()
    watched = record_steps(steps, 60)

    def gain(now: Params) -> Tensor:
        answers = model(now, probe)
        answers = answers - answers.mean(dim=1, keepdim=True)
        covariance = answers.mT @ features / PROBES
        sizes: Tensor = covariance.norm(dim=1) / features.square().mean(dim=1)
        return sizes

    fit = minimise(
        _objective(model, world, config["objective"]),
        params,
        GradientDescent(STEP),
        steps,
        frozen=model.frozen,
        recorder=Recorder(watched, gain),
    )
    assert fit.record is not None
    answers = model(fit.params, probe)
    centred = answers - answers.mean(dim=1, keepdim=True)
    basis = torch.linalg.qr(centred)[0]
    square = features.square() - features.square().mean(dim=1, keepdim=True)
    explained, explained_square = (
        (basis.mT @ wanted).square().sum(dim=1) / wanted.square().sum(dim=1)
        for wanted in (features, square)
    )
    return {
        "steps": np.asarray(watched),
        "gain": fit.record.cpu().numpy(),
        "explained": explained.cpu().numpy(),
        "explained_square": explained_square.cpu().numpy(),
        "modes": np.stack([COVARIANCE, rho]),
    }


class _World:
    """Pairs of views of one kind, rotated at random for each run."""

    def __init__(self, streams: Streams, kind: str, rho: np.ndarray) -> None:
        self.streams, self.kind = streams, kind
        draw = streams.normal("rotation", D, D, dtype=DTYPE)
        self.rotation = torch.linalg.qr(draw)[0]
        device = self.rotation.device
        self.lam, self.rho = (to_tensor(a, device, DTYPE) for a in (COVARIANCE, rho))

    def features(self, label: str, count: int, index: int) -> tuple[Tensor, Tensor]:
        """Return the features of both views, each (runs, count, D)."""
        shape = (count, D)
        s2 = self.lam / self.rho
        first = self.streams.normal(f"{label} first", *shape, index=index, dtype=DTYPE)
        second = self.streams.normal(f"{label} second", *shape, index=index, dtype=DTYPE)
        if self.kind == "dynamic":
            x = s2.sqrt() * first
            return x, self.rho * x + (s2 * (1 - self.rho**2)).sqrt() * second
        level = self.streams.uniform(f"{label} level", *shape, index=index, dtype=DTYPE)
        z = (12 * self.lam).sqrt() * (level - 0.5)
        noise = (s2 - self.lam).sqrt()
        return z + noise * first, z + noise * second

    def batch(self, index: int) -> tuple[Tensor, Tensor]:
        """Return fresh rotated views."""
        x, y = self.features("batch", BATCH, index)
        return x @ self.rotation, y @ self.rotation

    def probe(self) -> tuple[Tensor, Tensor]:
        """Return views to measure on, and their centred features."""
        x, _ = self.features("probe", PROBES, 0)
        centred = x - x.mean(dim=1, keepdim=True)
        return x @ self.rotation, centred


def _objective(model: Linear | MLP, world: _World, objective: str) -> Objective:
    def loss(params: Params, step: Step) -> Tensor:
        x, y = world.batch(step.index)
        with torch.no_grad():
            target = model(params, y) if objective == "jepa" else y
        gap = model(params, x) @ params["predictor"] - target
        return 0.5 * gap.square().sum(dim=2).mean(dim=1)

    return loss


EXPERIMENT = Experiment("jepa_mlp", VERSION, PRESETS, tasks, run)
