"""Littwin et al. 2024: JEPA and MAE in deep linear networks, feature by feature."""

from typing import Any

import numpy as np
from scipy import optimize

from sdtheory import jepa
from sdtheory.claims import Draw, claim, fit_rate, relative_error
from sdtheory.jepa import Mode

from ._modes import EPS, QUADRATURE, Objective, grown, quadrature_time

PAPER = "Littwin et al. 2024"
LADDER = np.array([0.1, 0.075, 0.05, 0.0375, 0.025, 0.0175])


def _networks(draw: Draw) -> dict[str, Any]:
    return {
        "depth": draw.integer(1, 3),
        "objective": draw.choice(["jepa", "mae"]),
        "seed": draw.seed(),
        "turn": 0.0,
    }


@claim(
    "littwin2024.decoupling",
    paper=PAPER,
    where="J2",
    source="recalled",
    says="""From small balanced orthogonal layers and commuting covariances, the feature sizes of
    the whole network follow one scalar law each.""",
    kind="identity",
    verdict="holds_with_condition",
    condition="""The predictor must be aligned too: V = b I for JEPA and b (U_L ... U_1)^T for
    MAE. A predictor that is merely orthogonal does not decouple.""",
    instances=_networks,
    tolerance=1e-7,  # the integrator's rtol 1e-10, times its steps and the growth of the sizes
    guards=("sdtheory.jepa.trajectory", "sdtheory.jepa.flow._field"),
    counterexample={"depth": 1, "objective": "jepa", "seed": 0, "turn": 0.1},
    samples=4,
)
def decoupling(depth: int, objective: Objective, seed: int, turn: float) -> float:
    """Compare the flow of all matrices with the scalar laws, at half the first critical time on."""
    rng = np.random.default_rng(seed)
    mode = Mode.from_rho(rng.uniform(0.8, 1.2, 3), rng.uniform(0.6, 0.9, 3))
    net = jepa.aligned_network(mode, depth, 0.05, objective)
    c, s = np.cos(turn), np.sin(turn)
    rotation = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    start = jepa.Network(net.layers, rotation @ net.predictor)
    first = float(np.min(jepa.critical_time(mode, depth, 0.05, 0.5, objective)))
    times = np.array([0.5, 1.0, 1.2]) * first
    flow = jepa.matrix_flow(jepa.Views.from_modes(mode), start, times, objective)
    want = jepa.trajectory(mode, depth, 0.05, times, objective)
    return relative_error(flow.amplitudes(), want, scale=want)


@claim(
    "littwin2024.scalar_law",
    paper=PAPER,
    where="J3",
    source="recalled",
    says="""The size of an aligned feature obeys d(size)/dt = lambda size^(3-1/L) - s^2 size^3
    for JEPA and lambda size^(2-1/L) - s^2 size^3 for MAE, in time scaled by the depth L.""",
    kind="identity",
    instances=lambda draw: {
        "lam": draw.uniform(-2.0, 2.0),
        "s2": draw.log_uniform(0.1, 10.0),
        "layer": draw.uniform(0.05, 1.5),
        "depth": draw.integer(1, 6),
        "objective": draw.choice(["jepa", "mae"]),
    },
    tolerance=200 * EPS,
    guards=("sdtheory.jepa.velocity",),
)
def scalar_law(lam: float, s2: float, layer: float, depth: int, objective: Objective) -> float:
    """Step every layer and the predictor of a network with one feature."""
    w = np.full(depth, layer)
    product = float(np.prod(w))
    target = product if objective == "jepa" else 1.0
    raw = (target * lam - layer * product * s2) * layer * product / w
    rate = float(np.sum(raw * product / w)) / depth
    got = float(jepa.velocity(Mode(lam, s2), depth, product, objective))
    # the two terms of the law may cancel
    size = (target * abs(lam) + layer * product * s2) * layer * product**2 / layer**2
    return abs(got - rate) / size


@claim(
    "littwin2024.fixed_points",
    paper=PAPER,
    where="J4",
    source="recalled",
    says="""A feature with rho > 0 is learned to size rho^L by JEPA and rho^(L/(L+1)) by MAE,
    from balanced aligned initialisation.""",
    kind="identity",
    instances=lambda draw: grown(draw) | {"objective": draw.choice(["jepa", "mae"])},
    tolerance=1e-10,  # bisection to 1e-13 in log size, times 3 L
    guards=("sdtheory.jepa.fixed_point",),
)
def fixed_points(
    lam: float, rho: float, depth: int, start: float, fraction: float, objective: Objective
) -> float:
    """Find the sign change of the velocity by bisection from both sides."""
    mode = Mode.from_rho(lam, rho)
    root = optimize.brentq(
        lambda u: float(jepa.velocity(mode, depth, np.exp(u), objective)) / np.exp(2 * u),
        depth * np.log(start * rho),
        depth * np.log(4.0 / fraction),
        xtol=1e-13,
    )
    return relative_error(jepa.fixed_point(mode, depth, objective), np.exp(root))


