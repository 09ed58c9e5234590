"""The passage of an unbalanced mode from its start to a fraction of rho, as one safe quadrature."""

from __future__ import annotations

import numpy as np

from sdtheory.jepa.modes import Floats

__all__ = ["log_passage"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
PANELS = 40
NEGLIGIBLE = 45.0  # e^-45 of an integral is below its rounding


def log_passage(
    depth: int, rho: float, layer: float, predictor: float, rate: float, part: float
) -> float:
    """Return the log of the integral of dv / (rate w^(2L) (rho - v)) from v0 to part * rho.

    w^2 = w0^2 + (v^2 - v0^2) / rate. With tiny layers nearly all of it lies next to the smallest w,
    and with `part` near 1 the other end is steep: each half gets the variable it is smooth in.
    """
    stop = part * rho
    middle = min(stop, max(0.5 * (rho + predictor), 0.5 * rho))
    reach = layer * np.sqrt(rate)
    if predictor <= 0.7 * reach:
        near = _by_angle(depth, rho, reach, predictor, middle) + (depth - 1) * np.log(rate)
    else:
        near = _by_layer(depth, rho, layer, predictor, rate, middle)
    if middle == stop:
        return float(near)
    return float(np.logaddexp(near, _by_gap(depth, rho, layer, predictor, rate, middle, stop)))


def _by_angle(depth: int, rho: float, reach: float, v0: float, stop: float) -> float:
    """Put v = a sinh(angle), so that w sqrt(rate) = a cosh(angle); v0 <= 0.7 reach."""
    a = float(np.sqrt(reach - v0) * np.sqrt(reach + v0))
    power = 2 * depth - 1
    low, high = np.arcsinh(v0 / a), np.arcsinh(stop / a)
    # beyond the window cosh^-power is negligible next to its largest value
    window = np.arccosh(np.cosh(max(low, 0.0)) * np.exp(NEGLIGIBLE / power))
    angle, weight = _panels(np.linspace(max(low, -window), min(high, window), PANELS + 1))
    total = np.sum(weight * np.cosh(angle) ** -power / (rho - a * np.sinh(angle)))
    return float(np.log(total) - power * np.log(a))


def _by_layer(depth: int, rho: float, layer: float, v0: float, rate: float, stop: float) -> float:
    """Put w = w0 e^y; v > 0 throughout."""
    start = np.log(layer)
    end = 0.5 * np.logaddexp(0.0, np.log((stop - v0) * (stop + v0) / rate) - 2.0 * start)
    # v, at least v0, grows like w as soon as it is larger
    growth = max(np.log(v0 / np.sqrt(rate)) - start, 0.0)
    far = (NEGLIGIBLE + growth) / (2 * depth - 1)
    y, weight = _panels(np.linspace(0.0, min(end, far), PANELS + 1))
    v = np.hypot(v0, np.sqrt(rate) * np.exp(start + y) * np.sqrt(-np.expm1(-2.0 * y)))
    total = np.sum(weight * np.exp(-(2 * depth - 2) * y) / (v * (rho - v)))
    return float(np.log(total) - (2 * depth - 2) * start)


def _by_gap(
    depth: int, rho: float, layer: float, v0: float, rate: float, begin: float, stop: float
) -> float:
    """Put rho - v = (rho - begin) e^-u; w is already as large as the way to go."""
    gap = rho - begin
    reach = np.log(gap / (rho - stop))
    bend = np.log1p(8.0 * depth * reach)  # the panels next to the start are 1 / (8 L) wide
    u, weight = _panels(reach * np.expm1(bend * np.linspace(0, 1, PANELS + 1)) / np.expm1(bend))
    climbed = -gap * np.expm1(-u)
    square = layer**2 + (begin - v0) * (begin + v0) / rate
    growth = climbed * (2.0 * begin + climbed) / (rate * square)
    total = np.sum(weight * np.exp(-depth * np.log1p(growth)))
    return float(np.log(total) - np.log(rate) - depth * np.log(square))


def _panels(edges: Floats) -> tuple[Floats, Floats]:
    """Return all nodes and weights of Gauss-Legendre quadrature between neighbouring edges."""
    half = 0.5 * np.diff(edges)[:, None]
    return (edges[:-1, None] + half * (1.0 + _NODES)).ravel(), (half * _WEIGHTS).ravel()
