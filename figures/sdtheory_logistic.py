"""Phase diagram of logistic self-distillation under random labels."""

import numpy as np
from matplotlib.figure import Figure

from figures.registry import figure
from sdtheory import logistic

N, SAME, MOST = 20, 0.3, 5


@figure(
    "sdtheory.phase_diagram",
    caption="""How many rounds repair every flipped label (colour), against the penalty and the
    number of flipped labels per class. Lines: exact thresholds of teacher and students.
    Beyond the last line five rounds are not enough.""",
    parameters={"n": N, "same_class": SAME, "xi": 1},
)
def phase_diagram() -> Figure:
    """Draw the smallest sufficient number of rounds over penalty and count."""
    penalty = np.geomspace(3e-4, 0.3, 121)
    flips = np.arange(N // 2 + 1)
    world = logistic.RandomLabels(N, flips[:, None], SAME, penalty=penalty[None, :])
    needed = np.full((len(flips), len(penalty)), float(MOST + 1))
    for steps in range(MOST, -1, -1):
        needed[world.student(steps=steps).training_accuracy == 1] = steps
    drawing = Figure(figsize=(3.6, 2.6))
    axes = drawing.add_subplot()
    edges = np.geomspace(penalty[0], penalty[-1], len(penalty) + 1)
    mesh = axes.pcolormesh(
        edges, np.arange(-0.5, N // 2 + 1), needed, vmin=-0.5, vmax=MOST + 1.5, rasterized=True
    )
    for steps in range(4):
        # Counts are whole: a threshold of x flips repairs the whole numbers below x.
        upper = logistic.corruption_range(N, SAME, penalty, steps=steps).upper
        axes.plot(penalty, N * upper, color="white", linestyle="-", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_ylim(-0.5, N / 2 + 0.5)
    axes.set_xlabel("penalty")
    axes.set_ylabel(f"flipped labels of {N}")
    bar = drawing.colorbar(mesh, ax=axes, ticks=range(MOST + 2), boundaries=np.arange(-0.5, 7))
    bar.ax.set_yticklabels([*map(str, range(MOST + 1)), "more"])
    bar.set_label("rounds needed")
    return drawing
