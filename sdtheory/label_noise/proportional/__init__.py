"""Exact limits when samples and features grow together: risk, best weight, rounds, new data."""

from .kernel import AsymptoticSteps, asymptotic_steps, kernel_coefficients
from .limits import PenaltyLimits, isotropic_xi, penalty_limits
from .problem import ProportionalProblem
from .risk import Asymptotics, asymptotics, asymptotics_grid
from .self_training import SelfTraining, iterated_gcv, self_training

__all__ = [
    "AsymptoticSteps",
    "Asymptotics",
    "PenaltyLimits",
    "ProportionalProblem",
    "SelfTraining",
    "asymptotic_steps",
    "asymptotics",
    "asymptotics_grid",
    "isotropic_xi",
    "iterated_gcv",
    "kernel_coefficients",
    "penalty_limits",
    "self_training",
]
