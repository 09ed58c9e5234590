"""Results of our own on Gaussian processes: gradients, averages, noise chosen round by round."""

from itertools import pairwise
from typing import Any

import numpy as np
import scipy.integrate
import scipy.optimize
from scipy.special import expit

from sdtheory import gp
from sdtheory.claims import Draw, claim, relative_error

from ._kernels import conditioning, labelled
from .borup2023_classification import classes

PAPER = "sdtheory"


@claim(
    "sdtheory.evidence_gradient_of_laplace",
    paper=PAPER,
    where="G9",
    says="""The gradient of Laplace's evidence in the parameters of the kernel has three terms: the
    fit, the determinant, and the curvature that moves with the mode, for either likelihood and any
    number of copies of the data.""",
    kind="identity",
    instances=lambda draw: {
        "n": draw.integer(2, 8),
        "seed": draw.seed(),
        "amplitude": draw.log_uniform(0.3, 10.0),
        "copies": draw.integer(1, 4),
        "soft": draw.choice([False, True]),
    },
    # Central differences of order four with step h = 1e-2: h^4 / 30 times a fifth derivative, and
    # rounding over h.
    tolerance=1e-6,
    guards=("sdtheory.gp.laplace.evidence_gradient",),
    samples=40,
)
def evidence_gradient_of_laplace(
    n: int, seed: int, amplitude: float, copies: int, soft: bool
) -> float:
    """Return the error against differences of the evidence in the logarithm of the amplitude."""
    kernel, y = classes(n, seed, amplitude)
    likelihood = gp.CONTINUOUS_BERNOULLI if soft else gp.BERNOULLI
    fit = gp.laplace(kernel, y, likelihood, copies=copies)
    got = gp.evidence_gradient(fit, kernel, kernel[None], y, likelihood, copies)[0]
    h = 1e-2

    def value(step: float) -> float:
        return gp.laplace(np.exp(step) * kernel, y, likelihood, copies=copies).evidence

    slope = (8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h)
    return float(abs(got - slope) / (1 + abs(fit.evidence)))


@claim(
    "sdtheory.averages_are_accurate",
    paper=PAPER,
    where="G9",
    says="""The average of a sigmoid over a Gaussian is a trapezoidal sum, over the Gaussian or over
    the logistic density, that is exact to rounding for any mean and variance.""",
    kind="identity",
    instances=lambda draw: {
        "mean": draw.uniform(-8.0, 8.0),
        "variance": draw.log_uniform(1e-4, 1e4),
    },
    tolerance=1e-9,  # of the adaptive rule that it is compared with
    guards=("sdtheory.gp.averages.average_sigmoid",),
)
def averages_are_accurate(mean: float, variance: float) -> float:
    """Return the error against adaptive quadrature."""
    deviation = variance**0.5

    def integrand(z: float) -> float:
        return float(expit(mean + deviation * z) * np.exp(-0.5 * z * z) / (2 * np.pi) ** 0.5)

    # The sigmoid's step is where its argument vanishes.
    step = float(np.clip(-mean / deviation, -9.0, 9.0))
    edges = sorted({-10.0, step - 30 / deviation, step, step + 30 / deviation, 10.0})
    inside = [edge for edge in edges if -10.0 <= edge <= 10.0]
    want = sum(
        scipy.integrate.quad(integrand, a, b, epsabs=1e-12, epsrel=1e-12, limit=200)[0]
        for a, b in pairwise(inside)
    )
    got = gp.average_sigmoid(np.array([mean]), np.array([variance]))[0]
    return float(abs(got - want))


def _regression(draw: Draw) -> dict[str, Any]:
    return {"n": draw.integer(6, 14), "seed": draw.seed()}


@claim(
    "sdtheory.rounds_prefer_less_noise",
    paper=PAPER,
    where="G17",
    says="""At the noise level that maximises the evidence of the labels, the evidence of the next
    round falls with the noise: its targets are smoother than the labels. Re-optimising in every
    round drives the noise to its floor, where students copy their teachers.""",
    kind="inequality",
    instances=_regression,
    tolerance=lambda n, seed: 1e3 * conditioning(n, 1e-2),
    guards=("sdtheory.gp.evidence.data_centric_evidence",),
    samples=25,
)
def rounds_prefer_less_noise(n: int, seed: int) -> float:
    """Return the slope of the second round's evidence, and its error against dense algebra."""
    kernel, _, y, _ = labelled(n, seed)

    def loss(log_noise: float) -> float:
        return -float(gp.data_centric_evidence(kernel, y, np.exp(log_noise), steps=0).value[0])

    noise = float(np.exp(scipy.optimize.minimize_scalar(loss, bounds=(-4.0, 3.0)).x))
    inverse = np.linalg.inv(kernel + noise * np.eye(n))
    target = kernel @ inverse @ y
    dense = 0.5 * noise * (np.sum((inverse @ target) ** 2) - np.trace(inverse))
    evidence = gp.data_centric_evidence(kernel, y, noise, steps=1)
    slope = float(evidence.by_log_noise[1])
    # Where the best noise lies at the lower end of the search the first slope need not vanish.
    first = max(float(evidence.by_log_noise[0]), 0.0)
    return max(slope - first, relative_error(slope, dense, scale=n))