@claim(
    "littwin2024.universal_fixed_points",
    paper=PAPER,
    where="J18",
    source="derived",
    says="""JEPA learns a feature to size rho^L whatever the initial sizes and the learning rate
    of the predictor.""",
    kind="identity",
    verdict="fails",
    instances=lambda draw: {
        "rho": draw.uniform(0.3, 1.2),
        "depth": draw.integer(1, 4),
        "layer": draw.uniform(0.05, 0.3),
        "rate": draw.log_uniform(0.5, 20.0),
    },
    tolerance=1e-3,
    guards=("sdtheory.jepa.unbalanced_fixed_point",),
    counterexample={"rho": 1.0, "depth": 1, "layer": 0.1, "rate": 2.0},
)
def universal_fixed_points(rho: float, depth: int, layer: float, rate: float) -> float:
    """Return the distance of the equilibrium under a faster predictor from rho^L."""
    end = jepa.unbalanced_fixed_point(Mode(rho, 1.0), depth, layer, layer, rate)
    return relative_error(end, np.asarray(rho**depth))


@claim(
    "littwin2024.jepa_time",
    paper=PAPER,
    where="J5",
    source="recalled",
    says="""The time between two sizes is L / (lambda rho^(2L-1)) times the increment of
    log|x/(1-x)| - sum over n < 2L of x^-n / n in x = w / rho, for growth and for decay alike.""",
    kind="identity",
    instances=lambda draw: {
        "lam": draw.log_uniform(0.2, 5.0),
        "rho": draw.choice([-1.0, 1.0]) * draw.uniform(0.3, 1.5),
        "depth": draw.integer(1, 6),
        "start": draw.choice([draw.log_uniform(0.05, 0.5), draw.uniform(1.5, 3.0)]),
        "share": draw.uniform(0.3, 0.9),
    },
    tolerance=lambda lam, rho, depth, start, share: (
        20 * QUADRATURE + 100 * EPS * (1 + start ** (1 - 2 * depth) + 2**depth)
    ),
    guards=("sdtheory.jepa.hitting_time", "sdtheory.jepa.phase"),
)
def jepa_time(lam: float, rho: float, depth: int, start: float, share: float) -> float:
    """Compare hitting time, formula and quadrature."""
    mode = Mode(np.sign(rho) * lam, lam / abs(rho))
    # growth goes from x = start towards 1, decay down from it; for rho < 0 both go down
    stop = start ** (1 - share) if rho > 0 else start * 0.5**share
    sizes = (np.array([start, stop]) * abs(rho)) ** depth
    want = quadrature_time(mode, depth, *sizes)
    x = np.array([start, stop]) * np.sign(rho)
    unit = depth / (np.sign(rho) * lam * rho ** (2 * depth - 1))
    formula = unit * float(np.diff(jepa.phase(x, depth))[0])
    cancelled = float(abs(unit) * np.abs(jepa.phase(x, depth)).max() / want)
    return max(
        relative_error(jepa.hitting_time(mode, depth, *sizes), want),
        relative_error(formula, want) / (1.0 + cancelled),
    )


@claim(
    "littwin2024.mae_time",
    paper=PAPER,
    where="J6",
    source="recalled",
    says="""MAE's time between two sizes is hypergeometric: (L/lambda) rho^(-(L-1)/(L+1)) times
    the increment of y^(1-L)/(1-L) 2F1(1, (1-L)/(L+1); 2/(L+1); y^(L+1)), y = w / rho^(1/(L+1)).""",
    kind="identity",
    instances=grown,
    tolerance=20 * QUADRATURE,
    guards=("sdtheory.jepa.critical_time", "sdtheory.jepa.phase"),
)
def mae_time(lam: float, rho: float, depth: int, start: float, fraction: float) -> float:
    """Compare critical time, formula and quadrature."""
    mode = Mode.from_rho(lam, rho)
    end = float(jepa.fixed_point(mode, depth, "mae"))
    scale = start**depth * end
    want = quadrature_time(mode, depth, scale, fraction * end, "mae")
    got = jepa.critical_time(mode, depth, scale, fraction, "mae")
    span = np.diff(jepa.phase([start, fraction ** (1 / depth)], depth, "mae"))[0]
    formula = depth / lam * rho ** (-(depth - 1) / (depth + 1)) * float(span)
    return max(relative_error(got, want), relative_error(formula, want))


