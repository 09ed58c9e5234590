"""Self-distillation on a Gaussian mixture with flipped labels, in the proportional limit."""

from .averaging import (
    AveragingErrors,
    averaging_errors,
    best_soft_averaging,
    soft_averaging_error,
)
from .chain import mixture_stages
from .potential import SaddlePoint, potential, saddle_gradient, teacher_saddle
from .problem import GaussianMixture, MixtureStages

__all__ = [
    "AveragingErrors",
    "GaussianMixture",
    "MixtureStages",
    "SaddlePoint",
    "averaging_errors",
    "best_soft_averaging",
    "mixture_stages",
    "potential",
    "saddle_gradient",
    "soft_averaging_error",
    "teacher_saddle",
]
