"""What the JEPA experiments share: when a recorded feature is first reached and when it is kept."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["crossings", "kendall", "record_steps"]

Floats = NDArray[np.float64]


def record_steps(steps: int, count: int) -> list[int]:
    """Return about `count` steps from 0 to `steps`, ever further apart."""
    grid = np.concatenate([[0.0], np.geomspace(1.0, steps, count)])
    return sorted({round(float(s)) for s in grid})


def crossings(clock: Floats, sizes: Floats, levels: Floats) -> tuple[Floats, Floats]:
    """Return first and last upward crossings of `levels`, linear between records.

    Parameters
    ----------
    clock : array (T,)
    sizes : array (runs, T, features)
    levels : array broadcastable to (runs, features)

    Returns
    -------
    first, kept : arrays (runs, features)
        inf where never reached; `kept` also where the last record is below the level.
    """
    goal = np.broadcast_to(levels, (sizes.shape[0], sizes.shape[2]))
    above = sizes >= goal[:, None]
    rises = above[:, 1:] & ~above[:, :-1]
    share = (goal[:, None] - sizes[:, :-1]) / np.where(rises, np.diff(sizes, axis=1), 1.0)
    moment = np.where(rises, clock[:-1, None] + share * np.diff(clock)[:, None], np.nan)
    first = np.min(np.where(rises, moment, np.inf), axis=1)
    kept = np.max(np.where(rises, moment, -np.inf), axis=1)
    kept = np.where(above[:, -1] & np.isfinite(kept), kept, np.inf)
    return np.where(above[:, 0], clock[0], first), np.where(above.all(axis=1), clock[0], kept)


def kendall(times: Floats, rank: Floats) -> Floats:
    """Return Kendall's tau between early times and high ranks, for each row; ties count nothing."""
    goal = np.broadcast_to(rank, times.shape)
    first, second = np.triu_indices(times.shape[1], 1)
    with np.errstate(invalid="ignore"):  # two features that never come are a tie
        later = np.sign(np.nan_to_num(times[:, second] - times[:, first]))
    agree = later * np.sign(goal[:, first] - goal[:, second])
    return np.asarray(agree.mean(axis=1))
