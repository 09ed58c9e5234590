"""Penalties and weights of a chain as plain numbers, whichever way they were given."""

from __future__ import annotations

from sdtheory import _checks
from sdtheory._array import Array

__all__ = ["per_round"]


def per_round(
    lam: Array, xi: Array, steps: int | None, like: Array
) -> tuple[list[float], list[float]]:
    """Return positive penalties (rounds + 1) and weights (rounds); numbers repeat.

    The number of rounds is `steps`, or else the length of the schedule, or else one.
    """
    lams = _checks.array("lam", lam, like=like, ndim=(0, 1), above=0)
    xis = _checks.array("xi", xi, like=like, ndim=(0, 1), empty=True)
    lengths = ([xis.shape[0]] if xis.ndim else []) + ([lams.shape[0] - 1] if lams.ndim else [])
    rounds = (lengths or [1])[0] if steps is None else _checks.integer("steps", steps)
    if any(length != rounds for length in lengths):
        raise ValueError(
            f"xi must have {rounds} and lam {rounds + 1} entries (or be numbers) for {rounds} "
            f"rounds, got shapes {tuple(xis.shape)} and {tuple(lams.shape)}"
        )
    return (
        [float(lams[k] if lams.ndim else lams) for k in range(rounds + 1)],
        [float(xis[k] if xis.ndim else xis) for k in range(rounds)],
    )
