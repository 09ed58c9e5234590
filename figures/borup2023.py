"""Borup & Andersen 2023: bands of distilled processes, re-used classifiers, and soft labels.

The paper's own figures were not at hand; these are ours.
"""

import numpy as np
from matplotlib.figure import Figure

from experiments import store
from figures.registry import figure
from sdtheory import gp

NOISE = 0.3
FITS = (1, 2, 5, 20)
GRID = np.linspace(-3.5, 3.5, 141)


def _kernel(a: np.ndarray, b: np.ndarray, amplitude: float, length: float) -> np.ndarray:
    values: np.ndarray = amplitude * np.exp(-0.5 * ((a[:, None] - b) / length) ** 2)
    return values


def _regression() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = rng.uniform(-3, 3, 40)
    return x, np.sin(2 * x) + NOISE**0.5 * rng.normal(size=40)


@figure(
    "borup2023.honest_covariance",
    caption="""Means with bands of two standard deviations, as reported (dark) and honest (light:
    the error of the mean under the prior and the true noise). Both kinds of distillation become
    overconfident, the distribution-centric one by construction.""",
    parameters={"n": 40, "noise": NOISE, "kernel": "exp(-(x - x')^2 / (2 0.8^2))", "fits": FITS},
)
def honest_covariance() -> Figure:
    """Draw reported and honest bands for both kinds and several numbers of fits."""
    x, y = _regression()
    kernel, new = _kernel(x, x, 1.0, 0.8), _kernel(GRID, x, 1.0, 0.8)
    prior = np.ones_like(GRID)
    drawing = Figure(figsize=(7.2, 3.6))
    panels = drawing.subplots(2, 4, sharex=True, sharey=True)
    for row, kind in zip(panels, ("data-centric", "distribution-centric"), strict=True):
        make = gp.data_centric if kind == "data-centric" else gp.distribution_centric
        for axes, fits in zip(row, FITS, strict=True):
            process = make(kernel, y, NOISE, steps=fits - 1)
            mean = process.mean(new)
            honest = 2 * np.sqrt(process.error_variance(new, prior, NOISE))
            reported = 2 * np.sqrt(process.variance(new, prior))
            for half, name, colour, alpha in (
                (honest, "honest", "#56B4E9", 0.35),
                (reported, "reported", "#0072B2", 0.45),
            ):
                axes.fill_between(
                    GRID, mean - half, mean + half, color=colour, alpha=alpha, lw=0, label=name
                )
            axes.plot(GRID, mean, color="black", linestyle="-", label="mean")
            axes.plot(x, y, ".", color="#D55E00", markersize=2.5, label="labels")
            axes.set_ylim(-4.8, 4.2)
        row[0].set_ylabel(f"{kind}\nf(x)")
    for axes in panels[1]:
        axes.set_xlabel("x")
    panels[0, 0].legend(loc="upper center", ncols=2)
    for axes, fits in zip(panels[0], FITS, strict=True):
        axes.set_title(f"{fits} fit{'s' if fits > 1 else ''}")
    return drawing


def _classes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    x = np.sort(rng.uniform(-3, 3, 40))
    y = (np.sin(2 * x) + 0.6 * rng.normal(size=40) > 0).astype(float)
    return x, y, _kernel(x, x, 4.0, 0.8)


