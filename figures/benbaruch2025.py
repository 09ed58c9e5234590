"""Ben-Baruch et al. 2025: the best weight on the teacher as data are pruned."""

import numpy as np
from matplotlib.figure import Figure

from figures.registry import figure
from sdtheory import label_noise
from sdtheory.label_noise import RidgeProblem

S = np.sqrt(np.linspace(3.0, 0.3, 20) * 400)
THETA = np.full(20, 0.3)
LAM = 40.0


@figure(
    "benbaruch2025.weight_grows_as_data_are_pruned",
    caption="""The best weight on a teacher that saw all data, against the fraction that its student
    sees: it grows as data are pruned unless labels are so noisy that it exceeds 1 from the start.
    Lines: idealised subsets; dots: means over random subsets of a Gaussian design.""",
    parameters={"n": 400, "p": 20, "lam": LAM, "noise over threshold": (0.1, 0.6, 3.0), "seed": 0},
    origin="guess",
)
def weight_grows_as_data_are_pruned() -> Figure:
    """Draw weights against the kept fraction."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 20)) * np.sqrt(np.linspace(3.0, 0.3, 20))
    edge = float(label_noise.noise_thresholds(RidgeProblem(S, THETA, 1.0), LAM).above_one)
    fractions = np.geomspace(0.05, 1.0, 40)
    drawing = Figure()
    axes = drawing.subplots()
    for colour, factor in zip(("#0072B2", "#D55E00", "#009E73"), (0.1, 0.6, 3.0), strict=True):
        noise = factor * edge
        ideal = label_noise.pruned_xi_ideal(RidgeProblem(S, THETA, noise), LAM, fractions)
        axes.semilogx(fractions, ideal, color=colour, label=f"noise {factor:g} x threshold")
        for fraction in (0.1, 0.2, 0.4, 0.7):
            count = round(400 * fraction)
            draws = [
                label_noise.pruned_xi(
                    x, THETA, noise, rng.permutation(400)[:count], LAM, fraction * LAM
                ).xi
                for _ in range(4)
            ]
            axes.plot(fraction, np.mean(draws), "o", color=colour)
    axes.axhline(1, color="0.6", linestyle=":", linewidth=0.7)
    axes.set(xlabel="fraction of the data kept", ylabel="best weight xi")
    axes.legend()
    return drawing
