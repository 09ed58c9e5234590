"""Critical times for small initialisation, and what they say about the order of features.

b = scale^(1/L) is the initial size of one layer and x0 = b / rho the start of a JEPA mode relative
to its fixed point. Remainders are explicit, so each expansion can be checked at its rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from sdtheory import _checks
from sdtheory.jepa._curve import curve, elapsed
from sdtheory.jepa.closed_forms import phase
from sdtheory.jepa.modes import Floats, Mode, Objective, learnable, per_mode

__all__ = [
    "TimeExpansion",
    "blind_fraction",
    "critical_time_expansion",
    "deep_critical_time",
    "equal_covariance_gap",
    "initial_drive",
    "turning_points",
]


@dataclass(frozen=True, slots=True)
class TimeExpansion:
    """Terms of a critical time in paper time, in falling order of size as scale -> 0."""

    leading: Floats
    """JEPA: S = (1/lambda) sum over n < 2L of L / (n rho^(2L-n-1) b^n); MAE: the pole in scale.
    Infinite for a mode that is never learned from this scale; its other terms are 0."""
    logarithm: Floats
    """The term in log(1/scale); for MAE it exists only at depth 1, where it leads."""
    constant: Floats
    """K, the term of order 1: the time of the transition itself, of either sign."""
    correction: Floats
    """First term that vanishes with the scale: order b (JEPA) or b^2 (MAE)."""
    remainder: Floats
    """The whole critical time minus `leading`, exactly: to every digit, also where the difference
    of the two large times has none. `logarithm`, `constant` and `correction` approximate it."""

    @property
    def total(self) -> Floats:
        """Sum of the four terms."""
        return self.leading + self.logarithm + self.constant + self.correction


def critical_time_expansion(
    mode: Mode, depth: int, scale: object, fraction: object = 0.5, objective: Objective = "jepa"
) -> TimeExpansion:
    """Expand `critical_time` for scale -> 0, for modes with rho > 0.

    * JEPA: S + log(1/scale) / (lambda rho^(2L-1)) + K - L b / (lambda rho^(2L)) + O(b^2),
      K = L / (lambda rho^(2L-1)) (Phi(fraction^(1/L)) + log rho);
    * MAE: L / ((L-1) lambda) scale^(-(L-1)/L) + K - L b^2 / (2 lambda rho) + ..., where
      K = (L/lambda) rho^(-(L-1)/(L+1)) Psi(fraction^(1/L)); at L = 1 the pole is replaced by
      log(1/scale) / lambda and K = (Psi(fraction) + log(rho) / 2) / lambda.

    Examples
    --------
    >>> terms = critical_time_expansion(Mode.from_rho(1.0, 0.8), depth=3, scale=1e-6)
    >>> float(terms.leading)
    6095342529.2968
    >>> float(terms.constant), float(terms.remainder)
    (-26.193012, 15.853418)
    """
    _checks.instance("mode", mode, Mode)
    eps = per_mode("scale", scale, mode.shape, above=0.0, below=1.0)
    part = per_mode("fraction", fraction, mode.shape, above=0.0, below=1.0)
    _checks.ndarray("covariance", mode.covariance, above=0.0)
    layers = _checks.integer("depth", depth, at_least=1, at_most=_checks.ROUNDS)
    learned = learnable(mode, layers, eps, objective)
    # the terms of a mode that is never learned may overflow: take those of a plain one instead
    lam, rho = np.where(learned, mode.covariance, 1.0), np.where(learned, mode.rho, 1.0)
    end = phase(part ** (1.0 / layers), layers, objective)
    terms = (_jepa_terms if objective == "jepa" else _mae_terms)(lam, rho, layers, eps, end)
    leading, *others = (np.asarray(np.where(learned, term, 0.0)) for term in terms)
    return TimeExpansion(np.where(learned, leading, np.inf), *others)


def _jepa_terms(lam: Floats, rho: Floats, layers: int, eps: Floats, end: Floats) -> list[Floats]:
    b = eps ** (1.0 / layers)
    leading = sum(layers / (n * rho ** (2 * layers - n - 1) * b**n) for n in range(1, 2 * layers))
    unit = 1.0 / (lam * rho ** (2 * layers - 1))
    logarithm, constant = -np.log(eps) * unit, layers * unit * (end + np.log(rho))
    # the phase of the start is S, a logarithm, and log(1 - b / rho): all there is beyond the terms
    rest = layers * unit * np.log1p(-b / rho)
    return [
        leading / lam,
        logarithm,
        constant,
        -layers * b * unit / rho,
        logarithm + constant + rest,
    ]


def _mae_terms(lam: Floats, rho: Floats, layers: int, eps: Floats, end: Floats) -> list[Floats]:
    b, top = eps ** (1.0 / layers), rho ** (1.0 / (layers + 1))
    unit = layers / lam * top ** (1 - layers)
    correction = -layers * b**2 / (2.0 * lam * rho)
    # beyond the pole of 1 / (y^L (1 - y^(L+1))) lies the integral of y / (1 - y^(L+1)) from 0
    y, power = b / top, 2.0 / (layers + 1)
    hyper = special.hyp2f1(1.0, power, 1.0 + power, y ** (layers + 1))
    rest = -0.5 * unit * y**2 * hyper
    if layers == 1:
        logarithm, constant = -np.log(eps) / lam, (end + 0.5 * np.log(rho)) / lam
        return [np.zeros_like(lam), logarithm, constant, correction, logarithm + constant + rest]
    pole = layers / ((layers - 1) * lam) * eps ** (-(layers - 1) / layers)
    constant = unit * end
    return [pole, np.zeros_like(lam), constant, correction, constant + rest]


def equal_covariance_gap(
    rho: object,
    other_rho: object,
    depth: int,
    scale: object,
    fraction: object = 0.5,
    objective: Objective = "jepa",
) -> Floats:
    """Return the leading relative delay (t' - t) / t of a feature `other_rho` behind one of `rho`.

    The covariances are equal and scale -> 0. The delay is of order scale^(1/L) for JEPA
    (scale log(1/scale) at depth 1) and scale^((L-1)/L) for MAE (1/log(1/scale) at depth 1).

    Examples
    --------
    >>> float(equal_covariance_gap(0.8, 0.5, depth=2, scale=1e-6))
    0.001125
    """
    eps = _checks.ndarray("scale", scale, above=0.0, below=1.0)
    part = _checks.ndarray("fraction", fraction, above=0.0, below=1.0)
    first = _checks.ndarray("rho", rho, above=0.0)
    second = _checks.ndarray("other_rho", other_rho, above=0.0)
    layers = _checks.integer("depth", depth, at_least=1)
    if _checks.choice("objective", objective, ("jepa", "mae")) == "jepa":
        spread = 1.0 / second - 1.0 / first
        if layers == 1:
            return np.asarray(-spread * eps * np.log(eps))
        return np.asarray((2 * layers - 1) / (2 * layers - 2) * spread * eps ** (1.0 / layers))
    if layers == 1:
        return np.asarray(0.5 * np.log(first / second) / np.log(eps))
    power = -(layers - 1) / (layers + 1)
    end = phase(part ** (1.0 / layers), layers, "mae")
    slope = (layers - 1) * eps ** ((layers - 1) / layers)
    return np.asarray(slope * (second**power - first**power) * end)


def blind_fraction(depth: int) -> float:
    """Return the fraction at which MAE's delay between equal covariances changes sign (L >= 2).

    Measured at a larger fraction of the fixed point the high-rho feature is first, at a smaller
    one it is last: the root of Psi(fraction^(1/L)).

    >>> blind_fraction(2)
    0.93783851618
    """
    layers = _checks.integer("depth", depth, at_least=2)
    root = optimize.brentq(
        lambda y: float(phase(y, layers, "mae")), 0.1, 1 - 1e-9, xtol=1e-16, rtol=1e-15
    )
    return float(root**layers)


def turning_points(depth: int, fraction: float = 0.5, power: float = 0.0) -> tuple[float, float]:
    """Return (low, high): JEPA learns high rho first exactly for low < scale^(1/L) / rho < high.

    Neighbouring features are compared along a family with covariance proportional to rho^-power.
    `low` is the inversion boundary (about power / (power + 1), 0 for equal covariances); above
    `high` the target, a fraction of a larger fixed point, moves away faster than the mode grows.
    If the family has no such interval, both are the point where the order is nearest to flipping.

    The condition is (2L - 1 - power) E (1 - x0) > 1, where E = x0^(2L-1) (Phi(fraction^(1/L)) -
    Phi(x0)).

    Examples
    --------
    >>> turning_points(1)
    (0.0, 0.045326)
    >>> turning_points(10, power=1.0)
    (0.469959, 0.853112)
    """
    layers = _checks.integer("depth", depth, at_least=1, at_most=_checks.ROUNDS)
    part = _checks.number("fraction", fraction, above=0.0, below=1.0)
    slant = _checks.number("power", power, at_least=0.0)
    line = curve(-(2.0 * layers - 1.0), 2.0 * layers - 1.0)
    stop = -np.log(np.expm1(-np.log(part) / layers))

    def excess(eta: Floats) -> Floats:
        mantissa, _ = elapsed(line, eta, np.full_like(eta, stop))
        return np.asarray((2 * layers - 1 - slant) * mantissa / (1.0 + np.exp(eta)) - 1.0)

    def excess_at(eta: float) -> float:
        return float(excess(np.array([eta]))[0])

    grid = np.linspace(-36.0, stop, 2_000)
    values = excess(grid)
    peak = int(np.argmax(values))
    if values[peak] <= 0:
        best = float(1.0 / (1.0 + np.exp(-grid[peak])))
        return best, best
    high = optimize.brentq(excess_at, grid[peak], stop, xtol=1e-14)
    low = -np.inf
    if slant > 0:  # at equal covariances the condition holds from x0 = 0 on
        low = optimize.brentq(excess_at, grid[0], grid[peak], xtol=1e-14)
    return float(1.0 / (1.0 + np.exp(-low))), float(1.0 / (1.0 + np.exp(-high)))


def initial_drive(mode: Mode, depth: int, scale: object) -> Floats:
    """Return s^2 (rho - b) = lambda - s^2 scale^(1/L), by which deep JEPA orders features.

    Positive exactly for the features that are learned.

    Examples
    --------
    >>> initial_drive(Mode([1.0, 1.2], [1.0, 1.5]), depth=10, scale=1e-3)
    array([0.498813, 0.448219])
    """
    _checks.instance("mode", mode, Mode)
    eps = per_mode("scale", scale, mode.shape, above=0.0)
    layers = _checks.integer("depth", depth, at_least=1)
    return np.asarray(mode.covariance - mode.variance * eps ** (1.0 / layers))


def deep_critical_time(mode: Mode, depth: int, scale: object) -> Floats:
    """Return JEPA's critical time to relative order 1/L^2 as L grows at fixed b; inf if never.

    L / (2L-1) b^-(2L-1) / (s^2 (rho - b)) (1 + x0 / ((1 - x0) (2L - 1))): to this order it does
    not depend on the fraction, so deep JEPA orders features by `initial_drive`.

    Examples
    --------
    >>> float(deep_critical_time(Mode.from_rho(1.0, 0.9), 50, scale=0.3**50))
    4.4321e+51
    """
    depth = _checks.integer("depth", depth, at_least=1)
    drive = initial_drive(mode, depth, scale)
    b = per_mode("scale", scale, mode.shape, above=0.0) ** (1.0 / depth)
    power = 2 * depth - 1
    learned = drive > 0
    safe = np.where(learned, drive, 1.0)
    # x0 / (1 - x0) = s^2 b / drive
    time = depth / power * b**-power / safe * (1.0 + mode.variance * b / (safe * power))
    return np.where(learned, time, np.inf)
