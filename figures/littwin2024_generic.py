"""Littwin et al. 2024: networks from generic weights, from stored experiments."""

import numpy as np
from matplotlib.figure import Figure

from experiments import store
from figures.registry import figure


@figure(
    "sdtheory.jepa_vanishing",
    caption="""Rank agreement (Kendall's tau, mean and quartiles over 20 seeds) of the retention
    times of a JEPA with rho and with the covariance, against the initial scale, at depths 1 to 4:
    exact flow of whole networks from layers with 10% Gaussian tilt (lines) and from Gaussian layers
    (open marks, depth 3). As the scale vanishes the order becomes that of rho at every depth.""",
    parameters={"features": 4, "rho": "0.95, 0.75, 0.55, 0.35", "lambda": "0.5 to 1.4, shuffled"},
    experiment="jepa_vanishing",
)
def jepa_vanishing() -> Figure:
    """Draw rank agreements against the scale."""
    result = store.load("jepa_vanishing", "cpu")
    drawing = Figure(figsize=(7.2, 2.4))
    panels = drawing.subplots(1, 4, sharex=True, sharey=True)
    for depth, axes in enumerate(panels, start=1):
        for rank, (marker, name) in enumerate((("o", "rho"), ("s", "lambda"))):
            for start, line in (("tilted", "-"), ("gaussian", "none")):
                chosen = [
                    (t["scale"], result["tau"][i][:, 0, rank])
                    for i, t in enumerate(result.tasks)
                    if (t["depth"], t["start"]) == (depth, start)
                ]
                if not chosen:
                    continue
                scales = np.array([scale for scale, _ in chosen])
                tau = np.stack([values for _, values in chosen])
                low, high = np.quantile(tau, [0.25, 0.75], axis=1)
                mean, plain = tau.mean(axis=1), start == "tilted"
                axes.errorbar(
                    scales * (1.0 if plain else 1.25),
                    mean,
                    yerr=[np.maximum(mean - low, 0), np.maximum(high - mean, 0)],
                    marker=marker,
                    linestyle=line,
                    color=f"C{rank}",
                    markerfacecolor=f"C{rank}" if plain else "white",
                    elinewidth=0.7,
                    label=name if plain else None,
                )
        axes.set_xscale("log")
        axes.axhline(0.0, color="k", linewidth=0.5)
        axes.set_title(f"L = {depth}")
        axes.set_xlabel("scale")
        axes.set_ylim(-0.75, 1.1)
    panels[0].set_ylabel("Kendall's tau")
    panels[0].legend(title="with", loc="lower left")
    return drawing


@figure(
    "sdtheory.jepa_generic",
    caption="""JEPA from Gaussian weights, covariances that do not commute, 20 seeds. Left: share of
    runs that end with a feature learned, without and with weight decay (in units of the growth rate
    of the weakest feature at the start): decay filters by rho. Right: a plane with rho = 0.8
    exp(i pi/3) against a real feature with rho = 0.6. Both are stable once learned, so neither
    Re rho = 0.4 nor |rho| = 0.8 decides; on the diagonal, which holds most runs, the first one
    to come stays first.""",
    parameters={"layer at the start": "0.005 (L = 1), 0.1 (L = 2)", "mixing": 0.3, "memory": 400},
    experiment="jepa_generic",
)
def jepa_generic() -> Figure:
    """Draw survivors under decay, and which of plane and real feature comes and stays first."""
    result = store.load("jepa_generic", "cpu")
    drawing = Figure(figsize=(6.6, 2.9))
    left, right = drawing.subplots(1, 2)
    lines = {0.4: ("o", "-"), 1.6: ("s", "--"), 4.0: ("v", ":")}
    for i, task in enumerate(result.tasks):
        if task["training"] == "decay":
            marker, line = lines[task["share"]]
            left.plot(
                result["rho"][i][0].real,
                (result["end"][i] > 0.5).mean(axis=0),
                marker=marker,
                linestyle=line,
                color=f"C{task['depth'] - 1}",
                label=f"L = {task['depth']}, decay {task['share']:g}",
            )
        if task["spectrum"] == "complex":
            plane, real = (
                np.stack([result[name][i][:, k] for name in ("first", "kept")]) for k in (0, 1)
            )
            known = np.isfinite(plane + real).all(axis=0)
            first, kept = np.log10(plane[:, known] / real[:, known])
            right.plot(
                first,
                kept,
                "ov"[task["depth"] - 1],
                linestyle="none",
                label=f"L = {task['depth']}",
            )
    left.set_xlabel("rho")
    left.set_ylabel("share of runs that keep it")
    left.legend(fontsize=6, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    right.axline((0, 0), slope=1, color="k", linestyle=":", linewidth=0.7)
    right.axhline(0.0, color="k", linewidth=0.5)
    right.axvline(0.0, color="k", linewidth=0.5)
    right.set_xlabel("log10 of first visits, plane / real")
    right.set_ylabel("log10 of retention, plane / real")
    right.legend()
    return drawing
