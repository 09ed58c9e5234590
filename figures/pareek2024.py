"""Pareek, Du & Oh 2024: repeated rounds against the rank, the penalty and the gaps."""

import numpy as np
from matplotlib.figure import Figure

from figures.registry import figure
from sdtheory import label_noise
from sdtheory.label_noise import RidgeProblem


@figure(
    "pareek2024.separation",
    caption="""Risk in units of noise / n after tuning the penalty, against the number of singular
    values, for signals along the first one and gaps of 0.01. Ridge regression grows
    with the rank, one round nearly so; two rounds recover most of what the full number
    of rounds does.""",
    parameters={"gap": 0.01, "energy": 1e6, "noise_var": 1.0},
    origin="guess",
)
def separation() -> Figure:
    """Draw tuned risks against the rank."""
    ranks = np.arange(2, 9)
    made = [label_noise.separation_problem(int(r), 0.01, 1e6) for r in ranks]
    drawing = Figure()
    axes = drawing.subplots()
    for steps, name in ((0, "ridge"), (1, "1 round"), (2, "2 rounds")):
        risks = [float(label_noise.best_joint(p, steps).risk) for p in made]
        axes.plot(ranks, risks, marker="o", label=name)
    floor = [float(label_noise.wiener_floor(p).risk) for p in made]
    axes.plot(ranks, floor, color="black", linestyle=":", label="as many rounds as values")
    axes.set(xlabel="distinct singular values", ylabel="n risk / noise")
    axes.legend()
    return drawing


PANELS = {
    "aligned, distinct": ([1.0, 1 / 2, 1 / 3, 1 / 4], [1.0, 0.0, 0.0, 0.0]),
    "equal singular values": ([1.0, 1.0, 1 / 3, 1 / 3], [1.0, 0.0, 0.0, 0.0]),
    "signal spread out": ([1.0, 1 / 2, 1 / 3, 1 / 4], [0.5, 0.5, 0.5, 0.5]),
}


@figure(
    "pareek2024.risk_is_quadratic_in_the_weights",
    caption="""Risk of the best student after 0 to 4 rounds against the penalty: with distinct
    singular values and an aligned signal, with equal ones, and with a signal in all
    directions. Black: the Wiener floor.""",
    parameters={"noise_var": 0.125, "metric": "in_sample"},
    origin="guess",
)
def risk_is_quadratic_in_the_weights() -> Figure:
    """Draw risk curves for three problems."""
    lams = np.geomspace(1e-3, 1e2, 60)
    drawing = Figure(figsize=(7.2, 2.6))
    for axes, (name, (d, theta)) in zip(
        drawing.subplots(1, 3, sharey=True), PANELS.items(), strict=True
    ):
        made = RidgeProblem(np.sqrt(d), theta, 0.125, "in_sample")
        axes.loglog(lams, [float(label_noise.expected_risk(made, m)) for m in lams], label="ridge")
        for steps in range(1, 5):
            risks = [float(label_noise.optimal_steps(made, m, steps).risk) for m in lams]
            axes.loglog(lams, risks, label=f"{steps} round{'s' * (steps > 1)}")
        floor = float(label_noise.wiener_floor(made).risk)
        axes.axhline(floor, color="black", linestyle="-", linewidth=0.6)
        axes.set_title(name)
        axes.set_xlabel("penalty")
    drawing.axes[0].set_ylabel("in-sample risk")
    drawing.axes[0].legend()
    return drawing


@figure(
    "pareek2024.weights_explode",
    caption="""The largest weight of the rounds that reach the floor, against the gap between the
    singular values: an inverse power of the gap.""",
    parameters={"energy": 1e6, "lam": 1.0},
    origin="guess",
)
def weights_explode() -> Figure:
    """Draw the largest weights."""
    gaps = np.geomspace(1e-2, 1.0, 15)
    drawing = Figure()
    axes = drawing.subplots()
    for rank in (2, 3, 4):
        sizes = [
            label_noise.optimal_steps(
                label_noise.separation_problem(rank, float(g), 1e6), 1.0, rank
            ).largest_xi
            for g in gaps
        ]
        axes.loglog(gaps, sizes, marker="o", label=f"{rank} rounds")
    axes.set(xlabel="gap", ylabel="largest |xi|")
    axes.legend()
    return drawing
