"""A result of our own on cross-entropy: at which penalty it follows ridge regression."""

from typing import Any

import numpy as np

from sdtheory import Spectrum, filters
from sdtheory.claims import claim, fit_rate

PAPER = "sdtheory"
CLASSES = 3
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def _probabilities(x: FloatArray, targets: FloatArray, lam: float) -> FloatArray:
    """Return the fitted probabilities that minimise cross-entropy + lam |theta|^2, by Newton."""
    identity, theta = np.eye(x.shape[1] * CLASSES), np.zeros((x.shape[1], CLASSES))
    for _ in range(8):
        logits = x @ theta
        found = np.exp(logits - logits.max(axis=1, keepdims=True))
        found /= found.sum(axis=1, keepdims=True)
        slope = x.T @ (found - targets) + 2 * lam * theta
        curved = found[:, :, None] * (np.eye(CLASSES) - found[:, None, :])
        hessian = np.einsum("ni,nkl,nj->ikjl", x, curved, x).reshape(identity.shape)
        theta -= np.linalg.solve(hessian + 2 * lam * identity, slope.ravel()).reshape(theta.shape)
    logits = x @ theta
    found = np.exp(logits)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


@claim(
    "sdtheory.cross_entropy_is_ridge_at_a_larger_penalty",
    paper=PAPER,
    where="R2",
    says="""For K classes and a strong penalty lam, self-distillation with cross-entropy and
    probabilities as targets is that of ridge regression with the penalty 2 K lam, for any real xi,
    up to a relative error of order 1 / lam.""",
    kind="asymptotic",
    instances=lambda draw: {"seed": draw.integer(1, 20), "xi": draw.choice([-2.0, 0.0, 0.5, 3.0])},
    tolerance=1.0,
    guards=("sdtheory.spectral.filters.distill",),
)
def cross_entropy_is_ridge_at_a_larger_penalty(seed: int, xi: float) -> float:
    """Return the order of the difference of fitted probabilities against -1, in half-widths."""
    rng = np.random.default_rng(seed)
    x, labels = rng.normal(size=(12, 4)), np.eye(CLASSES)[rng.integers(0, CLASSES, size=12)]
    spectrum = Spectrum.from_design(x)
    targets = spectrum.project(labels - 1 / CLASSES)
    lams = np.geomspace(1e2, 1e4, 9)
    gaps = []
    for lam in lams:
        teacher = _probabilities(x, labels, lam)
        student = _probabilities(x, xi * teacher + (1 - xi) * labels, lam) - 1 / CLASSES
        profile = filters.distill(spectrum.eigenvalues, 2 * CLASSES * lam, xi)
        ridge = spectrum.fitted(profile, targets)
        gaps.append(np.linalg.norm(student - ridge) / np.linalg.norm(ridge))
    return fit_rate(lams, gaps, stated=-1.0, correction=-1.0)
