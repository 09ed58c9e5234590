"""A sweep of many short tasks, as a script that tests start, kill and start again."""

import sys
import time
from pathlib import Path

import torch

from experiments import ridge_probe
from experiments.engine.executors import open_executor
from experiments.engine.sweep import sweep
from experiments.registry import Experiment

SETTINGS = {
    "xi": [-2.0, 0.5, 3.0],
    "lam": [0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0],
    "rounds": 1,
    "seeds": 2,
    "n": 12,
}


def run(task, device):
    """Run a task of the reference experiment, slowly enough to be caught in the middle."""
    result = ridge_probe.run(task, device)
    time.sleep(0.2)
    return result


SLOW = Experiment("slow_sweep", 1, {"smoke": SETTINGS}, ridge_probe.tasks, run)
QUICK = Experiment("slow_sweep", 1, {"smoke": SETTINGS}, ridge_probe.tasks, ridge_probe.run)


if __name__ == "__main__":
    kind, root, cache = sys.argv[1:]
    cpu = torch.device("cpu")
    with open_executor(kind, cpu, 2 if kind == "processes" else None) as executor:
        sweep(SLOW, "smoke", cpu, executor, root=Path(root), cache=Path(cache))
