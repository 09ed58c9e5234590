"""Linear stability of what has been learned: step sizes, overwriting, swap times.

All rates here are in raw time (gradient flow with learning rate 1). The decoupled solution is exact
for aligned initialisation and unstable without it: a learned feature is exponentially overwritten
by an unlearned one with larger rho (JEPA) or larger covariance * rho (MAE).
"""

from __future__ import annotations

import numpy as np

from sdtheory import _checks
from sdtheory.jepa.modes import Floats, Mode, Objective, law, per_mode

__all__ = [
    "curvatures",
    "descent_shift",
    "descent_times",
    "largest_step",
    "overwriting_rate",
    "swap_time",
]


def curvatures(mode: Mode, depth: int, objective: Objective = "jepa") -> Floats:
    """Return the decay rates kappa[i, j] of the full-rank balanced equilibrium, shape (d, d).

    They are the d^2 nonzero eigenvalues of minus the Jacobian of the raw flow; all others are 0.

    * JEPA: s_j^2 (rho_i^(2L+1) + rho_j^(2L+1)) / (rho_i + rho_j)
    * MAE: s_j^2 sum over a of g_i^(2(L-a)) g_j^(2a), a = 0..L, g = rho^(1/(L+1))

    Examples
    --------
    >>> curvatures(Mode([0.5, 1.0], [1.0, 1.0]), depth=1)
    array([[0.25, 0.75],
           [0.75, 1.  ]])
    """
    _checks.instance("mode", mode, Mode)
    layers = _checks.integer("depth", depth, at_least=1, at_most=_checks.ROUNDS)
    _checks.ndarray("covariance", mode.covariance, ndim=1, above=0.0)
    rho, s2 = mode.rho, mode.variance
    if _checks.choice("objective", objective, ("jepa", "mae")) == "jepa":
        n = 2 * layers
        # (x^(n+1) + y^(n+1)) / (x + y) as it stands: all terms are positive
        total = rho[:, None] ** (n + 1) + rho ** (n + 1)
        return np.asarray(s2 * total / (rho[:, None] + rho))
    g = rho ** (1.0 / (layers + 1))
    powers = sum(g[:, None] ** (2 * (layers - a)) * g ** (2 * a) for a in range(layers + 1))
    return np.asarray(s2 * powers)


def largest_step(mode: Mode, depth: int, objective: Objective = "jepa") -> float:
    """Return 2 / max kappa: gradient descent keeps the equilibrium exactly below this step.

    Examples
    --------
    >>> largest_step(Mode.from_rho([1.5, 1.0, 0.6], [0.4, 0.7, 0.95]), depth=2)
    0.918342821680
    """
    return float(2.0 / np.max(curvatures(mode, depth, objective)))


def descent_shift(
    mode: Mode, depth: int, scale: object, fraction: object, objective: Objective = "jepa"
) -> Floats:
    """Return (hitting time of gradient descent - that of the flow) / step, to first order.

    Raw time. With all layers equal, gradient descent is w -> w + step f(w), and its delay is
    log(f(w_stop) / f(w_start)) / 2.

    Examples
    --------
    >>> descent_shift(Mode.from_rho(1.0, 0.9), 2, scale=0.05, fraction=0.5)
    array(1.6207006)
    """
    _checks.instance("mode", mode, Mode)
    rule = law(depth, objective)
    part = _checks.ndarray("fraction", fraction, above=0.0, below=1.0)
    start = _checks.ndarray("scale", scale, above=0.0) ** (1.0 / rule.depth)
    _checks.together(scale=start, fraction=part, mode=mode.covariance)
    _checks.ndarray("covariance", mode.covariance, above=0.0)
    stop = (part * mode.rho**rule.size_power) ** (1.0 / rule.depth)
    power = 1.0 + rule.order * rule.exponent
    drives = [mode.covariance - mode.variance * w**rule.order for w in (start, stop)]
    if not bool(np.all((drives[0] > 0) & (start < stop))):
        raise ValueError(
            f"scale must lie below the fraction of every fixed point, got scale = {scale}, "
            f"fraction = {fraction} for rho = {mode.rho}"
        )
    return np.asarray(0.5 * (power * np.log(stop / start) + np.log(drives[1] / drives[0])))


