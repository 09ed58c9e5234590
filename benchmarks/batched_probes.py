"""How much faster 256 linear probes train as one batch than one after another.

Run from the repository's root: ``python -m benchmarks.batched_probes``.  Both ways use the same
data, optimiser, number of steps, dtype (float64) and one CPU thread, in one process; the
sequential way is measured twice: with this engine, one run at a time, and with an ordinary
``torch.nn.Linear`` and ``torch.optim`` loop.  The ratio of the headline row must reach 20 and the
trained parameters must agree to 1e-10, or the exit status is 1.

What bounds the ratio: a batch saves the fixed cost of a step (about 0.3 ms of Python and dispatch a
run) but not its arithmetic.  The more arithmetic a single probe has, the less is gained, which the
rows with more samples show.  Squared loss is trained on the compressed data, R of X = QR, so its
arithmetic does not grow with the number of samples; both sequential ways get the compressed data.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

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
    engine_ratio: float
    loop_ratio: float
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


def seconds(device: torch.device, start: float) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def measure(data: str, samples: int, loss: str, runs: int, steps: int, device: torch.device) -> Row:
    learner, targets = learner_of(data, samples, loss, runs, steps, device)
    decay = np.asarray(learner.weight_decay)
    learner.fit(targets)  # warm up
    together, engine, loop = [], 0.0, 0.0
    alone = torch.empty_like(learner.init()["weight"])
    usual = torch.empty_like(alone)
    # The ways take turns, so that a machine that slows down meanwhile slows all of them.
    for block in np.array_split(np.arange(runs), min(TURNS, runs)):
        start = time.perf_counter()
        batch = learner.fit(targets).params["weight"]
        together.append(seconds(device, start))

        start = time.perf_counter()
        for k in block.tolist():
            part = learner.rows(slice(k, k + 1)).fit(targets[k : k + 1])
            alone[k] = part.params["weight"][0]
        engine += seconds(device, start)

        start = time.perf_counter()
        for k in block.tolist():
            usual[k] = ordinary(learner.x, targets[k], loss, float(decay[k]), steps)
        loop += seconds(device, start)
    batched = float(np.mean(together))
    deviation = max(float((batch - other).abs().max()) for other in (alone, usual))
    return Row(
        data,
        samples,
        loss,
        batched,
        engine / batched,
        loop / batched,
        deviation,
        runs / batched,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=256)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--all", action="store_true", help="every case, not the headline alone")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    options = parser.parse_args()
    device = resolve_device(options.device)
    rows = []
    print(
        "data           samples loss           batch s  x engine  x torch loop  deviation  runs/s"
    )
    for case in CASES if options.all else CASES[:1]:
        with repeatable(device):  # one thread, as in a sweep
            row = measure(*case, options.runs, options.steps, device)
        rows.append(row)
        print(
            f"{row.data:14} {row.samples:7} {row.loss:13} {row.batch_seconds:8.3f}"
            f" {row.engine_ratio:9.1f} {row.loop_ratio:13.1f} {row.deviation:10.1e}"
            f" {row.runs_per_second:7.0f}"
        )
    if options.json:
        records = [{name: getattr(row, name) for name in Row.__slots__} for row in rows]
        options.json.write_text(json.dumps(records, indent=1), encoding="utf-8")
    slowest = min(rows[0].engine_ratio, rows[0].loop_ratio)
    agree = all(row.deviation <= 1e-10 for row in rows)
    print(
        f"headline ratio {slowest:.1f} (at least 20 wanted), agreement {'yes' if agree else 'NO'}"
    )
    return 0 if slowest >= 20 and agree else 1


if __name__ == "__main__":
    sys.exit(main())
