"""What students keep: effective penalties after one round, and the way to the Wiener filter."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from figures.registry import figure
from sdtheory import filters
from sdtheory.spectral import QuadraticRisk, criteria, projections

XIS = (-0.8, -0.4, 0.0, 0.4, 0.8)
LEVELS, NOISE_VAR, LAM = 5, 0.5, 1.0


@figure(
    "sdtheory.effective_penalty",
    caption="""The penalty of the ridge regression that keeps as much of a mode as the student does
    after one round. For either sign of xi it falls with the eigenvalue: one round penalises large
    singular values relatively less.""",
    parameters={"lam": LAM, "xi": XIS},
)
def effective_penalty() -> Figure:
    """Draw the effective penalty against the eigenvalue."""
    d = np.geomspace(1e-3, 1e3, 200)
    drawing = Figure()
    axes = drawing.add_subplot()
    for xi in XIS:
        student = filters.distill(d, LAM, xi)
        penalty = filters.effective_penalty(student)
        axes.loglog(d / LAM, penalty / LAM, label=f"xi = {xi:g}")
    axes.set_xlabel("eigenvalue / lam")
    axes.set_ylabel("effective penalty / lam")
    axes.set_yticks([0.2, 0.5, 1, 2, 5], labels=["0.2", "0.5", "1", "2", "5"])
    axes.minorticks_off()
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return drawing


@figure(
    "pareek2024.rounds_reach_the_wiener_filter",
    caption="""What the best student keeps after each number of rounds, on a spectrum of five
    eigenvalues whose largest carry the signal, and its expected parameter error above the Wiener
    floor. As many rounds as distinct eigenvalues reach the floor at any penalty.""",
    parameters={
        "eigenvalues": "4, 2, 1, 1/2, 1/4",
        "theta": "1/j",
        "noise_var": NOISE_VAR,
        "lam": "1 (left), 0.01 to 100 (right)",
    },
)
def rounds_reach_the_wiener_filter() -> Figure:
    """Draw filters against eigenvalues, and the excess risk against the penalty."""
    d = 4.0 * 2.0 ** -np.arange(LEVELS)
    theta = 1.0 / np.arange(1, LEVELS + 1)
    risk = criteria.expected_error(np.sqrt(d), theta, NOISE_VAR)
    wiener = d * theta**2 / (d * theta**2 + NOISE_VAR)
    floor = float(np.sum(theta**2 * (1 - wiener)))
    penalties = np.geomspace(1e-2, 1e2, 60)
    drawing = Figure(figsize=(7.2, 3.0))
    left, right = drawing.subplots(1, 2)
    for rounds in range(LEVELS):
        label = f"{rounds} rounds" if rounds != 1 else "1 round"
        kept = _best(risk, d, LAM, rounds).kept
        left.semilogx(d, kept, marker="osvD^"[rounds], label=label)
        excess = [float(risk(_best(risk, d, lam, rounds))) - floor for lam in penalties]
        right.loglog(penalties, excess, label=label)
    left.semilogx(d, wiener, "k+", markersize=11, label="Wiener filter")
    left.set_xticks(d, labels=["4", "2", "1", "1/2", "1/4"], minor=False)
    left.minorticks_off()
    left.set_xlabel("eigenvalue")
    left.set_ylabel("fraction kept")
    left.legend(fontsize="small")
    right.set_xlabel("penalty lam")
    right.set_ylabel("risk above the Wiener floor")
    return drawing


def _best(risk: QuadraticRisk, d: np.ndarray[Any, Any], lam: float, rounds: int) -> filters.Filter:
    if rounds == 0:
        return filters.distill(d, lam, 0.0, steps=0)
    return projections.optimal_weights(risk, d, lam, rounds).filter
