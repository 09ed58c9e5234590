"""Results of our own on the spectral core: the ridge path, Taylor weights, risks as projections."""

from typing import Any

import numpy as np

from sdtheory import filters
from sdtheory.claims import Draw, claim, fit_rate, relative_error
from sdtheory.spectral import criteria, projections, weights

from ._instances import EPS, known_truth, spectra

PAPER = "sdtheory"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def _with_weights(draw: Draw) -> dict[str, Any]:
    return spectra(draw) | {"xis": draw.uniform(-2.0, 3.0, size=draw.integer(1, 5))}


@claim(
    "sdtheory.tangent_to_the_ridge_path",
    paper=PAPER,
    where="R3",
    source="derived",
    says="""A round moves the teacher along the ridge path: f(xi) = f + xi lam df/dlam, so positive
    xi is a first-order step to more shrinkage and negative xi to less.""",
    kind="asymptotic",
    instances=lambda draw: {
        "ratio": draw.log_uniform(0.2, 5.0),
        "xi": draw.choice([1.0, -1.0, 0.5, 2.5]),
    },
    tolerance=1.0,
    guards=("sdtheory.spectral.filters.distill",),
)
def tangent_to_the_ridge_path(ratio: float, xi: float) -> float:
    """Return the order of the error of a central difference against 2, in half-widths."""
    moved = filters.distilled([ratio], 1.0, xi)[0] - ratio / (1 + ratio)
    h = np.geomspace(1e-3, 1e-2, 9)
    difference = (ratio / (ratio + 1 + h) - ratio / (ratio + 1 - h)) / (2 * h)
    return fit_rate(h, np.abs(moved / xi - difference), stated=2.0, correction=2.0)


@claim(
    "sdtheory.taylor_weights",
    paper=PAPER,
    where="R4",
    source="derived",
    says="""After r rounds f = a (1 + w_1 x + ... + w_r x^r) with x = lam / (d + lam), and the map
    between w and the weights c of the pure students is its own inverse.""",
    kind="identity",
    instances=_with_weights,
    tolerance=lambda d, lam, xis: 64 * EPS * float(np.prod(2 + 4 * np.abs(xis))),
    guards=(
        "sdtheory.spectral.weights.taylor_from_powers",
        "sdtheory.spectral.weights.powers_from_taylor",
        "sdtheory.spectral.filters.taylor_directions",
    ),
)
def taylor_weights(d: FloatArray, lam: float, xis: FloatArray) -> float:
    """Return the error of the filter, and of the round trip."""
    kept = a = d / (d + lam)
    for xi in xis:
        kept = a * ((1 - xi) + xi * kept)
    mixture = weights.powers_from_xi(xis)
    taylor = weights.taylor_from_powers(mixture)
    again = weights.powers_from_taylor(taylor)
    return max(
        relative_error(filters.taylor(d, lam, taylor).kept, kept, scale=1.0),
        relative_error(again, mixture, scale=1.0 + np.abs(taylor).sum()),
    )


@claim(
    "sdtheory.weights_out_of_reach",
    paper=PAPER,
    where="R4",
    source="derived",
    says="""The mixture c = (1, -1, 1) of pure students comes from no finite weights: mixtures at a
    distance 1 / m from it need weights that grow like m.""",
    kind="asymptotic",
    instances=lambda draw: {"direction": draw.choice([1.0, -1.0, 2.0, 3.0])},
    tolerance=1.0,
    guards=("sdtheory.spectral.weights.xi_from_powers",),
    samples=4,
)
def weights_out_of_reach(direction: float) -> float:
    """Return the growth rate of the largest weight against 1; inf where the rounds do not match."""
    m = np.geomspace(1e2, 1e4, 9)
    near = np.stack([1 - direction / m, direction / m - 1, np.ones_like(m)], axis=1)
    xis = weights.xi_from_powers(near)
    # The student that these weights make must be the mixture asked for.
    a = 0.7
    student = a * ((1 - xis[:, 1]) + xis[:, 1] * a * ((1 - xis[:, 0]) + xis[:, 0] * a))
    if np.max(np.abs(student - near @ a ** np.arange(1, 4))) > 1e5 * EPS:
        return float("inf")
    return fit_rate(m, np.max(np.abs(xis), axis=1), stated=1.0, correction=-1.0)


