"""Claims: a theorem as a function from an instance to a residual.

A claim is defined once and used three times: the tests search for a counterexample, the command
`python -m paper_checks` measures the worst residual on a seeded sample, and a user falsifies a
published claim (or one of their own).
"""

from sdtheory.claims.audit import Audit, audit, perturbed
from sdtheory.claims.claim import Claim, claim
from sdtheory.claims.collection import get, load, published
from sdtheory.claims.draws import Draw, Rejected
from sdtheory.claims.falsify import Counterexample, falsify
from sdtheory.claims.measure import Measurement, measure
from sdtheory.claims.residuals import (
    SCORE_LIMIT,
    deviate,
    fit_rate,
    relative_error,
    z_score,
)

__all__ = [
    "SCORE_LIMIT",
    "Audit",
    "Claim",
    "Counterexample",
    "Draw",
    "Measurement",
    "Rejected",
    "audit",
    "claim",
    "deviate",
    "falsify",
    "fit_rate",
    "get",
    "load",
    "measure",
    "perturbed",
    "published",
    "relative_error",
    "z_score",
]
