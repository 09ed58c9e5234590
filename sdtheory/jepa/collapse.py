"""What a predictor can do to an encoder: freeze it, lose features, collapse it or rotate it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sdtheory import _checks
from sdtheory.jepa._integrate import ascending, integrated
from sdtheory.jepa.modes import Floats, Objective, per_mode
from sdtheory.jepa.network import Network, Views

__all__ = [
    "collapse_floor",
    "complex_path",
    "determinant_obstruction",
    "quasi_static_predictor",
]

ComplexArray = np.ndarray[Any, np.dtype[np.complex128]]


def quasi_static_predictor(views: Views, encoder: object) -> Floats:
    """Return the best predictor of the targets, Wbar s_yx Wbar^T (Wbar s_xx Wbar^T)^-1.

    For a square invertible encoder it makes the JEPA residual vanish identically, so an encoder
    under an instantly adapting predictor does not learn at all.

    >>> views = Views(np.diag([2.0, 1.0]), np.diag([1.0, 0.9]))
    >>> quasi_static_predictor(views, np.array([[1.0, 0.0]]))
    array([[0.5]])
    """
    _checks.instance("views", views, Views)
    wbar = _checks.ndarray("encoder", encoder, ndim=2)
    if wbar.shape[1] != views.s_xx.shape[0]:
        raise ValueError(f"encoder must have {views.s_xx.shape[0]} columns, got shape {wbar.shape}")
    covariance = wbar @ views.s_xx @ wbar.T
    try:
        return np.asarray(np.linalg.solve(covariance, (wbar @ views.s_yx @ wbar.T).T).T)
    except np.linalg.LinAlgError:
        raise ValueError(f"encoder must have independent rows, got {_checks.show(wbar)}") from None


def determinant_obstruction(views: Views, network: Network, objective: Objective = "jepa") -> bool:
    """Say whether a square balanced network must lose at least one feature.

    True if det V(0) det R < 0 (JEPA), or det V(0) det Wbar(0) det R < 0 (MAE): the flow keeps the
    sign of det V while the encoder stays invertible, and an invertible equilibrium needs the other.

    >>> views = Views(np.eye(2), np.diag([0.5, 0.9]))
    >>> mirror = Network((np.eye(2),), np.diag([1.0, -1.0]))
    >>> determinant_obstruction(views, mirror)
    True
    """
    _checks.instance("views", views, Views)
    _checks.instance("network", network, Network)
    _checks.square("predictor", network.predictor)
    signs = [np.linalg.slogdet(network.predictor)[0], np.linalg.slogdet(views.regression)[0]]
    if _checks.choice("objective", objective, ("jepa", "mae")) == "mae":
        signs += [np.linalg.slogdet(layer)[0] for layer in network.layers]
    return bool(np.prod(signs) < 0)


def collapse_floor(network: Network) -> float:
    """Return sigma_min(W_L)^2 - ||V||^2 at the start: a lower bound of sigma_min(W_L(t))^2, always.

    Positive means that no data whatever can collapse the last layer: start with a predictor of
    smaller norm than the encoder's smallest singular value.

    >>> collapse_floor(Network((np.diag([0.5, 0.4]),), 0.3 * np.eye(2)))
    0.07
    """
    _checks.instance("network", network, Network)
    smallest = np.linalg.svd(network.layers[-1], compute_uv=False)[-1]
    if network.layers[-1].shape[0] > network.layers[-1].shape[1]:
        raise ValueError(
            f"network must have a last layer of full row rank, got shape {network.layers[-1].shape}"
        )
    return float(smallest**2 - np.linalg.norm(network.predictor, 2) ** 2)


def complex_path(
    rho: ArrayLike, variance: object, depth: int, layer: object, times: object
) -> ComplexArray:
    """Return the predictor v(t) of planes with complex rho, from v = w = `layer` (raw times).

    dv/dt = |v|^(2L) s^2 (rho - v) moves v on the straight segment from `layer` to rho; it arrives
    unless the segment passes through zero, that is unless rho is real and negative. The singular
    values of the encoder are |v|^L. `variance` and `layer` are numbers or one a plane; the result
    has shape rho.shape + (T,).

    >>> complex_path(0.9j, 1.0, depth=1, layer=0.1, times=[0.0, 1e4])
    array([0.1+0.j , 0. +0.9j])
    """
    try:
        ends = np.asarray(rho, dtype=np.complex128)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"rho must be complex numbers, got {_checks.show(rho)}") from None
    if ends.size == 0 or not bool(np.isfinite(ends).all()):
        raise ValueError(f"rho must be finite numbers, at least one, got {ends}")
    layers = _checks.integer("depth", depth, at_least=1)
    variances = per_mode("variance", variance, ends.shape, above=0.0)
    starts = per_mode("layer", layer, ends.shape, above=0.0)
    clock = ascending("times", times)

    def path(end: complex, s2: float, start: float) -> ComplexArray:
        # u = -log(share of the segment still ahead) keeps its digits near the end
        def rate(_: float, u: Floats) -> Floats:
            v = end + (start - end) * np.exp(-u)
            return np.asarray(s2 * np.abs(v) ** (2 * layers))

        (u,) = integrated(rate, [0.0], clock, rtol=1e-11, atol=1e-12)
        return np.asarray(end * -np.expm1(-u) + start * np.exp(-u))

    each = zip(ends.ravel(), variances.ravel(), starts.ravel(), strict=True)
    paths = [path(complex(end), float(s2), float(start)) for end, s2, start in each]
    return np.asarray(np.stack(paths).reshape(*ends.shape, clock.size))
