"""Borup & Andersen 2021: kernel ridge self-distillation, step by step and in the limit.

The paper weighs the ground truth with alpha; here xi = 1 - alpha weighs the teacher, and `steps`
counts the rounds after the first fit.
"""

from typing import Any

import numpy as np

from sdtheory import Spectrum, filters
from sdtheory.claims import Draw, claim, relative_error
from sdtheory.spectral import weights

from ._instances import EPS, chain, data, design_and_labels, distil_by_solving, spectra

PAPER = "Borup & Andersen 2021"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def _chain_tolerance(
    n: int, p: int, seed: int, lams: FloatArray, xis: FloatArray, **_: Any
) -> float:
    """Each dense solve loses its condition number; a round multiplies the error by |xi| at most."""
    top = np.linalg.norm(design_and_labels(n, p, seed)[0], 2) ** 2
    growth = np.prod(1.0 + np.abs(xis)) + np.sum(np.abs(xis))
    return float(100 * n * EPS * (1 + top / np.min(lams)) * growth)


def _single(draw: Draw) -> dict[str, Any]:
    return data(draw) | {"xi": draw.uniform(-2.0, 3.0)}


@claim(
    "borup2021.blended_target",
    paper=PAPER,
    where="K1",
    source="recalled",
    says="""Ridge regression on the blend xi teacher + (1 - xi) labels minimises the two-term
    objective xi |f - teacher|^2 + (1 - xi) |f - labels|^2 + lam |f|^2, for every real xi.""",
    kind="identity",
    instances=_single,
    tolerance=lambda n, p, lam, seed, xi: 50 * EPS * (1 + abs(xi)) ** 2 * (n + p) * (1 + 1 / lam),
    guards=("sdtheory.spectral.filters.distill", "sdtheory.spectral.spectrum.Spectrum.parameters"),
)
def blended_target(n: int, p: int, lam: float, seed: int, xi: float) -> float:
    """Return the gradient of the two-term objective at the student, relative to its terms."""
    x, y = design_and_labels(n, p, seed, outputs=1)
    spectrum = Spectrum.from_design(x)
    teacher = x @ np.linalg.solve(x.T @ x + lam * np.eye(p), x.T @ y)
    student = spectrum.parameters(
        filters.distill(spectrum.eigenvalues, lam, xi), spectrum.project(y)
    )
    pulls = [xi * x.T @ (x @ student - teacher), (1 - xi) * x.T @ (x @ student - y), lam * student]
    return float(np.abs(sum(pulls)).max() / (sum(np.abs(v).max() for v in pulls) + 1e-300))


@claim(
    "borup2021.every_step",
    paper=PAPER,
    where="K2, K4, K11",
    source="derived",
    says="""At every step, for any schedule of weights and penalties, the student's predictions at
    training and new points are those of a spectral filter of the labels; new points need no
    division by an eigenvalue, so singular kernels are no exception. (The paper: constant xi.)""",
    kind="identity",
    instances=chain,
    tolerance=_chain_tolerance,
    guards=(
        "sdtheory.spectral.filters.distill",
        "sdtheory.spectral.spectrum.Spectrum.predict",
        "sdtheory.spectral.spectrum.Spectrum.fitted",
        "sdtheory.spectral.spectrum.Spectrum.projection",
    ),
)
def every_step(n: int, p: int, seed: int, lams: FloatArray, xis: FloatArray) -> float:
    """Return the error against solving every round from scratch."""
    x, y = design_and_labels(n, p, seed)
    kernel, new = x @ x.T, np.random.default_rng(seed + 1).normal(size=(4, p)) @ x.T
    want_fitted, want_new = distil_by_solving(kernel, new, y, lams, xis)
    spectrum = Spectrum.from_kernel(kernel)
    profile, targets = filters.distill(spectrum.eigenvalues, lams, xis), spectrum.project(y)
    got_new = spectrum.predict(spectrum.projection(new), profile, targets)
    size = np.abs(y).max()
    return max(
        relative_error(spectrum.fitted(profile, targets), want_fitted, scale=size),
        relative_error(got_new, want_new, scale=size * (1 + np.abs(new).max())),
    )


def _constant(draw: Draw) -> dict[str, Any]:
    return spectra(draw) | {"xi": draw.uniform(-1.0, 1.0), "steps": draw.integer(2, 40)}


@claim(
    "borup2021.constant_weight",
    paper=PAPER,
    where="K3",
    source="recalled",
    says="""With constant weight and penalty, f_steps = f_inf + (xi a)^(steps + 1) (1 - f_inf),
    where a = d / (d + lam) and f_inf = (1 - xi) d / ((1 - xi) d + lam).""",
    kind="identity",
    instances=_constant,
    tolerance=lambda d, lam, xi, steps: 16 * (steps + 1) * EPS,
    guards=("sdtheory.spectral._rounds.closed_form", "sdtheory.spectral._powers.geometric"),
)
def constant_weight(d: FloatArray, lam: float, xi: float, steps: int) -> float:
    """Return the error of the closed form against the recursion over rounds."""
    a = d / (d + lam)
    kept = a
    for _ in range(steps):
        kept = a * ((1 - xi) + xi * kept)
    closed = filters.distill(d, lam, xi, steps)
    return max(
        relative_error(closed.kept, kept, scale=1.0),
        relative_error(closed.lost, 1 - kept, scale=1.0),
    )


