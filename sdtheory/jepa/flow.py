"""Gradient flow of the whole network, for any covariances, widths and initialisation.

Times are paper times (L times raw). Decoupled laws are unstable under rounding on long plateaus, so
compare them with this flow in the eigenbasis, where exact zeros stay exact, or over short times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdtheory import _checks
from sdtheory.jepa._integrate import ascending, integrated
from sdtheory.jepa.modes import Floats, Mode, Objective, law
from sdtheory.jepa.network import Network, Views, reshaped, unchecked

__all__ = [
    "FlowPath",
    "crossing_times",
    "flow_field",
    "flow_jacobian",
    "matrix_flow",
    "retention_times",
]


@dataclass(frozen=True, slots=True)
class FlowPath:
    """A network at several times."""

    times: Floats
    """Paper times, shape (T,)."""
    networks: tuple[Network, ...]

    def amplitudes(self, directions: Floats | None = None) -> Floats:
        """Return ||Wbar e_i|| at each time for unit columns e_i (default: axes), shape (d, T)."""
        size = self.networks[0].encoder.shape[1]
        columns = np.eye(size) if directions is None else directions
        columns = _checks.ndarray("directions", columns, ndim=2)
        if columns.shape[0] != size:
            raise ValueError(f"directions must have {size} rows, got shape {columns.shape}")
        sizes = [np.linalg.norm(net.encoder @ columns, axis=0) for net in self.networks]
        return np.stack(sizes, axis=1)


def flow_field(
    views: Views, network: Network, objective: Objective = "jepa", target: Network | None = None
) -> Network:
    """Return d(network)/dt in raw time: the gradient step of the loss, target stopped.

    With G = T s_yx - V Wbar s_xx, where T = Wbar for JEPA (that of `target` if given) and I for
    MAE: dV/dt = G Wbar^T and dW_a/dt = (V W_L .. W_{a+1})^T G (W_{a-1} .. W_1)^T.

    >>> views = Views(np.diag([2.0, 1.0]), np.diag([1.0, 0.9]))
    >>> flow_field(views, Network((np.eye(2),), np.eye(2))).predictor
    array([[-1. ,  0. ],
           [ 0. , -0.1]])
    """
    _checks.instance("views", views, Views)
    _fits(views, network, objective)
    if target is not None:
        _checks.instance("target", target, Network)
        if target.encoder.shape != network.encoder.shape:
            raise ValueError(
                f"target must have an encoder of shape {network.encoder.shape}, "
                f"got {target.encoder.shape}"
            )
    return _field(views, network, objective, target)


def _fits(views: Views, network: Network, objective: Objective) -> None:
    _checks.instance("network", network, Network)
    outputs, d = network.encoder.shape
    aim = d if _checks.choice("objective", objective, ("jepa", "mae")) == "mae" else outputs
    if views.s_xx.shape[0] != d or network.predictor.shape[0] != aim:
        raise ValueError(
            f"network must map {views.s_xx.shape[0]} features, with a predictor of {aim} rows for "
            f"{objective}, got an encoder of shape {(outputs, d)} and a predictor of shape "
            f"{network.predictor.shape}"
        )


def _field(views: Views, network: Network, objective: Objective, target: Network | None) -> Network:
    encoder = network.encoder
    if objective == "mae":
        aim = views.s_yx
    else:
        aim = (encoder if target is None else target.encoder) @ views.s_yx
    residual = aim - network.predictor @ encoder @ views.s_xx
    below = [np.eye(encoder.shape[1])]
    for layer in network.layers[:-1]:
        below.append(layer @ below[-1])
    above, gradients = network.predictor, []
    for layer, under in zip(reversed(network.layers), reversed(below), strict=True):
        gradients.append(above.T @ residual @ under.T)
        above = above @ layer
    return unchecked(tuple(reversed(gradients)), residual @ encoder.T)


def matrix_flow(
    views: Views,
    network: Network,
    times: object,
    objective: Objective = "jepa",
    *,
    predictor_rate: float = 1.0,
    weight_decay: float = 0.0,
    memory: float | None = None,
    rtol: float = 1e-10,
) -> FlowPath:
    """Integrate the flow of a whole network.

    Parameters
    ----------
    views : Views
    network : Network
        The network at time 0.
    times : array_like (T,)
        Ascending paper times.
    objective : "jepa" or "mae"
    predictor_rate : float
        Learning rate of the predictor relative to the encoder layers.
    weight_decay : float
        gamma >= 0 on all weights, in raw time.
    memory : float, optional
        Memory (raw time) of an exponential-moving-average target that starts at the encoder.
    rtol : float
        Relative tolerance of the integrator, which switches to a stiff method by itself.

    Examples
    --------
    >>> mode = Mode([1.0, 0.5], [1.25, 2.0])
    >>> from sdtheory.jepa import aligned_network
    >>> start = aligned_network(mode, depth=2, scale=0.05)
    >>> path = matrix_flow(Views.from_modes(mode), start, [0.0, 150.0])
    >>> path.amplitudes()[:, -1].round(5)
    array([0.64   , 0.05403])
    """
    _checks.instance("views", views, Views)
    _fits(views, network, objective)
    clock = ascending("times", times)
    eta = _checks.number("predictor_rate", predictor_rate, above=0.0)
    gamma = _checks.number("weight_decay", weight_decay, at_least=0.0)
    precision = _checks.number("rtol", rtol, above=0.0, below=1.0)
    tau = None if memory is None else _checks.number("memory", memory, above=0.0)
    start = network.flat()
    size, cut = start.size, start.size - network.predictor.size

    def rate(_: float, state: Floats) -> Floats:
        now = reshaped(network, state[:size])
        # the target's predictor entries are carried along unused
        target = None if tau is None else reshaped(network, state[size:])
        change = _field(views, now, objective, target).flat()
        change[cut:] *= eta
        change -= gamma * state[:size]
        if tau is None:
            return change / network.depth
        return np.concatenate([change, (state[:size] - state[size:]) / tau]) / network.depth

    state = start if tau is None else np.concatenate([start, start])
    floor = precision * float(np.abs(start).max()) * 1e-4
    states = integrated(rate, state, clock, rtol=precision, atol=floor)
    return FlowPath(clock, tuple(reshaped(network, column[:size]) for column in states.T))


def flow_jacobian(views: Views, network: Network, objective: Objective = "jepa") -> Floats:
    """Return the Jacobian of the raw flow in all weights (layers, then predictor), exactly.

    The field is multilinear in the network, apart from the residual, which is a polynomial too;
    its directional derivatives are taken by the complex step, which has no cancellation.

    >>> views = Views(np.diag([2.0]), np.diag([1.0]))
    >>> flow_jacobian(views, Network((np.array([[0.5]]),), np.array([[0.5]])))
    array([[ 0. , -0.5],
           [ 0. , -0.5]])
    """
    _checks.instance("views", views, Views)
    _fits(views, network, objective)
    point = network.flat()
    step = 1e-100
    columns = [
        _field(views, reshaped(network, point + 1j * step * unit), objective, None).flat().imag
        / step
        for unit in np.eye(point.size)
    ]
    return np.stack(columns, axis=1)


def crossing_times(path: FlowPath, levels: object, directions: Floats | None = None) -> Floats:
    """Return when each amplitude first reaches its level (linear between times; inf if never).

    >>> from sdtheory.jepa import aligned_network
    >>> mode = Mode([1.0, 0.5], [1.25, 2.0])
    >>> start = aligned_network(mode, depth=2, scale=0.05)
    >>> path = matrix_flow(Views.from_modes(mode), start, np.linspace(0.0, 150.0, 301))
    >>> crossing_times(path, [0.32, 0.32]).round(1)  # the second feature ends at 0.0625
    array([92.6,  inf])
    """
    _checks.instance("path", path, FlowPath)
    return _crossings(path, levels, directions, last=False)


def retention_times(
    path: FlowPath,
    mode: Mode,
    directions: Floats | None = None,
    fraction: float = 0.5,
    objective: Objective = "jepa",
) -> Floats:
    """Return when each feature last rises through `fraction` of its fixed point, and stays above.

    First crossings can be visits: an overwritten feature is learned again later. inf for features
    that end below the level.

    >>> from sdtheory.jepa import aligned_network
    >>> mode = Mode([1.0, 0.5], [1.25, 1.0])
    >>> start = aligned_network(mode, depth=2, scale=0.05)
    >>> path = matrix_flow(Views.from_modes(mode), start, np.linspace(0.0, 400.0, 401))
    >>> retention_times(path, mode).round(1)
    array([ 92.6, 198.4])
    """
    _checks.instance("path", path, FlowPath)
    _checks.instance("mode", mode, Mode)
    rule = law(path.networks[0].depth, objective)
    part = _checks.number("fraction", fraction, above=0.0, below=1.0)
    _checks.ndarray("covariance", mode.covariance, ndim=1)
    levels = part * np.maximum(mode.rho, 0.0) ** rule.size_power
    return _crossings(path, levels, directions, last=True)


def _crossings(path: FlowPath, levels: object, directions: Floats | None, last: bool) -> Floats:
    sizes = path.amplitudes(directions)
    goal = _checks.ndarray("levels", levels, at_least=0.0)
    if goal.shape not in ((), sizes.shape[:1]):
        raise ValueError(
            f"levels must be one number or one for each of {len(sizes)} directions, "
            f"got shape {goal.shape}"
        )
    goal = np.broadcast_to(goal, sizes.shape[:1])
    result = np.full(sizes.shape[0], np.inf)
    for i, (row, level) in enumerate(zip(sizes, goal, strict=True)):
        above = row >= level
        rises = np.flatnonzero(above[1:] & ~above[:-1])
        if last and not above[-1]:
            continue
        if rises.size == 0 or (not last and above[0]):
            result[i] = path.times[0] if above[0] else np.inf
            continue
        k = rises[-1] if last else rises[0]
        share = (level - row[k]) / (row[k + 1] - row[k])
        result[i] = path.times[k] + share * (path.times[k + 1] - path.times[k])
    return result
