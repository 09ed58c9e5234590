"""The Gaussian mixture: the equations beside classifiers trained on finite samples."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import store
from figures.registry import figure
from sdtheory.logistic import GaussianMixture, mixture_stages

STAGES = ("0-SD", "1-SD", "2-SD")
# What the experiments' variants are to `mixture_stages`, and their names in a legend.
VARIANTS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("teacher", {"steps": 0}),
    ("soft labels", {"steps": 1}),
    ("hard labels", {"steps": 1, "hard": True}),
    ("soft, xi = 1.5", {"steps": 1, "xi": 1.5}),
)
MARKERS = "os^D"


def pooled(name: str) -> dict[tuple[int, float], np.ndarray]:
    """Return an array of the stored mixtures by dimension and sample ratio: (variants, sets)."""
    result = store.load("logistic_mixture", "cpu")
    keys = [(task["d"], task["alpha"]) for task in result.tasks]
    return {
        key: np.hstack([row for row, k in zip(result[name], keys, strict=True) if k == key])
        for key in sorted(set(keys))
    }


def mean_and_error(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return means over the last axis and their standard errors."""
    return draws.mean(axis=-1), draws.std(axis=-1, ddof=1) / np.sqrt(draws.shape[-1])


def limit(alpha: float, options: Mapping[str, Any]) -> float:
    """Return the error of a variant in the limit of many dimensions."""
    return float(mixture_stages(GaussianMixture(alpha, 0.5, 0.2), 0.5, **options).error[-1])


def _ratio_axis(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_xticks([0.5, 1, 2, 4, 8], labels=["0.5", "1", "2", "4", "8"])
    axes.minorticks_off()
    axes.set_xlabel("samples per dimension")


@figure(
    "takanami2025.theory_against_simulation",
    caption="""Test error against the sample ratio, at parameters of our own: lines from the
    saddle-point equations, markers the mean over trained classifiers with standard errors (most
    smaller than the markers), 80 data sets of dimension 400 (left) and 20 of dimension 1000
    (right).""",
    parameters={"variance": 0.5, "theta": 0.2, "balance": 0.5, "lam": 0.5, "d": "400, 1000"},
    experiment="logistic_mixture",
)
def theory_against_simulation() -> Figure:
    """Draw theory and simulation for the teacher and three kinds of student."""
    errors = pooled("error")
    alphas = np.geomspace(0.5, 8, 13)
    curves = [[limit(float(a), options) for a in alphas] for _, options in VARIANTS]
    drawing = Figure(figsize=(7.2, 2.6))
    for axes, d in zip(drawing.subplots(1, 2, sharey=True), (400, 1000), strict=True):
        ratios = [alpha for size, alpha in errors if size == d]
        draws = np.stack([errors[d, alpha] for alpha in ratios], axis=1)
        for (label, _), curve, marker, sets in zip(VARIANTS, curves, MARKERS, draws, strict=True):
            (line,) = axes.plot(alphas, curve)
            mean, error = mean_and_error(sets)
            axes.errorbar(
                ratios,
                mean,
                error,
                fmt=marker,
                color=line.get_color(),
                elinewidth=0.8,
                label=label,
            )
        axes.set_title(f"d = {d}, {draws.shape[-1]} data sets")
        _ratio_axis(axes)
    drawing.axes[0].set_ylabel("test error")
    drawing.axes[1].legend()
    return drawing


@figure(
    "takanami2025.convergence_in_dimension",
    caption="""How trained classifiers approach the limit, at the sample ratio 2. Left: mean error
    minus its limit, with standard errors; the points of a dimension are drawn side by side.
    Right: standard deviation between data sets, which falls like the inverse root of the
    dimension (grey).""",
    parameters={"alpha": 2, "variance": 0.5, "theta": 0.2, "balance": 0.5, "lam": 0.5},
    experiment="logistic_mixture",
)
def convergence_in_dimension() -> Figure:
    """Draw bias and spread of the error against the dimension."""
    errors = {d: draws for (d, alpha), draws in pooled("error").items() if alpha == 2}
    sizes = np.array(list(errors))
    drawing = Figure(figsize=(7.2, 2.6))
    bias, spread = drawing.subplots(1, 2)
    for row, (label, options) in enumerate(VARIANTS):
        mean, error = np.transpose([mean_and_error(draws[row]) for draws in errors.values()])
        beside = sizes * 1.05 ** (row - 1.5)
        gap = mean - limit(2.0, options)
        bias.errorbar(beside, gap, error, fmt=MARKERS[row], elinewidth=0.8, label=label)
        deviation = [draws[row].std(ddof=1) for draws in errors.values()]
        spread.plot(sizes, deviation, marker=MARKERS[row], label=label)
    deviations = [draws.std(axis=1, ddof=1) for draws in errors.values()]
    scale = np.exp(np.mean(np.log(deviations) + 0.5 * np.log(sizes)[:, None]))
    spread.plot(sizes, scale / np.sqrt(sizes), color="0.6", linestyle="-", linewidth=3, zorder=0)
    bias.axhline(0, color="0.4", linewidth=0.6, linestyle="-")
    bias.set_ylabel("mean error - limit")
    spread.set_ylabel("deviation between data sets")
    spread.set_yscale("log")
    for axes in (bias, spread):
        axes.set_xscale("log")
        axes.set_xticks(sizes, labels=[str(d) for d in sizes])
        axes.minorticks_off()
        axes.set_xlabel("dimension d")
    spread.set_yticks([0.005, 0.01, 0.02], labels=["0.005", "0.01", "0.02"])
    spread.legend()
    return drawing


@figure(
    "takanami2025.error_against_samples",
    caption="""Test error of teacher and students against the sample ratio, logistic (left) and
    squared loss (right), on an unbalanced mixture with learnt bias. All parameters are those of
    the authors' notebook, and so are the markers' sample ratios, dimension (1000) and number of
    data sets (20): means with standard errors of classifiers trained here. The second student's
    strong penalty makes it predict one class at small ratios.""",
    parameters={
        "variance": 0.5,
        "theta": 0.2,
        "balance": 0.4,
        "lam": "1.5, 0.5, 2",
        "sharpness": "0.8, 1.2",
        "d": 1000,
        "seeds": 20,
    },
    origin="paper",
    experiment="logistic_mixture_published",
)
def error_against_samples() -> Figure:
    """Draw the three stages' errors for both losses."""
    result = store.load("logistic_mixture_published", "cpu")
    alphas = np.linspace(1, 6, 20)
    drawing = Figure(figsize=(7.2, 2.6))
    for axes, loss in zip(
        drawing.subplots(1, 2, sharey=True), ("logistic", "squared"), strict=True
    ):
        errors = [
            mixture_stages(
                GaussianMixture(float(alpha), 0.5, 0.2, 0.4),
                (1.5, 0.5, 2.0),
                temperature=(1 / 0.8, 1 / 1.2),
                loss=loss,
            ).error
            for alpha in alphas
        ]
        rows = [i for i, task in enumerate(result.tasks) if task["loss"] == loss]
        ratios = [result.tasks[i]["alpha"] for i in rows]
        mean, error = mean_and_error(result["error"][rows])
        for i, stage in enumerate(STAGES):
            (line,) = axes.plot(alphas, np.transpose(errors)[i])
            axes.errorbar(
                ratios,
                mean[:, i],
                error[:, i],
                fmt=MARKERS[i],
                color=line.get_color(),
                elinewidth=0.8,
                label=stage,
            )
        axes.set_title(f"{loss} loss")
        axes.set_xlabel("samples per dimension")
    drawing.axes[0].set_ylabel("test error")
    drawing.axes[1].legend()
    return drawing
