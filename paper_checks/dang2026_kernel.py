"""Dang, Patil & Rinaldo 2026: shifted features and repeated rounds in the proportional limit."""

from typing import Any

import numpy as np

from sdtheory import label_noise
from sdtheory.claims import Draw, claim, z_score
from sdtheory.label_noise import ProportionalProblem

PAPER = "Dang, Patil & Rinaldo 2026"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]

RUNS = 24
LEVELS = np.array([4.0, 1.0, 0.25])
SHIFTED = np.array([1.0, 2.0, 3.0])
SIGNAL = np.array([0.7, 0.2, 0.1])
NOISE = 0.5


def _instances(draw: Draw) -> dict[str, Any]:
    return {
        "ratio": draw.choice([0.5, 1.5]),
        "lam_mean": draw.choice([0.1, 0.5]),
        "seed": draw.integer(1, 5),
    }


def _grams(ratio: float, lam: float, seed: int, new: FloatArray) -> FloatArray:
    """Return the products (runs, 3, 3) of teacher's error and Taylor features on designs.

    They are measured in the covariance `new` of 240 features, one value a level, and are exact
    means over label noise and signs of the signal.
    """
    rng = np.random.default_rng(seed)
    p = 240
    n, which = round(p / ratio), np.repeat(np.arange(3), p // 3)
    s, sigma, energy = LEVELS[which], new[which], 3 * SIGNAL[which] / p
    found = np.zeros((RUNS, 3, 3))
    for k in range(RUNS):
        x = rng.normal(size=(n, p)) * np.sqrt(s)
        d, v = np.linalg.eigh(x.T @ x / n)
        lost = lam / (d + lam)
        # Biases lost, -a x, -a x^2 and filters a, a x, a x^2 over the root of the eigenvalue.
        kept = np.stack([1 - lost, (1 - lost) * lost, (1 - lost) * lost**2])
        bias = np.stack([lost, -kept[1], -kept[2]])
        metric = v.T @ (sigma[:, None] * v)
        signal = v.T @ (energy[:, None] * v)
        spread = NOISE / n * np.diag(metric) / np.maximum(d, 1e-12)
        spread[d < 1e-9] = 0.0
        found[k] = np.einsum("ij,kj,ji,li->kl", metric, bias, signal, bias) + kept * spread @ kept.T
    return found


def _limit(ratio: float) -> ProportionalProblem:
    return ProportionalProblem(LEVELS, SIGNAL, ratio, NOISE)


@claim(
    "dang2026.shifted_features",
    paper=PAPER,
    where="R37",
    source="derived",
    says="""On new features with another covariance the risks of teacher and student, and with them
    the best weight, tend to the kernel Q0 + (Q + noise) T0 / (1 - T) of two penalties.""",
    kind="statistical",
    instances=_instances,
    tolerance=5.0,
    guards=("sdtheory.label_noise.proportional.kernel.kernel_coefficients",),
)
def shifted_features(ratio: float, lam_mean: float, seed: int) -> float:
    """Return the distance of simulated products and weights from the limit, in standard errors."""
    found = _grams(ratio, lam_mean, seed, SHIFTED)[:, :2, :2]
    k = label_noise.kernel_coefficients(_limit(ratio), lam_mean, 1, SHIFTED)
    signs = np.array([[1.0, -1.0], [-1.0, 1.0]])
    products = z_score(found, signs * k, precision=0.02)
    weights = z_score(found[:, 0, 1] / found[:, 1, 1], -k[0, 1] / k[1, 1], precision=0.02)
    return max(products, weights)


@claim(
    "dang2026.repeated_rounds_in_the_limit",
    paper=PAPER,
    where="R38",
    source="derived",
    says="""The best student after r rounds has a limit too: the Taylor coefficients of the kernel
    of two penalties are the Gram matrix of a least-squares problem.""",
    kind="statistical",
    instances=_instances,
    tolerance=5.0,
    guards=("sdtheory.label_noise.proportional.kernel.asymptotic_steps",),
)
def repeated_rounds_in_the_limit(ratio: float, lam_mean: float, seed: int) -> float:
    """Return the distance of simulated best risks from the limit, in standard errors."""
    found = _grams(ratio, lam_mean, seed, LEVELS)
    worst = 0.0
    for steps in (1, 2):
        limit = label_noise.asymptotic_steps(_limit(ratio), lam_mean, steps)
        pull, gram = found[:, 1 : steps + 1, :1], found[:, 1 : steps + 1, 1 : steps + 1]
        gain = np.sum(pull * np.linalg.solve(gram, pull), axis=(1, 2))
        worst = max(worst, z_score(found[:, 0, 0] - gain, limit.excess_risk, precision=0.02))
    return worst
