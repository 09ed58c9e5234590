"""JEPA with a target network that is an exponential moving average of the encoder.

All times and rates here are raw (gradient flow with learning rate 1 on every layer).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from sdtheory import _checks
from sdtheory.jepa._integrate import ascending, integrated
from sdtheory.jepa.modes import Floats, Mode, per_mode

__all__ = ["EmaPath", "ema_delay", "ema_path", "ema_rates", "slow_ema_time"]


@dataclass(frozen=True, slots=True)
class EmaPath:
    """JEPA modes with an exponential-moving-average target."""

    times: Floats
    """Raw times, shape (T,)."""
    layer: Floats
    """w, size of each encoder layer, shape mode.shape + (T,)."""
    target: Floats
    """theta, size of each target layer, same shape."""


def ema_path(mode: Mode, depth: int, scale: object, memory: object, times: object) -> EmaPath:
    """Integrate w' = w^L (lambda theta^L - s^2 w^(L+1)), theta' = (w - theta) / memory (raw time).

    Target and layers are equal at the start. Discrete momentum mu with step eta has
    memory = eta / (1 - mu). Each mode is integrated by itself, in log sizes.

    Examples
    --------
    >>> path = ema_path(Mode(1.0, 2.0), depth=1, scale=0.1, memory=1.0, times=[0.0, 1000.0])
    >>> path.layer
    array([0.1, 0.5])
    """
    _checks.instance("mode", mode, Mode)
    layers = _checks.integer("depth", depth, at_least=1, at_most=_checks.ROUNDS)
    start = per_mode("scale", scale, mode.shape, above=0.0).ravel() ** (1.0 / layers)
    memories = per_mode("memory", memory, mode.shape, above=0.0).ravel()
    clock = ascending("times", times)

    def path(lam: float, s2: float, begin: float, tau: float) -> Floats:
        def rate(_: float, logs: Floats) -> list[float]:
            w, theta = np.exp(logs)
            drive = w ** (layers - 1) * (lam * theta**layers - s2 * w ** (layers + 1))
            return [drive, (w / theta - 1.0) / tau]

        return integrated(rate, [np.log(begin)] * 2, clock, rtol=1e-10, atol=1e-12)

    lam, s2 = mode.covariance.ravel(), mode.variance.ravel()
    logs = np.stack([path(*map(float, one)) for one in zip(lam, s2, start, memories, strict=True)])
    layer, target = np.exp(logs).transpose(1, 0, 2).reshape(2, *mode.shape, clock.size)
    return EmaPath(clock, layer, target)


def ema_rates(mode: Mode, depth: int, memory: object) -> Floats:
    """Return both linear rates at the fixed point with an EMA target, shape mode.shape + (2,).

    Roots of r^2 + ((L+1) k + 1/tau) r + k/tau = 0, k = s^2 rho^(2L): real and negative, so the
    target never makes a learned mode oscillate.

    Examples
    --------
    >>> ema_rates(Mode(1.0, 1.0), depth=1, memory=1.0)
    array([-0.381966, -2.618034])
    """
    _checks.instance("mode", mode, Mode)
    layers = _checks.integer("depth", depth, at_least=1)
    tau = _checks.ndarray("memory", memory, above=0.0)
    _checks.together(memory=tau, mode=mode.covariance)
    _checks.ndarray("covariance", mode.covariance, above=0.0)
    k = mode.variance * mode.rho ** (2 * layers)
    half = 0.5 * ((layers + 1) * k + 1.0 / tau)
    # half^2 - k/tau as a sum of positive terms
    root = np.hypot(0.5 * ((layers + 1) * k - 1.0 / tau), np.sqrt(layers) * np.sqrt(k / tau))
    fast = -(half + root)
    return np.stack(np.broadcast_arrays(k / tau / fast, fast), axis=-1)


def ema_delay(mode: Mode, depth: int, scale: object, fraction: object, memory: object) -> Floats:
    """Return the first-order delay tau L log(w_f (rho - w0) / (w0 (rho - w_f))) of a short memory.

    Raw time; w_f = fraction * rho is a layer size, w0 = scale^(1/L).

    Examples
    --------
    >>> ema_delay(Mode(1.0, 2.0), 1, scale=0.1, fraction=0.8, memory=0.01)
    array(0.027726)
    """
    _checks.instance("mode", mode, Mode)
    layers = _checks.integer("depth", depth, at_least=1)
    w0 = _checks.ndarray("scale", scale, above=0.0) ** (1.0 / layers)
    part = _checks.ndarray("fraction", fraction, above=0.0, below=1.0)
    tau = _checks.ndarray("memory", memory, above=0.0)
    _checks.together(scale=w0, fraction=part, memory=tau, mode=mode.covariance)
    if not bool(np.all(w0 < part * mode.rho)):
        raise ValueError(f"scale must start below fraction * rho, got {scale} for rho = {mode.rho}")
    return np.asarray(layers * tau * (special.logit(part) - special.logit(w0 / mode.rho)))


def slow_ema_time(
    mode: Mode, depth: int, scale: object, fraction: object, memory: object
) -> Floats:
    """Return when the target reaches `fraction` of rho for a long memory (raw; no lambda in it).

    (L+1) tau log((1 - x0^(1/(L+1))) / (1 - fraction^(1/(L+1)))) with x0 = scale^(1/L) / rho.

    Examples
    --------
    >>> slow_ema_time(Mode(1.0, 2.0), 1, scale=0.125, fraction=0.81, memory=10.0)
    array(32.18876)
    """
    _checks.instance("mode", mode, Mode)
    layers = _checks.integer("depth", depth, at_least=1)
    w0 = _checks.ndarray("scale", scale, above=0.0) ** (1.0 / layers)
    part = _checks.ndarray("fraction", fraction, above=0.0, below=1.0)
    tau = _checks.ndarray("memory", memory, above=0.0)
    _checks.together(scale=w0, fraction=part, memory=tau, mode=mode.covariance)
    x0 = w0 / mode.rho
    if not bool(np.all((x0 > 0) & (x0 < part))):
        raise ValueError(f"scale must start below fraction * rho, got {scale} for rho = {mode.rho}")
    gone, left = (-np.expm1(np.log(x) / (layers + 1)) for x in (x0, part))
    return np.asarray((layers + 1) * tau * np.log(gone / left))
