"""Littwin et al. 2024: trained networks against the theory, from stored experiments."""

import numpy as np
from matplotlib.figure import Figure

from experiments import store
from figures.registry import figure

LABELS = {"jepa": "JEPA", "mae": "MAE"}


@figure(
    "littwin2024.decoupling",
    caption="""Learning times of trained deep linear networks relative to the closed form (with
    the delay of a finite step), median and central 90% over seeds and features, at three depths.
    Aligned networks follow it at any width; small batches, a moving average and weight decay
    shift it; a Gaussian start does not decouple.""",
    parameters={"scale": 0.05, "step": 0.05, "features": 4, "batch": 16, "seeds": 20},
    experiment="jepa_linear",
)
def decoupling() -> Figure:
    """Draw ratios of measured to predicted times by case."""
    result = store.load("jepa_linear", "cpu")
    cases = [
        ("aligned, width 4", ("aligned", 4, "gradient")),
        ("aligned, width 12", ("aligned", 12, "gradient")),
        ("batches of 16", ("aligned", 4, "sgd")),
        ("moving average", ("aligned", 4, "average")),
        ("weight decay", ("aligned", 4, "decay")),
        ("Gaussian, width 4", ("gaussian", 4, "gradient")),
        ("Gaussian, width 32", ("gaussian", 32, "gradient")),
    ]
    drawing = Figure(figsize=(6.4, 2.9))
    panels = drawing.subplots(1, 2, sharey=True, sharex=True)
    for axes, objective in zip(panels, LABELS, strict=True):
        for depth, marker in zip((1, 2, 3), "osv", strict=True):
            rows, middle, low, high = [], [], [], []
            for row, (_, case) in enumerate(cases):
                for i, task in enumerate(result.tasks):
                    key = (task["start"], task["width"], task["training"])
                    if (task["objective"], task["depth"], key) != (objective, depth, case):
                        continue
                    ratio = result["first"][i] / result["predicted_descent"][i]
                    ratio = ratio[np.isfinite(ratio)]
                    rows.append(row + 0.22 * (depth - 2))
                    middle.append(np.median(ratio))
                    low.append(np.median(ratio) - np.quantile(ratio, 0.05))
                    high.append(np.quantile(ratio, 0.95) - np.median(ratio))
            axes.errorbar(
                middle,
                rows,
                xerr=[low, high],
                fmt=marker,
                linestyle="none",
                label=f"L = {depth}",
                elinewidth=0.7,
            )
        axes.axvline(1.0, color="k", linestyle=":", linewidth=0.7)
        axes.set_xscale("log")
        axes.set_xticks([0.25, 0.5, 1, 2, 4], labels=["1/4", "1/2", "1", "2", "4"])
        axes.minorticks_off()
        axes.set_title(LABELS[objective])
        axes.set_xlabel("measured / predicted time")
    panels[0].set_yticks(range(len(cases)), labels=[name for name, _ in cases])
    panels[0].invert_yaxis()
    panels[1].legend(loc="lower left")
    return drawing


