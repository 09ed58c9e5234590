"""Logistic self-distillation: random labels, Gaussian mixtures and soft targets."""

from .approximations import (
    large_sample_gap,
    linearised_threshold,
    small_penalty_threshold,
    squared_loss_threshold,
)
from .label_averaging import (
    Kept,
    LinearLabels,
    label_averages,
    noise_threshold,
    rounds_needed,
    top_two_succeeds,
)
from .many_classes import ClassesStage, SymmetricClasses
from .mixing import PerfectMixing, perfect_mixing
from .mixture import (
    AveragingErrors,
    GaussianMixture,
    MixtureStages,
    SaddlePoint,
    averaging_errors,
    best_soft_averaging,
    mixture_stages,
    potential,
    saddle_gradient,
    soft_averaging_error,
    teacher_saddle,
)
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
from .soft_targets import (
    cross_entropy,
    cross_entropy_gradient,
    distillation_weight,
    high_temperature_gradient,
    mixed_target,
    progressive_factor,
    smoothed_label,
    temperature_gradient,
    top_two_target,
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
    "AveragingErrors",
    "ClassesStage",
    "CorruptionRange",
    "GaussianMixture",
    "Kept",
    "LinearLabels",
    "MixtureStages",
    "PerfectMixing",
    "RandomLabels",
    "SaddlePoint",
    "Stage",
    "SymmetricClasses",
    "UnequalClasses",
    "UnequalStage",
    "WidestWindow",
    "averaging_errors",
    "best_population_accuracy",
    "best_soft_averaging",
    "corruption_range",
    "cross_entropy",
    "cross_entropy_gradient",
    "distillation_weight",
    "expected_accuracy",
    "high_temperature_gradient",
    "label_averages",
    "large_sample_gap",
    "linearised_threshold",
    "logistic_prox",
    "mixed_target",
    "mixture_stages",
    "noise_threshold",
    "penalty_threshold",
    "perfect_mixing",
    "population_accuracy",
    "potential",
    "progressive_factor",
    "rounds_needed",
    "saddle_gradient",
    "small_penalty_threshold",
    "smoothed_label",
    "soft_averaging_error",
    "soft_limit_threshold",
    "squared_loss_threshold",
    "steps_needed",
    "student_threshold",
    "teacher_own_limit",
    "teacher_saddle",
    "teacher_threshold",
    "temperature_gradient",
    "top_two_succeeds",
    "top_two_target",
    "widest_window",
]
