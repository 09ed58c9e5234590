"""Explicit solutions: the phases of the implicit ones, depth one, missing terms, infinite depth.

`solutions` evaluates every mode law along one universal curve. The formulas here are the ones a
person would write down; they hold where they say and serve as the independent second route.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from sdtheory import _checks
from sdtheory.jepa.modes import Floats, Mode, Objective, per_mode

__all__ = [
    "blow_up_time",
    "phase",
    "size_at_depth_one",
    "size_at_infinite_depth",
    "size_without_covariance",
    "size_without_variance",
    "time_at_infinite_depth",
]


NEAR_BRANCH = 0.1


def phase(x: object, depth: int, objective: Objective = "jepa") -> Floats:
    """Return the phase whose increments are times, in units of the mode.

    * JEPA, x = w / rho (not 0 or 1), m = 2L:
      Phi(x) = log|x / (1 - x)| - sum over n < m of x^-n / n, and
      time = L / (lambda rho^(2L-1)) * (Phi(x_stop) - Phi(x_start));
    * MAE, x = w / rho^(1/(L+1)) in (0, 1):
      Psi(x) = x^(1-L) / (1-L) 2F1(1, (1-L)/(L+1); 2/(L+1); x^(L+1)), or
      log x - log(1 - x^2) / 2 at L = 1, and
      time = (L / lambda) rho^(-(L-1)/(L+1)) * (Psi(x_stop) - Psi(x_start)).

    Examples
    --------
    >>> float(phase(0.5, depth=1)), float(phase(0.5, depth=1, objective="mae"))
    (-2.0, -0.549306)
    """
    layers = _checks.integer("depth", depth, at_least=1, at_most=_checks.ROUNDS)
    if _checks.choice("objective", objective, ("jepa", "mae")) == "jepa":
        ratio = _checks.ndarray("x", x)
        if bool(np.any((ratio == 0) | (ratio == 1))):
            raise ValueError(f"x must differ from 0 and 1, where time is infinite, got {ratio}")
        m = 2 * layers
        # beyond |x| = 1 the sum is that of the first terms of the logarithm: the rest is left
        far = np.abs(ratio) > 1.0
        inverse = 1.0 / np.where(far, ratio, 2.0)
        with np.errstate(under="ignore"):
            rest = inverse**m / m * special.hyp2f1(1.0, m, m + 1.0, inverse)
        near = np.where(far, 0.5, ratio)
        powers = np.zeros_like(near)
        with np.errstate(over="ignore"):  # a phase beyond the largest float is infinite
            for n in range(m - 1, 0, -1):  # Horner in 1/x
                powers = (powers + 1.0 / n) / near
        return np.where(far, rest, np.log(np.abs(near / (1.0 - near))) - powers)
    ratio = _checks.ndarray("x", x, above=0.0, below=1.0)
    if layers == 1:
        return np.asarray(np.log(ratio) - 0.5 * np.log1p(-(ratio**2)))
    b = (1.0 - layers) / (layers + 1.0)
    hyper = special.hyp2f1(1.0, b, 1.0 + b, ratio ** (layers + 1))
    with np.errstate(over="ignore"):
        return np.asarray(ratio ** (1 - layers) / (1 - layers) * hyper)


def size_at_depth_one(
    mode: Mode, scale: object, times: object, objective: Objective = "jepa"
) -> Floats:
    """Return the encoder size at depth 1, for rho > 0; shape mode.shape + times.shape.

    * JEPA: rho / (1 + z) with z = W(z0 exp(z0 - lambda rho t)), z0 = rho / scale - 1, W Lambert's;
    * MAE: sqrt(rho / (1 + (rho / scale^2 - 1) exp(-2 lambda t))).

    Examples
    --------
    >>> size_at_depth_one(Mode(1.3, 1.3 / 0.6), scale=1e-2, times=80.0)
    array(0.325126)
    """
    _checks.instance("mode", mode, Mode)
    eps = per_mode("scale", scale, mode.shape, above=0.0)
    clock = _checks.ndarray("times", times, at_least=0.0)
    _checks.ndarray("covariance", mode.covariance, above=0.0)
    lam, rho, eps = (
        a.reshape(a.shape + (1,) * clock.ndim) for a in (mode.covariance, mode.rho, eps)
    )
    if _checks.choice("objective", objective, ("jepa", "mae")) == "mae":
        # divided by rho, so that nothing cancels where the size falls from far above it
        gone = -np.expm1(-2.0 * lam * clock) / rho
        return np.asarray(1.0 / np.sqrt(gone + np.exp(-2.0 * lam * clock) / eps**2))
    start = np.asarray(rho / eps - 1.0)
    # above the fixed point z is negative and W is called with a negative argument >= -1/e
    with np.errstate(divide="ignore"):
        log_start = np.log(np.abs(start))
    exponent = log_start + start - lam * rho * clock
    decay = special.lambertw(-np.exp(np.minimum(exponent, 0.0))).real
    share = np.asarray(1.0 + np.where(start > 0, special.wrightomega(exponent), decay))
    # share = rho / size; W loses its digits at its branch point, where size >> rho
    far = np.asarray(~(share >= NEAR_BRANCH))
    share[far] = _far_above(
        (rho / eps + np.zeros_like(clock))[far],
        (np.sqrt(lam) * np.sqrt(rho) * np.sqrt(clock))[far],
    )
    return np.asarray(rho / share)


def _far_above(start: Floats, root: Floats) -> Floats:
    """Return the small rho / size after a drift root^2 of g(y) = -y - log(1 - y) from `start`."""

    def rise(y: Floats) -> Floats:  # g(y) / y^2, which no size underflows
        return np.asarray(sum(y**n / (n + 2) for n in range(18)))

    y = np.hypot(start, np.sqrt(2.0) * root)
    for _ in range(6):  # g is convex and y starts above the root
        gap = rise(y) - rise(start) * (start / y) ** 2 - (root / y) ** 2
        y = y * (1.0 - gap * (1.0 - y))
    return np.asarray(y)


def size_without_covariance(variance: object, scale: object, times: object) -> Floats:
    """Return scale / sqrt(1 + 2 s^2 scale^2 t): noise is unlearned alike at every depth.

    `scale` is one number or has the shape of `variance`; the times come last in the result.

    Examples
    --------
    >>> size_without_covariance(0.7, scale=0.3, times=10.0)
    array(0.199557)
    """
    s2 = _checks.ndarray("variance", variance, above=0.0)
    eps = per_mode("scale", scale, s2.shape, above=0.0)
    clock = _checks.ndarray("times", times, at_least=0.0)
    s2, eps = (a.reshape(a.shape + (1,) * clock.ndim) for a in (s2, eps))
    return np.asarray(eps / np.sqrt(1.0 + 2.0 * s2 * eps**2 * clock))


def blow_up_time(
    covariance: object, depth: int, scale: object, objective: Objective = "jepa"
) -> Floats:
    """Return when a mode without variance diverges: L w0^(1-m) / ((m-1) lambda), w0 = scale^(1/L).

    m = 2L for JEPA and L for MAE, which at depth 1 grows exponentially and never diverges (inf).

    Examples
    --------
    >>> float(blow_up_time(0.5, depth=1, scale=0.1))
    20.0
    """
    lam = _checks.ndarray("covariance", covariance, above=0.0)
    eps = per_mode("scale", scale, lam.shape, above=0.0)
    layers, power = _start_power(depth, objective)
    if power == 1:
        return np.full_like(lam, np.inf)
    with np.errstate(over="ignore"):  # a time beyond the largest float is infinite
        return np.asarray(layers * eps ** ((1 - power) / layers) / ((power - 1) * lam))


def size_without_variance(
    covariance: object, depth: int, scale: object, times: object, objective: Objective = "jepa"
) -> Floats:
    """Return the size of modes with s^2 = 0: scale (1 - t / blow-up)^(-L / (m-1)), m as above.

    Examples
    --------
    >>> float(size_without_variance(0.5, depth=1, scale=0.1, times=10.0))
    0.2
    """
    lam = _checks.ndarray("covariance", covariance, above=0.0)
    end = blow_up_time(lam, depth, scale, objective)
    clock = _checks.ndarray("times", times, at_least=0.0)
    if not float(np.max(clock)) < float(np.min(end)):
        raise ValueError(
            f"times must be below the blow-up at {float(np.min(end)):g}, got {float(np.max(clock))}"
        )
    layers, power = _start_power(depth, objective)
    size = per_mode("scale", scale, lam.shape, above=0.0)
    lam, end, size = (a.reshape(a.shape + (1,) * clock.ndim) for a in (lam, end, size))
    if power == 1:
        return np.asarray(size * np.exp(lam * clock))
    return np.asarray(size * np.exp(-layers / (power - 1) * np.log1p(-clock / end)))


def size_at_infinite_depth(mode: Mode, scale: object, times: object) -> Floats:
    """Return scale / sqrt(1 + 2 (s^2 - lambda) scale^2 t), JEPA's limit L -> infinity for rho < 1.

    Every layer then has size 1, so a feature with rho < 1 decays as if it had no covariance and a
    smaller variance. MAE's limit is JEPA at depth 1: `size_at_depth_one(mode, scale, times)`.

    Examples
    --------
    >>> float(size_at_infinite_depth(Mode(0.5, 1.0), scale=0.1, times=300.0))
    0.05
    """
    _checks.instance("mode", mode, Mode)
    if not bool(np.all(mode.rho < 1)):
        raise ValueError(f"rho must be less than 1, got {float(np.max(mode.rho))}")
    return size_without_covariance(mode.variance - mode.covariance, scale, times)


def time_at_infinite_depth(
    covariance: object, kappa: object, scale: object, fraction: object = 0.5
) -> Floats:
    """Return the limit of (critical JEPA time) / L when rho = exp(-kappa / L) and L -> infinity.

    (e^(2 kappa) / lambda) (Ei(-2 v_start) - Ei(-2 v_stop)) with v = log(size) + kappa, that is
    v_start = log(scale) + kappa and v_stop = log(fraction), since the fixed point is e^-kappa.

    Examples
    --------
    >>> float(time_at_infinite_depth(1.3, kappa=1.5, scale=1e-3))
    79475.309187
    """
    lam = _checks.ndarray("covariance", covariance, above=0.0)
    shift = _checks.ndarray("kappa", kappa, at_least=-300.0, at_most=300.0)  # within exp's range
    start = np.log(_checks.ndarray("scale", scale, above=0.0)) + shift
    stop = np.log(_checks.ndarray("fraction", fraction, above=0.0, below=1.0))
    if not bool(np.all(start < stop)):
        raise ValueError(
            f"scale must start below the fraction of exp(-kappa), got scale = {scale} "
            f"for kappa = {kappa}, fraction = {fraction}"
        )
    span = special.expi(-2.0 * start) - special.expi(-2.0 * stop)
    return np.asarray(np.exp(2.0 * shift) / lam * span)


def _start_power(depth: int, objective: Objective) -> tuple[int, int]:
    layers = _checks.integer("depth", depth, at_least=1)
    jepa = _checks.choice("objective", objective, ("jepa", "mae")) == "jepa"
    return layers, 2 * layers if jepa else layers
