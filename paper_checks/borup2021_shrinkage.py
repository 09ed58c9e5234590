"""Borup & Andersen 2021: how strongly rounds shrink, and whether they sparsify."""

from typing import Any

import numpy as np

from sdtheory import filters, problems
from sdtheory.claims import Draw, claim, fit_rate, relative_error

from ._instances import EPS, spectra

PAPER = "Borup & Andersen 2021"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@claim(
    "borup2021.shrinks_at_least_as_ridge",
    paper=PAPER,
    where="K9",
    source="derived",
    says="""For 0 <= xi <= 1 every round shrinks further, and at least as much as ridge regression
    with the penalty s lam, s = 1 + xi + ... + xi^steps; the two meet as d / lam grows.""",
    kind="inequality",
    instances=lambda draw: {
        "ratio": draw.log_uniform(1e-3, 1e6),
        "xi": draw.uniform(0.0, 1.0),
        "steps": draw.integer(1, 20),
    },
    tolerance=lambda ratio, xi, steps: 32 * EPS,
    guards=("sdtheory.spectral.filters.distill",),
)
def shrinks_at_least_as_ridge(ratio: float, xi: float, steps: int) -> float:
    """Return how far the student keeps more than ridge, or than the student before it."""
    kept = filters.distilled([ratio], 1.0, xi, np.array([[steps - 1], [steps]]))[:, 0]
    total = np.sum(xi ** np.arange(steps + 1))
    return float(max(kept[1] - ratio / (ratio + total), kept[1] - kept[0]))


def _pairs(draw: Draw) -> dict[str, Any]:
    return {
        "low": draw.log_uniform(1e-3, 1e3),
        "gap": draw.log_uniform(1e-2, 1e2),
        "alpha": draw.uniform(0.0, 1.0),
        "steps": draw.integer(1, 12),
    }


@claim(
    "borup2021.sparsification_sign",
    paper=PAPER,
    where="K10",
    source="derived",
    says="""The ratio R of what a large mode keeps to what a small one keeps changes in a round by
    the sign of (1 - alpha) f_large (r - 1) - alpha (R - r), with f and R from the round before,
    r the ratio of the first fit, and alpha = 1 - xi.""",
    kind="identity",
    instances=_pairs,
    tolerance=lambda low, gap, alpha, steps: 64 * (steps + 1) * EPS,
    guards=("sdtheory.spectral.filters.distill",),
)
def sparsification_sign(low: float, gap: float, alpha: float, steps: int) -> float:
    """Return the error of the change of R against a_small / f_small times the sign rule."""
    alpha = 1 - (1 - alpha)  # what is left of it in xi
    d = np.array([low * (1 + gap), low])
    before = filters.distilled(d, 1.0, 1 - alpha, steps - 1)
    after = filters.distilled(d, 1.0, 1 - alpha, steps)
    a = d / (d + 1.0)
    ratio, first = before[0] / before[1], a[0] / a[1]
    rule = (1 - alpha) * before[0] * (first - 1) - alpha * (ratio - first)
    change = after[0] / after[1] - ratio
    return relative_error(change, a[1] / after[1] * rule, scale=max(ratio, 1.0))


_TOY_X = problems.toy_regression()[0]
_TOY_D = np.linalg.eigvalsh(np.exp(-80 * (_TOY_X[:, None] - _TOY_X) ** 2))


@claim(
    "borup2021.sparsification_grows",
    paper=PAPER,
    where="K10",
    source="recalled",
    says="""Each round makes the filter sparser: the ratio of what a large mode keeps to what a
    small one keeps grows with the number of rounds.""",
    kind="inequality",
    verdict="holds_with_condition",
    condition="no ground truth is mixed in (xi = 1); for 0 < xi < 1 the ratio peaks, then falls",
    # The ninth and tenth eigenvalues of the paper's own toy problem at its own alpha.
    counterexample={
        "low": float(_TOY_D[1] / 0.2),
        "gap": float(_TOY_D[2] / _TOY_D[1] - 1),
        "alpha": 0.25,
        "steps": 4,
    },
    instances=lambda draw: _pairs(draw) | {"alpha": 0.0},
    tolerance=lambda low, gap, alpha, steps: 64 * (steps + 1) * EPS,
    guards=("sdtheory.spectral.filters.distill",),
)
def sparsification_grows(low: float, gap: float, alpha: float, steps: int) -> float:
    """Return the relative fall of the ratio; without ground truth also its distance from r^k."""
    d = np.array([low * (1 + gap), low])
    path = filters.distilled(d, 1.0, 1 - alpha, np.array([[steps - 1], [steps]]))
    ratio = path[:, 0] / path[:, 1]
    fall = float(ratio[0] / ratio[1] - 1)
    if alpha > 0:
        return fall
    pure = (d / (d + 1.0)) ** (steps + 1)
    return max(fall, relative_error(path[1], pure, scale=pure))


@claim(
    "borup2021.twicing",
    paper=PAPER,
    where="K20",
    source="derived",
    says="One round with xi = -1 is Tukey's twicing, 1 - (1 - a)^2: it undoes shrinkage.",
    kind="identity",
    instances=spectra,
    tolerance=8 * EPS,
    guards=("sdtheory.spectral.filters.distill",),
)
def twicing(d: FloatArray, lam: float) -> float:
    """Return the error of what is kept and of what is lost."""
    student, lost = filters.distill(d, lam, -1.0), (lam / (d + lam)) ** 2
    return max(
        relative_error(student.kept, 1 - lost, scale=1.0),
        relative_error(student.lost, lost, scale=lost),
    )


@claim(
    "borup2021.small_penalty",
    paper=PAPER,
    where="K21",
    source="derived",
    says="""As lam falls, what is lost is s lam / d to first order, s = 1 + xi + ... + xi^steps,
    with an error of second order.""",
    kind="asymptotic",
    instances=lambda draw: {"xi": draw.uniform(0.1, 1.0), "steps": draw.integer(1, 8)},
    tolerance=1.0,
    guards=("sdtheory.spectral.filters.distill",),
)
def small_penalty(xi: float, steps: int) -> float:
    """Return the fitted order of the remainder against 2, in half-widths."""
    lam = np.geomspace(1e-5, 1e-3, 9)
    lost = filters.distill([1.0], lam[:, None, None], xi, steps).lost[:, 0, 0]
    total = np.sum(xi ** np.arange(steps + 1))
    return fit_rate(lam, total * lam - lost, stated=2.0, correction=1.0)