@claim(
    "sdtheory.iterated_tikhonov",
    paper=PAPER,
    where="R5",
    source="derived",
    says="""Taylor weights (1, ..., 1) are iterated Tikhonov regularisation of order r + 1,
    f = 1 - (1 - a)^(r + 1); r pure rounds are f = a^(r + 1).""",
    kind="identity",
    instances=lambda draw: spectra(draw) | {"steps": draw.integer(1, 8)},
    tolerance=lambda d, lam, steps: 16 * (steps + 1) * EPS,
    guards=("sdtheory.spectral.filters.taylor", "sdtheory.spectral.filters.distill"),
)
def iterated_tikhonov(d: FloatArray, lam: float, steps: int) -> float:
    """Return the error of both filters."""
    a, x = d / (d + lam), lam / (d + lam)
    iterated = filters.taylor(d, lam, np.ones(steps))
    pure = filters.distill(d, lam, 1.0, steps)
    return max(
        relative_error(iterated.kept, 1 - x ** (steps + 1), scale=1.0),
        relative_error(pure.kept, a ** (steps + 1), scale=a ** (steps + 1)),
    )


@claim(
    "sdtheory.effective_penalty",
    paper=PAPER,
    where="R6",
    source="derived",
    says="""One round acts in each mode like ridge regression with the penalty
    lam (1 + xi a) / (1 - xi (1 - a)); wherever 0 < f < 1 this falls with d, for either sign of xi,
    so one round always penalises large singular values relatively less.""",
    kind="identity",
    instances=lambda draw: spectra(draw) | {"xi": draw.uniform(-0.9, 0.9)},
    tolerance=64 * EPS,
    guards=("sdtheory.spectral.filters.effective_penalty",),
)
def effective_penalty(d: FloatArray, lam: float, xi: float) -> float:
    """Return the error of the formula, of the filter it gives, and any rise with d."""
    d = np.sort(d)
    a, x = d / (d + lam), lam / (d + lam)
    student = filters.distill(d, lam, xi)
    penalty = filters.effective_penalty(student)
    want = lam * (1 + xi * a) / (1 - xi * x)
    kept = (1 - xi) * a + xi * a**2
    rises = np.max(np.diff(penalty) / penalty[:-1], initial=0.0)
    return max(
        relative_error(penalty, want, scale=np.abs(want)),
        relative_error(d / (d + penalty), kept, scale=1.0),
        float(rises),
    )


@claim(
    "sdtheory.optimal_weight_is_a_projection",
    paper=PAPER,
    where="R9",
    source="derived",
    says="""Along one round every squared-loss risk is a parabola in xi. In a metric that is
    diagonal in the singular vectors its minimum lies at
    sum a x^2 (noise / lam - theta^2) / sum a^2 x^2 (theta^2 + noise / d).""",
    kind="identity",
    instances=known_truth,
    tolerance=lambda d, theta, noise_var, lam: 64 * EPS * d.size,
    guards=(
        "sdtheory.spectral.projections.minimise",
        "sdtheory.spectral.risks.LeastSquares.minimiser",
    ),
)
def optimal_weight_is_a_projection(
    d: FloatArray, theta: FloatArray, noise_var: float, lam: float
) -> float:
    """Return the error of the weight, relative to the terms that pull it up and down."""
    a, x = d / (d + lam), lam / (d + lam)
    up, down = np.sum(a * x**2) * noise_var / lam, np.sum(a * x**2 * theta**2)
    size = np.sum((a * x) ** 2 * (theta**2 + noise_var / d))
    risk = criteria.expected_error(np.sqrt(d), theta, noise_var)
    got = projections.optimal_xi(risk, d, lam).weights[0]
    return float(abs(got * size - (up - down)) / (up + down))
