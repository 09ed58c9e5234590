"""Das & Sanghavi 2023: self-distillation of linear regression under label noise."""

from typing import Any

import numpy as np

from sdtheory import Spectrum, filters
from sdtheory.claims import Draw, claim, relative_error

from ._instances import EPS, data, design_and_labels

PAPER = "Das & Sanghavi 2023"


def _one_round(draw: Draw) -> dict[str, Any]:
    return data(draw) | {"student_lam": draw.log_uniform(1e-2, 1e2), "xi": draw.uniform(-3.0, 4.0)}


@claim(
    "das2023.one_round_is_a_filter",
    paper=PAPER,
    where="R1, R2",
    source="paper",
    says="""Ridge regression on xi teacher + (1 - xi) labels has the coefficients
    V diag(f / s) U' y with f = (1 - xi) a + xi a b, for any real xi, where a and b are the filters
    of the student's and the teacher's penalty.""",
    kind="identity",
    instances=_one_round,
    tolerance=lambda n, p, lam, seed, student_lam, xi: (
        200
        * (n + p)
        * EPS
        * (1 + abs(xi))
        * (1 + np.linalg.norm(design_and_labels(n, p, seed)[0], 2) ** 2 / min(lam, student_lam))
    ),
    guards=(
        "sdtheory.spectral.filters.distill",
        "sdtheory.spectral.spectrum.Spectrum.parameters",
        "sdtheory.spectral.spectrum.Spectrum.project",
    ),
)
def one_round_is_a_filter(
    n: int, p: int, lam: float, seed: int, student_lam: float, xi: float
) -> float:
    """Return the error of the coefficients against two dense solves."""
    x, y = design_and_labels(n, p, seed)
    gram = x.T @ x
    teacher = x @ np.linalg.solve(gram + lam * np.eye(p), x.T @ y)
    target = xi * teacher + (1 - xi) * y
    want = np.linalg.solve(gram + student_lam * np.eye(p), x.T @ target)
    spectrum = Spectrum.from_design(x)
    profile = filters.distill(spectrum.eigenvalues, [lam, student_lam], [xi])
    got = spectrum.parameters(profile, spectrum.project(y))
    return relative_error(got, want, scale=np.abs(y).max() * (1 + 1 / np.sqrt(student_lam)))
