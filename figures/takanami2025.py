"""The Gaussian mixture: who drives the gain, and what weights above one do."""

import numpy as np
from matplotlib.figure import Figure

from figures.registry import figure
from sdtheory.logistic import (
    GaussianMixture,
    averaging_errors,
    best_soft_averaging,
    mixture_stages,
)


@figure(
    "takanami2025.who_drives_the_gain",
    caption="""Errors after one round with optimal hyper-parameters (strong penalties): hard labels
    give almost all of the gain of the best soft labels once there is a sample per
    dimension; retraining on the consensus with the given labels gives less. Thin: the
    best error without flipped labels. Below: share of the best soft gain.""",
    parameters={"variance": 0.5, "theta": 0.3, "balance": 0.5},
    origin="guess",
)
def who_drives_the_gain() -> Figure:
    """Draw optimal errors of hard, soft and consensus retraining against the sample ratio."""
    alphas = np.geomspace(0.1, 100, 25)
    rows = []
    for alpha in alphas:
        problem = GaussianMixture(float(alpha), 0.5, 0.3)
        found = averaging_errors(problem)
        soft = best_soft_averaging(problem)[1]
        rows.append((found.teacher, found.consensus, found.retrained, soft))
    errors = np.transpose(rows)
    drawing = Figure(figsize=(3.4, 3.8))
    top, bottom = drawing.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    labels = ("0-SD (teacher)", "consensus", "1-SD, hard labels", "1-SD, best soft labels")
    for label, curve in zip(labels, errors, strict=True):
        top.semilogx(alphas, curve, label=label)
    clean = [averaging_errors(GaussianMixture(float(a), 0.5, 0.0)).teacher for a in alphas]
    top.semilogx(alphas, clean, color="0.4", linestyle="-", linewidth=0.6, label="no flips")
    top.set_ylabel("test error")
    top.legend()
    gain = errors[0] - errors[3]
    bottom.semilogx(alphas, (errors[0] - errors[1]) / gain, color="#D55E00", linestyle="--")
    bottom.semilogx(alphas, (errors[0] - errors[2]) / gain, color="#009E73", linestyle="-.")
    bottom.axhline(0, color="0.4", linewidth=0.6, linestyle="-")
    bottom.set_ylim(-0.05, 1.05)
    bottom.set_ylabel("share of gain")
    bottom.set_xlabel("samples per dimension")
    return drawing


@figure(
    "takanami2025.weights_above_one",
    caption="""Test error of one round with weight xi on the teacher: xi = 3/2 helps with many
    samples and is disastrous with few.""",
    parameters={"variance": 0.5, "theta": 0.2, "balance": 0.5, "lam": 0.5},
)
def weights_above_one() -> Figure:
    """Draw the student's error against the sample ratio for several weights."""
    alphas = np.geomspace(0.5, 10, 13)
    drawing = Figure()
    axes = drawing.add_subplot()
    teacher = [mixture_stages(GaussianMixture(float(a), 0.5, 0.2), 0.5).error[0] for a in alphas]
    axes.semilogx(alphas, teacher, color="0.3", linestyle="-", label="teacher")
    for xi in (0.5, 1.0, 1.5):
        curve = [
            mixture_stages(GaussianMixture(float(a), 0.5, 0.2), 0.5, 1, xi=xi).error[1]
            for a in alphas
        ]
        axes.semilogx(alphas, curve, label=f"xi = {xi:g}")
    axes.set_xticks([0.5, 1, 2, 5, 10], labels=["0.5", "1", "2", "5", "10"])
    axes.minorticks_off()
    axes.set_xlabel("samples per dimension")
    axes.set_ylabel("test error")
    axes.legend()
    return drawing
