"""Borup & Andersen 2021: what the theory of kernels says about networks, measured."""

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import t as student

from experiments import store
from figures.registry import figure


@figure(
    "borup2021.wide_networks",
    caption="""Networks in tangent-kernel parametrisation, distilled three times: relative distance
    of the change of their outputs from the chain of the tangent kernel at the start. Points are
    seeds, lines their geometric means; the fitted exponent of the width is given with its 95%
    interval.""",
    parameters={"n": 24, "lam": 0.3, "xi": 0.7, "seeds": 10, "preset": "cpu"},
    experiment="kernel_ridge_widths",
)
def wide_networks() -> Figure:
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


@figure(
    "borup2021.weights_from_outputs",
    caption="""Held-out loss over that of the teacher: of students trained with each weight (line,
    mean of seeds), and of the mixed outputs of the two extreme students from the same start and
    from different starts (an ensemble). Crosses and pluses are students trained with the weights
    so estimated, one a seed. Left, the estimate finds the best of the grid. Right, teachers that
    shrink too much call for weights far below zero; the mixture of outputs does not extrapolate
    that far, and such weights should be clipped.""",
    parameters={"data": "digits", "label noise": 0.4, "network": "64-256-256-10", "preset": "cpu"},
    experiment="kernel_ridge_cheap_weight",
)
def weights_from_outputs() -> Figure:
    """Draw losses against the weight, one panel a weight decay."""
    result = store.load("kernel_ridge_cheap_weight", "cpu")
    drawing = Figure(figsize=(7.2, 2.6))
    panels = drawing.subplots(1, len(result.tasks))
    for index, (axes, task) in enumerate(zip(panels, result.tasks, strict=True)):
        xi, teacher = np.array(task["xi"]), result["teacher"][index]
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
            )
        axes.axhline(1.0, color="0.6", linestyle="-", linewidth=0.6)
        axes.set_xlabel("xi")
        axes.set_title(f"weight decay {task['weight_decay']:g}")
    panels[0].set_ylabel("loss / teacher's loss")
    panels[-1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing
