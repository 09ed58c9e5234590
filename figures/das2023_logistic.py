"""Corruption ranges of the logistic student: accuracy, weights, temperature."""

import numpy as np
from matplotlib.figure import Figure

from experiments import store
from figures.registry import figure
from sdtheory import logistic

N, SAME, OWN = 100, 0.3, 5.0
PENALTY = (1 - SAME) / (2 * N * OWN)
ROUNDS = ("teacher", "1 round", "2 rounds", "3 rounds")


@figure(
    "das2023.accuracy_against_corruption",
    caption="""Accuracy on the training points against their true labels, for the teacher and its
    students (xi = 1), with exact counts of flipped labels (steps) and with independent
    flips (smooth). Dotted lines mark the thresholds: between them a student is perfect
    where its teacher reproduces every wrong label.""",
    parameters={"n": N, "same_class": SAME, "own": OWN, "penalty": PENALTY},
    origin="guess",
)
def accuracy_against_corruption() -> Figure:
    """Draw accuracy against the fraction of flipped labels."""
    drawing = Figure(figsize=(7.2, 2.6))
    counted, random = drawing.subplots(1, 2, sharey=True)
    flips = np.arange(N // 2)
    world = logistic.RandomLabels(N, flips, SAME, penalty=PENALTY)
    smooth = np.linspace(0, 0.49, 50)
    for steps, label in enumerate(ROUNDS):
        accuracy = world.student(steps=steps).training_accuracy
        (line,) = counted.step(flips / N, accuracy, where="post", label=label)
        threshold = float(logistic.corruption_range(N, SAME, PENALTY, steps=steps).upper)
        counted.axvline(threshold, color=line.get_color(), linestyle=":", linewidth=0.8)
        curve = [logistic.expected_accuracy(N, p, SAME, PENALTY, steps) for p in smooth]
        random.plot(smooth, curve, label=label)
    counted.set_xlabel("fraction of flipped labels")
    random.set_xlabel("flip probability")
    counted.set_ylabel("training accuracy (true labels)")
    random.legend(loc="lower left")
    return drawing


@figure(
    "das2023.perfect_weights",
    caption="""Weights xi for which one student repairs every flipped label (shaded), with xi* that
    gives all points the same margin. Left of p_S plain distillation (xi = 1) is inside;
    right of it only weights above one are. Dots: students trained on explicit vectors
    classify every point as its true class in all 20 seeds; crosses: in none.""",
    parameters={"n": 20, "same_class": 0.3, "penalty": 0.01, "own": 1.75, "shared": 15.0},
    experiment="logistic_weights",
)
def perfect_weights() -> Figure:
    """Draw the interval of perfect weights against the fraction of flipped labels."""
    p = np.linspace(0.02, 0.495, 96)
    window = logistic.perfect_mixing(p, 1.75, 15.0)
    drawing = Figure()
    axes = drawing.add_subplot()
    axes.fill_between(p, window.low, window.high, color="0.85", label="perfect")
    axes.plot(p, window.best, label="xi*")
    axes.plot(p, window.low, linewidth=0.8, label="lower end")
    axes.plot(p, window.high, linewidth=0.8, label="upper end")
    result = store.load("logistic_weights", "cpu")
    flipped = np.array([task["flips"] / 20 for task in result.tasks])
    weights = np.asarray(result.tasks[0]["xi"])
    perfect = (result["accuracy"] == 1).mean(axis=2)
    for share, marker in ((1.0, "o"), (0.0, "x")):
        row, column = np.nonzero(perfect == share)
        axes.scatter(
            flipped[row], weights[column], s=6, c="0.2", marker=marker, linewidths=0.5, zorder=3
        )
    axes.axhline(1.0, color="0.4", linewidth=0.6, linestyle="-")
    for steps, name in ((0, "$p_T$"), (1, "$p_S$")):
        at = float(logistic.student_threshold(1.75, 15.0, steps))
        axes.axvline(at, color="0.4", linewidth=0.6, linestyle=":")
        place = axes.get_xaxis_transform()
        axes.text(at, 1.01, name, ha="center", va="bottom", fontsize=7, transform=place)
    axes.set_ylim(-0.1, 3.3)
    axes.set_xlabel("fraction of flipped labels")
    axes.set_ylabel("weight xi on the teacher")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing


@figure(
    "das2023.temperature",
    caption="""Threshold of one round against the sharpness (inverse temperature) of the teacher's
    labels, for infinitely many points. Dotted: the soft limit; dash-dotted: the
    teacher, which hard labels do not improve on.""",
    parameters={"own": "2, 6, 12", "shared": "inf"},
)
def temperature() -> Figure:
    """Draw the student's threshold against the sharpness."""
    sharpness = np.geomspace(0.05, 60, 60)
    drawing = Figure()
    axes = drawing.add_subplot()
    for own in (2.0, 6.0, 12.0):
        threshold = logistic.student_threshold(own, np.inf, temperature=1 / sharpness)
        (line,) = axes.semilogx(sharpness, threshold, linestyle="-", label=f"own = {own:g}")
        for level, style in (
            (logistic.soft_limit_threshold(own, np.inf), ":"),
            (logistic.teacher_threshold(own, np.inf), "-."),
        ):
            axes.axhline(float(level), color=line.get_color(), linestyle=style, linewidth=0.7)
    axes.set_xlabel("sharpness of the teacher's labels")
    axes.set_ylabel("largest repaired fraction")
    axes.legend(loc="center right", bbox_to_anchor=(1.0, 0.47))
    return drawing
