"""The spectral core: a self-distilled linear smoother is a filter acting on a spectrum.

`Spectrum` factorises the data once. `filters` says what a student keeps of each mode, `criteria`
states a risk as a sum of squares in the filter, and `projections` finds the best weights in it.
"""

from sdtheory.spectral import criteria, filters, projections, weights
from sdtheory.spectral.filters import Filter
from sdtheory.spectral.projections import Optimum
from sdtheory.spectral.risks import Block, LeastSquares, QuadraticRisk, RatioRisk
from sdtheory.spectral.spectrum import Spectrum, Targets

__all__ = [
    "Block",
    "RatioRisk",
    "Filter",
    "LeastSquares",
    "Optimum",
    "QuadraticRisk",
    "Spectrum",
    "Targets",
    "criteria",
    "filters",
    "projections",
    "weights",
]
