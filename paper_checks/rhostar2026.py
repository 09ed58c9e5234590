"""A public extension of Littwin et al. 2024 to a generalised rho*: what it says that is false.

Read off the repositories jepa-learning-order and jepa-rho-recovery. Its headline, that features
come in the order of rho*, is what training shows, but for another reason: overwriting.
"""

from typing import Any

import numpy as np

from sdtheory import jepa
from sdtheory.claims import Draw, claim, relative_error
from sdtheory.jepa import Mode, Network, Views

PAPER = "jepa-learning-order (public code) 2026"


def _deep(draw: Draw) -> dict[str, Any]:
    return {
        "rho": draw.uniform(0.4, 1.2),
        "depth": draw.integer(2, 5),
        "layer": draw.log_uniform(1e-3, 1e-1),
    }


def _pair(draw: Draw) -> dict[str, Any]:
    return {
        "low": draw.uniform(0.4, 0.6),
        "high": draw.uniform(0.85, 1.0),
        "delta": draw.log_uniform(1e-6, 1e-2),
    }


@claim(
    "rhostar2026.quasi_static_predictor",
    paper=PAPER,
    where="J19",
    source="code",
    says="""From balanced small weights the predictor stays within O(scale^(2(L-1)/L)) of the best
    one for its encoder, so that it may be eliminated.""",
    kind="identity",
    verdict="fails",
    instances=_deep,
    tolerance=lambda rho, depth, layer: 10 * layer ** (2 * (depth - 1)),
    guards=("sdtheory.jepa.quasi_static_predictor", "sdtheory.jepa.trajectory"),
    counterexample={"rho": 1.0, "depth": 2, "layer": 0.01},
)
def quasi_static_predictor(rho: float, depth: int, layer: float) -> float:
    """Return the relative gap between predictor and best predictor at half of the fixed point."""
    mode, scale = Mode(rho, 1.0), (layer * rho) ** depth
    time = jepa.hitting_time(mode, depth, scale, 0.5 * rho**depth)
    size = float(jepa.trajectory(mode, depth, scale, time))
    best = jepa.quasi_static_predictor(Views([[1.0]], [[rho]]), [[size]])
    # balanced layers and predictor have one size, scale^(1/L) at the start and rho at the end
    return relative_error(np.asarray(size ** (1 / depth)), best[0, 0])


@claim(
    "rhostar2026.leading_term",
    paper=PAPER,
    where="J9",
    source="code",
    says="""The leading term of JEPA's critical time as scale -> 0 is the one of scale^(-1/L),
    L / (lambda rho^(2L-2) scale^(1/L)), so that rho orders features at leading order.""",
    kind="identity",
    verdict="fails",
    instances=_deep,
    # the neglected terms are smaller by one power of the layer, or a logarithm at depth 1
    tolerance=lambda rho, depth, layer: 10 * layer * (1 - np.log(layer)),
    guards=("sdtheory.jepa.critical_time",),
    counterexample={"rho": 1.0, "depth": 2, "layer": 0.01},
)
def leading_term(rho: float, depth: int, layer: float) -> float:
    """Return the relative distance of the exact time from the stated term; at depth 1 it holds."""
    b = layer * rho
    told = depth / (rho * rho ** (2 * depth - 2) * b)
    exact = float(jepa.critical_time(Mode(rho, 1.0), depth, b**depth))
    return abs(exact / told - 1)


@claim(
    "rhostar2026.plateau",
    paper=PAPER,
    where="J4",
    source="code",
    says="""JEPA's law has the bracket rho - size^L and therefore the fixed point rho^(1/L),
    not rho^L.""",
    kind="identity",
    verdict="fails",
    instances=lambda draw: {"rho": draw.uniform(0.3, 0.8), "depth": draw.integer(2, 4)},
    tolerance=1e-6,
    guards=("sdtheory.jepa.fixed_point", "sdtheory.jepa.flow_field"),
    counterexample={"rho": 0.5, "depth": 2},
)
def plateau(rho: float, depth: int) -> float:
    """Return the velocity at rho^(1/L), relative to its terms, and the distance to rho^L.

    The probe behind the statement minimises |model(x) - y|^2, which is MAE with one encoder layer
    and has the fixed point rho^(1/2).
    """
    mode, told = Mode(rho, 1.0), rho ** (1 / depth)
    w = told ** (1 / depth)
    layers = (np.array([[w]]),) * depth
    field = jepa.flow_field(Views([[1.0]], [[rho]]), Network(layers, np.array([[w]])))
    moving = abs(float(field.layers[0][0, 0])) / (w ** (2 * depth) * rho)
    return float(moving) + relative_error(told, jepa.fixed_point(mode, depth))


@claim(
    "rhostar2026.off_diagonals",
    paper=PAPER,
    where="J27",
    source="code",
    says="""Off-diagonal weights that start at relative size delta stay of the order of scale^(1/L)
    throughout training.""",
    kind="inequality",
    verdict="fails",
    instances=_pair,
    tolerance=lambda low, high, delta: 30e-3,  # 30 scale^(1/L)
    guards=("sdtheory.jepa.matrix_flow",),
    counterexample={"low": 0.4, "high": 0.9, "delta": 1e-3},
    samples=2,
)
def off_diagonals(low: float, high: float, delta: float) -> float:
    """Return the largest off-diagonal entry that the encoder ever has."""
    encoders = np.stack([net.encoder for net in _overwritten(low, high, delta).networks])
    return float(np.abs(encoders[:, [0, 1], [1, 0]]).max())


@claim(
    "rhostar2026.depth_threshold",
    paper=PAPER,
    where="J30",
    source="code",
    says="""The order of rho needs an encoder of depth L >= 2: at depth 1 the feature with the
    larger covariance is the one that is retained first.""",
    kind="inequality",
    verdict="fails",
    instances=_pair,
    tolerance=1e-6,
    guards=("sdtheory.jepa.retention_times",),
    counterexample={"low": 0.4, "high": 0.9, "delta": 1e-3},
    samples=2,
)
def depth_threshold(low: float, high: float, delta: float) -> float:
    """Return how much later the feature of larger covariance is retained, in critical times."""
    mode = Mode.from_rho([1.5, 0.8], [low, high])
    strong, predictable = jepa.retention_times(_overwritten(low, high, delta), mode)
    return float(strong - predictable) / float(jepa.critical_time(mode, 1, 1e-3).max())


def _overwritten(low: float, high: float, delta: float) -> jepa.FlowPath:
    """Follow a network of depth 1 whose stronger feature is the less predictable one."""
    mode, scale = Mode.from_rho([1.5, 0.8], [low, high]), 1e-3
    tilt = np.eye(2) + delta * np.array([[0.0, 1.0], [1.0, 0.0]])
    times = np.linspace(0.0, 3.0 * float(jepa.critical_time(mode, 1, scale).max()), 1500)
    start = Network((scale * tilt,), scale * np.eye(2))
    return jepa.matrix_flow(Views.from_modes(mode), start, times, rtol=1e-9)
