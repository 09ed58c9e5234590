"""Ridge regression under label noise: which weight to put on the teacher, and what it gains."""

from .best import Best, LimitStudent, best_joint, best_ridge, limit_students
from .grid import risk_grid
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
    isotropic_xi,
    iterated_gcv,
    kernel_coefficients,
    penalty_limits,
    self_training,
)
from .wiener import WienerFloor, linear_smoother_floor, wiener_floor

__all__ = [
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
    "RidgeProblem",
    "SelfTraining",
    "WienerFloor",
    "asymptotic_steps",
    "asymptotics",
    "best_joint",
    "best_ridge",
    "derivatives",
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
    "risk_grid",
    "self_training",
    "separation_problem",
    "wiener_floor",
]
