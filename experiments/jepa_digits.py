"""Masked patches of digits: measured covariance and rho of the features, and what is kept of them.

Views are two random maskings of one image, or one masking and the whole image, in 2 x 2 patches.
Moments come from the training images and fresh masks of each seed, so they do not commute.  The
theory then predicts which features a narrow encoder keeps, and in which order a wide one does.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments._jepa import crossings, kendall, record_steps
from experiments.engine import (
    GradientDescent,
    Recorder,
    Streams,
    bundled,
    minimise,
    to_tensor,
)
from experiments.engine.joint_embedding import DeepLinear, Moments, encoder, jepa, mae
from experiments.registry import Config, Experiment, Task
from sdtheory import jepa as theory

VERSION = 1
COMPONENTS, WIDTH, SIDE, MASKS = 10, 3, 8, 8
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"keeps": [0.5], "targets": ["whole"], "images": 200, "steps": 300, "seeds": 2},
    "cpu": {
        "keeps": [0.3, 0.6],
        "targets": ["whole", "second"],
        "images": 1000,
        "steps": 8_000,
        "seeds": 20,
    },
    "paper": {
        "keeps": [0.2, 0.4, 0.6, 0.8],
        "targets": ["whole", "second"],
        "images": 1500,
        "steps": 100_000,
        "seeds": 200,
    },
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a (keep, target, objective, width)."""
    for keep in settings["keeps"]:
        for target in settings["targets"]:
            for objective in ("jepa", "mae"):
                for width in (WIDTH, COMPONENTS):
                    yield {
                        "keep": keep,
                        "target": target,
                        "objective": objective,
                        "width": width,
                        "images": settings["images"],
                        "steps": settings["steps"],
                        "seeds": settings["seeds"],
                    }


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Measure the moments of each seed, then train on them.

    Returns
    -------
    mapping
        ``rho``, ``covariance``: per feature (right eigenvector n of R, left one u with u.n = 1):
        rho and rho u^T S_xx u, by falling rho, (seeds, 10); ``commutator``:
        |S_xx S_yx - S_yx S_xx| relative to the product of norms, (seeds,); ``sine``: largest
        principal sine of the encoder's leading rows to the JEPA and the MAE prediction, (seeds, 2);
        ``apart``: sine between the predictions; ``kept``: raw time of retention of each feature,
        (seeds, 10); ``tau``: rank agreement of it with rho and with the covariance, (seeds, 2).
    """
    config: Mapping[str, Any] = task.config
    seeds, objective, width = config["seeds"], config["objective"], config["width"]
    rng = task.rng("masks", of=("keep", "target", "images", "seeds"))
    views = [_views(config, rng) for _ in range(seeds)]
    right, rho, covariance = (np.stack(a) for a in zip(*map(_features, views), strict=True))
    xx, yx = (
        to_tensor(np.stack([getattr(v, name) for v in views]), device, torch.float64)
        for name in ("s_xx", "s_yx")
    )
    streams = Streams.of(task.seeds(seeds, of=("seeds",)), device)
    shape = DeepLinear(COMPONENTS, COMPONENTS, 1, objective)
    b = 0.02
    start = shape.gaussian(streams, b, torch.float64, predictor=0.5 * b)
    rows = width if objective == "jepa" else COMPONENTS
    start = {
        "encoder0": start["encoder0"][:, :width],
        "predictor": start["predictor"][:, :rows, :width],
    }
    # half of the largest stable step at the final equilibrium, from the largest variance
    largest = float(np.max([np.linalg.eigvalsh(v.s_xx)[-1] for v in views]))
    step = 0.5 / (largest * max(float(rho.max()), 1.0) ** 2)
    directions = to_tensor(right, device, torch.float64)
    watched = record_steps(config["steps"], 300)
    moments = Moments(xx, yx, xx)
    fit = minimise(
        jepa(moments) if objective == "jepa" else mae(moments),
        start,
        GradientDescent(step),
        config["steps"],
        recorder=Recorder(watched, lambda params: (encoder(params) @ directions).norm(dim=1)),
    )
    assert fit.record is not None
    sizes = fit.record.cpu().numpy()
    leading = np.linalg.svd(encoder(fit.params).cpu().numpy())[2][:, :WIDTH].transpose(0, 2, 1)
    predicted = [[theory.kept_subspace(v, WIDTH, o) for v in views] for o in ("jepa", "mae")]
    sine = [
        [theory.principal_sine(a, p) for a, p in zip(leading, ps, strict=True)] for ps in predicted
    ]
    level = 0.5 * (rho if objective == "jepa" else np.sqrt(np.maximum(rho, 0)))
    _, kept = crossings(step * np.asarray(watched), sizes, level)
    return {
        "rho": rho,
        "covariance": covariance,
        "commutator": np.array([_commutator(v) for v in views]),
        "sine": np.stack(sine, axis=1),
        "apart": np.array([theory.principal_sine(a, c) for a, c in zip(*predicted, strict=True)]),
        "kept": kept,
        "tau": np.stack([kendall(kept, rho), kendall(kept, covariance)], axis=1),
    }


def _views(config: Mapping[str, Any], rng: np.random.Generator) -> theory.Views:
    """Return the moments of masked pairs in the leading principal components of the images."""
    images = bundled("digits", config["images"], rng).x_train
    _, _, components = np.linalg.svd(images, full_matrices=False)
    basis = components[:COMPONENTS].T
    xs, ys = [], []
    for _ in range(MASKS):
        first, second = (_masks(len(images), config["keep"], rng) for _ in range(2))
        xs.append((first * images) @ basis)
        ys.append((images if config["target"] == "whole" else second * images) @ basis)
    x, y = np.concatenate(xs), np.concatenate(ys)
    sampled = theory.Views.from_samples(x - x.mean(axis=0), y - y.mean(axis=0))
    # symmetric in the population, where it is a share of the images' covariance
    return theory.Views(sampled.s_xx, 0.5 * (sampled.s_yx + sampled.s_yx.T))


def _masks(count: int, keep: float, rng: np.random.Generator) -> np.ndarray:
    """Return masks (count, 64) that keep each 2 x 2 patch with probability `keep`."""
    patches = (rng.random((count, SIDE // 2, SIDE // 2)) < keep).astype(np.float64)
    return np.kron(patches, np.ones((1, 2, 2))).reshape(count, SIDE * SIDE)


def _features(views: theory.Views) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return unit right eigenvectors of R, rho and covariances, by falling rho."""
    values, right = np.linalg.eig(views.regression)
    order = np.argsort(-values.real)
    n = right[:, order].real / np.linalg.norm(right[:, order].real, axis=0)
    u = np.linalg.pinv(n)  # rows: left eigenvectors with u_i . n_i = 1
    rho = values[order].real
    return n, rho, rho * np.einsum("ij,jk,ik->i", u, views.s_xx, u)


def _commutator(views: theory.Views) -> float:
    bracket = views.s_xx @ views.s_yx - views.s_yx @ views.s_xx
    return float(
        np.linalg.norm(bracket) / (np.linalg.norm(views.s_xx) * np.linalg.norm(views.s_yx))
    )


EXPERIMENT = Experiment("jepa_digits", VERSION, PRESETS, tasks, run)
