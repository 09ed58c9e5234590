"""Dang, Patil & Rinaldo 2026: weights from noisy training labels against held-out optima."""

import numpy as np
from matplotlib.figure import Figure

from experiments import store
from figures.registry import figure

TITLES = {
    "diabetes": "diabetes, noise 2",
    "wine": "wine, 30% flipped",
    "breast_cancer": "breast cancer, 30% flipped",
    "digits": "80 digits, 30% flipped",
}
RISKS = {
    "teacher": "ridge",
    "held_out": "student, held-out weight",
    "corrected": "student, corrected one-shot",
    "published": "student, published one-shot",
}


@figure(
    "dang2026.held_out_weights",
    caption="""Squared error on held-out mean labels against the penalty (top), and the weight of
    the student (bottom, medians), over 20 splits of four data sets with noisy training labels. The
    held-out weight is chosen on the test points, out of a user's reach; the others come from the
    noisy training labels alone. The published estimate exceeds the corrected one where features are
    many for the samples. At tiny penalties and few features the error hardly depends on the penalty
    while the weight is large and uncertain: there a student with an estimated weight can be worse
    than its teacher (diabetes).""",
    parameters={
        "splits": 20,
        "training samples": (221, 89, 284, 80),
        "noise": (2.0, 0.3, 0.3, 0.3),
    },
    experiment="label_noise_held_out",
)
def held_out_weights() -> Figure:
    """Draw risks and weights of each data set."""
    stored = store.load("label_noise_held_out", "cpu")
    drawing = Figure(figsize=(7.2, 4.4), layout="constrained")
    axes = drawing.subplots(2, 4, sharex=True)
    for k, (task, above, below) in enumerate(zip(stored.tasks, *axes, strict=True)):
        lams = np.geomspace(1e-3, 50.0, task["penalties"])
        for name, label in RISKS.items():
            (line,) = above.loglog(lams, stored[name][k].mean(axis=1), label=label)
            if name != "teacher":
                weights = np.median(stored[f"xi_{name}"][k], axis=1)
                style = {"color": line.get_color(), "linestyle": line.get_linestyle()}
                below.semilogx(lams, weights, label=label, **style)
        above.set_title(TITLES[task["data"]])
        below.set_yscale("symlog", linthresh=1.0)
        below.set_ylim(-100, 300)
        for weight in (0, 1):
            below.axhline(weight, color="0.8", linestyle="-", linewidth=0.6)
        below.set_xlabel("penalty / samples")
    axes[0][0].set_ylabel("held-out error")
    axes[1][0].set_ylabel("weight xi")
    drawing.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return drawing