@figure(
    "sdtheory.jepa_bottleneck",
    caption="""Largest principal angle (sine) between what an encoder of output width k keeps
    after training from small random weights and the subspaces predicted for JEPA (top rho) and
    MAE (reduced-rank regression); 20 seeds each, only where the two predictions differ by more
    than 0.1.""",
    parameters={
        "features": 4,
        "rho": "0.95, 0.75, 0.55, 0.35",
        "width": "1, 2",
        "mixing": "0, 0.3",
    },
    experiment="jepa_selection",
)
def jepa_bottleneck() -> Figure:
    """Draw distances to the own and to the other prediction."""
    result = store.load("jepa_selection", "cpu")
    drawing = Figure(figsize=(6.0, 2.7))
    panels = drawing.subplots(1, 2, sharey=True)
    for axes, objective in zip(panels, LABELS, strict=True):
        for target, marker, name in ((0, "o", "to JEPA's"), (1, "x", "to MAE's")):
            places, sines = [], []
            chosen = [
                (i, t)
                for i, t in enumerate(result.tasks)
                if t["objective"] == objective and t["width"] < 4
            ]
            for place, (i, _) in enumerate(chosen):
                apart = result["apart"][i] > 0.1
                sine = result["sine"][i][apart, target]
                places += (
                    place + np.linspace(-0.25, 0.25, max(sine.size, 2))[: sine.size]
                ).tolist()
                sines += np.maximum(sine, 1e-16).tolist()
            axes.semilogy(places, sines, marker, linestyle="none", label=name)
        names = [
            f"L={t['depth']} k={t['width']}" + ("" if t["mixing"] == 0 else " mixed")
            for _, t in chosen
        ]
        axes.set_xticks(range(len(names)), labels=names, rotation=60, ha="right")
        axes.set_title(f"trained by {LABELS[objective]}")
    panels[0].set_ylabel("sine of the largest angle")
    panels[0].legend(loc="center left")
    return drawing


