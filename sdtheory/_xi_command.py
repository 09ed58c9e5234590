"""The ``sdtheory xi`` command: the best weight for a user's own data, and what it gains."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import sdtheory  # topics load on first use: other commands start without them
from sdtheory._table_files import read_features

__all__ = ["Recommendation", "add_arguments", "recommend", "run"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

# Gains in estimated error below this fraction are not worth a second fit.
_WORTHWHILE = 1e-3


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What leave-one-out says about distilling ridge regression on a data set."""

    samples: int
    features: int
    alpha: float
    """The penalty that was asked for, or the best one for ridge regression."""
    steps: int
    xi: list[float] | None
    """Weights of the rounds at this penalty; None where some would be infinite."""
    ridge_error: float
    """Estimated squared error on new data of ridge regression at this penalty."""
    student_error: float
    """That of the student at this penalty."""
    tuned_alpha: float
    tuned_ridge_error: float
    """That of ridge regression at its best penalty."""
    joint_alpha: float
    joint_xi: float
    joint_error: float
    """That of one round with penalty and weight tuned together."""
    joint_gain_error: float
    """Standard error of 1 - joint_error / tuned_ridge_error, from the errors of single samples."""
    over_regularised: bool
    """Whether a smaller penalty would help ridge regression: then xi is negative."""
    curvature_test: bool
    """Whether tuning penalty and weight together promises a gain near the best penalty."""
    advice: str


def recommend(
    x: FloatArray, y: FloatArray, alpha: float | None = None, steps: int = 1
) -> Recommendation:
    """Return the recommendation for features (n, p) and labels (n,), with an intercept."""
    for values, name in ((x, "features"), (y, "labels")):
        if np.all(values == values[0]):
            raise ValueError(f"the {name} are constant: there is nothing to learn from them")
    if steps > x.shape[0]:
        raise ValueError(
            f"--steps must be at most {x.shape[0]}, the number of samples: further rounds reach "
            f"nothing new; got {steps}"
        )
    size = float(np.linalg.norm(x - x.mean(axis=0), 2))
    if not 1e-140 < size < 1e140:
        raise ValueError(f"the features must have squares within range, got a size of {size:.3g}")
    scale = size**2
    grid = scale * np.geomspace(1e-8, 1e3, 133)
    path = sdtheory.label_noise.tune_path(x, y, grid, intercept=True)
    ridge, joint = int(np.argmin(path.teacher_risk)), int(np.argmin(path.risk))
    chosen = float(grid[ridge]) if alpha is None else alpha
    found = sdtheory.label_noise.tune_xi(x, y, chosen, steps=steps, intercept=True)
    here, best = (
        sdtheory.label_noise.estimated_derivatives(x, y, a, intercept=True)
        for a in (chosen, float(grid[ridge]))
    )
    student, teacher = float(found.risk), float(found.teacher_risk)
    best_ridge, best_joint = float(path.teacher_risk[ridge]), float(path.risk[joint])
    error = _standard_error(x, y, float(grid[ridge]), float(grid[joint]), float(path.xi[joint]))
    return Recommendation(
        samples=x.shape[0],
        features=x.shape[1],
        alpha=chosen,
        steps=steps,
        xi=None if found.xi is None else [float(v) for v in np.atleast_1d(found.xi)],
        ridge_error=teacher,
        student_error=student,
        tuned_alpha=float(grid[ridge]),
        tuned_ridge_error=best_ridge,
        joint_alpha=float(grid[joint]),
        joint_xi=float(path.xi[joint]),
        joint_error=best_joint,
        joint_gain_error=error / best_ridge,
        over_regularised=float(here.first) > 0,
        curvature_test=float(best.curvature) > 0,
        advice=_advice(teacher, student, best_ridge, best_joint, error),
    )


