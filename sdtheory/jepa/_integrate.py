"""The one place that calls an ODE solver: it checks the times and never returns a failed path."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate

from sdtheory import _checks
from sdtheory.jepa.modes import Floats

__all__ = ["ascending", "integrated"]


def ascending(name: str, times: object) -> Floats:
    """Return times as an ascending array (T,), at least 0."""
    clock: Floats = _checks.ndarray(name, times, ndim=1, at_least=0.0)
    if not bool(np.all(np.diff(clock) > 0)):
        raise ValueError(f"{name} must ascend, got {clock}")
    return clock


def integrated(
    rate: Callable[[float, Floats], Any], start: object, clock: Floats, *, rtol: float, atol: float
) -> Floats:
    """Return the states (n, T) at the times of `clock`, by a solver that turns stiff by itself."""
    begin = np.asarray(start, dtype=np.float64)
    if clock[-1] == 0.0:
        return begin[:, None]
    with warnings.catch_warnings():  # the message of the solver is raised instead
        warnings.simplefilter("ignore", UserWarning)
        solved = integrate.solve_ivp(
            rate, (0.0, float(clock[-1])), begin, "LSODA", clock, rtol=rtol, atol=atol
        )
    if not solved.success or not np.isfinite(solved.y).all():
        raise ValueError(
            f"times must be nearer, or rates less far apart: the flow could not be integrated to "
            f"{clock[-1]:g}: {solved.message}"
        )
    return np.asarray(solved.y)
