"""Estimators with scikit-learn's interface, the only part of the package that imports it.

Each loads on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .gp import SelfDistilledGPRegressor
    from .gp_classifier import SelfDistilledGPClassifier
    from .kernel_ridge import SelfDistilledKernelRidge
    from .logistic import SelfDistilledLogisticRegression
    from .ridge import SelfDistilledRidge, SelfDistilledRidgeClassifier

_HOMES = {
    "SelfDistilledGPClassifier": "gp_classifier",
    "SelfDistilledGPRegressor": "gp",
    "SelfDistilledKernelRidge": "kernel_ridge",
    "SelfDistilledLogisticRegression": "logistic",
    "SelfDistilledRidge": "ridge",
    "SelfDistilledRidgeClassifier": "ridge",
}

__all__ = [
    "SelfDistilledGPClassifier",
    "SelfDistilledGPRegressor",
    "SelfDistilledKernelRidge",
    "SelfDistilledLogisticRegression",
    "SelfDistilledRidge",
    "SelfDistilledRidgeClassifier",
]


def __getattr__(name: str) -> Any:
    """Import the module that holds `name` on first use and keep it."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sdtheory.estimators' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"sdtheory.estimators.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
