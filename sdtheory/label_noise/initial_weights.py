"""Ridge regression towards initial weights: how far repeated distillation moves from them."""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, namespace
from sdtheory.spectral import Spectrum, filters

__all__ = ["AnchoredRounds", "anchored_rounds"]


@dataclass(frozen=True, slots=True)
class AnchoredRounds:
    """Pure rounds of ridge regression with the penalty lam |w - initial|**2."""

    coefficients: Array
    """Weights after each round (rounds + 1, p); the first row is the teacher."""
    distance: Array
    """Distance from the initial weights (rounds + 1,): it falls strictly."""
    training_error: Array
    """Mean squared error on the labels (rounds + 1,): it rises."""


def anchored_rounds(
    design: Array, y: Array, initial: Array, lam: float, rounds: int
) -> AnchoredRounds:
    """Return teacher and pure students of ridge regression centred at initial weights.

    After t rounds the weights are initial + V diag(a**(t + 1) / s) U'(y - X initial).

    >>> found = anchored_rounds([[1.0], [1.0]], [3.0, 3.0], initial=[1.0], lam=2.0, rounds=2)
    >>> found.coefficients[:, 0], found.distance
    (array([2.  , 1.5 , 1.25]), array([1.  , 0.5 , 0.25]))
    """
    x = _checks.array("design", design, ndim=2)
    y = _checks.array("y", y, like=x, ndim=1)
    _checks.same_length("y", y, "design", x)
    start = _checks.array("initial", initial, like=x, ndim=1)
    if start.shape[0] != x.shape[1]:
        raise ValueError(f"initial must have {x.shape[1]} entries, got {start.shape[0]}")
    rounds = _checks.integer("rounds", rounds)
    xp = namespace(x)
    spectrum = Spectrum.from_design(x)
    missing = y - x @ start
    targets = spectrum.project(missing)
    students = filters.powers(spectrum.eigenvalues, lam, rounds)
    right = spectrum.right
    assert right is not None  # a design has it
    moves = (students.coefficient * xp.sqrt(spectrum.eigenvalues) * targets.projected) @ right.T
    error = xp.sum((students.lost * targets.projected) ** 2, axis=1) + targets.outside
    return AnchoredRounds(start + moves, xp.linalg.vector_norm(moves, axis=1), error / x.shape[0])
