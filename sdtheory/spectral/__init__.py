"""The spectral core: a self-distilled linear smoother is a filter acting on a spectrum.

`Spectrum` factorises the data once. `filters` says what a student keeps of each mode, `criteria`
states a risk as a sum of squares in the filter, and `projections` finds the best weights in it.
"""

from sdtheory.spectral import criteria, filters, projections, weights
from sdtheory.spectral.filters import Filter
from sdtheory.spectral.gram import GramAccumulator
from sdtheory.spectral.left_out import LeftOutAccumulator
from sdtheory.spectral.projections import Optimum
from sdtheory.spectral.risks import Block, LeastSquares, QuadraticRisk, RatioRisk
from sdtheory.spectral.spectrum import Spectrum, Targets
from sdtheory.spectral.streams import stream
from sdtheory.spectral.summary import Summary
from sdtheory.spectral.tsqr import QRAccumulator

__all__ = [
    "Block",
    "RatioRisk",
    "Filter",
    "GramAccumulator",
    "LeastSquares",
    "LeftOutAccumulator",
    "Optimum",
    "QRAccumulator",
    "QuadraticRisk",
    "Spectrum",
    "Summary",
    "Targets",
    "criteria",
    "filters",
    "projections",
    "stream",
    "weights",
]
