"""Results of our own on modes under other training: rates, depths, decay, moving averages."""

from typing import Any

import numpy as np
from scipy import integrate, optimize

from sdtheory import jepa
from sdtheory.claims import claim, fit_rate, relative_error
from sdtheory.jepa import Mode

from ._modes import EPS, Objective, quadrature_time

PAPER = "sdtheory"


@claim(
    "sdtheory.jepa_unbalanced",
    paper=PAPER,
    where="J18",
    says="""With unequal initial sizes or a predictor rate eta_v the encoder ends at (w0^2 +
    (rho^2 - v0^2)/eta_v)^(L/2), after a time given by one quadrature.""",
    kind="identity",
    instances=lambda draw: {
        "rho": draw.uniform(0.4, 1.2),
        "depth": draw.integer(1, 3),
        "layer": draw.uniform(0.2, 0.5),
        "tilt": draw.uniform(-0.8, 0.8),
        "rate": draw.log_uniform(0.3, 5.0),
    },
    tolerance=1e-8,  # ODE solver at rtol 1e-12 over the plateau
    guards=("sdtheory.jepa.unbalanced_fixed_point", "sdtheory.jepa.unbalanced_time"),
    samples=20,
)
def jepa_unbalanced(rho: float, depth: int, layer: float, tilt: float, rate: float) -> float:
    """Integrate layer and predictor with the predictor's gap as the clock."""
    mode = Mode(rho, 1.0)
    v0 = tilt * layer * min(np.sqrt(rate), 0.9 * rho / layer)

    # u = log((rho - v0)/(rho - v)) as independent variable: w and t along it
    def along(u: float, state: Any) -> list[float]:
        v = rho - (rho - v0) * np.exp(-u)
        pace = 1 / (rate * state[0] ** (2 * depth))  # dt/du
        return [state[0] ** (2 * depth - 1) * v * (rho - v) * pace, pace]

    stop = float(np.log((rho - v0) / (0.1 * rho)))
    span = stop + 25.0
    solved = integrate.solve_ivp(
        along, (0, span), [layer, 0.0], "DOP853", [stop, span], rtol=1e-12, atol=1e-14
    )
    end = jepa.unbalanced_fixed_point(mode, depth, layer, v0, rate)
    time = jepa.unbalanced_time(mode, depth, layer, v0, 0.9, rate)
    return max(relative_error(end, solved.y[0, 1] ** depth), relative_error(time, solved.y[1, 0]))


@claim(
    "sdtheory.jepa_predictor_depth",
    paper=PAPER,
    where="J22",
    says="""With a balanced predictor of K layers JEPA learns rho^(L/K) and MAE rho^(L/(L+K));
    without a predictor the encoder collapses exactly if s^2 > lambda.""",
    kind="identity",
    instances=lambda draw: {
        "lam": draw.log_uniform(0.2, 3.0),
        "rho": draw.uniform(0.4, 1.3),
        "depth": draw.integer(1, 4),
        "layers": draw.integer(1, 4),
        "objective": draw.choice(["jepa", "mae"]),
    },
    tolerance=1e-9,
    guards=(
        "sdtheory.jepa.critical_time",
        "sdtheory.jepa.fixed_point",
        "sdtheory.jepa.without_predictor",
    ),
)
def jepa_predictor_depth(
    lam: float, rho: float, depth: int, layers: int, objective: Objective
) -> float:
    """Compare critical times with quadrature, and the bare encoder with an ODE solver."""
    mode = Mode.from_rho(lam, rho)
    power = depth / layers if objective == "jepa" else depth / (depth + layers)
    end = rho**power
    time = jepa.critical_time(mode, depth, 0.1**depth * end, 0.8, objective, predictor_depth=layers)
    want = quadrature_time(mode, depth, 0.1**depth * end, 0.8 * end, objective, layers)
    gap = float(mode.covariance - mode.variance)
    span = 0.3 / (abs(gap) + 0.1)
    bare = integrate.solve_ivp(
        lambda _, w: gap * w ** (2 * depth - 1), (0, span), [0.7], "DOP853", rtol=1e-11, atol=1e-13
    )
    return max(
        relative_error(jepa.fixed_point(mode, depth, objective, layers), np.asarray(end)),
        relative_error(time, want),
        relative_error(
            jepa.without_predictor(mode, depth, 0.7**depth, span), bare.y[0, -1] ** depth
        ),
    )


