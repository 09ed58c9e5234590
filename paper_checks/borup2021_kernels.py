"""Borup & Andersen 2021: other kernels, other noise, repeated inputs, centred targets."""

from typing import Any

import numpy as np

from sdtheory import Spectrum, filters
from sdtheory.claims import claim, relative_error

from ._instances import EPS, data, design_and_labels, distil_by_solving

PAPER = "Borup & Andersen 2021"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@claim(
    "borup2021.approximate_kernel",
    paper=PAPER,
    where="K22",
    source="derived",
    says="""Replacing the kernel by a positive semi-definite approximation within E in spectral norm
    changes the smoother of a student with 0 <= xi <= 1 by at most
    min(1, s E / (E + lam)), s = 1 + xi + ... + xi^steps.""",
    kind="inequality",
    instances=lambda draw: (
        data(draw)
        | {"xi": draw.uniform(0.0, 1.0), "steps": draw.integer(0, 5), "kept": draw.integer(0, 3)}
    ),
    tolerance=lambda n, p, lam, seed, xi, steps, kept: (
        2000 * EPS * n * (1 + np.linalg.norm(design_and_labels(n, p, seed)[0], 2) ** 2 / lam)
    ),
    guards=("sdtheory.spectral.filters.distill",),
)
def approximate_kernel(
    n: int, p: int, lam: float, seed: int, xi: float, steps: int, kept: int
) -> float:
    """Return the excess over the bound; the empty approximation with steps = 0 attains it."""
    x = design_and_labels(n, p, seed)[0]
    kernel = x @ x.T
    chosen = np.arange(min(kept, n))
    rows = kernel[:, chosen]
    approximate = rows @ np.linalg.pinv(kernel[np.ix_(chosen, chosen)]) @ rows.T
    smoothers = []
    for matrix in (kernel, 0.5 * (approximate + approximate.T)):
        d, vectors = np.linalg.eigh(matrix)
        profile = filters.distilled(np.maximum(d, 0.0), lam, xi, steps)
        smoothers.append((vectors * profile) @ vectors.T)
    error = np.linalg.norm(kernel - approximate, 2)
    total = np.sum(xi ** np.arange(steps + 1))
    gap = np.linalg.norm(smoothers[0] - smoothers[1], 2)
    return float(gap - min(1.0, total * error / (error + lam)))


@claim(
    "borup2021.unequal_noise",
    paper=PAPER,
    where="K23",
    source="derived",
    says="""With penalties that differ by sample, diag(g), the filters act on the spectrum of
    g^(-1/2) K g^(-1/2) at penalty one, with targets g^(-1/2) y.""",
    kind="identity",
    instances=lambda draw: data(draw) | {"xis": draw.uniform(-2.0, 3.0, size=draw.integer(1, 4))},
    tolerance=lambda n, p, lam, seed, xis: (
        200
        * n
        * EPS
        * (1 + 10 * np.linalg.norm(design_and_labels(n, p, seed)[0], 2) ** 2 / lam)
        * float(np.prod(1 + np.abs(xis)))
    ),
    guards=("sdtheory.spectral.filters.distill", "sdtheory.spectral.spectrum.Spectrum.fitted"),
)
def unequal_noise(n: int, p: int, lam: float, seed: int, xis: FloatArray) -> float:
    """Return the error against solving every round with its diagonal penalty."""
    x, y = design_and_labels(n, p, seed)
    levels = lam * np.random.default_rng(seed + 1).uniform(0.2, 5.0, n)
    kernel, root = x @ x.T, np.sqrt(levels)[:, None]
    want = fitted = kernel @ np.linalg.solve(kernel + np.diag(levels), y)
    for xi in xis:
        target = xi * fitted + (1 - xi) * y
        want = fitted = kernel @ np.linalg.solve(kernel + np.diag(levels), target)
    spectrum = Spectrum.from_kernel(kernel / (root * root.T))
    profile = filters.distill(spectrum.eigenvalues, 1.0, xis)
    got = root * spectrum.fitted(profile, spectrum.project(y / root))
    return relative_error(got, want, scale=np.abs(y).max() * 5)


