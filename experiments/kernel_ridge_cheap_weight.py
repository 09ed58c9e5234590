"""The best weight from two trained networks, against a grid of trained students.

For kernel ridge regression the weight that two extreme students imply is exact. For networks it is
an estimate: this experiment trains the grid as well, on noisy digits, and asks what happens when
the two students start from different initialisations.
"""

from collections.abc import Mapping

import numpy as np
import torch

from experiments._cheap_weight import compare, tasks
from experiments.engine import MLP
from experiments.registry import Experiment, Task

VERSION = 1
PRESETS = {
    "smoke": {"weight_decay": [1e-3], "xi": [0.0, 1.0], "seeds": 2, "steps": 10, "width": 32},
    "cpu": {
        "weight_decay": [1e-3, 3e-3],
        "xi": [-3.0, -2.0, -1.0, -0.5, *(x / 4 for x in range(9))],
        "seeds": 3,
        "steps": 400,
        "width": 256,
    },
    "paper": {
        "weight_decay": [3e-4, 1e-3, 3e-3, 1e-2],
        "xi": [-3.0, -2.0, -1.0, *(x / 10 for x in range(-5, 26))],
        "seeds": 40,
        "steps": 400,
        "width": 256,
    },
}


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Compare for one weight decay; the arrays are those of `_cheap_weight.compare`."""
    width = task.config["width"]
    return compare(task, MLP((64, width, width, 10)), device)


EXPERIMENT = Experiment("kernel_ridge_cheap_weight", VERSION, PRESETS, tasks, run)