def _standard_error(x: FloatArray, y: FloatArray, ridge: float, joint: float, xi: float) -> float:
    """Return the standard error of the mean difference of squared leave-one-out errors."""
    from sdtheory.label_noise._samples import Samples
    from sdtheory.label_noise.left_out import left_out_errors

    samples = Samples.made(x, y, intercept=True)

    def squares(lam: float, weight: float) -> FloatArray:
        found = left_out_errors(samples, lam, 1)
        return np.asarray((found.residual - weight * found.design[:, 0]) ** 2 * len(y))

    return float(np.std(squares(ridge, 0.0) - squares(joint, xi), ddof=1) / len(y) ** 0.5)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV with a header, NPY or NPZ")
    parser.add_argument(
        "--target", metavar="COLUMN", help="name or number of the labels' column (NPZ: array)"
    )
    parser.add_argument("--alpha", type=_positive, help="ridge penalty (default: the best one)")
    parser.add_argument("--steps", type=_count, default=1, metavar="K", help="rounds (default 1)")
    parser.add_argument("--json", action="store_true", help="print every number as JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw errors and weights")


def run(arguments: argparse.Namespace) -> str:
    """Return what the command prints."""
    x, y, _ = read_features(arguments.file, arguments.target)
    found = recommend(x, y, arguments.alpha, arguments.steps)
    if arguments.plot is not None:
        _plot(x, y, found, arguments.plot)
    return json.dumps(asdict(found), indent=2) if arguments.json else _text(found)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a positive number, got {text!r}")
    return value


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, got {text!r}")
    return int(text)


def _advice(ridge: float, student: float, tuned: float, joint: float, error: float) -> str:
    worthwhile = 1 - _WORTHWHILE
    if joint < worthwhile * tuned:
        gain, spread = 100 * (1 - joint / tuned), 100 * error / tuned
        found = f"the error falls by {gain:.1f}% (standard error {spread:.1f}%)"
        if joint < tuned - 2 * error:
            return f"Distil: with penalty and weight tuned together {found}."
        return (
            f"Distillation may not help: with penalty and weight tuned together {found}, which "
            "chance explains. Compare on held-out data, or tune the penalty alone."
        )
    if student < worthwhile * ridge:
        gain = 100 * (1 - student / ridge)
        return (
            f"At this penalty distillation helps by {gain:.1f}%, but ridge regression with its "
            "penalty tuned is as good: tune the penalty instead."
        )
    return "Distillation will not help: ridge regression with its penalty tuned is as good."


def _text(found: Recommendation) -> str:
    xi = "none (some would be infinite)"
    if found.xi is not None:
        xi = ", ".join(f"{v:.4g}" for v in found.xi)
    weight = f"{found.joint_xi:.4g}"
    near = "a gain is near" if found.curvature_test else "no gain nearby"
    side = "over-regularised: xi < 0" if found.over_regularised else "under-regularised: xi > 0"
    lines = [
        f"{found.samples} samples, {found.features} features; leave-one-out squared errors",
        f"ridge, alpha = {found.alpha:.4g}            {found.ridge_error:.6g}  ({side})",
        f"student, {found.steps} round(s), xi = {xi}   {found.student_error:.6g}",
        f"ridge, best alpha = {found.tuned_alpha:.4g}       {found.tuned_ridge_error:.6g}",
        f"student, alpha = {found.joint_alpha:.4g}, xi = {weight}   {found.joint_error:.6g}",
        f"curvature test at the best ridge penalty: {near}",
        found.advice,
    ]
    return "\n".join(lines)


def _plot(x: FloatArray, y: FloatArray, found: Recommendation, file: Path) -> None:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "--plot needs matplotlib: pip install 'sdtheory[figures]'"
        ) from None
    grid = found.tuned_alpha * np.geomspace(1e-3, 1e3, 121)
    path = sdtheory.label_noise.tune_path(x, y, grid, intercept=True)
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.loglog(grid, path.teacher_risk, label="ridge")
    left.loglog(grid, path.risk, label="best student")
    left.plot(found.joint_alpha, found.joint_error, "o", label="tuned together")
    left.set(xlabel="penalty alpha", ylabel="leave-one-out squared error")
    left.legend()
    right.semilogx(grid, path.xi)
    right.axhline(0, lw=0.5)
    right.axvline(found.tuned_alpha, lw=0.5)
    right.set(xlabel="penalty alpha", ylabel="best weight xi")
    right.set_yscale("symlog", linthresh=1.0)
    figure.savefig(file)
