"""Deep linear JEPA and MAE, trained: learning times and final sizes against the mode laws.

Every network has four features.  From aligned initialisation, gradient descent must follow the
closed form up to the known delay of a finite step; the experiment measures how far stochastic
gradients, a moving-average target, weight decay, and Gaussian initialisation of several widths
depart from it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments._jepa import crossings, kendall, record_steps
from experiments.engine import GradientDescent, Penalty, Recorder, Streams, minimise, to_tensor
from experiments.engine.joint_embedding import (
    DeepLinear,
    Moments,
    encoder,
    jepa,
    mae,
    sampled_jepa,
    sampled_mae,
)
from experiments.registry import Config, Experiment, Task
from sdtheory import jepa as theory

VERSION = 1
COVARIANCE = np.array([0.7, 0.9, 1.1, 1.3])
RHO = np.array([0.95, 0.8, 0.65, 0.5])
SCALE, STEP, FRACTION = 0.05, 0.05, 0.5
CASES = [
    {"start": "aligned", "width": 4, "training": "gradient"},
    {"start": "aligned", "width": 12, "training": "gradient"},
    {"start": "gaussian", "width": 4, "training": "gradient"},
    {"start": "gaussian", "width": 32, "training": "gradient"},
    {"start": "aligned", "width": 4, "training": "sgd"},
    {"start": "aligned", "width": 4, "training": "decay"},
]
AVERAGED = {"start": "aligned", "width": 4, "training": "average"}
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"depths": [1], "cases": CASES[:1], "seeds": 2, "records": 300},
    "cpu": {"depths": [1, 2, 3], "cases": CASES, "seeds": 20, "records": 300},
    "paper": {"depths": [1, 2, 3, 4, 5], "cases": CASES, "seeds": 200, "records": 600},
}
BATCH, MEMORY, DECAY = 16, 20.0, 1e-3  # samples; steps of the average; weight decay


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a (depth, objective, case); moving averages exist for JEPA only."""
    common = {"seeds": settings["seeds"], "records": settings["records"]}
    for depth in settings["depths"]:
        for case in settings["cases"]:
            for objective in ("jepa", "mae"):
                yield {**common, **case, "depth": depth, "objective": objective}
        if len(settings["cases"]) > 1:
            yield {**common, **AVERAGED, "depth": depth, "objective": "jepa"}


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Train all seeds of one case as a batch.

    Returns
    -------
    mapping
        ``first``, ``kept``: raw times at which each feature first reaches half of its fixed point,
        and after which it stays above, shape (seeds, 4); ``end``: final size over fixed point;
        ``predicted``: raw critical times of the closed form, (4,), without and with the delay of a
        finite step in ``predicted_descent``; ``tau``: rank agreement of ``kept`` with rho and with
        the covariance, (seeds, 2).
    """
    config: Mapping[str, Any] = task.config
    depth, objective, training = config["depth"], config["objective"], config["training"]
    mode = theory.Mode.from_rho(COVARIANCE, RHO)
    streams = Streams.of(task.seeds(config["seeds"], of=("seeds",)), device)
    shape = DeepLinear(4, config["width"], depth, objective)
    b = SCALE ** (1 / depth)
    if config["start"] == "aligned":
        start = shape.aligned(streams, SCALE, torch.float64)
    else:
        start = shape.gaussian(streams, SCALE, torch.float64, predictor=b)
        # so that features start near the same size at every width
        start["encoder0"] *= (4 / config["width"]) ** 0.5
    critical = theory.critical_time(mode, depth, SCALE, FRACTION, objective) / depth
    shift = theory.descent_shift(mode, depth, SCALE, FRACTION, objective)
    steps = int(3.0 * np.max(critical) / STEP)
    watched = record_steps(steps, config["records"])
    watched = sorted({*watched, *np.linspace(0, steps, config["records"], dtype=int).tolist()})
    fit = minimise(
        _loss(mode, objective, training, streams, device),
        start,
        GradientDescent(STEP),
        steps,
        penalty=Penalty(DECAY) if training == "decay" else None,
        average=1 - 1 / MEMORY if training == "average" else None,
        recorder=Recorder(watched, lambda params: encoder(params).norm(dim=1)),
    )
    assert fit.record is not None
    sizes = fit.record.cpu().numpy()
    end = theory.fixed_point(mode, depth, objective)
    first, kept = crossings(STEP * np.asarray(watched), sizes, FRACTION * end)
    return {
        "first": first,
        "kept": kept,
        "end": sizes[:, -1] / end,
        "predicted": critical,
        "predicted_descent": critical + STEP * shift,
        "tau": np.stack([kendall(kept, RHO), kendall(kept, COVARIANCE)], axis=1),
    }


def _loss(
    mode: theory.Mode, objective: str, training: str, streams: Streams, device: torch.device
) -> Any:
    """Return the population objective, or that of fresh batches."""
    s2, lam = (to_tensor(a, device, torch.float64) for a in (mode.variance, mode.covariance))
    if training == "sgd":
        rest = (s2 - lam**2 / s2).clamp(min=0.0).sqrt()  # y has the variances of x

        def sample(step: int) -> tuple[torch.Tensor, torch.Tensor]:
            x = s2.sqrt() * streams.normal("x", BATCH, 4, index=step, dtype=torch.float64)
            noise = streams.normal("y", BATCH, 4, index=step, dtype=torch.float64)
            return x, lam / s2 * x + rest * noise

        return sampled_jepa(sample) if objective == "jepa" else sampled_mae(sample)
    moments = Moments(torch.diag(s2), torch.diag(lam), torch.diag(s2))
    if objective == "mae":
        return mae(moments)
    return jepa(moments, "average" if training == "average" else "stop_gradient")


EXPERIMENT = Experiment("jepa_linear", VERSION, PRESETS, tasks, run)
