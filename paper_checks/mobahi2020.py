"""Mobahi, Farajtabar & Bartlett 2020: self-distillation without ground truth, and its collapse."""

from typing import Any

import numpy as np

from sdtheory import filters, kernel_ridge
from sdtheory.claims import Draw, claim, relative_error

from ._kernels import EPS, labelled

PAPER = "Mobahi, Farajtabar & Bartlett 2020"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@claim(
    "mobahi2020.powers_of_the_filter",
    paper=PAPER,
    where="K8",
    source="recalled",
    says="""Without ground truth every round multiplies each mode by d / (d + lam_k): the number of
    basis functions that matter falls from round to round.""",
    kind="identity",
    instances=lambda draw: {
        "d": draw.log_uniform(1e-4, 1e4, size=draw.integer(1, 5)),
        "lams": draw.log_uniform(1e-2, 1e2, size=draw.integer(1, 6)),
    },
    tolerance=32 * EPS,
    guards=("sdtheory.spectral.filters.distilled",),
)
def powers_of_the_filter(d: FloatArray, lams: FloatArray) -> float:
    """Return the error against the product over rounds."""
    want = np.prod(d[None, :] / (d[None, :] + lams[:, None]), axis=0)
    return relative_error(filters.distilled(d, lams, np.ones(len(lams) - 1)), want, scale=want)


def _constrained(draw: Draw) -> dict[str, Any]:
    return {"n": draw.integer(4, 12), "seed": draw.seed(), "share": draw.log_uniform(3e-3, 0.3)}


@claim(
    "mobahi2020.fixed_error_sets_the_penalty",
    paper=PAPER,
    where="K8",
    source="recalled",
    says="""If every round takes the smoothest function within a fixed mean squared error of its
    target, it is a ridge fit whose penalty grows from round to round.""",
    kind="identity",
    instances=_constrained,
    # The penalty is a root found to rounding; its residual is then a dense solve's.
    tolerance=lambda n, seed, share: 1e6 * n * EPS,
    guards=("sdtheory.kernel_ridge.constrained.constrained_penalties",),
)
def fixed_error_sets_the_penalty(n: int, seed: int, share: float) -> float:
    """Return how far rounds miss the error, and how far penalties fall."""
    kernel, _, y, _ = labelled(n, seed)
    kernel = kernel + 0.1 * np.eye(n)
    error = share * float(np.mean(y**2))
    found = kernel_ridge.constrained_penalties(kernel_ridge.fit(kernel, y), error)
    target, worst = y, 0.0
    for lam in found.lam:
        fitted = kernel @ np.linalg.solve(kernel + lam * np.eye(n), target)
        worst = max(worst, abs(float(np.mean((fitted - target) ** 2)) / error - 1))
        target = fitted
    falls = np.max(-np.diff(found.lam) / found.lam[1:], initial=0.0)
    return max(worst, float(falls))


@claim(
    "mobahi2020.collapse_is_bounded",
    paper=PAPER,
    where="K8",
    source="derived",
    says="""With a fixed error the chain collapses to zero after at least r - 1 and at most r^2
    rounds, r = |y| / sqrt(n error), for a nonsingular kernel.""",
    kind="inequality",
    # One sample is the lower bound's worst case: every round takes exactly one unit away.
    instances=lambda draw: (
        {"n": 1, "seed": draw.seed(), "share": draw.integer(2, 12) ** -2.0 * (1 + 1e-4)}
        if draw.choice([True, False])
        else _constrained(draw)
    ),
    tolerance=1e-9,
    guards=("sdtheory.kernel_ridge.constrained.collapse_bounds",),
)
def collapse_is_bounded(n: int, seed: int, share: float) -> float:
    """Return by how many rounds the bounds are missed; one sample compares them with r itself."""
    kernel, _, y, _ = labelled(n, seed)
    kernel = kernel + 0.1 * np.eye(n)
    error = share * float(np.mean(y**2))
    low, high = kernel_ridge.collapse_bounds(y, error)
    rounds = kernel_ridge.constrained_penalties(kernel_ridge.fit(kernel, y), error).rounds
    stated = share**-0.5
    formula = max(abs(low - max(stated - 1, 0.0)), abs(high - stated**2)) / stated**2
    return float(max(low - rounds, rounds - high, formula))
