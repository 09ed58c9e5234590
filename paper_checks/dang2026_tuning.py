"""Dang, Patil & Rinaldo 2026: the one-shot estimate of the best weight in their public scripts."""

from functools import lru_cache
from typing import Any

import numpy as np
from scipy.linalg import eigvalsh_tridiagonal

from sdtheory import Spectrum, label_noise
from sdtheory.claims import SCORE_LIMIT, claim, z_score
from sdtheory.label_noise import tuning
from sdtheory.label_noise._samples import Samples

PAPER = "Dang, Patil & Rinaldo 2026"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]

SAMPLES, RUNS = 800, 64


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
    instances=lambda draw: {"ratio": 1.5, "lam_mean": 0.05, "seed": draw.seed()},
    tolerance=SCORE_LIMIT,
    guards=("sdtheory.label_noise.tuning.tuned_of",),
)
def published_gcv_is_consistent(ratio: float, lam_mean: float, seed: int) -> float:
    """Return how unlikely the mean estimate is if it tends to the best weight."""
    truth = float(label_noise.isotropic_xi(lam_mean, ratio, 1.0, 1.0))
    found = estimates(ratio, lam_mean, seed, "gcv_published")
    return z_score(found, truth, precision=0.01)


def estimates(ratio: float, lam_mean: float, seed: int, method: str) -> FloatArray:
    """Return the weights that a method finds on 64 isotropic designs with 800 samples.

    The criteria see squared labels only: those are replaced by their means over noise and signals
    of length one, so that designs alone are random.
    """
    n, p = SAMPLES, round(SAMPLES * ratio)
    none, found = np.zeros(1), []
    for d in _spectra(n, p, seed):
        z = np.sqrt(d / p + 1.0)
        samples = Samples(
            Spectrum(d, n, None, None), z[:, None], z[:, None], none + np.sqrt(n - d.size), None,
            none, none, float(n),
        )  # fmt: skip
        found.append(float(tuning.tuned_of(samples, n * lam_mean, method, 1).xi))
    return np.array(found)


@lru_cache(maxsize=4)
def _spectra(n: int, p: int, seed: int) -> list[FloatArray]:
    """Return the eigenvalues of complex Gaussian designs, which have no correction of order 1/n.

    A Gaussian matrix is bidiagonal up to rotations, which no cross-validation notices.
    """
    rng = np.random.default_rng(seed)
    r, long = min(n, p), max(n, p)
    found = []
    for _ in range(RUNS):
        # Squares of the entries: chi-square variables of twice the degrees of freedom, halved.
        diagonal = rng.gamma(long - np.arange(r))
        beside = rng.gamma(r - 1.0 - np.arange(r - 1))
        squares = diagonal + np.append(0.0, beside)
        d = eigvalsh_tridiagonal(squares, np.sqrt(diagonal[:-1] * beside), lapack_driver="sterf")
        found.append(np.maximum(d[::-1], 1e-12 * d[-1]))
    return found
