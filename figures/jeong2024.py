"""Label averaging over rounds and classes."""

import numpy as np
from matplotlib.figure import Figure

from figures.registry import figure
from sdtheory.logistic import LinearLabels, SymmetricClasses, noise_threshold

N, SAME, CROSS = 60, 0.4, 0.1


@figure(
    "jeong2024.noise_by_round",
    caption="""Symmetric label noise up to which every training point is classified as its true
    class, by rounds and number of classes K (1 is the teacher). Lines: the linear
    model; markers: the largest repaired count with the softmax itself, which needs
    about a round more near a threshold. Dotted: (K-1)/K, where the true label stops
    leading.""",
    parameters={"n": N, "same_class": SAME, "cross_class": CROSS, "K^2 n penalty": 3.0},
)
def noise_by_round() -> Figure:
    """Draw noise thresholds against rounds for several numbers of classes."""
    rounds = np.arange(1, 9)
    drawing = Figure()
    axes = drawing.add_subplot()
    for K, marker in ((2, "o"), (4, "s"), (7, "^")):
        penalty = 3.0 / (K**2 * N)
        world = LinearLabels(K, N, SAME, CROSS, penalty)
        linear = [max(noise_threshold(world, int(t)), 0.0) for t in rounds]
        (line,) = axes.plot(rounds, linear, linestyle="-", label=f"K = {K}")
        counts = [_largest_count(K, penalty, int(t) - 1) for t in rounds]
        axes.plot(rounds, np.array(counts) / N, marker, color=line.get_color(), linestyle="none")
        axes.axhline((K - 1) / K, color=line.get_color(), linestyle=":", linewidth=0.7)
    axes.set_xlabel("rounds")
    axes.set_ylabel("repaired label noise")
    axes.set_ylim(0, 0.9)
    axes.legend(loc="lower right")
    return drawing


def _largest_count(K: int, penalty: float, steps: int) -> int:
    """Return the largest number of flips per class that the softmax student repairs."""
    low, high = 0, N
    while high - low > 1:
        middle = (low + high) // 2
        world = SymmetricClasses(K, N, middle, SAME, CROSS, penalty)
        repaired = world.student(steps=steps).training_accuracy == 1
        low, high = (middle, high) if repaired else (low, middle)
    return low
