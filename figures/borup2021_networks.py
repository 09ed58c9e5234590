"""Borup & Andersen 2021: what the theory of kernels says about networks, measured."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import t as student

from experiments import store
from figures.registry import figure


@figure(
    "borup2021.linearised_networks",
    caption="""Networks in tangent-kernel parametrisation, distilled three times: relative distance
    of the change of their outputs from the chain of the tangent kernel at the start. Points are
    seeds, lines their geometric means; the fitted exponent of the width is given with its 95%
    interval.""",
    parameters={
        "n": 24,
        "lam": 0.3,
        "xi": 0.7,
        "widths": (32, 128, 512, 2048, 8192),
        "seeds": 10,
        "preset": "cpu",
    },
    experiment="kernel_ridge_widths",
)
def linearised_networks() -> Figure:
    """Draw the deviation against the width, for the teacher and the last student."""
    result = store.load("kernel_ridge_widths", "cpu")
    widths = np.array([task["width"] for task in result.tasks], dtype=float)
    deviation = result["deviation"]
    drawing = Figure()
    axes = drawing.add_subplot()
    for row, name in ((0, "teacher"), (deviation.shape[1] - 1, "3 rounds")):
        logs = np.log(deviation[:, row])
        slope, width = _exponent(np.repeat(np.log(widths), logs.shape[1]), logs.ravel())
        label = f"{name}: width^({slope:.2f} ± {width:.2f})"
        (line,) = axes.loglog(widths, np.exp(logs.mean(axis=1)), label=label)
        for seed in range(logs.shape[1]):
            axes.loglog(
                widths,
                deviation[:, row, seed],
                ".",
                color=line.get_color(),
                markersize=2,
                alpha=0.5,
            )
    effect = np.mean(result["effect"][:, -1])
    axes.axhline(effect, color="0.6", linestyle=":", linewidth=0.8, label="effect of 3 rounds")
    axes.set_xlabel("width")
    axes.set_ylabel("relative deviation")
    axes.legend()
    return drawing


def _exponent(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the slope of y on x and the half-width of its 95% interval."""
    design = np.stack([np.ones_like(x), x], axis=1)
    solution = np.linalg.lstsq(design, y)[0]
    rest = y - design @ solution
    variance = rest @ rest / (len(y) - 2) * np.linalg.inv(design.T @ design)[1, 1]
    return float(solution[1]), float(student.ppf(0.975, len(y) - 2) * np.sqrt(variance))


NETWORKS = {
    "64-256-256-10": "kernel_ridge_cheap_weight",
    "convolutional": "kernel_ridge_cheap_weight_cnn",
}


@figure(
    "borup2021.weights_from_outputs",
    caption="""Held-out loss over that of the teacher, for fully connected (top) and convolutional
    networks (bottom): of students trained with each weight (line, mean of seeds), and of the mixed
    outputs of the two extreme students from the same start and from different starts (an
    ensemble). Crosses and pluses are students trained with the weights so estimated, one a seed.
    Left, the estimate finds the best of the grid. Right, teachers that shrink too much call for
    weights below zero: trained students are best near -1/2, but their outputs at such weights are
    not the mixture's, which promises more and more down to about -2. Such an estimate should be
    clipped.""",
    parameters={"data": "digits", "label noise": 0.4, "networks": (*NETWORKS,), "preset": "cpu"},
    experiment="kernel_ridge_cheap_weight",
)
def weights_from_outputs() -> Figure:
    """Draw losses against the weight, one row a network and one column a weight decay."""
    drawing = Figure(figsize=(7.2, 4.4))
    panels = drawing.subplots(2, 2, sharex=True, sharey=True)
    for row, (network, experiment) in zip(panels, NETWORKS.items(), strict=True):
        result = store.load(experiment, "cpu")
        for index, (axes, task) in enumerate(zip(row, result.tasks, strict=True)):
            _cheap(axes, result, index)
            axes.set_yscale("log")
            axes.minorticks_off()
            axes.set_yticks([0.5, 1, 2, 4, 8], labels=["0.5", "1", "2", "4", "8"])
            axes.set_title(f"{network}, weight decay {task['weight_decay']:g}")
        row[0].set_ylabel("loss / teacher's loss")
    for axes in panels[-1]:
        axes.set_xlabel("xi")
    panels[0, -1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing


def _cheap(axes: Axes, result: store.Stored, index: int) -> None:
    xi, teacher = np.array(result.tasks[index]["xi"]), result["teacher"][index]
    axes.plot(xi, np.mean(result["grid"][index] / teacher, axis=1), label="trained")
    for start, name in enumerate(("mixed, same start", "mixed, other start")):
        ratio = np.mean(result["mixed"][index, start] / teacher, axis=1)
        (line,) = axes.plot(xi, ratio, label=name)
        axes.plot(
            result["xi"][index, start],
            result["chosen"][index, start] / teacher,
            "x+"[start],
            color=line.get_color(),
            markersize=5,
            linestyle="none",
            label=f"trained, weight from {('same', 'other')[start]} start",
        )
    axes.axhline(1.0, color="0.6", linestyle="-", linewidth=0.6)


MODELS = (
    ("ridge", 0.3, "linear, penalty 0.3"),
    ("ridge", 30.0, "linear, penalty 30"),
    ("gaussian", 0.03, "Gaussian kernel, penalty 0.03"),
    ("network", 1e-3, "64-128-128-10, decay 0.001"),
)


@figure(
    "borup2021.noisy_digits",
    caption="""Digits with 40% of the training labels replaced: accuracy on clean test digits after
    up to twenty rounds (mean and range of five draws of the noise). Lines of linear and kernel
    models are closed forms; crosses are linear probes trained by gradients. Without labels after
    the first fit (xi = 1) rounds repair an under-regularised model for long and ruin an
    over-regularised one; with labels (xi = 0.7) they settle. The network gains in the first round
    and collapses later.""",
    parameters={"train": 400, "label noise": 0.4, "rounds": 20, "seeds": 5, "preset": "cpu"},
    experiment="kernel_ridge_digits",
)
def noisy_digits() -> Figure:
    """Draw accuracy against the round, one panel a model."""
    result = store.load("kernel_ridge_digits", "cpu")
    drawing = Figure(figsize=(7.2, 2.5))
    panels = drawing.subplots(1, len(MODELS), sharey=True)
    found = {(t["model"], t["penalty"], t["xi"]): k for k, t in enumerate(result.tasks)}
    for axes, (model, penalty, title) in zip(panels, MODELS, strict=True):
        for xi, colour, style in ((1.0, "#0072B2", "-"), (0.7, "#D55E00", "--")):
            accuracy = result["accuracy"][found[model, penalty, xi]]
            rounds = np.arange(len(accuracy))
            axes.plot(
                rounds, accuracy.mean(axis=1), color=colour, linestyle=style, label=f"xi = {xi:g}"
            )
            axes.fill_between(
                rounds, accuracy.min(axis=1), accuracy.max(axis=1), color=colour, alpha=0.15, lw=0
            )
            if model == "ridge":
                trained = result["accuracy"][found["probe", penalty, xi]].mean(axis=1)
                axes.plot(
                    rounds[::4], trained[::4], "x", color=colour, markersize=4, label="trained"
                )
        axes.set_xlabel("round")
        axes.set_title(title.replace(", ", ",\n"))
        axes.set_xticks([0, 5, 10, 15, 20])
    panels[0].set_ylabel("test accuracy")
    panels[0].legend(loc="lower right")
    return drawing
