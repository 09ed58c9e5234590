"""The sweep of `experiments/engine/slow_sweep.py`, run here to its end or started as a script."""

import torch

from experiments.engine.executors import Inline
from experiments.engine.sweep import sweep
from tests.experiments.engine import slow_sweep
from tests.processes import start

CPU = torch.device("cpu")
TASKS = len(slow_sweep.SETTINGS["lam"])


def finished(root):
    """Run what is left of the sweep below `root`, at once; return the path of the result."""
    return sweep(slow_sweep.QUICK, "smoke", CPU, Inline(), root=root, cache=root / "cache")


def started(kind, root, limit=None):
    """Start the sweep as a script; `kind` is that of its executor."""
    return start(slow_sweep.__file__, kind, root, root / "cache", limit=limit)


def tasks(root):
    """Return the contents of all finished tasks by the names of their files."""
    return {path.name: path.read_bytes() for path in (root / "cache").glob("slow_sweep/*.task")}
