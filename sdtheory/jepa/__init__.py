"""Deep linear JEPA and MAE dynamics: which features of the data an encoder learns, and when.

Aligned training reduces to one scalar law a feature (`Mode`): exact sizes, times and orders.
Without alignment, or with covariances that do not commute, the whole network flows (`Views`,
`Network`, `matrix_flow`), and stability says which features stay.
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
from sdtheory.jepa.collapse import (
    collapse_floor,
    complex_path,
    determinant_obstruction,
    quasi_static_predictor,
)
from sdtheory.jepa.ema import EmaPath, ema_delay, ema_path, ema_rates, slow_ema_time
from sdtheory.jepa.expansions import (
    TimeExpansion,
    blind_fraction,
    critical_time_expansion,
    deep_critical_time,
    equal_covariance_gap,
    initial_drive,
    turning_points,
)
from sdtheory.jepa.flow import (
    FlowPath,
    crossing_times,
    flow_field,
    flow_jacobian,
    matrix_flow,
    retention_times,
)
from sdtheory.jepa.generative import Autoregression, MaskedSignal, Oscillators, TwoViews
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
from sdtheory.jepa.network import Network, Views, aligned_network, balance_defects, random_network
from sdtheory.jepa.ordering import LearnedOrder, learned_order, retention_order
from sdtheory.jepa.selection import (
    RankOnePath,
    full_rank_predictor,
    kept_subspace,
    predicted_rows,
    principal_sine,
    rank_one_flow,
)
from sdtheory.jepa.solutions import critical_time, hitting_time, trajectory
from sdtheory.jepa.stability import (
    curvatures,
    descent_shift,
    descent_times,
    largest_step,
    overwriting_rate,
    swap_time,
)
from sdtheory.jepa.variants import (
    critical_decay,
    decay_equilibria,
    unbalanced_fixed_point,
    unbalanced_time,
    without_predictor,
)

__all__ = [
    # modes
    "Mode",
    "Law",
    "law",
    "fixed_point",
    "learnable",
    "critical_depth",
    "relaxation_rate",
    "velocity",
    # exact solutions
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
    # small initialisation and order
    "TimeExpansion",
    "critical_time_expansion",
    "equal_covariance_gap",
    "blind_fraction",
    "turning_points",
    "initial_drive",
    "deep_critical_time",
    "LearnedOrder",
    "learned_order",
    "retention_order",
    # stability
    "curvatures",
    "largest_step",
    "descent_shift",
    "descent_times",
    "overwriting_rate",
    "swap_time",
    # other training
    "unbalanced_fixed_point",
    "unbalanced_time",
    "without_predictor",
    "critical_decay",
    "decay_equilibria",
    "EmaPath",
    "ema_path",
    "ema_rates",
    "ema_delay",
    "slow_ema_time",
    # data
    "MaskedSignal",
    "TwoViews",
    "Autoregression",
    "Oscillators",
    # whole networks
    "Views",
    "Network",
    "aligned_network",
    "random_network",
    "balance_defects",
    "FlowPath",
    "flow_field",
    "matrix_flow",
    "flow_jacobian",
    "crossing_times",
    "retention_times",
    "quasi_static_predictor",
    "determinant_obstruction",
    "collapse_floor",
    "complex_path",
    "RankOnePath",
    "rank_one_flow",
    "kept_subspace",
    "predicted_rows",
    "principal_sine",
    "full_rank_predictor",
]
