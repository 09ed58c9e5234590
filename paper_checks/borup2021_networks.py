"""Borup & Andersen 2021: networks that are linear in their parameters follow the kernel's chain."""

from typing import Any

import numpy as np

from sdtheory import kernel_ridge
from sdtheory.claims import Draw, claim, relative_error

from ._kernels import EPS

PAPER = "Borup & Andersen 2021"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def _networks(draw: Draw) -> dict[str, Any]:
    return {
        "n": draw.integer(2, 6),
        "width": draw.integer(2, 5),
        "seed": draw.seed(),
        "lam": draw.log_uniform(1e-1, 1e1),
        "xis": draw.uniform(-1.0, 2.0, size=draw.integer(1, 4)),
        "restart": False,
    }


def _network(n: int, width: int, seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return outputs (n,) and their gradient (n, parameters) of a tanh network, and labels."""
    rng = np.random.default_rng(seed)
    x, first, last = rng.normal(size=(n, 2)), rng.normal(size=(2, width)), rng.normal(size=width)
    hidden = np.tanh(x @ first)
    inner = x[:, :, None] * ((1 - hidden**2) * last)[:, None, :]
    gradient = np.hstack([inner.reshape(n, -1), hidden]) / width**0.5
    return hidden @ last / width**0.5, gradient, rng.normal(size=n)


@claim(
    "borup2021.linearised_networks",
    paper=PAPER,
    where="K26",
    source="derived",
    says="""A network linearised at its initialisation, with the squared distance of its parameters
    from there penalised, changes its outputs in every round as kernel ridge regression with the
    tangent kernel, its labels measured from the initial outputs, would predict.""",
    kind="identity",
    verdict="holds_with_condition",
    condition="""every student starts from, and is drawn to, the teacher's own initialisation; with
    another one the initial outputs do not cancel""",
    counterexample={
        "n": 2, "width": 2, "seed": 0, "lam": 1.0, "xis": np.array([1.0]), "restart": True,
    },
    instances=_networks,
    tolerance=lambda n, width, seed, lam, xis, restart: (
        1e3
        * EPS
        * n
        * (1 + np.linalg.norm(_network(n, width, seed)[1], 2) ** 2 / lam)
        * float(np.prod(1 + np.abs(xis)))
    ),
    guards=("sdtheory.kernel_ridge.fitting.KernelRidge.path",),
)  # fmt: skip
def linearised_networks(
    n: int, width: int, seed: int, lam: float, xis: FloatArray, restart: bool
) -> float:
    """Return the error of the changes against least squares in the parameters, round by round."""
    start, gradient, noise = _network(n, width, seed)
    y, outputs, changes = start + noise, np.zeros(n), []
    for k in range(len(xis) + 1):
        begin, slope = start, gradient
        if restart and k > 0:
            begin, slope, _ = _network(n, width, seed + k)
        target = y if k == 0 else xis[k - 1] * outputs + (1 - xis[k - 1]) * y
        # Parameters minimise |begin + slope theta - target|^2 + lam |theta|^2.
        normal = slope.T @ slope + lam * np.eye(slope.shape[1])
        outputs = begin + slope @ np.linalg.solve(normal, slope.T @ (target - begin))
        changes.append(outputs - start)
    kernel = gradient @ gradient.T
    path = kernel_ridge.fit(kernel, noise).path(kernel, lam, xis, len(xis))
    return relative_error(path, changes, scale=float(np.abs(noise).max()))
