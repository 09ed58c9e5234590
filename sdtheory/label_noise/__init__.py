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
from .wiener import WienerFloor, linear_smoother_floor, wiener_floor

__all__ = [
    "Best",
    "ConditionalProblem",
    "Derivatives",
    "LimitStudent",
    "NoiseThresholds",
    "OptimalSteps",
    "OptimalXi",
    "Problem",
    "RidgeProblem",
    "WienerFloor",
    "best_joint",
    "best_ridge",
    "derivatives",
    "expected_risk",
    "limit_students",
    "linear_smoother_floor",
    "noise_thresholds",
    "optimal_steps",
    "optimal_xi",
    "risk_grid",
    "separation_problem",
    "wiener_floor",
]
