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
    rounds = _checks.integer("rounds", rounds, at_most=_checks.ROUNDS)
    xp = namespace(x)
    spectrum = Spectrum.from_design(x)
    students = filters.powers(spectrum.eigenvalues, lam, rounds)
    right, singular = spectrum.right, xp.sqrt(spectrum.eigenvalues)
    assert right is not None  # a design has it
    targets, seen = spectrum.project(y), right.T @ start
    missing = targets.projected - singular * seen
    moves = students.coefficient * singular * missing
    # No filter reaches what lies outside the span of the design, and the initial weights add
    # nothing to it.
    error = xp.sum((students.lost * missing) ** 2, axis=1) + targets.outside
    # Not start + moves: where the data determine the weights, little is left of the initial ones.
    fitted = students.coefficient * singular * targets.projected
    coefficients = (fitted + students.lost * seen) @ right.T
    if right.shape[0] > right.shape[1]:
        coefficients = coefficients + (start - right @ seen)
    return AnchoredRounds(coefficients, xp.linalg.vector_norm(moves, axis=1), error / x.shape[0])
