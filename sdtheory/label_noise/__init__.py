"""Ridge regression under label noise: which weight to put on the teacher, and what it gains."""

from .best import Best, LimitStudent, best_joint, best_ridge, limit_students
from .estimated import estimated_derivatives
from .grid import risk_grid
from .initial_weights import AnchoredRounds, anchored_rounds
from .many_rounds import OptimalSteps, optimal_steps, separation_problem
from .one_round import (
    Derivatives,
    NoiseThresholds,
    OptimalXi,
    derivatives,
    expected_risk,
    noise_thresholds,
    optimal_xi,
)
from .problem import ConditionalProblem, Problem, RidgeProblem
from .proportional import (
    Asymptotics,
    AsymptoticSteps,
    PenaltyLimits,
    ProportionalProblem,
    SelfTraining,
    asymptotic_steps,
    asymptotics,
    asymptotics_grid,
    isotropic_xi,
    iterated_gcv,
    kernel_coefficients,
    penalty_limits,
    self_training,
)
from .pruning import PrunedXi, pruned_xi, pruned_xi_ideal
from .streaming import derivatives_left_out, tune_left_out, tune_summary
from .tuning import TunedPath, TunedXi, tune_path, tune_xi
from .wiener import WienerFloor, linear_smoother_floor, wiener_floor

__all__ = [
    "AnchoredRounds",
    "AsymptoticSteps",
    "Asymptotics",
    "Best",
    "ConditionalProblem",
    "Derivatives",
    "LimitStudent",
    "NoiseThresholds",
    "OptimalSteps",
    "OptimalXi",
    "Problem",
    "PenaltyLimits",
    "ProportionalProblem",
    "PrunedXi",
    "RidgeProblem",
    "SelfTraining",
    "TunedPath",
    "TunedXi",
    "WienerFloor",
    "anchored_rounds",
    "asymptotic_steps",
    "asymptotics",
    "asymptotics_grid",
    "best_joint",
    "best_ridge",
    "derivatives",
    "derivatives_left_out",
    "estimated_derivatives",
    "expected_risk",
    "isotropic_xi",
    "iterated_gcv",
    "kernel_coefficients",
    "limit_students",
    "linear_smoother_floor",
    "noise_thresholds",
    "optimal_steps",
    "optimal_xi",
    "penalty_limits",
    "pruned_xi",
    "pruned_xi_ideal",
    "risk_grid",
    "self_training",
    "separation_problem",
    "tune_left_out",
    "tune_path",
    "tune_summary",
    "tune_xi",
    "wiener_floor",
]