@figure(
    "sdtheory.jepa_retention",
    caption="""Rank agreement (Kendall's tau, mean and quartiles over 20 seeds) of first visits
    and of retention with rho, with the covariance and with their product, at full width from
    Gaussian weights. JEPA retains by rho at both depths, whether or not covariances commute; its
    first visits, like MAE, lean on the covariance.""",
    parameters={"features": 4, "mixing": "0 and 0.3 together", "predictor": "b/2 I"},
    experiment="jepa_selection",
)
def jepa_retention() -> Figure:
    """Draw rank agreements as grouped points."""
    result = store.load("jepa_selection", "cpu")
    drawing = Figure(figsize=(6.0, 2.6))
    panels = drawing.subplots(1, 2, sharey=True)
    ranks = ("rho", "lambda", "lambda rho")
    for axes, (which, title) in zip(panels, ((0, "retention"), (1, "first visit")), strict=True):
        for k, (objective, depth) in enumerate((o, d) for o in LABELS for d in (1, 2)):
            rows = [
                result["tau"][i][:, which]
                for i, t in enumerate(result.tasks)
                if (t["objective"], t["depth"], t["width"]) == (objective, depth, 4)
            ]
            tau = np.concatenate(rows)
            low, high = np.quantile(tau, [0.25, 0.75], axis=0)
            mean = tau.mean(axis=0)
            axes.errorbar(
                np.arange(3) + 0.16 * (k - 1.5),
                mean,
                yerr=[np.maximum(mean - low, 0), np.maximum(high - mean, 0)],
                fmt="osv^"[k],
                linestyle="none",
                elinewidth=0.7,
                label=f"{LABELS[objective]}, L = {depth}",
            )
        axes.axhline(0.0, color="k", linewidth=0.5)
        axes.set_xticks(range(3), labels=ranks)
        axes.set_title(title)
    panels[0].set_ylabel("Kendall's tau")
    panels[1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing


@figure(
    "sdtheory.jepa_data_models",
    caption="""Masked digits (2 x 2 patches, ten principal components). Left: measured rho and
    covariance of each feature, mean over 20 seeds: masking makes them rise together. Right:
    distance of what an encoder with three outputs keeps to the subspaces predicted for JEPA and
    MAE; each objective keeps its own.""",
    parameters={"components": 10, "width": 3, "keep": "0.3, 0.6", "images": 1000},
    experiment="jepa_digits",
)
def jepa_data_models() -> Figure:
    """Draw measured modes, and distances to both predictions."""
    result = store.load("jepa_digits", "cpu")
    drawing = Figure(figsize=(6.4, 2.7))
    left, right = drawing.subplots(1, 2)
    cases = [(k, t) for t in ("whole", "second") for k in (0.3, 0.6)]
    names = {"whole": "whole image", "second": "second mask"}
    for marker, (keep, target) in zip("osv^", cases, strict=True):
        i = next(
            i for i, t in enumerate(result.tasks) if (t["keep"], t["target"]) == (keep, target)
        )
        left.loglog(
            result["rho"][i].mean(axis=0),
            result["covariance"][i].mean(axis=0),
            marker,
            linestyle="none",
            label=f"{names[target]}, keep {keep:g}",
        )
    left.set_xticks([0.3, 0.5, 1, 2], labels=["0.3", "0.5", "1", "2"])
    left.set_yticks([0.02, 0.05, 0.1, 0.2], labels=["0.02", "0.05", "0.1", "0.2"])
    left.minorticks_off()
    left.set_xlabel("rho")
    left.set_ylabel("covariance")
    left.legend(fontsize=6)
    for side, marker, name in ((0, "o", "to JEPA's"), (1, "x", "to MAE's")):
        places, sines = [], []
        for place, objective in enumerate(LABELS):
            rows = [
                result["sine"][i][:, side]
                for i, t in enumerate(result.tasks)
                if (t["objective"], t["width"]) == (objective, 3)
            ]
            sine = np.concatenate(rows)
            places += (place + np.linspace(-0.3, 0.3, sine.size)).tolist()
            sines += np.maximum(sine, 1e-16).tolist()
        right.semilogy(places, sines, marker, linestyle="none", markersize=2.5, label=name)
    right.set_xticks([0, 1], labels=["trained by JEPA", "trained by MAE"])
    right.set_yticks([1e-15, 1e-10, 1e-5, 1.0])
    right.set_ylabel("sine of the largest angle")
    right.legend(loc="center")
    return drawing


@figure(
    "sdtheory.jepa_nonlinear",
    caption="""Share of each feature's variance (filled), and of its square's (open), that a linear
    read-out recovers from a trained encoder with two outputs; mean and range over 20 seeds (static
    data; dynamic data look alike). MAE keeps the largest covariance * rho with
    any encoder, linear JEPA the two largest rho. Nonlinear JEPA keeps one feature, or one mixture
    where two rho are close (middle), and puts nonlinear functions in its second output.""",
    parameters={"features": 6, "outputs": 2, "hidden": 48, "batch": 128, "step": 0.05},
    experiment="jepa_mlp",
)
def jepa_nonlinear() -> Figure:
    """Draw what is kept against rho."""
    result = store.load("jepa_mlp", "cpu")
    drawing = Figure(figsize=(7.4, 2.7))
    panels = drawing.subplots(1, 3, sharey=True)
    cases = [("jepa", "wide"), ("jepa", "close"), ("mae", "wide")]
    for axes, (objective, ladder) in zip(panels, cases, strict=True):
        for i, task in enumerate(result.tasks):
            if (task["world"], task["objective"], task["ladder"]) != ("static", objective, ladder):
                continue
            k = ("linear", "tanh", "relu").index(task["encoder"])
            (lam, rho), marker = result["modes"][i], "osv"[k]
            place = np.arange(rho.size) + 0.2 * (k - 1)
            kept = result["explained"][i]
            mean = kept.mean(axis=0)
            axes.errorbar(
                place,
                mean,
                yerr=[mean - kept.min(axis=0), kept.max(axis=0) - mean],
                fmt=marker,
                color=f"C{k}",
                linestyle="none",
                elinewidth=0.7,
                label=task["encoder"],
            )
            axes.plot(
                place,
                result["explained_square"][i].mean(axis=0),
                marker,
                color=f"C{k}",
                markerfacecolor="none",
                linestyle="none",
            )
        names = [f"{r:g}\n{value:g}" for r, value in zip(rho, lam, strict=True)]
        axes.set_xticks(range(rho.size), labels=names, fontsize=7)
        axes.set_title(LABELS[objective] + (", two rho close" if ladder == "close" else ""))
        axes.set_xlabel("rho, and lambda below")
    panels[0].set_ylabel("explained share")
    panels[1].legend(loc="center right")
    return drawing
