"""The theory of self-distillation: spectra, filters, risks and optimal weights in closed form.

Submodules load on first use, so ``import sdtheory`` costs next to nothing:

>>> from sdtheory import Spectrum, filters
>>> filters.ridge([1.0, 3.0], 1.0)
array([0.5 , 0.75])
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from . import (
        claims,
        estimators,
        gp,
        jepa,
        kernel_ridge,
        label_noise,
        logistic,
        problems,
        spectral,
    )
    from .spectral import Spectrum, filters

__version__ = "0.1.0"

_MODULES = (
    "spectral",
    "label_noise",
    "kernel_ridge",
    "gp",
    "logistic",
    "jepa",
    "estimators",
    "problems",
    "claims",
)
# Names that live in a submodule and are handed on.
_HOMES = {"Spectrum": "sdtheory.spectral", "filters": "sdtheory.spectral"}

__all__ = [
    "__version__",
    "Spectrum",
    "filters",
    "spectral",
    "label_noise",
    "kernel_ridge",
    "gp",
    "logistic",
    "jepa",
    "estimators",
    "problems",
    "claims",
]


def __getattr__(name: str) -> "ModuleType | type":
    """Import the submodule that holds ``name`` on first use and keep it."""
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(f"sdtheory.{name}")
    else:
        msg = f"module 'sdtheory' has no attribute {name!r}"
        raise AttributeError(msg)
    globals()[name] = value
    return value  # type: ignore[no-any-return]


def __dir__() -> list[str]:
    return sorted(__all__)
