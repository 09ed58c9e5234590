"""The mode law under other training: unequal layers, predictor rates, weight decay, no predictor.

All times and rates here are raw (gradient flow with learning rate 1 on the encoder layers).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sdtheory import _checks
from sdtheory.jepa._passage import log_passage
from sdtheory.jepa.modes import Floats, Mode, Objective, per_mode

__all__ = [
    "critical_decay",
    "decay_equilibria",
    "unbalanced_fixed_point",
    "unbalanced_time",
    "without_predictor",
]

TINY = np.finfo(np.float64).tiny


def unbalanced_fixed_point(
    mode: Mode, depth: int, layer: object, predictor: object, predictor_rate: object = 1.0
) -> Floats:
    """Return JEPA's final encoder size (w0^2 + (rho^2 - v0^2) / eta_v)^(L/2), predictor v -> rho.

    w0 = `layer` > 0 is the initial size of each layer, v0 = `predictor` that of the predictor
    (of either sign, but v0 > -w0 sqrt(eta_v)), eta_v = `predictor_rate` its learning rate relative
    to the encoder's. A predictor that starts so large that the layer vanishes before v has come
    down to rho leaves nothing: the result is 0 where rho^2 <= v0^2 - eta_v w0^2.

    Examples
    --------
    A fast predictor freezes the encoder at its start, 0.2^2:

    >>> unbalanced_fixed_point(Mode(0.9, 1.0), 2, 0.2, 0.2, predictor_rate=[1.0, 10.0, 1e4])
    array([0.81    , 0.117   , 0.040077])
    """
    _checks.instance("mode", mode, Mode)
    w0, v0, eta = _unbalanced(layer, predictor, predictor_rate)
    layers = _checks.integer("depth", depth, at_least=1)
    _checks.together(layer=w0, predictor=v0, predictor_rate=eta, mode=mode.covariance)
    rho, spare = mode.rho, v0**2 - eta * w0**2  # v^2 at which the layer vanishes, if positive
    square = w0**2 + (rho - v0) * (rho + v0) / eta
    blocked = (spare > 0) & (rho <= np.sqrt(np.maximum(spare, 0.0)))
    return np.asarray(np.where(blocked, 0.0, np.maximum(square, 0.0) ** (0.5 * layers)))


def unbalanced_time(
    mode: Mode,
    depth: int,
    layer: object,
    predictor: object,
    fraction: object = 0.9,
    predictor_rate: object = 1.0,
) -> Floats:
    """Return the raw time in which the JEPA predictor grows from v0 to `fraction` of rho > v0.

    The integral of dv / (eta_v (w0^2 + (v^2 - v0^2) / eta_v)^L (lambda - s^2 v)), by quadrature in
    a variable in which the narrow start and the slow end are both smooth.

    Examples
    --------
    >>> unbalanced_time(Mode.from_rho(1.3, 0.7), 3, layer=0.3, predictor=0.0)
    array(238.975037)
    """
    _checks.instance("mode", mode, Mode)
    layers = _checks.integer("depth", depth, at_least=1)
    part = _checks.ndarray("fraction", fraction, above=0.0, below=1.0)
    starts = _unbalanced(layer, predictor, predictor_rate)
    w0, v0, eta = starts
    _checks.together(
        layer=w0, predictor=v0, predictor_rate=eta, fraction=part, mode=mode.covariance
    )
    given = (mode.rho, mode.variance, *starts, part)
    rho, s2, w0, v0, eta, part = np.broadcast_arrays(*given)
    if not bool(np.all(part * rho > v0)):
        raise ValueError(
            f"predictor must start below fraction * rho, got {predictor} for rho = {mode.rho}"
        )
    columns = (a.ravel() for a in (rho, w0, v0, eta, part))
    logs = [log_passage(layers, *map(float, one)) for one in zip(*columns, strict=True)]
    with np.errstate(over="ignore"):  # a time beyond the largest float is infinite
        return np.asarray(np.exp(np.reshape(logs, rho.shape)) / s2)


def without_predictor(mode: Mode, depth: int, scale: object, times: object) -> Floats:
    """Return encoder sizes of self-distillation without a predictor, mode.shape + times.shape.

    w^(2-2L) = w0^(2-2L) + (2L-2)(s^2 - lambda) t (raw; exponential at L = 1): the encoder
    collapses exactly if s^2 > lambda and otherwise diverges in finite time (L >= 2).

    Examples
    --------
    >>> without_predictor(Mode(0.5, 1.0), depth=2, scale=0.25, times=4.0)
    array(0.125)
    """
    _checks.instance("mode", mode, Mode)
    layers = _checks.integer("depth", depth, at_least=1)
    eps = per_mode("scale", scale, mode.shape, above=0.0)
    clock = _checks.ndarray("times", times, at_least=0.0)
    gap, eps = (
        a.reshape(mode.shape + (1,) * clock.ndim) for a in (mode.variance - mode.covariance, eps)
    )
    if layers == 1:
        return np.asarray(eps * np.exp(-gap * clock))
    power = 2.0 * layers - 2.0
    left = 1.0 + power * gap * clock * eps ** (power / layers)
    if not bool(np.all(left > 0)):
        end = float(np.min(1.0 / np.maximum(-power * gap * eps ** (power / layers), TINY)))
        raise ValueError(f"times must be below the blow-up at {end:g}, got {float(np.max(clock))}")
    return np.asarray(eps * left ** (-layers / power))


def critical_decay(mode: Mode, depth: int, objective: Objective = "jepa") -> Floats:
    """Return the weight decay gamma_c below which a mode with rho > 0 can stay learned.

    * JEPA: lambda rho^(2L-1) (2L-1)^(2L-1) / (2L)^(2L), a filter on rho;
    * MAE: lambda (rho (L-1) / (2L))^((L-1)/(L+1)) (L+1) / (2L).

    Examples
    --------
    >>> critical_decay(Mode.from_rho(1.2, 0.7), depth=2)
    array(0.04341094)
    """
    _checks.instance("mode", mode, Mode)
    layers = _checks.integer("depth", depth, at_least=1)
    lam = _checks.ndarray("covariance", mode.covariance, above=0.0)
    if _checks.choice("objective", objective, ("jepa", "mae")) == "jepa":
        n = 2 * layers
        return np.asarray(lam * mode.rho ** (n - 1) * (1.0 - 1.0 / n) ** (n - 1) / n)
    share = (layers - 1) / (layers + 1)
    return np.asarray(lam * (mode.rho * (layers - 1) / (2 * layers)) ** share / (1.0 + share))


def decay_equilibria(
    mode: Mode, depth: int, decay: object, objective: Objective = "jepa"
) -> tuple[Floats, Floats]:
    """Return the (unstable, stable) layer sizes under weight decay gamma; both 0 beyond gamma_c.

    Roots of w^(m-1) (lambda - s^2 w^n) = gamma, with m = 2L, n = 1 (JEPA) or m = L, n = L + 1
    (MAE). From below the unstable one the mode is lost. It is 0 for MAE at depth 1.

    Examples
    --------
    >>> decay_equilibria(Mode(1.0, 1.0), depth=1, decay=0.24)
    (array(0.4), array(0.6))
    """
    _checks.instance("mode", mode, Mode)
    gamma = per_mode("decay", decay, mode.shape, at_least=0.0)
    depth = _checks.integer("depth", depth, at_least=1)
    limit = critical_decay(mode, depth, objective)
    jepa = objective == "jepa"
    power, order = (2 * depth - 1, 1) if jepa else (depth - 1, depth + 1)
    top = mode.rho ** (1.0 / order)
    peak = top * (power / (power + order)) ** (1.0 / order)
    alive = gamma < limit

    def excess(w: Floats) -> Floats:
        return np.asarray(w**power * (mode.covariance - mode.variance * w**order) - gamma)

    # excess rises from -gamma at 0 to its peak and falls to -gamma at the fixed point
    low = _bisect(excess, np.zeros_like(peak), peak)
    high = _bisect(lambda w: -excess(w), peak, top)
    if power == 0:
        low = np.zeros_like(low)
    return np.where(alive, low, 0.0), np.where(alive, high, 0.0)


def _unbalanced(layer: object, predictor: object, rate: object) -> tuple[Floats, Floats, Floats]:
    w0 = _checks.ndarray("layer", layer, above=0.0)
    v0 = _checks.ndarray("predictor", predictor)
    eta = _checks.ndarray("predictor_rate", rate, above=0.0)
    _checks.together(layer=w0, predictor=v0, predictor_rate=eta)
    if not bool(np.all(v0 > -w0 * np.sqrt(eta))):
        raise ValueError(
            "predictor must exceed -layer * sqrt(predictor_rate), below which the mode collapses, "
            f"got predictor = {predictor}, layer = {layer}, predictor_rate = {rate}"
        )
    return w0, v0, eta


def _bisect(function: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Return the sign change of an increasing function in [low, high], to the last bit."""
    for _ in range(80):
        middle = 0.5 * (low + high)
        below = function(middle) < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * (low + high)
