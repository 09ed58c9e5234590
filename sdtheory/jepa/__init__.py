"""Deep linear JEPA and MAE dynamics: which features of the data an encoder learns, and when.

Both objectives reduce to one scalar law a feature (`Mode`). The closed forms live in `solutions`
and `closed_forms`.
"""

from sdtheory.jepa.closed_forms import (
    blow_up_time,
    phase,
    size_at_depth_one,
    size_at_infinite_depth,
    size_without_covariance,
    size_without_variance,
    time_at_infinite_depth,
)
from sdtheory.jepa.modes import (
    Law,
    Mode,
    critical_depth,
    fixed_point,
    law,
    learnable,
    relaxation_rate,
    velocity,
)
from sdtheory.jepa.solutions import critical_time, hitting_time, trajectory

__all__ = [
    "Mode",
    "Law",
    "law",
    "fixed_point",
    "learnable",
    "critical_depth",
    "relaxation_rate",
    "velocity",
    "trajectory",
    "critical_time",
    "hitting_time",
    "phase",
    "size_at_depth_one",
    "size_without_covariance",
    "size_without_variance",
    "blow_up_time",
    "size_at_infinite_depth",
    "time_at_infinite_depth",
]
