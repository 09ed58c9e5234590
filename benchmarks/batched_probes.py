"""How much faster 256 linear probes train as one batch than one after another.

Run from the repository's root: ``python -m benchmarks.batched_probes``.  Both ways use the same
data, optimiser, number of steps, dtype (float64) and number of threads, in one process; the
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
from experiments.engine.device import resolve_device

LEARNING_RATE = 1e-2
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
    start = time.perf_counter()
    batch = learner.fit(targets).params["weight"]
    together = seconds(device, start)

    start = time.perf_counter()
    parts = [learner.rows(slice(k, k + 1)).fit(targets[k : k + 1]) for k in range(runs)]
    engine = seconds(device, start)

    start = time.perf_counter()
    for k in range(runs):
        last = ordinary(learner.x, targets[k], loss, float(decay[k]), steps)
    loop = seconds(device, start)

    alone = torch.cat([part.params["weight"] for part in parts])
    deviation = max(float((batch - alone).abs().max()), float((batch[-1] - last).abs().max()))
    return Row(
        data,
        samples,
        loss,
        together,
        engine / together,
        loop / together,
        deviation,
        runs / together,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=256)
    parser.add_argument("--steps", type=int, default=200)
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
