"""Choosing hyper-parameters of a classifier between rounds: never, once, or in every round.

The modes are those of `hyperparameters`. Soft labels carry no noise that an amplitude could not
explain: chosen again in every round it grows to its bound, and a free latent noise falls to its
floor. Both are reported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize

from sdtheory import _checks
from sdtheory.gp.hyperparameters import MODES, box_of, checked_kernel
from sdtheory.gp.laplace import evidence_gradient, laplace
from sdtheory.gp.likelihoods import BERNOULLI, LIKELIHOODS, Likelihood
from sdtheory.gp.soft_labels import SoftLabelProcess, blending, chain, with_noise

__all__ = ["OptimisedLabels", "maximise_label_evidence", "optimise_label_evidence"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Kernel = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True, slots=True)
class OptimisedLabels:
    """Hyper-parameters of every fit of a data-centric chain of classifiers."""

    theta: FloatArray
    """Kernel parameters (steps + 1, p) of every fit."""
    noise: FloatArray
    """Variance (steps + 1,) of the latent noise of every fit."""
    process: SoftLabelProcess
    """The last classifier; its `prior` at new points includes the last noise."""
    at_floor: bool
    """Some fit's noise was stopped by its floor."""
    at_bound: bool
    """Some fit's kernel parameter was stopped by a bound."""


def optimise_label_evidence(
    kernel: Kernel,
    theta: FloatArray,
    bounds: FloatArray,
    y: FloatArray,
    noise: float = 0.0,
    *,
    noise_floor: float | None = None,
    mode: str = "first",
    xi: FloatArray | float = 1.0,
    steps: int = 1,
    likelihood: str = "continuous_bernoulli",
    link: str = "mean",
    average: str = "exact",
) -> OptimisedLabels:
    """Run a data-centric chain of classifiers, choosing hyper-parameters as `mode` says.

    Parameters
    ----------
    kernel : callable
        Returns K (n, n) and its derivatives (p, n, n) at parameters theta (p,).
    theta : array (p,)
        Where to start: usually logarithms of positive parameters.
    bounds : array (p, 2)
        Interval of each parameter.
    y : array (n,)
        Labels in [0, 1].
    noise : float
        Variance of white noise on the latents; optimised too if a floor is given.
    noise_floor : float, optional
        Positive lower bound of the noise; the upper one is e^20 times where a fit starts, because
        certain labels may favour any noise. Without a floor the noise is kept.
    mode : {"none", "first", "all"}
        When to maximise Laplace's evidence: never, on the labels, or on every round's labels.
    xi, steps, likelihood, link, average
        As in `data_centric_classification`.

    Returns
    -------
    OptimisedLabels

    Examples
    --------
    >>> distances = np.subtract.outer([0.0, 1.0, 3.0], [0.0, 1.0, 3.0]) ** 2
    >>> def kernel(theta):  # a Gaussian kernel and its derivative in the logarithm of the length
    ...     scaled = distances * np.exp(-2.0 * theta[0])
    ...     return 4.0 * np.exp(-scaled / 2), 4.0 * (scaled * np.exp(-scaled / 2))[None]
    >>> chain = optimise_label_evidence(kernel, [0.0], [[-3.0, 3.0]], [1.0, 1.0, 0.0], mode="all")
    >>> chain.theta.shape, chain.process.labels.shape  # teacher and one student
    ((2, 1), (2, 3))
    """
    _checks.choice("mode", mode, MODES)
    _checks.choice("likelihood", likelihood, LIKELIHOODS)
    noise = _checks.number("noise", noise, at_least=0)
    if noise_floor is not None:
        noise_floor = _checks.number("noise_floor", noise_floor, above=0, at_most=noise)
    theta, bounds = box_of(theta, bounds)
    y = _checks.ndarray("y", y, ndim=1, at_least=0, at_most=1)
    kernel = checked_kernel(kernel, len(y))
    thetas, noises = [theta], [noise]

    def choose(k: int, labels: FloatArray) -> tuple[FloatArray, float]:
        best, level = thetas[-1], noises[-1]
        if mode == "all" or (mode == "first" and k == 0):
            model = BERNOULLI if k == 0 else LIKELIHOODS[likelihood]
            best, level = maximise_label_evidence(
                kernel, best, bounds, labels, model, level, noise_floor
            )
        thetas.append(best)
        noises.append(level)
        return np.asarray(kernel(best)[0]), level

    weights = blending(xi, _checks.integer("steps", steps, at_most=_checks.ROUNDS))
    process = chain(choose, y, weights, likelihood, link, average, extend=False)
    found, levels = np.array(thetas[1:]), np.array(noises[1:])
    floor = noise_floor is not None and bool(levels.min() <= noise_floor * (1 + 1e-6))
    return OptimisedLabels(found, levels, process, floor, bool(stopped(found, bounds).any()))


def maximise_label_evidence(
    kernel: Kernel,
    theta: FloatArray,
    bounds: FloatArray,
    labels: FloatArray,
    likelihood: Likelihood,
    noise: float,
    noise_floor: float | None = None,
) -> tuple[FloatArray, float]:
    """Return the parameters and the noise at a local maximum of Laplace's evidence."""

    def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
        level = noise if noise_floor is None else float(np.exp(parameters[-1]))
        matrix, derivatives = kernel(parameters[: theta.size])
        total = with_noise(matrix, level)
        if noise_floor is not None:
            derivatives = np.concatenate([derivatives, level * np.eye(len(labels))[None]])
        fit = laplace(total, labels, likelihood)
        return -fit.evidence, -evidence_gradient(fit, total, derivatives, labels, likelihood)

    start, box = theta, bounds
    if noise_floor is not None:
        start = np.append(theta, np.log(noise))
        box = np.vstack([bounds, [np.log(noise_floor), np.log(noise) + 20.0]])
    found = scipy.optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=list(map(tuple, box))
    )
    best = np.asarray(found.x)
    if noise_floor is None:
        return best, noise
    return best[:-1], max(noise_floor, float(np.exp(best[-1])))


def stopped(theta: FloatArray, bounds: FloatArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which parameters lie at an end of their interval."""
    slack = 1e-6 * (bounds[:, 1] - bounds[:, 0])
    return np.asarray((theta <= bounds[:, 0] + slack) | (theta >= bounds[:, 1] - slack))
