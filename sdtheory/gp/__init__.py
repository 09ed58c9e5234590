"""Gaussian-process self-distillation (Borup & Andersen 2023)."""

from .evidence import Evidence, data_centric_evidence, duplicated_evidence
from .regression import (
    GaussianProcess,
    data_centric,
    distribution_centric,
    effective_noise,
    hybrid,
)

__all__ = [
    "Evidence",
    "GaussianProcess",
    "data_centric",
    "data_centric_evidence",
    "distribution_centric",
    "duplicated_evidence",
    "effective_noise",
    "hybrid",
]
