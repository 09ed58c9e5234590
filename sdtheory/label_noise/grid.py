"""The risk on a whole grid of penalties and weights, after any number of rounds, all but for free.

At one penalty a student is a polynomial in x = lam / (d + lam) whose degree is the number of
rounds, and its risk the integral of its square against a discrete measure with one atom a mode. A
Gauss rule with one node more than rounds integrates that exactly: thousands of modes become a few
dozen nodes, found once a penalty (Lanczos) and shared by all weights.
"""

from __future__ import annotations

from sdtheory import _checks
from sdtheory._array import Array, namespace, place
from sdtheory.label_noise.problem import RidgeProblem
from sdtheory.spectral import filters

__all__ = ["risk_grid"]


def risk_grid(problem: RidgeProblem, lam: Array, xi: Array, steps: int = 1) -> Array:
    """Return the expected risk (l, m) for every pair of l penalties and m weights.

    Parameters
    ----------
    problem : RidgeProblem
        With a metric that is diagonal in the modes.
    lam : array (l,)
        Positive penalties.
    xi : array (m,)
        Weights, the same in all rounds.
    steps : int
        Rounds.

    Examples
    --------
    >>> import numpy as np
    >>> from sdtheory.label_noise import RidgeProblem
    >>> problem = RidgeProblem(np.array([2.0, 1.0, 0.5]), [1.0, -0.5, 2.0], noise_var=0.5)
    >>> risk_grid(problem, [1.0], [0.0, 1.0])
    array([[2.9475  , 4.042275]])
    """
    _checks.instance("problem", problem, RidgeProblem)
    d = problem.eigenvalues
    lam = _checks.array("lam", lam, like=d, ndim=1, above=0)[:, None]
    xi = _checks.array("xi", xi, like=d, ndim=1)[:, None]
    steps = _checks.integer("steps", steps)
    weights = problem.weights
    if weights is None:
        raise ValueError("problem must have a metric that is diagonal in the modes, got a matrix")
    xp = namespace(d)
    noise = xp.zeros_like(d) + problem.noise_var
    total = d + lam
    lost = lam / total
    bias = xp.sqrt(weights * problem.energy) * lost
    variance = xp.sqrt(weights * noise * d) / total
    constant = problem.risk.constant
    for start, part in ((bias, "lost"), (variance, "coefficient")):
        # With no more modes than nodes the modes are the rule, to the last digit.
        few = d.shape[0] <= steps + 1
        nodes, masses = (lost, start**2) if few else _gauss_rule(lost, start, steps + 1)
        # In units where d + lam = 1: what is lost is x P(x), the coefficient is M(x).
        student = filters.distill((1.0 - nodes)[:, None, :], nodes[:, None, :], xi, steps)
        values = student.lost / nodes[:, None, :] if part == "lost" else student.coefficient
        constant = constant + xp.sum(masses[:, None, :] * values**2, axis=-1)
    return constant


def _gauss_rule(x: Array, start: Array, count: int) -> tuple[Array, Array]:
    """Return nodes and masses (l, count) of the measures sum_j start_j**2 delta(x_j), in batches.

    Lanczos without reorthogonalisation: its rule is that of a measure at rounding distance, with a
    few nodes twice over, and integrates as accurately as the exact one.
    """
    xp = namespace(x)
    mass = xp.linalg.vector_norm(start, axis=1, keepdims=True)
    q = start / xp.where(mass == 0, xp.ones_like(mass), mass)
    before, beside = xp.zeros_like(q), xp.zeros_like(mass)
    identity = xp.eye(count, dtype=x.dtype)
    shift = xp.eye(count, k=1, dtype=x.dtype)
    shift, identity = place(shift, like=x), place(identity, like=x)
    matrix = xp.zeros_like(mass)[:, :, None] * identity
    for k in range(count):
        new = x * q
        diagonal = xp.sum(q * new, axis=1, keepdims=True)
        matrix = matrix + diagonal[:, :, None] * (identity[:, k : k + 1] * identity[k : k + 1, :])
        if k + 1 == count:
            break
        new = new - diagonal * q - beside * before
        before, beside = q, xp.linalg.vector_norm(new, axis=1, keepdims=True)
        q = new / xp.where(beside == 0, xp.ones_like(beside), beside)
        edge = shift[:, k + 1 : k + 2] * identity[k + 1 : k + 2, :]
        matrix = matrix + beside[:, :, None] * (edge + edge.T)
    nodes, vectors = xp.linalg.eigh(matrix)
    smallest, largest = xp.min(x, axis=1, keepdims=True), xp.max(x, axis=1, keepdims=True)
    inside = xp.where(nodes < smallest, smallest, xp.where(nodes > largest, largest, nodes))
    return inside, (mass * vectors[:, 0, :]) ** 2