@claim(
    "borup2021.repeated_inputs",
    paper=PAPER,
    where="K24",
    source="derived",
    says="""Copies of an input act as one input with the mean of their targets and the penalty
    divided by their number, at every step and weight.""",
    kind="identity",
    instances=lambda draw: (
        data(draw)
        | {"copies": draw.integer(2, 4), "xis": draw.uniform(-2.0, 3.0, size=draw.integer(1, 4))}
    ),
    tolerance=lambda n, p, lam, seed, copies, xis: (
        200
        * n
        * copies
        * EPS
        * (1 + copies * np.linalg.norm(design_and_labels(n, p, seed)[0], 2) ** 2 / lam)
        * float(np.prod(1 + np.abs(xis)))
    ),
    guards=("sdtheory.spectral.filters.distill", "sdtheory.spectral.spectrum.Spectrum.predict"),
)
def repeated_inputs(n: int, p: int, lam: float, seed: int, copies: int, xis: FloatArray) -> float:
    """Return the error of the repeated problem's predictions against the merged one's."""
    x, _ = design_and_labels(n, p, seed)
    y = np.random.default_rng(seed + 1).normal(size=(copies, n))
    repeated = np.tile(x, (copies, 1))
    lams = np.full(len(xis) + 1, lam / copies)
    want = distil_by_solving(x @ x.T, x @ x.T, np.mean(y, axis=0)[:, None], lams, xis)[1]
    spectrum = Spectrum.from_kernel(repeated @ repeated.T)
    profile = filters.distill(spectrum.eigenvalues, lam, xis)
    projection = spectrum.projection(x @ repeated.T)
    got = spectrum.predict(projection, profile, spectrum.project(y.ravel()))
    return relative_error(got, want[:, 0], scale=np.abs(y).max())


@claim(
    "borup2021.centring_every_step",
    paper=PAPER,
    where="K25",
    source="derived",
    says="Centring the targets anew at every step gives the same student as centring them once.",
    kind="identity",
    verdict="fails",
    counterexample={"n": 3, "gap": 0.5, "lam": 1.0},
    instances=lambda draw: {
        "n": draw.integer(2, 6),
        "gap": draw.uniform(0.1, 1.0),
        "lam": draw.log_uniform(1e-1, 1e1),
    },
    tolerance=lambda n, gap, lam: 1000 * EPS,
    guards=("sdtheory.spectral.filters.distill",),
)
def centring_every_step(n: int, gap: float, lam: float) -> float:
    """Return the relative difference of the two students of labels 0, 1, 2, ... after one round."""
    x = gap * np.arange(n)
    kernel = np.exp(-((x[:, None] - x) ** 2))
    y = np.arange(float(n)) ** 2
    spectrum = Spectrum.from_kernel(kernel)

    def student(labels: FloatArray, steps: int) -> FloatArray:
        profile = filters.distill(spectrum.eigenvalues, lam, 1.0, steps)
        fitted: FloatArray = spectrum.fitted(profile, spectrum.project(labels))
        return fitted

    once = student(y - y.mean(), 1) + y.mean()
    teacher = student(y - y.mean(), 0) + y.mean()
    anew = student(teacher - teacher.mean(), 0) + teacher.mean()
    return relative_error(anew, once)


@claim(
    "borup2021.rescaling_every_step",
    paper=PAPER,
    where="K25",
    source="derived",
    says="""Dividing the targets by their spread anew at every step, and multiplying back, gives the
    same student as doing it once or never, for a fixed kernel and penalty: unlike centring, scaling
    commutes with every round.""",
    kind="identity",
    instances=lambda draw: data(draw) | {"xis": draw.uniform(-2.0, 3.0, size=draw.integer(1, 4))},
    tolerance=lambda n, p, lam, seed, xis: (
        200
        * n
        * EPS
        * (1 + np.linalg.norm(design_and_labels(n, p, seed)[0], 2) ** 2 / lam)
        * float(np.prod(1 + np.abs(xis)))
    ),
    guards=("sdtheory.spectral.filters.distill",),
)
def rescaling_every_step(n: int, p: int, lam: float, seed: int, xis: FloatArray) -> float:
    """Return the error of the filter against solving every round with rescaled targets."""
    x, y = design_and_labels(n, p, seed, outputs=1)
    kernel, labels = x @ x.T, y[:, 0]
    target = labels
    for xi in (*xis, 0.0):
        spread = target.std()
        fitted = spread * (kernel @ np.linalg.solve(kernel + lam * np.eye(n), target / spread))
        target = xi * fitted + (1 - xi) * labels
    spectrum = Spectrum.from_kernel(kernel)
    profile = filters.distill(spectrum.eigenvalues, lam, xis)
    got = spectrum.fitted(profile, spectrum.project(labels))
    return relative_error(got, fitted, scale=np.abs(labels).max())
