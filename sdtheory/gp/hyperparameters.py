"""Choosing hyper-parameters between rounds, and why to choose them once.

`none`   keep what was given.
`first`  maximise the evidence of the first fit, on the labels, then keep. Recommended.
`all`    maximise again on each round's targets. Those are smoother than the labels and free of
         noise, so amplitudes collapse, length scales grow and a free noise level goes to its lower
         bound, where students copy their teachers: it needs a floor, and it gets one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
import scipy.optimize

from sdtheory import _checks
from sdtheory.gp.evidence import data_centric_evidence
from sdtheory.gp.soft_labels import blending
from sdtheory.spectral import filters
from sdtheory.spectral.smoother import Smoother

__all__ = ["MODES", "Optimised", "optimise_evidence"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
Kernel = Callable[[FloatArray], tuple[FloatArray, FloatArray]]

MODES = ("none", "first", "all")


@dataclass(frozen=True, slots=True)
class Optimised:
    """Hyper-parameters of every fit of a data-centric chain."""

    theta: FloatArray
    """Kernel parameters (steps + 1, p) of every fit."""
    noise: FloatArray
    """Noise variance (steps + 1,) of every fit."""
    evidence: FloatArray
    """Log marginal likelihood (steps + 1,) of every fit's targets."""
    dual: FloatArray
    """Weights (n,) or (n, q) of the last fit: means are K(new, train) @ dual at its theta."""
    at_floor: bool
    """Some fit's noise was stopped by its floor: its student hardly differs from its teacher."""


def optimise_evidence(
    kernel: Kernel,
    theta: FloatArray,
    bounds: FloatArray,
    y: FloatArray,
    noise: float,
    *,
    noise_floor: float | None = None,
    mode: str = "first",
    xi: FloatArray | float = 1.0,
    steps: int = 1,
) -> Optimised:
    """Run a data-centric chain, choosing hyper-parameters by evidence as `mode` says.

    Parameters
    ----------
    kernel : callable
        Returns K (n, n) and its derivatives (p, n, n) at parameters theta (p,).
    theta : array (p,)
        Where to start: usually logarithms of positive parameters.
    bounds : array (p, 2)
        Interval of each parameter.
    y : array (n,) or (n, q)
        Labels.
    noise : float
        Noise variance; optimised too if a floor is given.
    noise_floor : float, optional
        Lower bound of the noise variance. Without one the noise is kept.
    mode : {"none", "first", "all"}
        When to optimise.
    xi, steps
        Weights on the teacher and number of rounds, as in `data_centric`.

    Returns
    -------
    Optimised
        Unlike `data_centric`, a chain in mode "all" changes its kernel, so there is no common
        spectrum: every fit has its own factorisation.

    Examples
    --------
    >>> distances = np.subtract.outer([0.0, 1.0, 3.0], [0.0, 1.0, 3.0]) ** 2
    >>> def kernel(theta):  # a Gaussian kernel and its derivative in the logarithm of the length
    ...     scaled = distances * np.exp(-2.0 * theta[0])
    ...     return np.exp(-scaled / 2), (scaled * np.exp(-scaled / 2))[None]
    >>> chain = optimise_evidence(kernel, [0.0], [[-3.0, 3.0]], [1.0, 0.5, -1.0], 0.1, steps=1)
    >>> chain.theta.shape, bool(chain.evidence[-1] > chain.evidence[0])
    ((2, 1), True)
    """
    _checks.choice("mode", mode, MODES)
    steps = _checks.integer("steps", steps, at_most=_checks.ROUNDS)
    noise = _checks.number("noise", noise, above=0)
    if noise_floor is not None:
        noise_floor = _checks.number("noise_floor", noise_floor, above=0, at_most=noise)
    y = _checks.ndarray("y", y, ndim=(1, 2))
    theta, bounds = box_of(theta, bounds)
    kernel = checked_kernel(kernel, len(y))
    weights = blending(xi, steps, extend=True)
    targets, thetas, noises, evidence, dual = y, [], [], [], y
    for k in range(steps + 1):
        if mode == "all" or (mode == "first" and k == 0):
            theta, noise = _maximise(kernel, theta, bounds, targets, noise, noise_floor)
        matrix = kernel(theta)[0]
        smoother = Smoother.from_kernel(matrix, targets)
        profile = filters.distill(smoother.eigenvalues, noise, [], steps=0)
        dual, fitted = smoother.dual(profile), smoother.fitted(profile)
        thetas.append(theta)
        noises.append(noise)
        evidence.append(float(data_centric_evidence(matrix, targets, noise, steps=0).value[-1]))
        if k < steps:
            targets = weights[k] * fitted + (1.0 - weights[k]) * y
    floor = noise_floor is not None and min(noises) <= noise_floor * (1 + 1e-6)
    return Optimised(np.array(thetas), np.array(noises), np.array(evidence), dual, floor)


