"""Das & Sanghavi 2023: the best weight of linear regression against the noise."""

import numpy as np
from matplotlib.figure import Figure

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
