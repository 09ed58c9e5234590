"""How much faster 256 linear probes train as one batch than one after another.

Both ways use the same data, optimiser, number of steps, dtype (float64) and one CPU thread, in one
process; the sequential way is measured twice: with this engine, one run at a time, and with an
ordinary ``torch.nn.Linear`` and ``torch.optim`` loop. Trained parameters must agree to 1e-10.

What bounds the ratio: a batch saves the fixed cost of a step (about 0.3 ms of Python and dispatch a
run) but not its arithmetic.  The more arithmetic a single probe has, the less is gained, which the
rows with more samples show.  Squared loss is trained on the compressed data, R of X = QR, so its
arithmetic does not grow with the number of samples; both sequential ways get the compressed data.
"""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.harness import Options
from benchmarks.harness import Row as Entry
from experiments.engine import (
    Adam,
    Learner,
    Linear,
    Streams,
    bundled,
    cross_entropy,
    one_hot_labels,
    squared,
    to_tensor,
)
from experiments.engine.compression import compress
from experiments.engine.corruption import uniform
from experiments.engine.device import repeatable, resolve_device

LEARNING_RATE = 1e-2
TURNS = 8
LOSSES = {"squared": squared, "cross-entropy": cross_entropy}
HEADLINE = ("digits", 600, "squared")
CASES = [
    HEADLINE,
    ("wine", 100, "squared"),
    ("wine", 100, "cross-entropy"),
    ("breast_cancer", 300, "cross-entropy"),
    ("digits", 600, "cross-entropy"),
]


@dataclass(frozen=True, slots=True)
class Row:
    data: str
    samples: int
    loss: str
    batch_seconds: float
    engine_ratios: np.ndarray
    loop_ratios: np.ndarray
    deviation: float
    runs_per_second: float


def learner_of(
    data: str, samples: int, loss: str, runs: int, steps: int, device: torch.device
) -> tuple[Learner, Tensor]:
    """Return the probes of one case, which differ in label noise and weight decay, and targets."""
    split = bundled(data, samples, np.random.default_rng(0))
    noisy = np.stack(
        [uniform(split.y_train, split.classes, 0.3, np.random.default_rng(k)) for k in range(runs)]
    )
    x = to_tensor(split.x_train, device, torch.float64)
    targets = to_tensor(one_hot_labels(noisy, split.classes), device, torch.float64)
    if loss == "squared":
        small = compress(x, targets)
        x, targets = small.x, small.targets
    learner = Learner(
        model=Linear(x.shape[1], split.classes),
        x=x,
        loss=LOSSES[loss],
        optimiser=Adam(LEARNING_RATE),
        steps=steps,
        streams=Streams.of(np.arange(runs), device),
        weight_decay=np.geomspace(1e-3, 1e-1, runs),
    )
    return learner, targets


def ordinary(x: Tensor, targets: Tensor, loss: str, weight_decay: float, steps: int) -> Tensor:
    """Train one probe the usual way; return its weights, shape ``(features, outputs)``."""
    probe = torch.nn.Linear(
        x.shape[1], targets.shape[1], bias=False, dtype=x.dtype, device=x.device
    )
    torch.nn.init.zeros_(probe.weight)
    optimiser = torch.optim.Adam(probe.parameters(), lr=LEARNING_RATE, weight_decay=weight_decay)
    criterion = torch.nn.MSELoss() if loss == "squared" else torch.nn.CrossEntropyLoss()
    for _ in range(steps):
        optimiser.zero_grad()
        criterion(probe(x), targets).backward()
        optimiser.step()
    return probe.weight.detach().T


def now(device: torch.device) -> float:
    """Return processor time, so that other programs do not count; on a GPU, time."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        return time.perf_counter()
    return time.process_time()


def measure(data: str, samples: int, loss: str, runs: int, steps: int, device: torch.device) -> Row:
    learner, targets = learner_of(data, samples, loss, runs, steps, device)
    decay = np.asarray(learner.weight_decay)
    learner.fit(targets)  # warm up
    together, engine, loop = [], [], []
    alone = torch.empty_like(learner.init()["weight"])
    usual = torch.empty_like(alone)
    # The ways take turns, so that a machine that slows down meanwhile slows all of them.
    for block in np.array_split(np.arange(runs), min(TURNS, runs)):
        start = now(device)
        batch = learner.fit(targets).params["weight"]
        together.append(now(device) - start)

        start = now(device)
        for k in block.tolist():
            part = learner.rows(slice(k, k + 1)).fit(targets[k : k + 1])
            alone[k] = part.params["weight"][0]
        engine.append((now(device) - start) * runs / len(block))

        start = now(device)
        for k in block.tolist():
            usual[k] = ordinary(learner.x, targets[k], loss, float(decay[k]), steps)
        loop.append((now(device) - start) * runs / len(block))
    batched = float(np.mean(together))
    deviation = max(float((batch - other).abs().max()) for other in (alone, usual))
    return Row(
        data,
        samples,
        loss,
        batched,
        np.divide(engine, together),
        np.divide(loop, together),
        deviation,
        runs / batched,
    )


def rows(options: Options) -> list[Entry]:
    """Time the headline, one that is not compressed, and in a full run every case."""
    runs, steps = options.pick((8, 5), (256, 100))
    device = resolve_device(options.device)
    cases = CASES if options.full else CASES[:3:2]
    found = []
    for case in cases:
        with repeatable(device):  # one thread, as in a sweep
            row = measure(*case, runs, steps, device)
        assert row.deviation <= 1e-10, "batch and loop train different probes"
        work = f"{runs} linear probes, {row.data}, {row.samples} samples, {row.loss}"
        wanted = 20.0 if case == HEADLINE else None
        for against, ratios in (
            ("this engine, one run at a time", row.engine_ratios),
            ("an ordinary torch loop", row.loop_ratios),
        ):
            ratio = float(np.median(ratios))
            entry = Entry(
                "batched probes", work, "peer", against,
                ratio, float(ratios.min()), float(ratios.max()),
                row.batch_seconds, row.batch_seconds * ratio, wanted, len(ratios),
                f"agree to {row.deviation:.0e}; {row.runs_per_second:,.0f} runs/s; a batch saves "
                "the fixed cost of a step, not its arithmetic",
            )  # fmt: skip
            found.append(options.log(entry))
    return found
