"""Valid arguments of the tools around the theory: planted problems, claims, Dask."""

import inspect

import dask.array as da
import numpy as np

from sdtheory import claims, filters, problems
from sdtheory.spectral import GramAccumulator

RNG = np.random.default_rng(0)
D = np.array([3.0, 1.0])
PLANTED = problems.planted(D, D, 0.1, 5, RNG)


def one_mode(draw):
    """Return an instance of the claim below."""
    return {"d": draw.log_uniform(1e-3, 1e3)}


STATEMENT = {
    "id": "tests.ridge_shrinks", "paper": "none", "where": "1", "says": "Ridge shrinks.",
    "kind": "inequality", "instances": one_mode, "tolerance": 1e-15,
    "guards": ("sdtheory.spectral.filters.ridge",),
}  # fmt: skip


def ridge_shrinks(d):
    """Return by how much a mode grows."""
    return float(filters.ridge([d], 1.0)[0]) - 1.0


def registered(**arguments):
    """Register the claim above with other arguments."""
    return claims.claim(**arguments)(ridge_shrinks)


registered.__signature__ = inspect.signature(claims.claim)
CLAIM = registered(**STATEMENT)
BY_TOPIC = {
    "problems": {
        "kind": "spiked", "size": 3, "rng": RNG, "p": 3, "labels": np.array([0, 1, 1]),
        "classes": 2, "rate": 0.1, "energy": 1.0,
    },
    "claims": {
        "claim": CLAIM, "target": CLAIM, "examples": 3, "samples": 3, "chance": 0.1,
        "x": [1.0, 2.0, 3.0, 4.0, 5.0], "y": [1.0, 4.0, 9.0, 16.0, 25.0], "stated": 2.0,
        "name": "borup2021.twicing", "guard": "sdtheory.spectral.filters.ridge",
        "relative": 1e-3, "got": [1.0], "want": [1.0], "draws": [0.9, 1.1, 1.0, 1.2],
        "precision": 0.2, "instance": {"d": 1.0},
    },
    "interop": {
        "empty": GramAccumulator(), "design": da.ones((4, 2), chunks=2), "y": da.ones(4, chunks=2),
        "sample_weight": da.ones(4, chunks=2),
    },
}  # fmt: skip
BY_FUNCTION = {
    "problems.signal": {"kind": "top"}, "claims.z_score": {"want": 1.0},
    "claims.load": {"target": "borup2021.twicing"},
    "claims.claim": STATEMENT, "claims.falsify": {"examples": 3},
    "claims.measure": {"samples": 3},
}  # fmt: skip
UNCHECKED = {
    "problems": "Planted",
    "claims": "Audit Claim Counterexample Draw Measurement Rejected",
    "interop.dask": "",
}
OWNERS = {"problems.Planted": PLANTED, "claims.Claim": CLAIM}
