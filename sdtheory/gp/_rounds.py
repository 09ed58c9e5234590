"""Noise variances of all fits together, whichever way they were given."""

from __future__ import annotations

from sdtheory import _checks
from sdtheory._array import Array, namespace

__all__ = ["combined_noise"]


def combined_noise(noise: Array, steps: int | None, like: Array) -> tuple[Array, Array, int]:
    """Return 1 / sum_k 1 / noise_k, sum_k log noise_k and the number of fits.

    The first two have shape (), or (n,) where noise is given for each fit and sample. A number
    is repeated without writing it out, so that any number of rounds is cheap.
    """
    noises = _checks.array("noise", noise, like=like, ndim=(0, 1, 2), above=0)
    xp = namespace(noises)
    if noises.ndim == 0:
        fits = 2 if steps is None else _checks.integer("steps", steps) + 1
        return noises / fits, xp.log(noises) * fits, fits
    if steps is not None and noises.shape[0] != _checks.integer("steps", steps) + 1:
        raise ValueError(
            f"noise must have {steps + 1} entries for {steps} rounds, got {noises.shape[0]}"
        )
    if noises.ndim == 2 and noises.shape[1] != like.shape[0]:
        raise ValueError(
            f"noise must have one column a sample ({like.shape[0]}), got {_checks.show(noise)}"
        )
    return 1.0 / xp.sum(1.0 / noises, axis=0), xp.sum(xp.log(noises), axis=0), noises.shape[0]