@claim(
    "littwin2024.learnability",
    paper=PAPER,
    where="J8",
    source="derived",
    says="""JEPA learns a feature exactly if rho > scale^(1/L), MAE exactly if rho >
    scale^((L+1)/L); the JEPA depth limit is log(scale) / log(rho).""",
    kind="inequality",
    instances=lambda draw: {
        "rho": draw.uniform(0.05, 0.95),
        "depth": draw.integer(1, 40),
        "factor": draw.choice([1 - 1e-4, 1 + 1e-4]),
        "objective": draw.choice(["jepa", "mae"]),
    },
    tolerance=100 * EPS,
    guards=("sdtheory.jepa.learnable", "sdtheory.jepa.critical_depth"),
)
def learnability(rho: float, depth: int, factor: float, objective: Objective) -> float:
    """Test "if and only if" on both sides of the threshold, and the depth at it."""
    mode = Mode(rho, 1.0)
    power = depth if objective == "jepa" else depth / (depth + 1)
    scale = (rho * factor) ** power
    grows = float(jepa.velocity(mode, depth, scale, objective)) > 0
    wrong = bool(jepa.learnable(mode, depth, scale, objective)) != grows or grows != (factor < 1)
    limit = float(jepa.critical_depth(mode, rho**depth))
    return float(wrong) + abs(limit / depth - 1)


@claim(
    "littwin2024.jepa_critical_time",
    paper=PAPER,
    where="J9",
    source="derived",
    says="""JEPA's critical time is S + log(1/scale)/(lambda rho^(2L-1)) + K - L b/(lambda
    rho^(2L)) up to O(b^2), b = scale^(1/L), with the published sum S and an explicit K.""",
    kind="asymptotic",
    instances=lambda draw: {"rho": draw.uniform(0.7, 1.2), "depth": draw.integer(1, 2)},
    tolerance=1.0,
    guards=("sdtheory.jepa.critical_time_expansion", "sdtheory.jepa.critical_time"),
)
def jepa_critical_time(rho: float, depth: int) -> float:
    """Fit the order of the remainder in b."""
    mode = Mode.from_rho(1.3, rho)
    gap = [
        float(
            jepa.critical_time(mode, depth, b**depth, 0.6)
            - jepa.critical_time_expansion(mode, depth, b**depth, 0.6).total
        )
        for b in LADDER
    ]
    return fit_rate(LADDER, np.abs(gap), 2.0, correction=1.0)


@claim(
    "littwin2024.mae_critical_time",
    paper=PAPER,
    where="J10",
    source="recalled",
    says="""MAE's critical time is (1/lambda) L/(L-1) scale^(-(L-1)/L) plus a bounded term.""",
    kind="inequality",
    verdict="holds_with_condition",
    condition="L >= 2; at depth 1 the leading term is log(1/scale) / lambda instead.",
    instances=lambda draw: {
        "lam": draw.log_uniform(0.2, 5.0),
        "rho": draw.uniform(0.3, 1.5),
        "depth": draw.integer(2, 8),
        "layer": draw.log_uniform(1e-3, 2e-2),
    },
    tolerance=lambda lam, rho, depth, layer: 1e-3 * layer + 100 * EPS * layer ** (1 - depth),
    guards=("sdtheory.jepa.critical_time", "sdtheory.jepa.critical_time_expansion"),
    counterexample={"lam": 1.0, "rho": 1.0, "depth": 1, "layer": 0.01},
)
def mae_critical_time(lam: float, rho: float, depth: int, layer: float) -> float:
    """Return what is left, in units of 1/lambda, beyond the stated term and the constant."""
    mode, scale = Mode.from_rho(lam, rho), layer**depth
    terms = jepa.critical_time_expansion(mode, depth, scale, 0.5, "mae")
    told = layer ** (1 - depth) * (depth / (depth - 1) if depth > 1 else 0.0) / lam
    rest = jepa.critical_time(mode, depth, scale, 0.5, "mae") - told
    return abs(float(rest - terms.constant - terms.correction)) * lam
