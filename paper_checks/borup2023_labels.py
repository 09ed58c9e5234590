"""Borup & Andersen 2023: continuous-Bernoulli labels and data-centric classification."""

from typing import Any

import numpy as np

from sdtheory import gp
from sdtheory.claims import Draw, claim, fit_rate, relative_error

from ._kernels import EPS
from .borup2023_classification import classes

PAPER = "Borup & Andersen 2023"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@claim(
    "borup2023.continuous_bernoulli",
    paper=PAPER,
    where="G14",
    source="derived",
    says="""In its logit f the continuous Bernoulli has log-normaliser A = log((e^f - 1) / f), mean
    A' and variance A'' in (0, 1/12]: Laplace's approximation is always well posed.""",
    kind="identity",
    instances=lambda draw: {"f": draw.uniform(-30.0, 30.0)},
    tolerance=1e-11,
    guards=(
        "sdtheory.gp.continuous_bernoulli.log_partition",
        "sdtheory.gp.continuous_bernoulli.mean",
        "sdtheory.gp.continuous_bernoulli.curvature",
    ),
)
def continuous_bernoulli(f: float) -> float:
    """Return the error of A, A', A'' against Gauss-Legendre moments of exp(f y) on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    y, w = 0.5 * (nodes + 1), 0.5 * weights * np.exp(f * 0.5 * (nodes + 1) - max(f, 0.0))
    total = w.sum()
    mean = (w @ y) / total
    at = np.array([f])
    got = [
        np.exp(gp.continuous_bernoulli.log_partition(at)[0] - max(f, 0.0)),
        gp.continuous_bernoulli.mean(at)[0],
        gp.continuous_bernoulli.curvature(at)[0],
    ]
    want = np.array([total, mean, (w @ (y - mean) ** 2) / total])
    return relative_error(got, want, scale=want)


def _soft(draw: Draw) -> dict[str, Any]:
    return {
        "d": draw.log_uniform(0.1, 100.0),
        "likelihood": draw.choice(["continuous_bernoulli", "bernoulli"]),
        "link": draw.choice(["mean", "sigmoid"]),
    }


@claim(
    "borup2023.gain_of_soft_labels",
    paper=PAPER,
    where="G15",
    source="derived",
    says="""A data-centric round multiplies small deviations of the labels from 1/2, in the mode
    with eigenvalue d, by d / (d + 12) with the continuous Bernoulli and its own mean, by
    3 d / (d + 12) with the sigmoid in place of that mean, by d / (d + 4) with Bernoulli's
    likelihood.""",
    kind="asymptotic",
    instances=_soft,
    tolerance=1.0,
    guards=("sdtheory.gp.soft_labels.linearised_gain",),
)
def gain_of_soft_labels(d: float, likelihood: str, link: str) -> float:
    """Return the fitted order of the remainder against 3, in half-widths."""
    model = gp.CONTINUOUS_BERNOULLI if likelihood == "continuous_bernoulli" else gp.BERNOULLI
    back = model if link == "mean" else gp.BERNOULLI
    gain = float(gp.linearised_gain(np.array([d]), likelihood, link)[0])
    sizes, rest = np.geomspace(0.003, 0.012, 9), []
    for size in sizes:
        fit = gp.laplace(np.array([[d]]), np.array([0.5 + size]), model)
        rest.append(abs(float(back.mean(fit.mode)[0]) - 0.5 - gain * size))
    return fit_rate(sizes, rest, stated=3.0, correction=2.0)


@claim(
    "borup2023.rounds_regularise_labels",
    paper=PAPER,
    where="G15",
    source="code",
    says="""Data-centric classification is a regulariser: a round that replaces labels by averaged
    probabilities draws them nearer to 1/2.""",
    kind="inequality",
    verdict="holds_with_condition",
    condition="""labels come back through the mean of the continuous Bernoulli itself; through the
    sigmoid, modes with a large eigenvalue (above 6 where latents are certain) grow and saturate""",
    counterexample={"d": 1000.0, "deviation": 0.01, "link": "sigmoid"},
    instances=lambda draw: {
        "d": draw.log_uniform(0.1, 1e4),
        "deviation": draw.log_uniform(1e-3, 0.49),
        "link": "mean",
    },
    tolerance=1e-10,
    guards=("sdtheory.gp.averages.average_mean",),
)
def rounds_regularise_labels(d: float, deviation: float, link: str) -> float:
    """Return by how much a round lengthens the deviation of one label, relative to it."""
    fit = gp.laplace(np.array([[d]]), np.array([0.5 + deviation]), gp.CONTINUOUS_BERNOULLI)
    mean, variance = fit.latent(np.array([[d]]), np.array([d]))
    back = gp.average_mean if link == "mean" else gp.average_sigmoid
    return float((back(mean, variance)[0] - 0.5) / deviation - 1.0)


@claim(
    "borup2023.constant_labels",
    paper=PAPER,
    where="G16",
    source="derived",
    says="""With all labels 1/2 the continuous-Bernoulli classifier has latent zero and evidence
    -log|I + K / 12| / 2; exchanging the classes changes the sign of the latent.""",
    kind="identity",
    instances=lambda draw: {
        "n": draw.integer(2, 10),
        "seed": draw.seed(),
        "amplitude": draw.log_uniform(0.1, 100.0),
    },
    tolerance=lambda n, seed, amplitude: 1e4 * n * EPS * (1 + n * amplitude),
    guards=("sdtheory.gp.laplace.laplace",),
)
def constant_labels(n: int, seed: int, amplitude: float) -> float:
    """Return the error of the evidence, and of the antisymmetry in either likelihood."""
    kernel, y = classes(n, seed, amplitude)
    fit = gp.laplace(kernel, np.full(n, 0.5), gp.CONTINUOUS_BERNOULLI)
    want = -0.5 * np.linalg.slogdet(np.eye(n) + kernel / 12)[1]
    worst = max(relative_error(fit.evidence, want), float(np.abs(fit.mode).max()))
    for likelihood in (gp.BERNOULLI, gp.CONTINUOUS_BERNOULLI):
        one, other = (gp.laplace(kernel, labels, likelihood).mode for labels in (y, 1 - y))
        worst = max(worst, relative_error(one, -other))
    return worst
