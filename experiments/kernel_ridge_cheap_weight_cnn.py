"""The best weight from two trained convolutional networks, against a grid of trained students.

The same comparison as `kernel_ridge_cheap_weight`, with a small convolutional network on the images
of the digits.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch

from experiments._cheap_weight import compare, tasks
from experiments.engine import Modules, small_cnn
from experiments.registry import Experiment, Task

VERSION = 1
SIDE, CLASSES = 8, 10
PRESETS = {
    "smoke": {"weight_decay": [1e-3], "xi": [0.0, 1.0], "seeds": 2, "steps": 10, "channels": 4},
    "cpu": {
        "weight_decay": [1e-3, 3e-3],
        "xi": [-2.0, -1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5],
        "seeds": 3,
        "steps": 400,
        "channels": 16,
    },
    "paper": {
        "weight_decay": [3e-4, 1e-3, 3e-3, 1e-2],
        "xi": [-3.0, -2.0, -1.0, *(x / 10 for x in range(-5, 26))],
        "seeds": 40,
        "steps": 400,
        "channels": 32,
    },
}


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Compare for one weight decay; the arrays are those of `_cheap_weight.compare`."""
    channels = task.config["channels"]
    # Two convolutions of stride 2: channels on a quarter of the pixels, twice as many on 1/16.
    activations = channels * SIDE**2 // 4 + 2 * channels * SIDE**2 // 16
    model = Modules(partial(small_cnn, SIDE, channels, CLASSES), activations)
    return compare(task, model, device)


EXPERIMENT = Experiment("kernel_ridge_cheap_weight_cnn", VERSION, PRESETS, tasks, run)
