"""Das & Sanghavi 2023: the best weight against noise, and trained students on noisy digits."""

import numpy as np
from matplotlib.figure import Figure

from experiments import store
from figures.registry import figure
from sdtheory import label_noise
from sdtheory.label_noise import RidgeProblem

S = np.array([2.0, 1.0, 0.5])
THETA = np.array([1.0, -0.5, 2.0])
LAM = 1.0


@figure(
    "das2023.xi_exceeds_one",
    caption="""The best weight against the noise variance at a fixed penalty (solid), with its
    limits for noiseless labels and for pure noise (thin lines) and the noise beyond
    which it exceeds 0 and 1 (vertical lines). Crosses: brute force over weights. At the
    best ridge penalty of each noise level the best weight is 0 throughout (dashed).""",
    parameters={"s": (2.0, 1.0, 0.5), "theta": (1.0, -0.5, 2.0), "lam": LAM},
)
def xi_exceeds_one() -> Figure:
    """Draw best weights at a fixed and at the best penalty."""
    drawing = Figure()
    axes = drawing.subplots()
    levels = np.geomspace(1e-2, 1e3, 61)
    made = [RidgeProblem(S, THETA, v) for v in levels]
    fixed = [float(label_noise.optimal_xi(p, LAM).xi) for p in made]
    axes.semilogx(levels, fixed, label="fixed penalty")
    rough = levels[::6]
    grid = np.linspace(-5, 3, 4001)
    brute = [
        grid[np.argmin(label_noise.risk_grid(RidgeProblem(S, THETA, v), [LAM], grid))]
        for v in rough
    ]
    axes.semilogx(rough, brute, "x", color="black", label="brute force")
    tuned = [label_noise.optimal_xi(p, label_noise.best_ridge(p).lam).xi for p in made[::3]]
    axes.semilogx(levels[::3], tuned, color="#009E73", linestyle="--", label="best penalty")
    at = label_noise.noise_thresholds(made[0], LAM)
    for limit in (at.noiseless_xi, at.pure_noise_xi):
        axes.axhline(limit, color="0.6", linestyle="-", linewidth=0.6)
    for edge in (at.above_zero, at.above_one):
        axes.axvline(edge, color="0.6", linestyle=":", linewidth=0.8)
    axes.set_xlabel("noise variance")
    axes.set_ylabel("best weight xi")
    axes.legend()
    return drawing


NAMES = {
    ("ridge", 1.0): "squared loss, too little decay",
    ("ridge", 100.0): "squared loss, too much decay",
    ("softmax", 0.3): "softmax, too little decay",
    ("softmax", 10.0): "softmax, too much decay",
    ("mlp", 0.3): "network, too little decay",
}


@figure(
    "das2023.accuracy_against_xi",
    caption="""Accuracy on clean digits against the weight on the teacher, at several rates of
    flipped training labels (means and standard errors over seeds); students are trained
    with the weights shown, squared loss in closed form.""",
    parameters={"data": "digits", "flips": "uniform", "students": "20 seeds"},
    experiment="label_noise_digits",
)
def accuracy_against_xi() -> Figure:
    """Draw the stored accuracies."""
    stored = store.load("label_noise_digits", "cpu")
    drawing = Figure(figsize=(7.2, 4.4))
    axes = drawing.subplots(2, 3, sharey=True).ravel()
    for panel, (key, name) in zip(axes, NAMES.items(), strict=False):
        for k, task in enumerate(stored.tasks):
            if (task["model"], task["lam"]) != key or task["corruption"] not in (
                0.0,
                0.3,
                0.5,
                0.7,
            ):
                continue
            accuracy = stored["accuracy"][k]
            error = accuracy.std(axis=1, ddof=1) / accuracy.shape[1] ** 0.5
            label = f"{task['corruption']:.0%} flipped"
            panel.errorbar(task["xi"], accuracy.mean(axis=1), error, label=label)
        panel.axvline(0, color="0.8", linestyle="-", linewidth=0.6)
        panel.set_title(name)
        panel.set_xlabel("weight xi")
    axes[0].set_ylabel("test accuracy")
    axes[3].set_ylabel("test accuracy")
    handles, labels = axes[0].get_legend_handles_labels()
    axes[5].axis("off")
    axes[5].legend(handles, labels, loc="center")
    return drawing


@figure(
    "das2023.predicted_and_trained_xi",
    caption="""The weight with the highest test accuracy (means and standard errors over seeds)
    against the rate of flipped labels, beside two predictions of the squared-loss
    theory at the same penalty: from the true mean labels of the test points, and by
    leave-one-out from the noisy labels alone. The predictions agree with each other.
    Squared loss follows them with too little decay, cross-entropy in sign and trend
    only; with too much decay accuracy (which shrinkage of all outputs leaves alone)
    prefers the smallest weight tried, -2, also where squared error does not.""",
    parameters={"data": "digits", "flips": "uniform", "weights": "-2 to 6"},
    experiment="label_noise_digits",
)
def predicted_and_trained_xi() -> Figure:
    """Draw trained optima and predictions."""
    stored = store.load("label_noise_digits", "cpu")
    drawing = Figure(figsize=(7.2, 4.4))
    axes = drawing.subplots(2, 3, sharey=True).ravel()
    for panel, (key, name) in zip(axes, NAMES.items(), strict=False):
        picked = [k for k, t in enumerate(stored.tasks) if (t["model"], t["lam"]) == key]
        rates = [stored.tasks[k]["corruption"] for k in picked]
        xi = np.array(stored.tasks[picked[0]]["xi"])
        best = xi[stored["accuracy"][picked].argmax(axis=1)]
        error = best.std(axis=1, ddof=1) / best.shape[1] ** 0.5
        panel.errorbar(rates, best.mean(axis=1), error, marker="o", label="most accurate")
        for field, label in (
            ("best_for_ridge", "theory, true means"),
            ("from_data", "leave-one-out"),
        ):
            values = stored[field][picked]
            spread = values.std(axis=1, ddof=1) / values.shape[1] ** 0.5
            panel.errorbar(rates, values.mean(axis=1), spread, label=label)
        panel.axhline(0, color="0.8", linestyle="-", linewidth=0.6)
        panel.set_ylim(-3, 8)
        panel.set_title(name)
        panel.set_xlabel("flipped labels")
    axes[0].set_ylabel("weight xi")
    axes[3].set_ylabel("weight xi")
    handles, labels = axes[0].get_legend_handles_labels()
    axes[5].axis("off")
    axes[5].legend(handles, labels, loc="center")
    return drawing
