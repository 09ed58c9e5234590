"""Theory against trained models: for each stored experiment, what was predicted and what came out.

An entry reads a stored result and returns lines: a quantity, the value that theory gives it, the
value that training gave, and how far the runs spread. Where theory says that two routes agree, its
value is a deviation of zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.store import Stored
from sdtheory.logistic import GaussianMixture, RandomLabels, mixture_stages, population_accuracy

__all__ = ["ENTRIES", "Line"]

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison."""

    quantity: str
    theory: float
    trained: float
    low: float
    """Where the runs spread from: the least of them, or as the quantity says."""
    high: float
    """Where the runs spread to."""
    runs: int
    """How many runs were compared."""


def ridge_probe(stored: Stored) -> list[Line]:
    """Compare coefficients of linear students with the filter."""
    deviation = stored["deviation"][stored["converged"].astype(bool)]
    return [_zero("relative deviation of coefficients, after 0 to 5 rounds (largest)", deviation)]


def kernel_ridge_widths(stored: Stored) -> list[Line]:
    """Compare wide networks with the chain of their tangent kernels."""
    deviation = stored["deviation"][-1]
    width = stored.tasks[-1]["width"]
    return [
        _spread(f"relative deviation of outputs at width {width}, {name}", 0.0, deviation[row])
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
        lines.append(_spread(quantity, 1.0, ratio))
    return lines


def kernel_ridge_digits(stored: Stored) -> list[Line]:
    """Compare linear probes trained by gradients with ridge regression, round by round."""
    found = {(t["model"], t["penalty"], t["xi"]): k for k, t in enumerate(stored.tasks)}
    gaps = [
        stored["loss"][k] / stored["loss"][found["ridge", penalty, xi]] - 1
        for (model, penalty, xi), k in found.items()
        if model == "probe"
    ]
    return [_zero("relative deviation of test losses over 20 rounds (largest)", np.abs(gaps))]


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
        lines.append(_spread(quantity, 0.0, np.array(lost)))
    return lines


def jepa_linear(stored: Stored) -> list[Line]:
    """Compare learning times of aligned networks with the mode laws."""
    lines = []
    for objective, name in (("jepa", "JEPA"), ("mae", "MAE")):
        rows = _rows(stored, objective=objective, start="aligned", training="gradient")
        ratio = [(stored["first"][k] / stored["predicted_descent"][k]).ravel() for k in rows]
        flat = np.concatenate(ratio)
        lines.append(
            _spread(
                f"learning time over the closed form, aligned {name}, depths 1 to 3",
                1.0,
                flat[np.isfinite(flat)],
            )
        )
    return lines


def jepa_selection(stored: Stored) -> list[Line]:
    """Compare kept subspaces and the order of retention with the predictions."""
    lines = []
    for side, (objective, name) in enumerate((("jepa", "JEPA"), ("mae", "MAE"))):
        rows = [k for k in _rows(stored, objective=objective) if stored.tasks[k]["width"] < 4]
        sine = np.concatenate([stored["sine"][k][:, side] for k in rows])
        lines.append(_spread(f"sine to the predicted subspace, narrow {name}", 0.0, sine))
    rows = _rows(stored, objective="jepa", width=4)
    tau = np.concatenate([stored["tau"][k][:, 0, 0] for k in rows])
    lines.append(_spread("rank agreement of retention with rho, JEPA at full width", 1.0, tau))
    return lines


def jepa_digits(stored: Stored) -> list[Line]:
    """Compare the subspaces kept on masked digits with the predictions."""
    return [
        _spread(
            f"sine to the predicted subspace, masked digits, {name}",
            0.0,
            np.concatenate(
                [stored["sine"][k][:, side] for k in _rows(stored, objective=objective, width=3)]
            ),
        )
        for side, (objective, name) in enumerate((("jepa", "JEPA"), ("mae", "MAE")))
    ]


def jepa_mlp(stored: Stored) -> list[Line]:
    """Compare what encoders with two outputs keep with the two features of largest rank."""
    lines = []
    for encoder in ("linear", "tanh", "relu"):
        for objective, name in (("jepa", "JEPA"), ("mae", "MAE")):
            shares = []
            for k in _rows(stored, objective=objective, encoder=encoder):
                covariance, rho = stored["modes"][k]
                rank = rho if objective == "jepa" else covariance * rho
                shares.append(stored["explained"][k][:, np.argsort(-rank)[:2]])
            tie = " (the second and third nearly tie)" if objective == "mae" else ""
            quantity = f"share kept of the two predicted features, {encoder} {name}{tie}"
            lines.append(_spread(quantity, 1.0, np.array(shares)))
    return lines


def exact_margins(stored: Stored) -> list[Line]:
    """Compare margins on an exact Gram matrix with the two-margin equations."""
    return [_zero("difference of margins from the two-margin equations (largest)",
                  stored["deviation"])]  # fmt: skip


def logistic_classes(stored: Stored) -> list[Line]:
    """Compare logits of several classes on an exact Gram matrix with the theory."""
    return [
        _zero("difference of logits from the theory of several classes (largest)",
              stored["deviation"])
    ]  # fmt: skip


def label_noise_held_out(stored: Stored) -> list[Line]:
    """Compare the error at the weight from training labels with the best held-out one."""
    ratio = stored["corrected"] / stored["held_out"]
    quantity = "held-out error at the weight from training labels over the least"
    return [_spread(quantity, 1.0, ratio)]


def label_noise_probe(stored: Stored) -> list[Line]:
    """Compare weights that leave-one-out finds on noisy labels with those of the known truth."""
    gap = stored["from_data"] - stored["from_truth"]
    return [_spread("weight from noisy labels minus weight from the truth, probes", 0.0, gap)]


def jepa_vanishing(stored: Stored) -> list[Line]:
    """Compare the order of retention from the smallest starts with the order of rho."""
    lines = []
    for depth in sorted({task["depth"] for task in stored.tasks}):
        rows = _rows(stored, depth=depth, start="tilted")
        if not rows:
            continue
        least = min(rows, key=lambda k: stored.tasks[k]["scale"])
        quantity = (
            f"rank agreement of retention with rho, depth {depth}, "
            f"start {stored.tasks[least]['scale']:g}"
        )
        lines.append(_spread(quantity, 1.0, stored["tau"][least][:, 0, 0]))
    return lines


def logistic_clusters(stored: Stored) -> list[Line]:
    """Compare accuracies on fresh points with the theory of clustered features."""
    gaps = []
    for k, task in enumerate(stored.tasks):
        for steps in range(task["rounds"] + 1):
            world = RandomLabels(40, task["flips"], same_class=0.1, penalty=0.002)
            spread = 0.9 / task["dimension"] ** 0.5
            theory = population_accuracy(world, world.student(steps=steps), spread)
            gaps.append(stored["fresh"][k, steps] - float(theory))
    return [_spread("accuracy on fresh points minus theory, 0 to 3 rounds", 0.0, np.array(gaps))]


def logistic_mixture(stored: Stored) -> list[Line]:
    """Compare errors on Gaussian mixtures with the saddle-point equations."""
    options: tuple[Mapping[str, Any], ...] = (
        {"steps": 0}, {"steps": 1}, {"steps": 1, "hard": True}, {"steps": 1, "xi": 1.5},
    )  # fmt: skip
    lines = []
    largest = max(task["d"] for task in stored.tasks)
    rows = _rows(stored, d=largest)
    for variant, name in enumerate(("teacher", "soft labels", "hard labels", "xi = 1.5")):
        ratios = []
        for alpha in sorted({stored.tasks[k]["alpha"] for k in rows}):
            problem = GaussianMixture(alpha, 0.5, 0.2)
            theory = mixture_stages(problem, 0.5, **options[variant]).error[-1]
            runs = [stored["error"][k, variant] for k in rows if stored.tasks[k]["alpha"] == alpha]
            ratios.append(np.concatenate(runs) / theory)
        quantity = f"test error over the saddle-point equations, {name}, dimension {largest}"
        lines.append(_spread(quantity, 1.0, np.concatenate(ratios)))
    return lines


def logistic_pairs(stored: Stored) -> list[Line]:
    """Compare the corruption at which half of the flips are repaired with the sharp threshold."""
    lines = []
    pairs = sorted({tuple(task["digits"]) for task in stored.tasks})
    for stage, name in enumerate(("teacher", "1 round", "2 rounds", "3 rounds")):
        gaps = []
        for pair in pairs:
            rows = [k for k, task in enumerate(stored.tasks) if tuple(task["digits"]) == pair]
            fractions = np.array([stored.tasks[k]["flipped"] for k in rows])
            repaired = stored["repaired"][rows, stage].mean(axis=1)
            if repaired.max() < 0.5 or repaired.min() > 0.5:
                continue  # half is never crossed on the grid of corruption
            half = float(np.interp(-0.5, -repaired, fractions))
            gaps.append(half - float(stored["threshold"][rows, stage].mean()))
        if gaps:
            quantity = f"corruption at which half is repaired minus the threshold, {name}"
            lines.append(_spread(quantity, 0.0, np.array(gaps)))
    return lines


def logistic_digits(stored: Stored) -> list[Line]:
    """Compare the model that hard labels reveal with the one that the regime calls for."""
    lines = []
    for regime, theory in (("network", 1.0), ("probe", 0.0)):
        rows = _rows(stored, regime=regime)
        share = np.array([stored["two_margins"][k].astype(float).mean() for k in rows])
        quantity = f"share of runs that side with two margins on hard labels, {regime}"
        lines.append(_spread(quantity, theory, share, runs=20 * len(rows)))
    return lines


ENTRIES: dict[str, Callable[[Stored], list[Line]]] = {
    "ridge_probe": ridge_probe,
    "kernel_ridge_widths": kernel_ridge_widths,
    "kernel_ridge_cheap_weight": cheap_weight,
    "kernel_ridge_cheap_weight_cnn": cheap_weight,
    "kernel_ridge_digits": kernel_ridge_digits,
    "label_noise_digits": label_noise_digits,
    "jepa_linear": jepa_linear,
    "jepa_selection": jepa_selection,
    "jepa_digits": jepa_digits,
    "jepa_mlp": jepa_mlp,
    "logistic_gram": exact_margins,
    "logistic_weights": exact_margins,
    "jepa_vanishing": jepa_vanishing,
    "label_noise_held_out": label_noise_held_out,
    "label_noise_probe": label_noise_probe,
    "logistic_classes": logistic_classes,
    "logistic_clusters": logistic_clusters,
    "logistic_mixture": logistic_mixture,
    "logistic_pairs": logistic_pairs,
    "logistic_digits": logistic_digits,
}


def _rows(stored: Stored, **wanted: Any) -> list[int]:
    tasks = enumerate(stored.tasks)
    return [k for k, task in tasks if all(task[name] == v for name, v in wanted.items())]


def _spread(quantity: str, theory: float, values: Floats, runs: int | None = None) -> Line:
    """Return the median and the central 90% of the runs."""
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    count = values.size if runs is None else runs
    return Line(quantity, theory, float(middle), float(low), float(high), count)


def _zero(quantity: str, values: Floats | Sequence[Floats]) -> Line:
    """Return the largest of deviations that theory says are rounding, with their median."""
    flat = np.ravel(np.asarray(values))
    top = float(flat.max())
    return Line(quantity, 0.0, top, float(np.median(flat)), top, flat.size)
