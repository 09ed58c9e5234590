"""Ridge regression and networks on noisy labels."""

from __future__ import annotations

import numpy as np

from experiments.store import Stored
from figures.agreement.lines import Line, spread


def label_noise_digits(stored: Stored) -> list[Line]:
    """Compare accuracy at the weight that ridge theory takes from the noisy labels with the best.

    The best of the grid is chosen on the test points of each run, so it is at least as good.
    """
    lines = []
    names = {
        "ridge": "squared loss",
        "softmax": "softmax (outside the theory)",
        "mlp": "network (outside the theory)",
    }
    for model, name in names.items():
        rows = [k for k, task in enumerate(stored.tasks) if task["model"] == model]
        lost = []
        for k in rows:
            accuracy, grid = stored["accuracy"][k], np.asarray(stored.tasks[k]["xi"])
            weights = np.clip(stored["from_data"][k], grid[0], grid[-1])
            at = [np.interp(w, grid, accuracy[:, s]) for s, w in enumerate(weights)]
            lost.append(accuracy.max(axis=0) - at)
        quantity = f"test accuracy lost by the weight from leave-one-out, {name}"
        lines.append(spread(quantity, 0.0, np.array(lost)))
    return lines


def label_noise_held_out(stored: Stored) -> list[Line]:
    """Compare the error at the weight from training labels with the best held-out one."""
    ratio = stored["corrected"] / stored["held_out"]
    quantity = "held-out error at the weight from training labels over the least"
    return [spread(quantity, 1.0, ratio)]


def label_noise_probe(stored: Stored) -> list[Line]:
    """Compare weights that leave-one-out finds on noisy labels with those of the known truth."""
    gap = stored["from_data"] - stored["from_truth"]
    return [spread("weight from noisy labels minus weight from the truth, probes", 0.0, gap)]