@claim(
    "sdtheory.jepa_weight_decay",
    paper=PAPER,
    where="J23",
    says="""Under weight decay gamma a feature can stay learned exactly if gamma < gamma_c, which
    is lambda rho^(2L-1) (2L-1)^(2L-1)/(2L)^(2L) for JEPA.""",
    kind="inequality",
    instances=lambda draw: {
        "lam": draw.log_uniform(0.2, 3.0),
        "rho": draw.uniform(0.4, 1.3),
        "depth": draw.integer(1, 5),
        "factor": draw.choice([1 - 1e-4, 1 + 1e-4]),
        "objective": draw.choice(["jepa", "mae"]),
    },
    tolerance=1e-9,
    guards=("sdtheory.jepa.critical_decay", "sdtheory.jepa.decay_equilibria"),
)
def jepa_weight_decay(
    lam: float, rho: float, depth: int, factor: float, objective: Objective
) -> float:
    """Maximise the pull of one layer numerically, and check the equilibria on both sides."""
    mode = Mode.from_rho(lam, rho)
    power, order = (2 * depth - 1, 1) if objective == "jepa" else (depth - 1, depth + 1)
    s2 = float(mode.variance)

    def pull(w: float) -> float:
        return float(w**power * (lam - s2 * w**order))

    top = rho ** (1 / order)
    best = optimize.minimize_scalar(
        lambda w: -pull(w), bounds=(0, top), method="bounded", options={"xatol": 1e-12}
    )
    limit = lam if power == 0 else -float(best.fun)
    gamma = factor * limit
    low, high = (float(w) for w in jepa.decay_equilibria(mode, depth, gamma, objective))
    wrong = (high > 0) != (factor < 1)
    error = 0.0 if high == 0 else abs(pull(high) / gamma - 1)
    if low > 0:
        error = max(error, abs(pull(low) / gamma - 1))
    return float(wrong) + max(
        error, relative_error(jepa.critical_decay(mode, depth, objective), np.asarray(limit))
    )


@claim(
    "sdtheory.jepa_ema_rates",
    paper=PAPER,
    where="J24",
    says="""An exponential-moving-average target keeps the fixed point and makes no mode
    oscillate: both linear rates are real and negative for every memory.""",
    kind="identity",
    instances=lambda draw: {
        "rho": draw.uniform(0.3, 1.3),
        "depth": draw.integer(1, 6),
        "memory": draw.log_uniform(1e-4, 1e4),
    },
    # rounding of the 2 x 2 eigenproblem, relative to its smaller eigenvalue
    tolerance=lambda rho, depth, memory: (
        100 * EPS * (1 + (depth + 1) ** 2 * (memory + 1 / memory) * (1 + rho ** (-2 * depth)) ** 2)
    ),
    guards=("sdtheory.jepa.ema_rates",),
)
def jepa_ema_rates(rho: float, depth: int, memory: float) -> float:
    """Compare with the eigenvalues of the linearised pair (layer, target)."""
    k = rho ** (2 * depth)
    pair = np.array([[-(depth + 1) * k, depth * k], [1 / memory, -1 / memory]])
    want = np.linalg.eigvals(pair)
    if np.any(want.imag):
        return float("inf")
    want = np.sort(want.real)
    got = np.sort(jepa.ema_rates(Mode(rho, 1.0), depth, memory))
    return relative_error(got, want, scale=np.abs(want))


@claim(
    "sdtheory.jepa_ema_delay",
    paper=PAPER,
    where="J24",
    says="""A short memory tau delays learning by tau L log(w_f (rho - w0) / (w0 (rho - w_f))) +
    O(tau^2); a long one makes the target's time independent of lambda.""",
    kind="asymptotic",
    instances=lambda draw: {"rho": draw.uniform(0.6, 1.0), "depth": draw.integer(1, 2)},
    tolerance=1.0,
    guards=("sdtheory.jepa.ema_delay", "sdtheory.jepa.slow_ema_time"),
    samples=2,
)
def jepa_ema_delay(rho: float, depth: int) -> float:
    """Fit the order of both errors, in tau and in 1/tau."""
    mode, scale = Mode.from_rho(1.0, rho), 0.1**depth
    base = float(jepa.hitting_time(mode, depth, scale, (0.8 * rho) ** depth)) / depth
    memories = base * 0.1 ** (depth - 1) * np.array([2e-4, 3e-4, 4.5e-4, 7e-4, 1e-3])
    short = [
        abs(
            (_ema_time(rho, depth, scale, tau, 0) - base)
            / float(jepa.ema_delay(mode, depth, scale, 0.8, tau))
            - 1
        )
        for tau in memories
    ]
    slow = base * np.array([100.0, 150.0, 220.0, 330.0, 500.0])
    long = [
        _ema_time(rho, depth, scale, tau, 1)
        / float(jepa.slow_ema_time(mode, depth, scale, 0.8, tau))
        - 1
        for tau in slow
    ]
    return max(
        fit_rate(memories, short, 1.0, correction=1.0),
        fit_rate(1 / slow, long, 1.0, correction=1.0),
    )


def _ema_time(rho: float, depth: int, scale: float, tau: float, component: int) -> float:
    """Return when layer (0) or target (1) reaches 0.8 rho, by a stiff solver with an event."""

    def rate(_: float, z: Any) -> list[float]:
        w, theta = np.exp(z)
        drive = w ** (depth - 1) * (theta**depth - w ** (depth + 1) / rho)
        return [drive, (w / theta - 1) / tau]

    def arrived(_: float, z: Any) -> float:
        return float(z[component] - np.log(0.8 * rho))

    arrived.terminal = True  # type: ignore[attr-defined]
    start = np.log(scale) / depth
    solved = integrate.solve_ivp(
        rate, (0, 1e9), [start, start], "LSODA", events=arrived, rtol=1e-12, atol=1e-13
    )
    return float(solved.t[-1])