def box_of(theta: FloatArray, bounds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return where to start (p,) and the interval of each parameter (p, 2), checked."""
    theta = _checks.ndarray("theta", theta, ndim=1)
    bounds = _checks.ndarray("bounds", bounds, ndim=2)
    if bounds.shape != (theta.size, 2):
        raise ValueError(f"bounds must have shape ({theta.size}, 2), got {bounds.shape}")
    return theta, bounds


def checked_kernel(kernel: Kernel, n: int) -> Kernel:
    """Return a kernel that refuses results which are no kernel matrix and its derivatives."""
    _checks.function("kernel", kernel)

    def checked(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        found = kernel(theta)
        _checks.instance("kernel (its result)", found, tuple, list)
        if len(found) != 2:
            raise ValueError(
                f"kernel must return a matrix and its derivatives, got {_checks.show(found)}"
            )
        matrix = _checks.ndarray("kernel", found[0], ndim=2)
        derivatives = _checks.ndarray("kernel (derivatives)", found[1], ndim=3)
        if matrix.shape != (n, n) or derivatives.shape != (theta.size, n, n):
            raise ValueError(
                f"kernel must return shapes ({n}, {n}) and ({theta.size}, {n}, {n}), "
                f"got {matrix.shape} and {derivatives.shape}"
            )
        return matrix, derivatives

    return checked


def _maximise(
    kernel: Kernel,
    theta: FloatArray,
    bounds: FloatArray,
    targets: FloatArray,
    noise: float,
    floor: float | None,
) -> tuple[FloatArray, float]:
    """Return the parameters and the noise at a local maximum of the evidence."""
    columns = targets if targets.ndim == 2 else targets[:, None]

    def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
        level = noise if floor is None else float(np.exp(parameters[-1]))
        matrix, derivatives = kernel(parameters[: theta.size])
        total = matrix + level * np.eye(len(matrix))
        factor = scipy.linalg.cho_factor(total)
        weights = scipy.linalg.cho_solve(factor, columns)
        outputs, n = columns.shape[1], columns.shape[0]
        log_det = 2.0 * float(np.sum(np.log(np.diagonal(factor[0]))))
        value = -0.5 * float(np.sum(columns * weights))
        value -= 0.5 * outputs * (log_det + n * np.log(2 * np.pi))
        inner = weights @ weights.T - outputs * scipy.linalg.cho_solve(factor, np.eye(n))
        gradient = [0.5 * float(np.sum(inner * d)) for d in derivatives]
        if floor is not None:
            gradient.append(0.5 * level * float(np.trace(inner)))
        return -value, -np.array(gradient)

    start, box = theta, bounds
    if floor is not None:
        start = np.append(theta, np.log(noise))
        # From there on a larger noise lowers the evidence, whatever the kernel.
        energy = float(np.sum(columns**2)) / columns.shape[1]
        box = np.vstack([bounds, np.log([floor, max(noise, energy)])])
    found = scipy.optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=list(map(tuple, box))
    )
    best = np.asarray(found.x)
    if floor is None:
        return best, noise
    return best[:-1], max(floor, float(np.exp(best[-1])))
