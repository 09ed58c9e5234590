"""The zoo: spectra, planted signals and label noise for tests, checks and experiments alike.

A `Planted` problem is a ridge problem whose truth is known. Spectra are squared singular values of
the design, descending; signals are coefficients in the basis of the right singular vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdtheory import _checks

__all__ = [
    "SIGNALS",
    "SPECTRA",
    "Planted",
    "flip_labels",
    "flipped_means",
    "planted",
    "random_design",
    "signal",
    "spectrum",
    "toy_regression",
]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

SPECTRA = (
    "power_law",
    "spiked",
    "equal",
    "clustered",
    "linear",
    "rank_deficient",
    "ill_conditioned",
)
SIGNALS = ("top", "bottom", "isotropic", "sparse")


@dataclass(frozen=True, slots=True)
class Planted:
    """A regression problem with known truth, y = design @ truth + noise.

    >>> rng = np.random.default_rng(0)
    >>> problem = planted(np.ones(2), np.ones(2), noise_var=0.0, n=5, rng=rng)
    >>> labels = problem.labels(rng)
    >>> bool(np.allclose(labels, problem.design @ problem.truth))
    True
    """

    design: FloatArray
    """Shape (n, p), with exactly the prescribed singular values."""
    truth: FloatArray
    """Shape (p,), in the coordinates of the features."""
    eigenvalues: FloatArray
    """Squared singular values (r,), descending; the last ones zero if rank deficient."""
    coefficients: FloatArray
    """Truth in the basis of the right singular vectors (r,)."""
    noise_var: float | FloatArray
    """Label-noise variance: one for all samples, or one for each (n,)."""

    def labels(self, rng: np.random.Generator, draws: int | None = None) -> FloatArray:
        """Return noisy labels (n,), or (n, draws) independent ones."""
        _checks.instance("rng", rng, np.random.Generator)
        clean = self.design @ self.truth
        if draws is not None:
            most = _checks.SIZE // clean.shape[0]
            draws = _checks.integer("draws", draws, at_least=1, at_most=most)
        shape = clean.shape if draws is None else (clean.shape[0], draws)
        scale = np.sqrt(self.noise_var)
        if draws is None:
            return clean + scale * rng.normal(size=shape)
        return clean[:, None] + np.reshape(scale, (-1, 1)) * rng.normal(size=shape)


def spectrum(kind: str, size: int, condition: float = 1e3) -> FloatArray:
    """Return eigenvalues (size,), descending, largest 1.

    Parameters
    ----------
    kind : {"power_law", "spiked", "equal", "clustered", "linear", "rank_deficient", \
"ill_conditioned"}
        `spiked` has one (in ten) large and otherwise equal eigenvalues, `clustered` three levels,
        `rank_deficient` a zero second half; `ill_conditioned` ignores `condition` and has 1e14.
    size : int
        Number of eigenvalues.
    condition : float
        Largest over smallest positive eigenvalue.

    Examples
    --------
    >>> spectrum("clustered", 6, condition=100.0)
    array([1.  , 1.  , 0.1 , 0.1 , 0.01, 0.01])
    """
    _checks.choice("kind", kind, SPECTRA)
    size = _checks.integer("size", size, at_least=1, at_most=_checks.SIZE)
    condition = _checks.number("condition", condition, at_least=1)
    if kind == "ill_conditioned":
        condition = 1e14
    grid = np.linspace(0.0, 1.0, size)
    if kind == "equal":
        return np.ones(size)
    if kind == "spiked":
        values: FloatArray = np.full(size, 1.0 / condition)
        values[: max(1, size // 10)] = 1.0
        return values
    if kind == "clustered":
        levels: FloatArray = condition ** (-np.floor(3 * np.arange(size) / size) / 2)
        return levels
    if kind == "linear":
        # Rounding must not make a later eigenvalue the larger one.
        return np.minimum.accumulate((1.0 - grid) + grid / condition)
    if kind == "power_law":
        ranks = np.arange(1.0, size + 1)
        decaying: FloatArray = ranks ** -(np.log(condition) / np.log(max(size, 2)))
        return decaying
    values = condition**-grid
    if kind == "rank_deficient":
        values[(size + 1) // 2 :] = 0.0
    return values


def signal(kind: str, size: int, energy: float = 1.0) -> FloatArray:
    """Return coefficients (size,) with the given total energy, aligned with the spectrum's order.

    `top` and `bottom` decay geometrically from the largest or smallest eigenvalue (by a factor of
    1e-3 in all), `isotropic` is constant, `sparse` is one coefficient in the middle.

    >>> signal("isotropic", 4)
    array([0.5, 0.5, 0.5, 0.5])
    """
    _checks.choice("kind", kind, SIGNALS)
    size = _checks.integer("size", size, at_least=1, at_most=_checks.SIZE)
    energy = _checks.number("energy", energy, at_least=0)
    decay = 1e-3 ** np.linspace(0.0, 1.0, size)
    shapes = {
        "top": decay,
        "bottom": decay[::-1],
        "isotropic": np.ones(size),
        "sparse": (np.arange(size) == size // 2).astype(float),
    }
    shape = shapes[kind]
    scaled: FloatArray = shape * np.sqrt(energy / (shape @ shape))
    return scaled


def random_design(
    eigenvalues: FloatArray, n: int, p: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return a design (n, p) with these squared singular values, and its right vectors (p, r).

    The singular vectors are Haar distributed. Needs len(eigenvalues) <= min(n, p).

    >>> design, right = random_design(np.array([4.0, 1.0]), n=5, p=3, rng=np.random.default_rng(0))
    >>> np.linalg.svd(design, compute_uv=False)[:2], right.shape
    (array([2., 1.]), (3, 2))
    """
    d = _checks.ndarray("eigenvalues", eigenvalues, ndim=1, at_least=0)
    _checks.instance("rng", rng, np.random.Generator)
    n = _checks.integer("n", n, at_least=1, at_most=_checks.SIZE)
    p = _checks.integer("p", p, at_least=1, at_most=_checks.SIZE)
    if n * p > _checks.SIZE:
        raise ValueError(f"n times p must be at most {_checks.SIZE}, got {n} times {p}")
    rank = d.shape[0]
    if rank > min(n, p):
        raise ValueError(f"eigenvalues must number at most min(n, p) = {min(n, p)}, got {rank}")
    left, right = _haar(n, rank, rng), _haar(p, rank, rng)
    return (left * np.sqrt(d)) @ right.T, right


