"""Gaussian-process self-distillation (Borup & Andersen 2023)."""

from . import continuous_bernoulli
from .averages import average_mean, average_sigmoid, average_sigmoid_by_erf
from .evidence import Evidence, data_centric_evidence, duplicated_evidence
from .hyperparameters import MODES, Optimised, optimise_evidence
from .label_hyperparameters import OptimisedLabels, optimise_label_evidence
from .laplace import Laplace, evidence_gradient, laplace
from .likelihoods import BERNOULLI, CONTINUOUS_BERNOULLI, Likelihood
from .regression import (
    GaussianProcess,
    data_centric,
    distribution_centric,
    effective_noise,
    hybrid,
)
from .reuse import LatentProcess, distribution_centric_classification
from .soft_labels import SoftLabelProcess, data_centric_classification, linearised_gain

__all__ = [
    "BERNOULLI",
    "CONTINUOUS_BERNOULLI",
    "Evidence",
    "GaussianProcess",
    "Laplace",
    "LatentProcess",
    "Likelihood",
    "MODES",
    "Optimised",
    "OptimisedLabels",
    "SoftLabelProcess",
    "average_mean",
    "average_sigmoid",
    "average_sigmoid_by_erf",
    "continuous_bernoulli",
    "data_centric",
    "data_centric_classification",
    "data_centric_evidence",
    "distribution_centric",
    "distribution_centric_classification",
    "duplicated_evidence",
    "effective_noise",
    "evidence_gradient",
    "hybrid",
    "laplace",
    "linearised_gain",
    "optimise_evidence",
    "optimise_label_evidence",
]