def descent_times(
    mode: Mode,
    depth: int,
    scale: object,
    fraction: object,
    step: float,
    objective: Objective = "jepa",
    steps: int = 10_000_000,
) -> Floats:
    """Return the raw hitting times of aligned gradient descent itself, interpolated; inf if none.

    The literal iteration w -> w + step f(w), until every mode arrived or `steps` were made.

    Examples
    --------
    >>> descent_times(Mode.from_rho(1.0, 0.9), 1, scale=0.05, fraction=0.5, step=1e-2)
    array(20.944575)
    """
    _checks.instance("mode", mode, Mode)
    rule = law(depth, objective)
    size = per_mode("scale", scale, mode.shape, above=0.0).ravel() ** (1.0 / rule.depth)
    part = per_mode("fraction", fraction, mode.shape, above=0.0, below=1.0).ravel()
    eta = _checks.number("step", step, above=0.0)
    count = _checks.integer("steps", steps, at_least=1)
    lam, s2 = mode.covariance.ravel(), mode.variance.ravel()
    power = round(1.0 + rule.order * rule.exponent)
    goal = (part * np.maximum(mode.rho.ravel(), 0.0) ** rule.size_power) ** (1.0 / rule.depth)
    w, times = size, np.where(size >= goal, 0.0, np.inf)
    waiting = (lam > 0) & (lam > s2 * w**rule.order) & (size < goal)
    for k in range(count):
        if not waiting.any():
            break
        new = w + eta * w**power * (lam - s2 * w**rule.order)
        arrived = waiting & (new >= goal)
        times[arrived] = eta * (k + ((goal - w) / (new - w))[arrived])
        waiting &= ~arrived
        w = np.where(waiting, new, w)
    times[(lam <= s2 * size**rule.order) | (lam <= 0)] = np.inf
    return np.asarray(times.reshape(mode.shape))


def overwriting_rate(
    learned: Mode, other: Mode, depth: int, objective: Objective = "jepa"
) -> Floats:
    """Return the raw rate at which `other`, unlearned, displaces `learned` from its hidden unit.

    Positive (unstable) exactly if rho_other > rho_learned for JEPA and
    covariance_other rho_other > covariance_learned rho_learned for MAE.

    * JEPA: rho_k^(2L-1) s_j^2 (rho_j - rho_k) for learned k and other j;
    * MAE: top eigenvalue of [[-a^2 v^2 s_j^2, a lambda_j], [a lambda_j, -w^2 s_k^2]] with
      v = rho_k^(1/(L+1)), a = v^(L-1), w = v^L.

    Examples
    --------
    >>> overwriting_rate(Mode(1.5, 3.75), Mode(0.8, 0.8 / 0.9), depth=1)
    array(0.177778)
    """
    _checks.instance("learned", learned, Mode)
    _checks.instance("other", other, Mode)
    layers = _checks.integer("depth", depth, at_least=1)
    _checks.ndarray("covariance", learned.covariance, above=0.0)
    rho = learned.rho
    if _checks.choice("objective", objective, ("jepa", "mae")) == "jepa":
        return np.asarray(rho ** (2 * layers - 1) * (other.covariance - other.variance * rho))
    v = rho ** (1.0 / (layers + 1))
    a = v ** (layers - 1)
    p, q, c = (
        (a * v) ** 2 * other.variance,
        v ** (2 * layers) * learned.variance,
        a * other.covariance,
    )
    # the top root of (r + p)(r + q) = c^2, written so that its sign cancels nothing
    total = p + q + np.hypot(p - q, 2.0 * c)
    total = np.where(total > 0, total, 1.0)  # nothing moves at all
    return np.asarray(2.0 * (c * (c / total) - p * (q / total)))


def swap_time(
    learned: Mode, other: Mode, depth: int, scale: object, misalignment: object
) -> Floats:
    """Return how long after being learned a JEPA feature is overwritten by `other` (raw time).

    (log(1/misalignment) + (1 - lambda_j / lambda_k) log(rho_k / w0)) / rate, asymptotic for small
    relative initial misalignment of the two directions; inf where the rate is not positive.

    Examples
    --------
    >>> swap_time(Mode(1.5, 3.75), Mode(0.8, 0.8 / 0.9), 1, scale=1e-4, misalignment=1e-12)
    array(177.197)
    """
    delta = _checks.ndarray("misalignment", misalignment, above=0.0, below=1.0)
    depth = _checks.integer("depth", depth, at_least=1)
    rate = overwriting_rate(learned, other, depth)
    start = _checks.ndarray("scale", scale, above=0.0) ** (1.0 / depth)
    head = (1.0 - other.covariance / learned.covariance) * np.log(learned.rho / start)
    unstable = rate > 0
    time = (head - np.log(delta)) / np.where(unstable, rate, 1.0)
    return np.where(unstable, np.maximum(time, 0.0), np.inf)
