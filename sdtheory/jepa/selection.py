"""What a narrow or a misaligned encoder keeps: subspaces, rank-one competition, equilibria."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from sdtheory import _checks
from sdtheory.jepa._integrate import ascending, integrated
from sdtheory.jepa.modes import Floats, Mode, Objective
from sdtheory.jepa.network import Network, Views

__all__ = [
    "RankOnePath",
    "full_rank_predictor",
    "kept_subspace",
    "predicted_rows",
    "principal_sine",
    "rank_one_flow",
]


def kept_subspace(views: Views, width: int, objective: Objective = "jepa") -> Floats:
    """Return an orthonormal basis (d, k) of the features that an encoder of output width k keeps.

    * JEPA: span of the generalised eigenvectors s_yx^T u = rho s_xx u with the k largest Re rho;
    * MAE: s_xx^-1 s_yx^T u for the top k eigenvectors u of R s_yx^T (reduced-rank regression; for
      commuting covariances the k largest covariance * rho).

    Raises if the cut separates a complex-conjugate pair.

    >>> views = Views.from_modes(Mode.from_rho([1.5, 1.0, 0.8], [0.4, 0.7, 0.9]))
    >>> np.abs(kept_subspace(views, 1)).T
    array([[0., 0., 1.]])
    >>> np.abs(kept_subspace(views, 1, "mae")).T
    array([[0., 0., 1.]])
    """
    _checks.instance("views", views, Views)
    d = views.s_xx.shape[0]
    k = _checks.integer("width", width, at_least=1, at_most=d)
    if _checks.choice("objective", objective, ("jepa", "mae")) == "mae":
        energy = views.regression @ views.s_yx.T
        _, vectors = np.linalg.eigh(0.5 * (energy + energy.T))
        rows = np.linalg.solve(views.s_xx, views.s_yx.T @ vectors[:, -k:])
        return np.asarray(linalg.orth(rows))
    values, vectors = np.linalg.eig(views.regression.T)
    order = np.argsort(-values.real, kind="stable")
    inside = values[order[:k]]
    if abs(float(np.sum(inside.imag))) > 1e-12 * float(np.abs(values).max()):
        raise ValueError(f"width must not split a complex pair, got {k} for rho = {values[order]}")
    # left eigenvectors of R are right ones of R^T; s_xx u is what s_yx^T u = rho s_xx u solves for
    basis = np.concatenate([vectors[:, order[:k]].real, vectors[:, order[:k]].imag], axis=1)
    u, s, _ = np.linalg.svd(basis)
    return np.asarray(u[:, : int(np.sum(s > 1e-10 * s[0]))])


def predicted_rows(network: Network, width: int) -> Floats:
    """Return an orthonormal basis (d, k) of the leading row space of an encoder.

    >>> from sdtheory.jepa.network import aligned_network
    >>> network = aligned_network(Mode([1.0, 2.0], [1.0, 1.0]), depth=1, scale=0.1)
    >>> predicted_rows(network, width=1).shape
    (2, 1)
    """
    _checks.instance("network", network, Network)
    _, _, rows = np.linalg.svd(network.encoder)
    return np.asarray(rows[: _checks.integer("width", width, at_least=1)].T)


def principal_sine(first: object, second: object) -> float:
    """Return the sine of the largest principal angle between two column spaces.

    >>> principal_sine(np.eye(2)[:, :1], np.array([[0.8], [0.6]]))
    0.6
    """
    left, right = _checks.ndarray("first", first, ndim=2), _checks.ndarray("second", second, ndim=2)
    _checks.same_length("first", left, "second", right)
    one, two = linalg.orth(left), linalg.orth(right)
    return float(np.linalg.norm(two - one @ (one.T @ two), 2))


def full_rank_predictor(views: Views, encoder: object) -> Floats:
    """Return the predictor Wbar R Wbar^-1 that makes an invertible encoder an equilibrium.

    Its eigenvalues are those of R, whatever the encoder.

    >>> views = Views(np.eye(2), np.array([[0.5, 0.1], [0.0, 0.9]]))
    >>> np.linalg.eigvals(full_rank_predictor(views, [[1.0, 2.0], [0.0, 1.0]])).real
    array([0.5, 0.9])
    """
    _checks.instance("views", views, Views)
    wbar = _checks.ndarray("encoder", encoder, ndim=2)
    _checks.square("encoder", wbar)
    if wbar.shape[1] != views.s_xx.shape[0]:
        raise ValueError(f"encoder must have {views.s_xx.shape[0]} columns, got shape {wbar.shape}")
    try:
        return np.asarray(np.linalg.solve(wbar.T, (wbar @ views.regression).T).T)
    except np.linalg.LinAlgError:
        raise ValueError(f"encoder must be invertible, got {_checks.show(wbar)}") from None


@dataclass(frozen=True, slots=True)
class RankOnePath:
    """One hidden unit: its row r over the features, and the two clocks it runs on (raw time)."""

    times: Floats
    row: Floats
    """First-layer row, shape (d, T)."""
    growth_clock: Floats
    """tau = integral of v^(2L-1), v = |r|."""
    drag_clock: Floats
    """sigma = integral of v^(2L); r_i = r_i(0) exp(lambda_i tau - s_i^2 sigma)."""


def rank_one_flow(mode: Mode, depth: int, row: object, times: object) -> RankOnePath:
    """Integrate a balanced JEPA encoder of output width 1.

    dr_i/dt = v^(2L-1) (lambda_i - s_i^2 v) r_i for the row r over the features, v = |r|.
    Winner takes all: the feature of largest rho stays. lambda is a growth rate, rho the carrying
    capacity of a Lotka-Volterra competition.

    >>> mode = Mode.from_rho([1.5, 0.8], [0.4, 0.9])
    >>> path = rank_one_flow(mode, 1, row=[0.1, 0.1], times=[0.0, 500.0])
    >>> path.row[:, -1].round(6)
    array([0. , 0.9])
    """
    _checks.instance("mode", mode, Mode)
    layers = _checks.integer("depth", depth, at_least=1)
    start = _checks.ndarray("row", row, ndim=1)
    clock = ascending("times", times)
    lam, s2 = _checks.ndarray("covariance", mode.covariance, ndim=1), mode.variance
    _checks.same_length("row", start, "covariance", lam)

    # only the two clocks are integrated: the row is then exact in them
    def sizes(tau: Floats, sigma: Floats) -> Floats:
        return np.asarray(start[:, None] * np.exp(lam[:, None] * tau - s2[:, None] * sigma))

    def rate(_: float, clocks: Floats) -> list[float]:
        v = float(np.linalg.norm(sizes(clocks[:1], clocks[1:])))
        return [v ** (2 * layers - 1), v ** (2 * layers)]

    tau, sigma = integrated(rate, [0.0, 0.0], clock, rtol=1e-11, atol=1e-12)
    return RankOnePath(clock, sizes(tau, sigma), tau, sigma)
