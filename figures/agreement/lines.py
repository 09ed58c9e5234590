"""What every comparison returns, and the two ways to summarise runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.store import Stored

__all__ = ["Floats", "Line", "matching", "spread", "zero"]

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison."""

    quantity: str
    theory: float
    trained: float
    low: float
    """Where the runs spread from: the least of them, or as the quantity says."""
    high: float
    """Where the runs spread to."""
    runs: int
    """How many runs were compared."""


def matching(stored: Stored, **wanted: Any) -> list[int]:
    """Return the numbers of the tasks with these settings."""
    tasks = enumerate(stored.tasks)
    return [k for k, task in tasks if all(task[name] == v for name, v in wanted.items())]


def spread(quantity: str, theory: float, values: Floats, runs: int | None = None) -> Line:
    """Return the median and the central 90% of the runs."""
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    count = values.size if runs is None else runs
    return Line(quantity, theory, float(middle), float(low), float(high), count)


def zero(quantity: str, values: Floats | Sequence[Floats]) -> Line:
    """Return the largest of deviations that theory says are rounding, with their median."""
    flat = np.ravel(np.asarray(values))
    top = float(flat.max())
    return Line(quantity, 0.0, top, float(np.median(flat)), top, flat.size)
