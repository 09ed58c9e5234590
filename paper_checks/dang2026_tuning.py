"""Dang, Patil & Rinaldo 2026: the one-shot estimate of the best weight in their public scripts."""

from typing import Any

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal

from sdtheory import Spectrum, label_noise
from sdtheory.claims import claim, z_score
from sdtheory.label_noise import tuning
from sdtheory.label_noise._samples import Samples

PAPER = "Dang, Patil & Rinaldo 2026"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@claim(
    "dang2026.published_gcv_is_consistent",
    paper=PAPER,
    where="R42",
    source="code",
    says="""The one-shot estimator of the public scripts, which mixes residuals each divided by
    their own degrees of freedom, tends to the best weight. (It tends to that weight times
    2 - lam kappa' / kappa.)""",
    kind="statistical",
    verdict="fails",
    counterexample={"ratio": 1.5, "lam_mean": 0.05, "seed": 1},
    instances=lambda draw: {"ratio": 1.5, "lam_mean": 0.05, "seed": draw.integer(2, 5)},
    tolerance=5.0,
    guards=("sdtheory.label_noise.tuning.tuned_of",),
)
def published_gcv_is_consistent(ratio: float, lam_mean: float, seed: int) -> float:
    """Return the distance of the mean estimate from the limit, in standard errors."""
    truth = float(label_noise.isotropic_xi(lam_mean, ratio, 1.0, 1.0))
    found = estimates(ratio, lam_mean, seed, "gcv_published")
    return z_score(found, truth, precision=0.01)


def estimates(ratio: float, lam_mean: float, seed: int, method: str, n: int = 1000) -> FloatArray:
    """Return the weights that a method finds on 24 isotropic designs with n samples.

    A Gaussian matrix is bidiagonal up to rotations, which no cross-validation notices. The criteria
    see squared labels only: those are replaced by their means over noise and signals of length one,
    so that designs alone are random.
    """
    rng = np.random.default_rng(seed)
    p = round(n * ratio)
    r, long = min(n, p), max(n, p)
    found = []
    for _ in range(24):
        diagonal = np.sqrt(rng.chisquare(long - np.arange(r)))
        beside = np.sqrt(rng.chisquare(r - 1 - np.arange(r - 1)))
        squares = diagonal**2 + np.append(0.0, beside) ** 2
        d = eigvalsh_tridiagonal(squares, diagonal[:-1] * beside)[::-1]
        d = np.maximum(d, 1e-12 * d[0])
        z = np.sqrt(d / p + 1.0)
        none = np.zeros(1)
        samples = Samples(
            Spectrum(d, n, None, None), z[:, None], z[:, None], none + np.sqrt(n - r), None, none,
            none, float(n),
        )  # fmt: skip
        found.append(float(tuning.tuned_of(samples, n * lam_mean, method, 1).xi))
    return np.array(found)