def planted(
    eigenvalues: FloatArray,
    coefficients: FloatArray,
    noise_var: float | FloatArray,
    n: int,
    rng: np.random.Generator,
    p: int | None = None,
) -> Planted:
    """Return a problem with this spectrum, signal and label noise on n samples and p features.

    `noise_var` is one variance for all samples, or one for each (n,). By default p is the number
    of eigenvalues.

    >>> problem = planted(np.ones(2), np.ones(2), 0.0, n=5, rng=np.random.default_rng(0))
    >>> np.linalg.svd(problem.design, compute_uv=False)
    array([1., 1.])
    """
    d = _checks.ndarray("eigenvalues", eigenvalues, ndim=1, at_least=0)
    theta = _checks.ndarray("coefficients", coefficients, ndim=1)
    _checks.same_length("coefficients", theta, "eigenvalues", d)
    design, right = random_design(d, n, d.shape[0] if p is None else p, rng)
    noise = _checks.ndarray("noise_var", noise_var, ndim=(0, 1), at_least=0)
    if noise.ndim == 1:
        _checks.same_length("noise_var", noise, "the samples", design)
    return Planted(design, right @ theta, d, theta, noise if noise.ndim else float(noise))


def flipped_means(
    labels: np.ndarray[Any, Any], classes: int, rate: float
) -> tuple[FloatArray, float]:
    """Return the mean one-hot targets under uniform label flips, and the noise variance per sample.

    With probability `rate` a label moves to one of the other classes, all alike. The one-hot target
    of sample i then has mean (1 - rate) on its class and rate / (classes - 1) on each other; its
    variance, summed over the classes, is the same for every sample, so that squared-loss formulas
    for label noise are exact for noisy labels.

    >>> flipped_means(np.array([0, 1]), classes=2, rate=0.25)
    (array([[0.75, 0.25],
           [0.25, 0.75]]), 0.375)
    """
    labels, classes, rate = _flips(labels, classes, rate)
    other = rate / (classes - 1)
    means = np.full((labels.shape[0], classes), other)
    means[np.arange(labels.shape[0]), labels] = 1.0 - rate
    return means, 1.0 - (1.0 - rate) ** 2 - rate * other


def flip_labels(
    labels: np.ndarray[Any, Any], classes: int, rate: float, rng: np.random.Generator
) -> np.ndarray[Any, Any]:
    """Return labels of which each has moved, with probability `rate`, to some other class.

    >>> flip_labels(np.array([0, 1, 0]), classes=2, rate=1.0, rng=np.random.default_rng(0))
    array([1, 0, 1])
    """
    labels, classes, rate = _flips(labels, classes, rate)
    _checks.instance("rng", rng, np.random.Generator)
    moves = rng.integers(1, classes, size=labels.shape)
    return np.where(rng.random(labels.shape) < rate, (labels + moves) % classes, labels)


def _flips(
    labels: np.ndarray[Any, Any], classes: int, rate: float
) -> tuple[np.ndarray[Any, Any], int, float]:
    classes = _checks.integer("classes", classes, at_least=2, at_most=_checks.SIDE)
    rate = _checks.number("rate", rate, at_least=0, at_most=1)
    try:
        labels = np.asarray(labels)
    except ValueError:  # lists of several lengths
        raise ValueError(
            f"labels must be a vector of class numbers, got {_checks.show(labels)}"
        ) from None
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or labels.size == 0:
        raise ValueError(f"labels must be a vector of class numbers, got {_checks.show(labels)}")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels must lie in 0..{classes - 1}, got {labels.min()}..{labels.max()}")
    return labels, classes, rate


def toy_regression(noise_free: bool = False) -> tuple[FloatArray, FloatArray]:
    """Return the eleven points (x, y) of Mobahi et al. 2020 that Borup & Andersen 2021 plot.

    `noise_free` returns sin(2 pi x) in place of the published noisy y.

    >>> x, y = toy_regression()
    >>> x.shape, y[:3]
    ((11,), array([0.38476636, 1.23339677, 1.33232242]))
    """
    noise_free = _checks.flag("noise_free", noise_free)
    x = np.arange(11) / 10
    return x, np.sin(2 * np.pi * x) if noise_free else np.array(_TOY_LABELS)


# As printed in the public notebook of Borup & Andersen 2021.
_TOY_LABELS = (
    0.38476636465198066,
    1.2333967683416893,
    1.33232242218057,
    0.6920159488889518,
    -0.29756145531871736,
    -0.24189291901377769,
    -0.7964485769175675,
    -0.9616480167034174,
    -0.49672509509916934,
    -0.3469066003991437,
    0.5589512650600734,
)


def _haar(rows: int, columns: int, rng: np.random.Generator) -> FloatArray:
    """Return a uniformly distributed orthonormal (rows, columns) matrix."""
    q, r = np.linalg.qr(rng.normal(size=(rows, columns)))
    signed: FloatArray = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return signed