@figure(
    "borup2023.scaling_approximates_reuse",
    caption="""Probability of label one when the posterior is re-used: by seeing the data again
    (duplicated), by re-using Laplace's Gaussian (sequential), and by multiplying the kernel
    (scaled), as published code does. The first and the last agree in all labels; scaled
    probabilities stay flat, because their variances are too large by the number of fits.""",
    parameters={"n": 40, "kernel": "4 exp(-(x - x')^2 / (2 0.8^2))", "fits": (1, 5, 50)},
)
def scaling_approximates_reuse() -> Figure:
    """Draw probabilities of the three kinds of re-use."""
    x, y, kernel = _classes()
    new, prior = _kernel(GRID, x, 4.0, 0.8), np.full(GRID.shape, 4.0)
    drawing = Figure(figsize=(7.2, 2.4))
    for axes, fits in zip(drawing.subplots(1, 3, sharey=True), (1, 5, 50), strict=True):
        for reuse in ("duplicated", "sequential", "scaled"):
            process = gp.distribution_centric_classification(kernel, y, steps=fits - 1, reuse=reuse)
            axes.plot(GRID, process.probability(new, prior), label=reuse)
        axes.plot(x, y, "|", color="black", markersize=5, markeredgewidth=0.6)
        axes.set_title(f"{fits} fit{'s' if fits > 1 else ''}")
        axes.set_xlabel("x")
    drawing.axes[0].set_ylabel("probability")
    drawing.axes[2].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing


CHOICES = (
    ("continuous Bernoulli, sigmoid", "continuous_bernoulli", "sigmoid", 1.0),
    ("continuous Bernoulli, own mean", "continuous_bernoulli", "mean", 1.0),
    ("Bernoulli", "bernoulli", "mean", 1.0),
    ("continuous Bernoulli, own mean, xi = 0.7", "continuous_bernoulli", "mean", 0.7),
)


@figure(
    "borup2023.rounds_regularise_labels",
    caption="""Labels of forty points from round to round, for four ways back from latents to
    labels. With the sigmoid in place of the likelihood's own mean the labels do not shrink to 1/2
    but saturate: the chain does not regularise. Mixing the labels in keeps a signal. Orange paths
    start from label one, blue ones from zero.""",
    parameters={"n": 40, "kernel": "4 exp(-(x - x')^2 / (2 0.8^2))", "rounds": 30},
)
def rounds_regularise_labels() -> Figure:
    """Draw the labels against the round for four choices."""
    _, y, kernel = _classes()
    drawing = Figure(figsize=(7.2, 2.6))
    for axes, (title, likelihood, link, xi) in zip(
        drawing.subplots(1, 4, sharey=True), CHOICES, strict=True
    ):
        process = gp.data_centric_classification(
            kernel, y, steps=30, likelihood=likelihood, link=link, xi=xi
        )
        for path, label in zip(process.labels.T, y, strict=True):
            colour = "#D55E00" if label else "#0072B2"
            axes.plot(path, color=colour, linestyle="-", linewidth=0.6, alpha=0.7)
        axes.set_title(title.replace(", ", ",\n"))
        axes.set_xlabel("round")
    drawing.axes[0].set_ylabel("label")
    return drawing


@figure(
    "borup2023.training_time",
    caption="""Processor time of training relative to one ordinary fit of scikit-learn with the same
    fixed kernel, on the machine of the stored run (median, and the range of the repeats). Rounds
    of regression cost one factorisation whatever their number.""",
    parameters={"n": 400, "features": 3, "preset": "cpu"},
    experiment="gp_timing",
)
def training_time() -> Figure:
    """Draw relative training time against the number of fits."""
    result = store.load("gp_timing", "cpu")
    drawing = Figure(figsize=(6.6, 2.6))
    ways = ("refitting scikit-learn", "data-centric", "distribution-centric")
    for index, (axes, task) in enumerate(zip(drawing.subplots(1, 2), result.tasks, strict=True)):
        fits, once = result["fits"][index], np.median(result["once"][index])
        for way, seconds in zip(ways, result["seconds"][index], strict=True):
            ratio = seconds / once
            (line,) = axes.loglog(fits, np.median(ratio, axis=1), marker=".", label=way)
            axes.fill_between(
                fits, ratio.min(axis=1), ratio.max(axis=1), color=line.get_color(), alpha=0.2, lw=0
            )
        axes.set_xticks(fits, labels=[str(f) for f in fits])
        axes.minorticks_off()
        axes.set_xlabel("fits")
        axes.set_title(task["world"])
    drawing.axes[0].set_ylabel("time / one ordinary fit")
    drawing.axes[0].legend()
    return drawing
