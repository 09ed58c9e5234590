"""Borup & Andersen 2021: the toy problem of eleven points, as the published notebook draws it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from experiments import store
from figures.registry import figure
from sdtheory import kernel_ridge, problems

LAM, ROUNDS = 0.2, 6
ALPHAS = (0.0, 0.25, 0.35)
PARAMETERS = {"kernel": "exp(-80 (x - x')^2)", "lam": LAM, "fits": ROUNDS}

X, Y = problems.toy_regression()
GRID = np.linspace(0, 1, 101)
NEW = np.exp(-80 * (GRID[:, None] - X) ** 2)
FIT = kernel_ridge.fit(np.exp(-80 * (X[:, None] - X) ** 2), Y)


@figure(
    "borup2021.toy_fits",
    caption="""The first six fits (darker is later) and the limit (dashed), without labels after the
    first fit and with weight alpha = 0.25 on them. Crosses are the labels, the thin line is the
    noiseless sine.""",
    parameters={**PARAMETERS, "alpha": (0.0, 0.25)},
    origin="paper",
)
def toy_fits() -> Figure:
    """Draw the fits of both published settings."""
    drawing = Figure(figsize=(7.2, 2.6))
    for axes, alpha in zip(drawing.subplots(1, 2, sharey=True), (0.0, 0.25), strict=True):
        axes.plot(GRID, np.sin(2 * np.pi * GRID), color="0.75", linestyle="-", linewidth=0.8)
        path = FIT.path(NEW, LAM, 1 - alpha, ROUNDS - 1)
        for k, fitted in enumerate(path):
            shade = (0.0, 0.45, 0.7, 0.25 + 0.15 * k)
            axes.plot(GRID, fitted, color=shade, linestyle="-", label=f"fit {k + 1}")
        limit = FIT.limit(NEW, LAM, 1 - alpha)
        axes.plot(GRID, limit, color="black", linestyle="--", label="limit")
        axes.plot(X, Y, "x", color="#D55E00", label="labels")
        axes.set_xlabel("x")
        axes.set_title(f"alpha = {alpha:g} (xi = {1 - alpha:g})")
        axes.set_ylim(-1.5, 1.5)
    drawing.axes[0].set_ylabel("f(x)")
    drawing.axes[1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing


@figure(
    "borup2021.toy_filters",
    caption="""What the fits keep of each of the eleven modes, largest eigenvalue first, one bar in
    front of the other; the black marks are the limit.""",
    parameters={**PARAMETERS, "alpha": (0.0, 0.25)},
    origin="paper",
)
def toy_filters() -> Figure:
    """Draw the filters as overlaid bars."""
    drawing = Figure(figsize=(7.2, 2.4))
    modes = np.arange(1, len(X) + 1)
    for axes, alpha in zip(drawing.subplots(1, 2, sharey=True), (0.0, 0.25), strict=True):
        for k in range(ROUNDS):
            kept = FIT.filter(LAM, 1 - alpha, k).kept
            shade = (0.0, 0.45 - 0.05 * k, 0.7 - 0.05 * k, 1.0)
            lighter = tuple(1 - (1 - c) * (0.3 + 0.14 * k) for c in shade[:3])
            axes.bar(modes, kept, color=lighter, width=0.8, label=f"fit {k + 1}")
        limit = alpha * FIT.eigenvalues / (alpha * FIT.eigenvalues + LAM)
        axes.plot(modes, limit, "_", color="black", markersize=9, label="limit")
        axes.set_xlabel("mode")
        axes.set_title(f"alpha = {alpha:g}")
        axes.set_ylim(0, 1.05)
    drawing.axes[0].set_ylabel("kept")
    drawing.axes[1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing


def _ratios(axes: Axes, alpha: float, fits: int) -> None:
    d = FIT.eigenvalues
    steps = np.arange(float(fits))
    for k in range(len(d) - 1):
        ratio = kernel_ridge.sparsity_ratio(d[k], d[k + 1], LAM, 1 - alpha, steps)
        colour = (0.0, 0.45, 0.7, 0.15 + 0.085 * k)
        axes.plot(steps + 1, ratio, color=colour, linestyle="-")
        peak = kernel_ridge.sparsity_peak(d[k], d[k + 1], LAM, 1 - alpha)
        if peak < fits:
            axes.plot(peak + 1, ratio[int(peak)], "o", color="#D55E00")
    axes.set_xlabel("fit")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(f"alpha = {alpha:g}")


@figure(
    "borup2021.sparsification_peaks_once",
    caption="""Ratios of what neighbouring modes keep (darker for smaller eigenvalues). Without
    labels they grow for ever. With labels each rises, peaks (marked), and falls: more rounds do not
    always make the filter sparser.""",
    parameters={**PARAMETERS, "alpha": (0.0, 0.25), "fits": "6 (left), 20 (right)"},
    origin="paper",
)
def sparsification_peaks_once() -> Figure:
    """Draw ratios against the number of fits."""
    drawing = Figure(figsize=(6.6, 2.6))
    left, right = drawing.subplots(1, 2)
    _ratios(left, 0.0, ROUNDS)
    _ratios(right, 0.25, 20)
    left.set_ylabel("ratio of kept fractions")
    return drawing


@figure(
    "borup2021.published_table",
    caption="""Mean squared distance from the noiseless sine on the grid 0, 0.01, ..., 1. The second
    column of the published table, headed alpha = 0.25, holds the losses of alpha = 0.35
    (crosses): to all five printed digits.""",
    parameters={**PARAMETERS, "alpha": ALPHAS},
    origin="paper",
)
def published_table() -> Figure:
    """Draw and tabulate the losses of all three weights, and the printed ones."""
    drawing = Figure(figsize=(6.6, 2.6))
    axes, side = drawing.subplots(1, 2, width_ratios=(1.1, 1.0))
    truth = np.sin(2 * np.pi * GRID)
    cells = []
    for alpha in ALPHAS:
        path = FIT.path(NEW, LAM, 1 - alpha, ROUNDS - 1)
        limit = FIT.limit(NEW, LAM, 1 - alpha)
        losses = np.mean((np.vstack([path, limit]) - truth) ** 2, axis=1)
        axes.plot(np.arange(1, ROUNDS + 1), losses[:-1], marker=".", label=f"alpha = {alpha:g}")
        cells.append([f"{loss:.5f}" for loss in losses])
    printed = (0.16477, 0.15424, 0.15089, 0.14983, 0.14954, 0.14948)
    axes.plot(np.arange(1, ROUNDS + 1), printed, "x", color="black", label='printed "0.25"')
    axes.set_xlabel("fit")
    axes.set_ylabel("loss")
    axes.legend()
    side.axis("off")
    table = side.table(
        list(map(list, zip(*cells, strict=True))),
        rowLabels=[*map(str, range(1, ROUNDS + 1)), "limit"],
        colLabels=[f"alpha {alpha:g}" for alpha in ALPHAS],
        loc="center",
        edges="horizontal",
    )
    table.auto_set_font_size(False)
    table.set_fontsize(7)
    return drawing


SHOWN = {
    "no teacher": "labels",
    "pure student": "pure",
    "best on average": "risk",
    "leave-one-out": "loo",
    "the same in [0, 1]": "clipped loo",
    "cross-validation": "gcv",
    "Stein": "sure",
    "best of each draw": "oracle",
}
WAYS = ("labels", "pure", "risk", "loo", "gcv", "sure", "clipped loo", "clipped gcv", "oracle")


@figure(
    "borup2021.selected_weights",
    caption="""Risk of students over 500 draws of the noise (mean with twice its standard error), by
    the way in which the weight of one round was selected. A selected weight is a random variable:
    near a good penalty (middle) none of the criteria gains anything, and clipping is safer; where
    the penalty is too large (right) the best weight is negative, and only free selection finds
    it.""",
    parameters={"n": 40, "noise deviation": 0.5, "truth": "sin(2 x) + 0.3 x", "preset": "cpu"},
    experiment="kernel_ridge_selectors",
)
def selected_weights() -> Figure:
    """Draw mean risks, one panel a penalty and one row a way to select."""
    result = store.load("kernel_ridge_selectors", "cpu")
    drawing = Figure(figsize=(7.2, 2.6))
    rows = np.arange(len(SHOWN))
    for index, (axes, task) in enumerate(
        zip(drawing.subplots(1, len(result.tasks), sharey=True), result.tasks, strict=True)
    ):
        risk = result["risk"][index][[WAYS.index(way) for way in SHOWN.values()]]
        error = 2 * risk.std(axis=1) / risk.shape[1] ** 0.5
        axes.errorbar(risk.mean(axis=1), rows, xerr=error, fmt="o", markersize=3, linestyle="")
        axes.set_yticks(rows, labels=list(SHOWN))
        axes.set_xlabel("risk")
        axes.set_title(f"lam = {task['lam']:g}")
    drawing.axes[0].invert_yaxis()
    return drawing