@claim(
    "borup2021.mixture_of_pure_students",
    paper=PAPER,
    where="K5",
    source="derived",
    says="""Every chain at one penalty is an affine mixture of pure students, f = sum_i c_i a^(i+1)
    with sum_i c_i = 1, so one pure chain serves all sequences of weights.""",
    kind="identity",
    instances=lambda draw: (
        spectra(draw) | {"xis": draw.uniform(-2.0, 3.0, size=draw.integer(1, 6))}
    ),
    tolerance=lambda d, lam, xis: 64 * EPS * float(np.prod(1 + 2 * np.abs(xis))),
    guards=("sdtheory.spectral.weights.powers_from_xi", "sdtheory.spectral.filters.powers"),
)
def mixture_of_pure_students(d: FloatArray, lam: float, xis: FloatArray) -> float:
    """Return the error of the mixture against the chain, and of the mixture's total."""
    mixture = weights.powers_from_xi(xis)
    chained = filters.distilled(d, lam, xis)
    by_mixture = mixture @ filters.powers(d, lam, len(xis)).kept
    return max(relative_error(by_mixture, chained, scale=1.0), abs(float(np.sum(mixture)) - 1))


@claim(
    "borup2021.weights_in_the_box_are_the_simplex",
    paper=PAPER,
    where="K5",
    source="derived",
    says="""Weights xi in [0, 1] at every step reach exactly the convex mixtures of the pure
    students: c lies in the simplex, and every point of the simplex comes from such weights.""",
    kind="identity",
    instances=lambda draw: {
        "xis": draw.uniform(0.0, 1.0, size=draw.integer(1, 6)),
        "bars": draw.uniform(0.0, 1.0, size=draw.integer(2, 7)),
    },
    tolerance=lambda xis, bars: 64 * EPS,
    guards=(
        "sdtheory.spectral.weights.powers_from_xi",
        "sdtheory.spectral.weights.xi_from_powers",
    ),
)
def weights_in_the_box_are_the_simplex(xis: FloatArray, bars: FloatArray) -> float:
    """Return how far either map leaves its set, and how far the round trip is from the identity."""
    there = weights.powers_from_xi(xis)
    point = bars / np.sum(bars) if np.sum(bars) > 0 else np.eye(len(bars))[0]
    back = weights.xi_from_powers(point)
    again = weights.powers_from_xi(back)
    return float(
        max(
            -there.min(),
            abs(there.sum() - 1),
            -back.min(),
            back.max() - 1,
            np.abs(again - point).max(),
        )
    )


def _inside(draw: Draw) -> dict[str, Any]:
    drawn = data(draw)
    # From -1 to 1 + lam / d_max, in units of that interval: negative alpha and all.
    return drawn | {"share": draw.uniform(-0.95, 0.95)}


@claim(
    "borup2021.infinite_limit",
    paper=PAPER,
    where="K6",
    source="derived",
    says="""Infinitely many rounds with constant xi < 1 end at ridge regression with the larger
    penalty lam / (1 - xi) (for xi < 0 a smaller one, for 1 < xi < 1 + lam / d_max a negative
    one); with xi = 1 they end at zero. (The paper: 0 <= xi <= 1.)""",
    kind="identity",
    instances=_inside,
    tolerance=lambda n, p, lam, seed, share: (
        100
        * EPS
        * n
        * (1 + np.linalg.norm(design_and_labels(n, p, seed)[0], 2) ** 2 / lam)
        / (1 - abs(share)) ** 2
    ),
    guards=(
        "sdtheory.spectral.filters.fixed_point",
        "sdtheory.spectral.filters.convergence_interval",
    ),
)
def infinite_limit(n: int, p: int, lam: float, seed: int, share: float) -> float:
    """Return the error against a dense solve, and the one of the fixed-point equation."""
    x, y = design_and_labels(n, p, seed)
    kernel = x @ x.T
    spectrum = Spectrum.from_kernel(kernel)
    xi = share * filters.convergence_interval(spectrum.eigenvalues, lam)[1]
    top = np.linalg.norm(x, 2) ** 2
    got = spectrum.fitted(filters.fixed_point(spectrum.eigenvalues, lam, xi), spectrum.project(y))
    # (1 - xi) K f + lam f = (1 - xi) K y, also where the penalty lam / (1 - xi) is negative.
    want = np.linalg.solve((1 - xi) * kernel + lam * np.eye(n), (1 - xi) * kernel @ y)
    edge = float(abs(xi / share - (1 + lam / top))) if share else 0.0
    return max(relative_error(got, want, scale=np.abs(y).max()), edge)


@claim(
    "borup2021.linear_rate",
    paper=PAPER,
    where="K7",
    source="derived",
    says="""The distance to the limit falls linearly: in the mode with eigenvalue d it is multiplied
    by exactly xi d / (d + lam) in each round. (The paper: linear; the constant is ours.)""",
    kind="identity",
    instances=_constant,
    tolerance=lambda d, lam, xi, steps: 64 * (steps + 1) * EPS,
    guards=("sdtheory.spectral.filters.fixed_point", "sdtheory.spectral.filters.distill"),
)
def linear_rate(d: FloatArray, lam: float, xi: float, steps: int) -> float:
    """Return the error of f_steps - f_inf against rho^(steps + 1) (1 - f_inf)."""
    limit = filters.fixed_point(d, lam, xi)
    gap = filters.distilled(d, lam, xi, steps) - limit.kept
    want = (xi * d / (d + lam)) ** (steps + 1) * (1 - limit.kept)
    return relative_error(gap, want, scale=1.0)
