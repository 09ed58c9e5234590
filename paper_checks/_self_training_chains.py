"""Independent route of the self-training claims: rounds on fresh complex designs, refitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdtheory import label_noise

from ._complex_designs import adjoint, centred_traces, gaussian

__all__ = ["Chains", "error_on_a_draw", "simulate"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
ComplexArray = np.ndarray[Any, np.dtype[np.complex128]]


@dataclass(frozen=True)
class Chains:
    """What many chains of rounds come to; the second axis of each array is that of rounds.

    All are exact means over label noise of variance one and signs of the signal: designs alone are
    random.
    """

    risks: FloatArray
    estimates: FloatArray
    """Means of squared corrected residuals, from the traces of the products of smoothers."""
    controls: FloatArray
    """Numbers of mean zero that know most of how the designs of a chain vary."""
    designs: ComplexArray
    """The labelled designs of the first hundred (100, n, p)."""
    maps: ComplexArray
    """The maps from their labels to coefficients (100, rounds + 1, p, n)."""


def simulate(
    eigenvalues: FloatArray, energy: FloatArray, n: int, lam: float, rounds: int, runs: int,
    seed: int,
) -> Chains:  # fmt: skip
    """Return `runs` chains of ridge regression with the penalty `lam` a sample."""
    rng = np.random.default_rng(seed)
    one = np.eye(eigenvalues.size)
    samples = [gaussian(rng, runs, n, eigenvalues) for _ in range(rounds + 1)]
    found: list[tuple[Any, ...]] = []
    for designs in zip(*samples, strict=True):
        x = designs[0][:, None]
        chain: list[ComplexArray] = []
        for new in designs:
            fit = adjoint(np.linalg.solve(new @ adjoint(new) + n * lam * np.eye(n), new))
            chain.append(fit @ (new @ chain[-1]) if chain else fit)
        maps = np.stack(chain, axis=1)
        products = maps @ x
        bias = np.abs(products - one) ** 2 @ energy
        risks = (bias + np.sum(np.abs(maps) ** 2, axis=3)) @ eigenvalues
        traces = np.trace(products, axis1=2, axis2=3).real
        shares = (traces / (n - traces[:, :1]))[:, :, None, None]
        residual, missed = np.eye(n) - x @ maps, x - x @ products
        squares = np.abs(residual + shares * residual[:, :1]) ** 2
        lost = np.abs(missed + shares * missed[:, :1]) ** 2 @ energy
        estimates = np.sum(lost + np.sum(squares, axis=3), axis=2) / n
        controls = np.hstack([centred_traces(new, eigenvalues) for new in designs])
        found.append((risks, estimates, controls, *((designs[0], maps) if not found else ())))
    return Chains(*(np.concatenate([f[k] for f in found]) for k in range(3)), *found[0][3:])


def error_on_a_draw(chains: Chains, which: int, lam: float, rng: np.random.Generator) -> FloatArray:
    """Return what `iterated_gcv` lacks to the mean of squared corrected residuals of some labels.

    Complex matrices become real ones of twice the size, in which each entry is a block
    [[re, -im], [im, re]]. Twice as many samples then stand for the same sample: the penalty of each
    is half of it.
    """
    x, maps = _real(chains.designs[which]), _real(chains.maps[which])
    count, features = x.shape
    y = x @ rng.normal(size=features) / features**0.5 + rng.normal(size=count)
    traces = np.trace(maps @ x, axis1=1, axis2=2)
    residual = y - y @ adjoint(x @ maps)
    corrected = residual + (traces / (count - traces[0]))[:, None] * residual[0]
    found = label_noise.iterated_gcv(x, y, maps @ y, traces, lam / 2)
    return np.asarray(found - np.mean(corrected**2, axis=1))


def _real(a: ComplexArray) -> FloatArray:
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    return np.asarray(np.kron(a.real, np.eye(2)) + np.kron(a.imag, turn), dtype=float)
