"""The Gaussian mixture: error against the sample ratio, and who drives the gain."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from experiments import store
from figures.registry import figure
from sdtheory.logistic import (
    GaussianMixture,
    averaging_errors,
    best_soft_averaging,
    mixture_stages,
)

STAGES = ("0-SD", "1-SD", "2-SD")


@figure(
    "takanami2025.error_against_samples",
    caption="""Test error of teacher and students against the sample ratio, logistic (left) and
    squared loss (right), an unbalanced mixture with learnt bias. The second student's
    strong penalty makes it predict one class at small ratios.""",
    parameters={
        "variance": 0.5,
        "theta": 0.2,
        "balance": 0.4,
        "lam": "1.5, 0.5, 2",
        "sharpness": "0.8, 1.2",
    },
    origin="paper",
)
def error_against_samples() -> Figure:
    """Draw the three stages' errors for both losses."""
    alphas = np.linspace(1, 6, 11)
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
        for stage, curve in zip(STAGES, np.transpose(errors), strict=True):
            axes.plot(alphas, curve, label=stage)
        axes.set_title(f"{loss} loss")
        axes.set_xlabel("samples per dimension")
    drawing.axes[0].set_ylabel("test error")
    drawing.axes[1].legend()
    return drawing


@figure(
    "takanami2025.who_drives_the_gain",
    caption="""Errors after one round with optimal hyper-parameters (strong penalties): hard labels
    give almost all of the gain of the best soft labels once there is a sample per
    dimension; retraining on the consensus with the given labels gives less. Below:
    share of the best soft gain.""",
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


@figure(
    "takanami2025.theory_against_simulation",
    caption="""Test error against the sample ratio: lines from the saddle-point equations, markers
    the mean over 20 data sets of dimension 200 with standard errors. The markers'
    remaining offsets at few samples are of the order of one over the dimension.""",
    parameters={"variance": 0.5, "theta": 0.2, "balance": 0.5, "lam": 0.5, "d": 200, "seeds": 20},
    experiment="logistic_mixture",
)
def theory_against_simulation() -> Figure:
    """Draw theory and simulation for the teacher and three kinds of student."""
    result = store.load("logistic_mixture", "cpu")
    ratios = np.array([task["alpha"] for task in result.tasks])
    alphas = np.geomspace(0.5, 8, 13)
    drawing = Figure()
    axes = drawing.add_subplot()
    variants: tuple[tuple[str, dict[str, Any]], ...] = (
        ("teacher", {"steps": 0}),
        ("soft labels", {"steps": 1}),
        ("hard labels", {"steps": 1, "hard": True}),
        ("soft, xi = 1.5", {"steps": 1, "xi": 1.5}),
    )
    for row, ((label, options), marker) in enumerate(zip(variants, "os^D", strict=True)):
        curve = [
            mixture_stages(GaussianMixture(float(a), 0.5, 0.2), 0.5, **options).error[-1]
            for a in alphas
        ]
        (line,) = axes.semilogx(alphas, curve, label=label)
        draws = result["error"][:, row]
        error = draws.std(axis=1, ddof=1) / np.sqrt(draws.shape[1])
        axes.errorbar(
            ratios, draws.mean(axis=1), error, fmt=marker, color=line.get_color(), elinewidth=0.8
        )
    axes.set_xticks([0.5, 1, 2, 4, 8], labels=["0.5", "1", "2", "4", "8"])
    axes.minorticks_off()
    axes.set_xlabel("samples per dimension")
    axes.set_ylabel("test error")
    axes.legend()
    return drawing
