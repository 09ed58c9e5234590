"""Gaussian processes, our own results: hyper-parameters chosen once, or in every round."""

import numpy as np
from matplotlib.figure import Figure

from experiments import store
from figures.registry import figure

PANELS = (
    ("regression", "error", "error", False),
    ("free noise", "noise", "noise", True),
    ("classification", "amplitude", "amplitude", True),
)


@figure(
    "sdtheory.rounds_prefer_less_noise",
    caption="""Hyper-parameters chosen on the labels and kept (first), or chosen again on the labels
    of every data-centric round (all); median and range of ten draws. Left, regression at fixed
    noise: chosen anew, the error grows faster. Middle, regression with free noise above a floor of
    1e-8: the second fit is at the floor, and students copy their teacher. Right, classification
    with soft labels and the sigmoid: amplitudes grow to their bound of 10,000.""",
    parameters={"n": 40, "truth": "sin(2 x)", "noise": 0.09, "seeds": 10, "preset": "cpu"},
    experiment="gp_hyperparameters",
)
def rounds_prefer_less_noise() -> Figure:
    """Draw what goes wrong against the round, one panel a failure."""
    result = store.load("gp_hyperparameters", "cpu")
    at = {(task["world"], task["mode"]): k for k, task in enumerate(result.tasks)}
    drawing = Figure(figsize=(7.2, 2.4))
    for axes, (world, name, label, logarithmic) in zip(drawing.subplots(1, 3), PANELS, strict=True):
        for mode, colour, style in (("first", "#0072B2", "-"), ("all", "#D55E00", "--")):
            values = result[name][at[world, mode]]
            rounds = np.arange(len(values))
            middle = np.median(values, axis=1)
            axes.plot(rounds, middle, color=colour, linestyle=style, label=mode)
            axes.fill_between(
                rounds, values.min(axis=1), values.max(axis=1), color=colour, alpha=0.15, lw=0
            )
        if logarithmic:
            axes.set_yscale("log")
        axes.set_xlabel("round")
        axes.set_ylabel(label)
        axes.set_title(world)
    drawing.axes[0].legend()
    return drawing
