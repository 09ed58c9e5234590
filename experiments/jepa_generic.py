"""Generic weights under other training: moving averages, weight decay, features with complex rho.

Gaussian starts, full width, covariances that do not commute.  What the scalar laws say of aligned
weights is confronted with the order in which features are retained, and with how many survive.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from experiments._jepa import crossings, kendall, record_steps
from experiments.engine import (
    GradientDescent,
    Penalty,
    Recorder,
    Streams,
    minimise,
    to_tensor,
)
from experiments.engine.joint_embedding import DeepLinear, Moments, encoder, jepa
from experiments.registry import Config, Experiment, Task
from sdtheory import jepa as theory

VERSION = 1
D, STEP, MIXING, MEMORY = 4, 0.25, 0.3, 400.0  # the memory of the average in steps
LADDER = np.array([0.95, 0.75, 0.55, 0.35], dtype=complex)
# a plane that turns by 60 degrees a step, and two real features: the plane is second by Re rho and
# first by |rho|
PLANE = np.array([0.8 * np.exp(1j * np.pi / 3), 0.6, 0.25])
CASES: list[dict[str, Any]] = [
    {"training": "gradient", "spectrum": "complex", "share": 0.0},
    {"training": "average", "spectrum": "real", "share": 0.0},
    {"training": "decay", "spectrum": "real", "share": 0.4},
    {"training": "decay", "spectrum": "real", "share": 1.6},
    {"training": "decay", "spectrum": "real", "share": 4.0},
]
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"depths": [1], "cases": CASES[:1], "layer": {"1": 0.05}, "seeds": 2},
    "cpu": {"depths": [1, 2], "cases": CASES, "layer": {"1": 0.005, "2": 0.1}, "seeds": 20},
    "paper": {"depths": [1, 2], "cases": CASES, "layer": {"1": 0.002, "2": 0.07}, "seeds": 200},
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a (depth, case)."""
    for depth in settings["depths"]:
        for case in settings["cases"]:
            layer = settings["layer"][str(depth)]
            yield {**case, "depth": depth, "layer": layer, "seeds": settings["seeds"]}


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train all seeds, each with covariances of its own.

    A feature is a real eigenvalue of R, or a plane; rows of three features are filled up with NaN.

    Returns
    -------
    mapping
        ``first``, ``kept``: raw times of features crossing half of |rho|^L, (seeds, 4); ``end``:
        final size over |rho|^L, (seeds, 4); ``tau``: rank agreement of ``kept`` with Re rho, |rho|
        and the covariance, (seeds, 3); ``rho``, ``covariance``: (seeds, 4); ``decay``: the weight
        decay, ``share`` of the initial growth rate of the weakest feature.
    """
    config: Mapping[str, Any] = task.config
    depth, seeds, training = config["depth"], config["seeds"], config["training"]
    rho = LADDER if config["spectrum"] == "real" else PLANE
    rng = task.rng("views", of=("seeds", "spectrum"))
    worlds, directions, lam = zip(*(_draw(rng, rho) for _ in range(seeds)), strict=True)
    xx, yx, axes = (
        to_tensor(np.stack(arrays), device, torch.float64)
        for arrays in ([w.s_xx for w in worlds], [w.s_yx for w in worlds], directions)
    )
    b = config["layer"]
    streams = Streams.of(task.seeds(seeds, of=("seeds",)), device)
    start = DeepLinear(D, D, depth).gaussian(streams, b**depth, torch.float64, predictor=0.5 * b)
    slowest, power = float(np.min(lam)), 2 * depth - 1
    decay = config["share"] * 0.5 * slowest * b**power  # the predictor starts at b / 2
    span = 1.5 * (b**-power / slowest * 4 / power + 60 / slowest) / max(1 - config["share"], 0.5)
    steps = int(span / STEP)
    watched = record_steps(steps, 400)
    groups = to_tensor(_groups(rho), device, torch.float64)

    def sizes_of(params: dict[str, torch.Tensor]) -> torch.Tensor:
        squares = (encoder(params) @ axes).square().sum(dim=1) @ groups
        return squares.sqrt()

    fit = minimise(
        jepa(Moments(xx, yx, xx), "average" if training == "average" else "stop_gradient"),
        start,
        GradientDescent(STEP),
        steps,
        penalty=Penalty(decay) if training == "decay" else None,
        average=1 - 1 / MEMORY if training == "average" else None,
        recorder=Recorder(watched, sizes_of),
    )
    assert fit.record is not None
    sizes, final = fit.record.cpu().numpy(), np.abs(rho) ** depth
    first, kept = crossings(STEP * np.asarray(watched), sizes, 0.5 * final)
    covariance = np.stack(lam)
    ranks = (rho.real, np.abs(rho), covariance)
    return {
        "first": _wide(first),
        "kept": _wide(kept),
        "end": _wide(sizes[:, -1] / final),
        "tau": np.stack([kendall(kept, rank) for rank in ranks], axis=1),
        "rho": np.broadcast_to(_wide(rho[None]), (seeds, D)),
        "covariance": _wide(covariance),
        "decay": np.asarray(decay),
    }


def _draw(
    rng: np.random.Generator, rho: NDArray[np.complex128]
) -> tuple[theory.Views, np.ndarray, np.ndarray]:
    """Return mixed views, unit directions of the features in columns, and covariances |lambda|."""
    lam = rng.permutation([0.5, 0.8, 1.1, 1.4][: rho.size])
    s_xx, s_yx = np.zeros((D, D)), np.zeros((D, D))
    place = 0
    for value, strength in zip(rho, lam, strict=True):
        width = 2 if value.imag else 1
        block = slice(place, place + width)
        turn = np.array([[value.real, -value.imag], [value.imag, value.real]])[:width, :width]
        variance = strength / abs(value)
        s_xx[block, block], s_yx[block, block] = variance * np.eye(width), variance * turn
        place += width
    mix = np.linalg.qr(rng.normal(size=(D, D)))[0] @ (
        np.eye(D) + MIXING * rng.normal(size=(D, D)) / np.sqrt(D)
    )
    mixed = mix @ s_xx @ mix.T
    axes = mix / np.linalg.norm(mix, axis=0)
    if rho.size < D:  # an orthonormal basis of the plane, so that any of its bases gives its size
        axes[:, :2] = np.linalg.qr(axes[:, :2])[0]
    return theory.Views(0.5 * (mixed + mixed.T), mix @ s_yx @ mix.T), axes, lam


def _groups(rho: NDArray[np.complex128]) -> np.ndarray:
    """Return how much of each direction counts for each feature, (D, features)."""
    widths = [2 if value.imag else 1 for value in rho]
    owner = np.repeat(np.arange(rho.size), widths)
    return np.asarray((owner[:, None] == np.arange(rho.size)) / np.array(widths, dtype=float))


def _wide(rows: np.ndarray) -> np.ndarray:
    return np.pad(rows, ((0, 0), (0, D - rows.shape[1])), constant_values=np.nan)


EXPERIMENT = Experiment("jepa_generic", VERSION, PRESETS, tasks, run)
