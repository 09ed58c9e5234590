"""Kernel ridge self-distillation (Borup & Andersen 2021; Mobahi et al. 2020)."""

from .approximations import fourier_features, nystrom_features
from .constrained import Constrained, collapse_bounds, constrained_penalties
from .fitting import KernelRidge, fit, fit_features
from .leave_one_out import leave_one_out_path, leave_one_out_predictions
from .products import chunked_product
from .replicates import Merged, merge_replicates
from .routes import Chain, distil
from .schedules import OptimalSchedule, optimal_limit_xi, optimal_schedule
from .selection import OptimalXi, optimal_xi
from .shrinkage import (
    approximation_bound,
    contraction_rate,
    penalty_bound,
    sparsity_limit,
    sparsity_peak,
    sparsity_ratio,
    steps_to_tolerance,
)

__all__ = [
    "Chain",
    "Constrained",
    "KernelRidge",
    "Merged",
    "OptimalSchedule",
    "OptimalXi",
    "approximation_bound",
    "chunked_product",
    "collapse_bounds",
    "constrained_penalties",
    "contraction_rate",
    "distil",
    "fit",
    "fit_features",
    "fourier_features",
    "leave_one_out_path",
    "leave_one_out_predictions",
    "merge_replicates",
    "nystrom_features",
    "optimal_limit_xi",
    "optimal_schedule",
    "optimal_xi",
    "penalty_bound",
    "sparsity_limit",
    "sparsity_peak",
    "sparsity_ratio",
    "steps_to_tolerance",
]
