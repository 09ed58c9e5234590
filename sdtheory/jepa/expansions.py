"""Critical times for small initialisation, and what they say about the order of features.

b = scale^(1/L) is the initial size of one layer and x0 = b / rho the start of a JEPA mode relative
to its fixed point. Remainders are explicit, so each expansion can be checked at its rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from sdtheory import _checks
from sdtheory.jepa._curve import curve, elapsed
from sdtheory.jepa.closed_forms import phase
from sdtheory.jepa.modes import Floats, Mode, Objective

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
    """JEPA: S = (1/lambda) sum over n < 2L of L / (n rho^(2L-n-1) b^n); MAE: the pole in scale."""
    logarithm: Floats
    """The term in log(1/scale); for MAE it exists only at depth 1, where it leads."""
    constant: Floats
    """K, the term of order 1: the time of the transition itself, of either sign."""
    correction: Floats
    """First term that vanishes with the scale: order b (JEPA) or b^2 (MAE)."""

    @property
    def total(self) -> Floats:
        """Sum of the four terms."""
        return self.leading + self.logarithm + self.constant + self.correction


def critical_time_expansion(
    mode: Mode, depth: int, scale: float, fraction: float = 0.5, objective: Objective = "jepa"
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
    >>> float(terms.constant)
    -26.193012
    """
    eps, part = _small(scale, fraction)
    lam = _checks.array("covariance", mode.covariance, above=0.0)
    layers, rho = _checks.integer("depth", depth, at_least=1), mode.rho
    b, q = eps ** (1.0 / layers), part ** (1.0 / layers)
    end = phase(q, layers, objective)
    zero = np.zeros_like(lam)
    if objective == "mae":
        correction = -layers * b**2 / (2.0 * lam * rho)
        if layers == 1:
            return TimeExpansion(
                zero, -np.log(eps) / lam, (end + 0.5 * np.log(rho)) / lam, correction
            )
        pole = layers / ((layers - 1) * lam) * eps ** (-(layers - 1) / layers)
        constant = layers / lam * rho ** (-(layers - 1) / (layers + 1)) * end
        return TimeExpansion(pole, zero, constant, correction)
    leading = sum(layers / (n * rho ** (2 * layers - n - 1) * b**n) for n in range(1, 2 * layers))
    unit = 1.0 / (lam * rho ** (2 * layers - 1))
    return TimeExpansion(
        np.asarray(leading / lam),
        np.asarray(-np.log(eps) * unit),
        np.asarray(layers * unit * (end + np.log(rho))),
        np.asarray(-layers * b * unit / rho),
    )


def equal_covariance_gap(
    rho: object,
    other_rho: object,
    depth: int,
    scale: float,
    fraction: float = 0.5,
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
    eps, part = _small(scale, fraction)
    first = _checks.array("rho", rho, above=0.0)
    second = _checks.array("other_rho", other_rho, above=0.0)
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
    layers = _checks.integer("depth", depth, at_least=1)
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


def initial_drive(mode: Mode, depth: int, scale: float) -> Floats:
    """Return s^2 (rho - b) = lambda - s^2 scale^(1/L), by which deep JEPA orders features.

    Positive exactly for the features that are learned.

    Examples
    --------
    >>> initial_drive(Mode([1.0, 1.2], [1.0, 1.5]), depth=10, scale=1e-3)
    array([0.498813, 0.448219])
    """
    eps = _checks.number("scale", scale, above=0.0)
    layers = _checks.integer("depth", depth, at_least=1)
    return np.asarray(mode.covariance - mode.variance * eps ** (1.0 / layers))


def deep_critical_time(mode: Mode, depth: int, scale: float) -> Floats:
    """Return JEPA's critical time to relative order 1/L^2 as L grows at fixed b; inf if never.

    L / (2L-1) b^-(2L-1) / (s^2 (rho - b)) (1 + x0 / ((1 - x0) (2L - 1))): to this order it does
    not depend on the fraction, so deep JEPA orders features by `initial_drive`.

    Examples
    --------
    >>> float(deep_critical_time(Mode.from_rho(1.0, 0.9), 50, scale=0.3**50))
    4.4321e+51
    """
    drive = initial_drive(mode, depth, scale)
    b, power = scale ** (1.0 / depth), 2 * depth - 1
    learned = drive > 0
    safe = np.where(learned, drive, 1.0)
    # x0 / (1 - x0) = s^2 b / drive
    time = depth / power * b**-power / safe * (1.0 + mode.variance * b / (safe * power))
    return np.where(learned, time, np.inf)


def _small(scale: object, fraction: object) -> tuple[float, float]:
    return (
        _checks.number("scale", scale, above=0.0, below=1.0),
        _checks.number("fraction", fraction, above=0.0, below=1.0),
    )
