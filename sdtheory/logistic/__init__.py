"""Logistic self-distillation: random labels, Gaussian mixtures and soft targets."""

from .approximations import (
    large_sample_gap,
    linearised_threshold,
    small_penalty_threshold,
    squared_loss_threshold,
)
from .many_classes import ClassesStage, SymmetricClasses
from .mixing import PerfectMixing, perfect_mixing
from .population import best_population_accuracy, population_accuracy
from .prox import logistic_prox
from .random_flips import expected_accuracy
from .random_labels import RandomLabels, Stage
from .ranges import (
    CorruptionRange,
    WidestWindow,
    corruption_range,
    penalty_threshold,
    widest_window,
)
from .thresholds import (
    soft_limit_threshold,
    steps_needed,
    student_threshold,
    teacher_own_limit,
    teacher_threshold,
)
from .unequal_classes import UnequalClasses, UnequalStage

__all__ = [
    "ClassesStage",
    "SymmetricClasses",
    "UnequalClasses",
    "UnequalStage",
    "CorruptionRange",
    "PerfectMixing",
    "RandomLabels",
    "Stage",
    "WidestWindow",
    "best_population_accuracy",
    "corruption_range",
    "expected_accuracy",
    "large_sample_gap",
    "linearised_threshold",
    "logistic_prox",
    "penalty_threshold",
    "perfect_mixing",
    "population_accuracy",
    "small_penalty_threshold",
    "soft_limit_threshold",
    "squared_loss_threshold",
    "steps_needed",
    "student_threshold",
    "teacher_own_limit",
    "teacher_threshold",
    "widest_window",
]
