"""Phase diagram of logistic self-distillation under random labels."""

import numpy as np
from matplotlib.figure import Figure

from experiments import store
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


@figure(
    "sdtheory.which_model",
    caption="""Noisy digits (40% of ten classes' labels replaced above, 60% below) in three regimes:
    accuracy on the training points against their true labels (circles) and on test points
    (squares), mean over 20 seeds with standard errors. The interpolating network gains from
    soft labels, large weights and rounds but hardly from hard labels, as in the exact Gram
    model; the probe gains most from hard labels, as on the mixture; under too strong a
    penalty distillation hurts. Each title counts the networks whose hard student stays nearer
    to the teacher than to the soft student: those follow two margins, the others the
    mixture.""",
    parameters={"noise": "0.4, 0.6", "train": 500, "width": 128, "seeds": 20},
    experiment="logistic_digits",
)
def which_model() -> Figure:
    """Draw training and test accuracy of every variant in the three regimes."""
    result = store.load("logistic_digits", "cpu")
    names = (
        "teacher",
        *(f"xi = {x}" for x in ("0.5", "1", "1.5", "2", "3")),
        *("hard", "top two", "2 rounds", "3 rounds"),
    )
    titles = {"network": "network 64-128-10", "probe": "linear probe", "strong": "strong penalty"}
    drawing = Figure(figsize=(7.2, 4.4))
    panels = drawing.subplots(2, 3, sharex=True, sharey="row")
    places = {
        (regime, noise): panels[i, j]
        for i, noise in enumerate((0.4, 0.6))
        for j, regime in enumerate(titles)
    }
    for row, task in enumerate(result.tasks):
        axes = places.get((task["regime"], task["noise"]))
        if axes is None:
            continue
        for name, marker, label in (
            ("train", "o", "training points"),
            ("test", "s", "test points"),
        ):
            draws = result[name][row]
            error = draws.std(axis=1, ddof=1) / np.sqrt(draws.shape[1])
            at = range(len(names))
            axes.errorbar(at, draws.mean(axis=1), error, fmt=marker, elinewidth=0.8, label=label)
        follow = result["two_margins"][row]
        count = f"two margins {follow.sum()} of {len(follow)}"
        axes.set_title(f"{titles[task['regime']]}, {task['noise']:.0%}\n{count}")
        axes.set_xticks(range(len(names)), labels=names, rotation=90)
    for axes in panels[:, 0]:
        axes.set_ylabel("accuracy (true labels)")
    panels[0, 0].legend(loc="upper left")
    return drawing


@figure(
    "sdtheory.clustered_features",
    caption="""Points that scatter around their class: accuracy on training points by their true
    labels (left) and on fresh points (right). Lines: theory of equal inner products, for fresh
    points with their scatter; markers: trained classifiers, mean over 40 sets of points with
    standard errors. Every round helps on fresh points, even where no training point has
    changed sides.""",
    parameters={"n": 40, "same_class": 0.1, "penalty": 0.002, "dimension": 2000, "seeds": 40},
    experiment="logistic_clusters",
)
def clustered_features() -> Figure:
    """Draw training and fresh accuracy of teacher and students against the flipped fraction."""
    result = store.load("logistic_clusters", "cpu")
    n, same, spread = 40, 0.1, 0.9 / 2000**0.5
    flips = np.array([task["flips"] for task in result.tasks])
    p = np.linspace(0.05, 0.49, 89)
    world = logistic.RandomLabels(n, p, same, penalty=0.002)
    drawing = Figure(figsize=(7.2, 2.6))
    training, fresh = drawing.subplots(1, 2)
    for steps, name in enumerate(("teacher", "1 round", "2 rounds", "3 rounds")):
        stage = world.student(steps=steps)
        population = logistic.population_accuracy(world, stage, spread)
        for axes, curve, kind in (
            (training, stage.training_accuracy, "train"),
            (fresh, population, "fresh"),
        ):
            draws = result[kind][:, steps]
            error = draws.std(axis=1, ddof=1) / np.sqrt(draws.shape[1])
            (line,) = axes.plot(p, curve)
            axes.errorbar(
                flips / n,
                draws.mean(axis=1),
                error,
                fmt="osvD"[steps],
                color=line.get_color(),
                elinewidth=0.8,
                label=name,
            )
            axes.set_xlabel("fraction of flipped labels")
    training.set_ylabel("training accuracy (true labels)")
    fresh.set_ylabel("accuracy on fresh points")
    fresh.legend(loc="lower left")
    return drawing


@figure(
    "sdtheory.smeared_thresholds",
    caption="""Kernel logistic regression on digits 3 and 8: fraction of flipped training points
    that the teacher and its students classify as their true class, mean over 20 seeds
    with standard errors. Dotted lines: thresholds of the two-margin model with the mean
    inner products. Real data smear the step; half of the flips are repaired within 0.1
    of it.""",
    parameters={"n": 80, "kernel width": 0.3, "penalty": 5e-4, "seeds": 20},
    experiment="logistic_pairs",
)
def smeared_thresholds() -> Figure:
    """Draw the repaired fraction against the fraction of flipped labels."""
    result = store.load("logistic_pairs", "cpu")
    rows = [i for i, task in enumerate(result.tasks) if list(task["digits"]) == [3, 8]]
    fractions = [result.tasks[i]["flipped"] for i in rows]
    drawing = Figure()
    axes = drawing.add_subplot()
    for stage, label in enumerate(("teacher", "1 round", "2 rounds", "3 rounds")):
        draws = result["repaired"][rows, stage]
        error = draws.std(axis=1, ddof=1) / np.sqrt(draws.shape[1])
        bars = axes.errorbar(
            fractions, draws.mean(axis=1), error, marker="osvD"[stage], label=label, elinewidth=0.8
        )
        threshold = float(result["threshold"][rows, stage].mean())
        color = bars.lines[0].get_color()
        axes.axvline(threshold, color=color, linestyle=":", linewidth=0.8)
    axes.axhline(0.5, color="0.4", linewidth=0.6, linestyle="-")
    axes.set_xlabel("fraction of flipped labels")
    axes.set_ylabel("repaired fraction of flips")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing
