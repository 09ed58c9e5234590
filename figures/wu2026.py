"""Wu, Yang & Sun 2026: denoising and forgetting in self-training."""

import numpy as np
from matplotlib.figure import Figure

from figures.registry import figure
from sdtheory import label_noise
from sdtheory.label_noise import ProportionalProblem

ROUNDS = 8


@figure(
    "wu2026.u_shape",
    caption="""Excess risk of self-training on fresh features against the round (solid), split into
    forgotten signal (dashed) and fading noise (dash-dotted), for a noisy and a nearly clean start.
    The second only forgets.""",
    parameters={"p": 100, "aspect_ratio": 2.0, "lam_mean": 0.1, "noise_var": (1.0, 0.01)},
    origin="guess",
)
def u_shape() -> Figure:
    """Draw the limits of the risk and its parts."""
    s, energy = np.array([9.0] * 10 + [1.0] * 90), np.array([0.05] * 10 + [0.002] * 90)
    drawing = Figure(figsize=(7.2, 2.6))
    rounds = np.arange(ROUNDS + 1)
    for axes, noise in zip(drawing.subplots(1, 2, sharey=True), (1.0, 0.01), strict=True):
        found = label_noise.self_training(ProportionalProblem(s, energy, 2.0, noise), 0.1, ROUNDS)
        axes.plot(rounds, found.risk, marker="o", label="risk")
        axes.plot(rounds, found.systematic, label="forgotten signal")
        axes.plot(rounds, found.stochastic, label="noise")
        axes.set_title(f"noise variance {noise:g}")
        axes.set_xlabel("round")
    drawing.axes[0].set_ylabel("excess risk")
    drawing.axes[0].legend()
    return drawing
