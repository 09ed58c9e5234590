"""Kernel ridge regression and its probes."""

from __future__ import annotations

import numpy as np

from experiments.store import Stored
from figures.agreement.lines import Line, spread, zero


def ridge_probe(stored: Stored) -> list[Line]:
    """Compare coefficients of linear students with the filter."""
    deviation = stored["deviation"][stored["converged"].astype(bool)]
    return [zero("relative deviation of coefficients, after 0 to 5 rounds (largest)", deviation)]


def kernel_ridge_widths(stored: Stored) -> list[Line]:
    """Compare wide networks with the chain of their tangent kernels."""
    deviation = stored["deviation"][-1]
    width = stored.tasks[-1]["width"]
    return [
        spread(f"relative deviation of outputs at width {width}, {name}", 0.0, deviation[row])
        for name, row in (("teacher", 0), ("3 rounds", -1))
    ]


def cheap_weight(stored: Stored) -> list[Line]:
    """Compare students of the weight estimated from two networks with the best of a grid."""
    lines = []
    for k, task in enumerate(stored.tasks):
        ratio = stored["chosen"][k, 0] / stored["grid"][k].min(axis=0)
        quantity = (
            f"loss at the estimated weight over the best of a grid, decay {task['weight_decay']:g}"
        )
        lines.append(spread(quantity, 1.0, ratio))
    return lines


def kernel_ridge_digits(stored: Stored) -> list[Line]:
    """Compare linear probes trained by gradients with ridge regression, round by round."""
    found = {(t["model"], t["penalty"], t["xi"]): k for k, t in enumerate(stored.tasks)}
    gaps = [
        stored["loss"][k] / stored["loss"][found["ridge", penalty, xi]] - 1
        for (model, penalty, xi), k in found.items()
        if model == "probe"
    ]
    return [zero("relative deviation of test losses over 20 rounds (largest)", np.abs(gaps))]
