"""Schedules of a chain as plain numbers, whichever way they were given."""

from __future__ import annotations

from sdtheory import _checks
from sdtheory._array import Array

__all__ = ["per_round"]


def per_round(
    name: str, value: Array, xi: Array, steps: int | None, like: Array
) -> tuple[list[float], list[float]]:
    """Return one positive value for each fit (rounds + 1) and the weights (rounds).

    `value` is a penalty or a noise variance, called `name` in messages. Numbers repeat; the number
    of rounds is `steps`, or else the length of the schedule, or else one.

    Examples
    --------
    >>> import numpy as np
    >>> per_round("lam", 2.0, [0.5, 1.5], None, np.ones(1))
    ([2.0, 2.0, 2.0], [0.5, 1.5])
    """
    values = _checks.array(name, value, like=like, ndim=(0, 1), above=0)
    weights = _checks.array("xi", xi, like=like, ndim=(0, 1), empty=True)
    lengths = [weights.shape[0]] if weights.ndim else []
    lengths += [values.shape[0] - 1] if values.ndim else []
    rounds = (lengths or [1])[0]
    if steps is not None:
        rounds = _checks.integer("steps", steps, at_most=max(_checks.ROUNDS, rounds))
    if any(length != rounds for length in lengths):
        raise ValueError(
            f"xi must have {rounds} and {name} {rounds + 1} entries (or be numbers) for {rounds} "
            f"rounds, got shapes {tuple(weights.shape)} and {tuple(values.shape)}"
        )
    return (
        [float(values[k] if values.ndim else values) for k in range(rounds + 1)],
        [float(weights[k] if weights.ndim else weights) for k in range(rounds)],
    )
