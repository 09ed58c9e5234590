"""Label averaging over rounds and classes."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from experiments import store
from figures.registry import figure
from sdtheory.logistic import LinearLabels, noise_threshold

Floats = NDArray[np.float64]
N, SAME, CROSS, STRENGTH = 60, 0.4, 0.1, 0.4


@figure(
    "jeong2024.noise_by_round",
    caption="""Symmetric label noise up to which every training point is classified as its true
    class, by rounds and number of classes K (1 is the teacher). Lines: the linear
    model; markers: the largest count that softmax regression trained on explicit
    vectors repairs, with a bar up to the smallest that it does not; with several classes
    it needs a round or two more, with two it can need one less. Dotted: (K-1)/K, where
    the true label stops leading.""",
    parameters={"n": N, "same_class": SAME, "cross_class": CROSS, "K^2 n penalty": STRENGTH},
    experiment="logistic_classes",
)
def noise_by_round() -> Figure:
    """Draw noise thresholds against rounds for several numbers of classes."""
    rounds = np.arange(1, 9)
    drawing = Figure()
    axes = drawing.add_subplot()
    for K, marker in ((2, "o"), (4, "s"), (7, "^")):
        penalty = STRENGTH / (K**2 * N)
        world = LinearLabels(K, N, SAME, CROSS, penalty)
        linear = [max(noise_threshold(world, int(t)), 0.0) for t in rounds]
        (line,) = axes.plot(rounds, linear, linestyle="-", label=f"K = {K}")
        repaired, failed = _bracket(K)
        axes.errorbar(
            rounds,
            repaired,
            (0 * repaired, failed - repaired),
            fmt=marker,
            color=line.get_color(),
            elinewidth=0.8,
        )
        axes.axhline((K - 1) / K, color=line.get_color(), linestyle=":", linewidth=0.7)
    axes.set_xlabel("rounds")
    axes.set_ylabel("repaired label noise")
    axes.set_ylim(0, 0.9)
    axes.legend(loc="lower right")
    return drawing


def _bracket(K: int) -> tuple[Floats, Floats]:
    """Return the largest noise that every round repairs, and the smallest that it does not."""
    result = store.load("logistic_classes", "cpu")
    rows = [i for i, task in enumerate(result.tasks) if task["classes"] == K]
    noise = np.array([0.0, *(result.tasks[i]["flips"] / N for i in rows), (K - 1) / K])
    # Clean labels are right from the start, and at (K - 1) / K no label leads.
    count = np.sum(np.cumprod(result["accuracy"][rows] == 1, axis=0), axis=0)
    return noise[count], noise[count + 1]
