"""What JEPA and MAE keep from small misaligned weights: bottleneck subspaces, retention order.

Random features with and without commuting covariances, encoders of full and of smaller width.  The
theory predicts the kept subspace (largest rho for JEPA, reduced-rank regression for MAE) and, at
full width, the order in which features are retained.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments._jepa import crossings, kendall, record_steps
from experiments.engine import GradientDescent, Recorder, Streams, minimise, to_tensor
from experiments.engine.joint_embedding import DeepLinear, Moments, encoder, jepa, mae
from experiments.registry import Config, Experiment, Task
from sdtheory import jepa as theory

VERSION = 1
D, STEP = 4, 0.25
LADDER = np.array([0.95, 0.75, 0.55, 0.35])  # rho
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"depths": [1], "widths": [2], "mixing": [0.0], "layer": {"1": 0.03}, "seeds": 2},
    "cpu": {
        "depths": [1, 2],
        "widths": [1, 2, 4],
        "mixing": [0.0, 0.3],
        "layer": {"1": 0.005, "2": 0.1},
        "seeds": 20,
    },
    "paper": {
        "depths": [1, 2, 3],
        "widths": [1, 2, 3, 4],
        "mixing": [0.0, 0.1, 0.3],
        "layer": {"1": 0.002, "2": 0.07, "3": 0.2},
        "seeds": 200,
    },
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a (depth, width, mixing, objective)."""
    for depth in settings["depths"]:
        for width in settings["widths"]:
            for mixing in settings["mixing"]:
                for objective in ("jepa", "mae"):
                    yield {
                        "depth": depth,
                        "width": width,
                        "mixing": mixing,
                        "objective": objective,
                        "layer": settings["layer"][str(depth)],
                        "seeds": settings["seeds"],
                    }


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train all seeds, each with covariances of its own.

    Returns
    -------
    mapping
        ``sine``: largest principal sine between the encoder's rows and the subspaces predicted for
        JEPA and for MAE, (seeds, 2); ``apart``: sine between the two predictions, (seeds,);
        ``first``, ``kept``: raw times of features crossing half of their final size, (seeds, 4);
        ``tau``: rank agreement of ``kept`` with rho, the covariance and their product, and of
        ``first`` with the same, (seeds, 2, 3); ``learned``: number of features above half of their
        final size, (seeds,); ``modes``: covariances and rho, (seeds, 2, 4).
    """
    config: Mapping[str, Any] = task.config
    depth, width, objective, seeds = (config[k] for k in ("depth", "width", "objective", "seeds"))
    rng = task.rng("views", of=("seeds", "mixing"))
    views, lam = zip(*(_draw(rng, config["mixing"]) for _ in range(seeds)), strict=True)
    xx, yx = (
        to_tensor(np.stack([getattr(v, name) for v in views]), device, torch.float64)
        for name in ("s_xx", "s_yx")
    )
    b = config["layer"]
    streams = Streams.of(task.seeds(seeds, of=("seeds",)), device)
    shape = DeepLinear(D, D, depth, objective)
    square = shape.gaussian(streams, b**depth, torch.float64, predictor=0.5 * b)
    start = _narrow(square, depth, width, objective)
    # the slowest plateau: the last feature alone, started at b
    slowest = float(np.min(lam))
    power = 2 * depth - 1 if objective == "jepa" else depth - 1
    span = b**-power / slowest * 4 / max(power, 1) + 60 / slowest * (1 + 4 * (power == 0))
    steps = int(span / STEP)
    watched = record_steps(steps, 400)
    # amplitudes along the right eigenvectors of R: the features, commuting or not
    features = np.stack([_features(v) for v in views])
    directions = to_tensor(features, device, torch.float64)
    moments = Moments(xx, yx, xx)
    fit = minimise(
        jepa(moments) if objective == "jepa" else mae(moments),
        start,
        GradientDescent(STEP),
        steps,
        recorder=Recorder(watched, lambda params: (encoder(params) @ directions).norm(dim=1)),
    )
    assert fit.record is not None
    sizes = fit.record.cpu().numpy()
    rows = np.linalg.svd(encoder(fit.params).cpu().numpy())[2][:, :width].transpose(0, 2, 1)
    kept_by = [[theory.kept_subspace(v, width, o) for v in views] for o in ("jepa", "mae")]
    sine = [[theory.principal_sine(r, k) for r, k in zip(rows, ks, strict=True)] for ks in kept_by]
    apart = [theory.principal_sine(a, c) for a, c in zip(*kept_by, strict=True)]
    goal = 0.5 * LADDER ** (depth if objective == "jepa" else depth / (depth + 1))
    first, kept = crossings(STEP * np.asarray(watched), sizes, goal)
    covariance = np.stack(lam)
    ranks = (np.broadcast_to(LADDER, covariance.shape), covariance, covariance * LADDER)
    return {
        "sine": np.stack(sine, axis=1),
        "apart": np.asarray(apart),
        "first": first,
        "kept": kept,
        "tau": np.stack([[kendall(t, r) for r in ranks] for t in (kept, first)]).transpose(2, 0, 1),
        "learned": np.sum(sizes[:, -1] >= goal, axis=1),
        "modes": np.stack([covariance, ranks[0]], axis=1),
    }


def _draw(rng: np.random.Generator, mixing: float) -> tuple[theory.Views, np.ndarray]:
    """Return views with rho = LADDER and random covariances, in features that a matrix mixes."""
    lam = rng.permutation([0.5, 0.8, 1.1, 1.4])
    plain = theory.Views.from_modes(theory.Mode.from_rho(lam, LADDER))
    mix = np.linalg.qr(rng.normal(size=(D, D)))[0] @ (
        np.eye(D) + mixing * rng.normal(size=(D, D)) / np.sqrt(D)
    )
    return theory.Views(_symmetric(mix @ plain.s_xx @ mix.T), mix @ plain.s_yx @ mix.T), lam


def _symmetric(matrix: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (matrix + matrix.T))


def _features(views: theory.Views) -> np.ndarray:
    """Return unit right eigenvectors of R by falling rho, in columns."""
    values, vectors = np.linalg.eig(views.regression)
    ordered = vectors[:, np.argsort(-values.real)].real
    return np.asarray(ordered / np.linalg.norm(ordered, axis=0))


def _narrow(
    params: dict[str, torch.Tensor], depth: int, width: int, objective: str
) -> dict[str, torch.Tensor]:
    """Cut the encoder's output, and what the predictor reads (for JEPA also predicts), to width."""
    last, square = f"encoder{depth - 1}", params["predictor"]
    rows = width if objective == "jepa" else D
    return params | {last: params[last][:, :width], "predictor": square[:, :rows, :width]}


EXPERIMENT = Experiment("jepa_selection", VERSION, PRESETS, tasks, run)
