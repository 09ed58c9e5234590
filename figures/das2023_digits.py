"""Das & Sanghavi 2023: trained students and exact linear probes on digits with flipped labels."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments import store
from figures.registry import figure

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

PANELS = {
    ("ridge", 1.0): "squared loss, too little decay",
    ("softmax", 0.05): "softmax, too little decay",
    ("mlp", 0.3): "network, too little decay",
    ("ridge", 100.0): "squared loss, too much decay",
    ("softmax", 5.0): "softmax, too much decay",
    ("mlp", 4.0): "network, too much decay",
}
SHOWN = (0.0, 0.3, 0.5, 0.7)


def _points(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return means and standard errors over the seeds, the last axis."""
    error = values.std(axis=-1, ddof=1) / values.shape[-1] ** 0.5
    return values.mean(axis=-1), np.asarray(error)


def _panels(draw: Callable[[Axes, store.Stored, list[int]], None], x: str, y: str) -> Figure:
    """Draw one panel a model and penalty from its tasks, in the order of the flips."""
    stored = store.load("label_noise_digits", "cpu")
    drawing = Figure(figsize=(7.2, 4.6), layout="constrained")
    axes = drawing.subplots(2, 3, sharex=True, sharey=True)
    for panel, (key, name) in zip(axes.ravel(), PANELS.items(), strict=True):
        picked = [k for k, t in enumerate(stored.tasks) if (t["model"], t["lam"]) == key]
        draw(panel, stored, picked)
        panel.set_title(name)
    for panel in axes[1]:
        panel.set_xlabel(x)
    for panel in axes[:, 0]:
        panel.set_ylabel(y)
    drawing.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return drawing


@figure(
    "das2023.accuracy_against_xi",
    caption="""Accuracy on clean digits against the weight on the teacher, at several rates of
    flipped training labels (means and standard errors over seeds); students are trained with the
    weights shown, squared loss in closed form. With too little decay the best weight is above 1 and
    grows with the noise, in all three models; with too much the labels alone or a negative weight
    are best, and weights above 1 break the student.""",
    parameters={"data": "digits, 300 for training", "flips": "uniform", "students": "20 seeds"},
    experiment="label_noise_digits",
)
def accuracy_against_xi() -> Figure:
    """Draw the stored accuracies."""

    def draw(panel: Axes, stored: store.Stored, picked: list[int]) -> None:
        for k in picked:
            task = stored.tasks[k]
            if task["corruption"] in SHOWN:
                points = _points(stored["accuracy"][k])
                panel.errorbar(task["xi"], *points, label=f"{task['corruption']:.0%} flipped")
        panel.axvline(0, color="0.8", linestyle="-", linewidth=0.6)

    return _panels(draw, "weight xi", "test accuracy")


@figure(
    "das2023.predicted_and_trained_xi",
    caption="""The weight with the highest test accuracy against the rate of flipped labels (means
    and standard errors over seeds), beside two predictions for squared loss, from the true mean
    labels of the test points and by leave-one-out from the noisy labels alone. For cross-entropy
    they are made at the matching penalty, 2 K lam for K classes. Predictions agree with each other,
    and softmax regression follows them within about one unit at both penalties, though its logits
    are not small. Where accuracy departs from squared error: with too much decay, where shrinkage
    of all outputs leaves decisions alone and negative weights are nearly as good as each other;
    and in the network, whose features are not the pixels of the prediction: sign and side of 1
    agree at high noise only.""",
    parameters={"data": "digits, 300 for training", "flips": "uniform", "weights": "-2 to 6"},
    experiment="label_noise_digits",
)
def predicted_and_trained_xi() -> Figure:
    """Draw trained optima and predictions."""

    def draw(panel: Axes, stored: store.Stored, picked: list[int]) -> None:
        rates = [stored.tasks[k]["corruption"] for k in picked]
        xi = np.array(stored.tasks[picked[0]]["xi"])
        best = xi[stored["accuracy"][picked].argmax(axis=1)]
        panel.errorbar(rates, *_points(best), marker="o", label="most accurate")
        for field, label in (
            ("best_for_ridge", "theory, true means"),
            ("from_data", "theory, leave-one-out"),
        ):
            panel.errorbar(rates, *_points(stored[field][picked]), label=label)
        for weight in (0, 1):
            panel.axhline(weight, color="0.8", linestyle="-", linewidth=0.6)
        panel.set_ylim(-3, 6)

    return _panels(draw, "flipped labels", "weight xi")


@figure(
    "das2023.linear_probe",
    caption="""Squared-loss probes on digits in closed form, each row a rate of flipped labels and a
    penalty (means and standard errors over 20 splits). Left: accuracy on clean test labels of the
    teacher, the pure student and the most accurate of 41 weights. Right: that weight, the one with
    the lowest squared error on the true mean labels, and the corrected one-shot estimate from the
    noisy labels alone. Under-regularised probes want weights far above 1, over-regularised ones
    weights below 0, however noisy the labels.""",
    parameters={"data": "digits, 600 for training", "flips": "uniform", "weights": "-2 to 8"},
    experiment="label_noise_probe",
)
def linear_probe() -> Figure:
    """Draw accuracies and weights, one row a probe."""
    stored = store.load("label_noise_probe", "cpu")
    xi = np.linspace(-2.0, 8.0, stored["accuracy"].shape[1])
    accuracy = stored["accuracy"]
    best = accuracy.argmax(axis=1)
    drawing = Figure(figsize=(7.2, 3.8), layout="constrained")
    left, right = drawing.subplots(1, 2, sharey=True)
    rows = np.arange(len(stored.tasks))[::-1]
    shown = {
        left: {
            "teacher": accuracy[:, np.flatnonzero(xi == 0)[0]],
            "pure student": accuracy[:, np.flatnonzero(xi == 1)[0]],
            "most accurate": accuracy.max(axis=1),
        },
        right: {
            "most accurate": xi[best],
            "theory, true means": stored["from_truth"],
            "one-shot": stored["one_shot"],
        },
    }
    for axes, columns in shown.items():
        for shift, (marker, (label, values)) in enumerate(zip("os^", columns.items(), strict=True)):
            means, errors = _points(values)
            at = rows + 0.2 * (1 - shift)
            axes.errorbar(means, at, xerr=errors, marker=marker, linestyle="none", label=label)
        axes.legend(
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0),
            ncols=3,
            columnspacing=0.6,
            handletextpad=0.1,
        )
    names = [f"{t['corruption']:.0%} flipped, penalty {t['lam']:g}" for t in stored.tasks]
    left.set_yticks(rows, names)
    left.set_xlabel("test accuracy")
    right.set_xlabel("weight xi")
    for weight in (0, 1):
        right.axvline(weight, color="0.8", linestyle="-", linewidth=0.6)
    return drawing
