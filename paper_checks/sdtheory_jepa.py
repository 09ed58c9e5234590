"""Results of our own on single modes: explicit solutions, limits, data models."""

from functools import lru_cache, partial
from typing import Any

import numpy as np
from scipy import integrate

from sdtheory import jepa
from sdtheory.claims import SCORE_LIMIT, claim, fit_rate, relative_error, z_score
from sdtheory.jepa import Mode

from ._modes import QUADRATURE, Objective, quadrature_time

PAPER = "sdtheory"
DEPTHS = np.array([100, 140, 200, 280, 400])
OBJECTIVES: tuple[Objective, ...] = ("jepa", "mae")


@claim(
    "sdtheory.jepa_depth_one",
    paper=PAPER,
    where="J7",
    says="""At depth 1 sizes are explicit: JEPA's through Lambert's W, MAE's through a logistic
    of twice the covariance.""",
    kind="identity",
    instances=lambda draw: {
        "lam": draw.log_uniform(0.3, 3.0),
        "rho": draw.uniform(0.4, 1.2),
        "start": draw.log_uniform(0.02, 0.5),  # relative to the fixed point
        "share": draw.uniform(0.2, 0.95),
    },
    tolerance=lambda lam, rho, start, share: 20 * QUADRATURE / start,  # times the conditioning
    guards=("sdtheory.jepa.size_at_depth_one",),
)
def jepa_depth_one(lam: float, rho: float, start: float, share: float) -> float:
    """Evaluate at the time that quadrature takes to a size, and compare with that size."""
    mode, worst = Mode.from_rho(lam, rho), 0.0
    for objective in OBJECTIVES:
        end = float(jepa.fixed_point(mode, 1, objective))
        size = end * start ** (1 - share)
        time = quadrature_time(mode, 1, start * end, size, objective)
        got = jepa.size_at_depth_one(mode, start * end, time, objective)
        worst = max(worst, relative_error(got, np.asarray(size)))
    return worst


@claim(
    "sdtheory.jepa_missing_terms",
    paper=PAPER,
    where="J7",
    says="""Without covariance every size falls as scale / sqrt(1 + 2 s^2 scale^2 t), whatever
    the objective and the depth; without variance it diverges at an explicit finite time.""",
    kind="identity",
    instances=lambda draw: {
        "strength": draw.log_uniform(0.1, 10.0),
        "scale": draw.uniform(0.05, 0.8),
        "depth": draw.integer(2, 5),
        "share": draw.uniform(0.1, 0.8),
        "objective": draw.choice(["jepa", "mae"]),
    },
    tolerance=1e-8,  # ODE solver at rtol 1e-11
    guards=(
        "sdtheory.jepa.size_without_covariance",
        "sdtheory.jepa.size_without_variance",
        "sdtheory.jepa.blow_up_time",
    ),
)
def jepa_missing_terms(
    strength: float, scale: float, depth: int, share: float, objective: Objective
) -> float:
    """Compare both formulas with an ODE solver in log size."""
    power = (3 if objective == "jepa" else 2) - 1 / depth
    end = float(jepa.blow_up_time(strength, depth, scale, objective))
    solve = partial(integrate.solve_ivp, method="DOP853", rtol=1e-11, atol=1e-13)
    grow = solve(lambda _, u: strength * np.exp((power - 1) * u), (0, share * end), [np.log(scale)])
    time = share / (strength * scale**2)
    fall = solve(lambda _, u: -strength * np.exp(2 * u), (0, time), [np.log(scale)])
    grown = jepa.size_without_variance(strength, depth, scale, share * end, objective)
    fallen = jepa.size_without_covariance(strength, scale, time)
    # the size at 99% of the claimed blow-up, by the law itself: that pins the blow-up time
    late = scale * 0.01 ** (-1 / (power - 1))
    ends = quadrature_time(Mode(strength, 1e-30), depth, scale, late, objective) / 0.99
    return max(
        relative_error(grown, np.exp(grow.y[0, -1])),
        relative_error(fallen, np.exp(fall.y[0, -1])),
        relative_error(end, ends),
    )


@claim(
    "sdtheory.jepa_infinite_depth",
    paper=PAPER,
    where="J7, J14",
    says="""As L grows, JEPA with rho < 1 decays as scale / sqrt(1 + 2 (s^2 - lambda) scale^2 t),
    and MAE becomes JEPA at depth 1, both at relative rate 1/L.""",
    kind="asymptotic",
    instances=lambda draw: {"rho": draw.uniform(0.3, 0.7), "scale": draw.uniform(0.05, 0.2)},
    tolerance=1.0,
    guards=("sdtheory.jepa.size_at_infinite_depth", "sdtheory.jepa.trajectory"),
)
def jepa_infinite_depth(rho: float, scale: float) -> float:
    """Fit the rate of both approaches."""
    mode, worst = Mode(rho, 1.0), 0.0
    time = 1.0 / scale**2
    limits = (
        float(jepa.size_at_infinite_depth(mode, scale, time)),
        float(jepa.size_at_depth_one(mode, scale, 0.5 / scale)),
    )
    for objective, moment, limit in zip(OBJECTIVES, (time, 0.5 / scale), limits, strict=True):
        gaps = [
            abs(float(jepa.trajectory(mode, int(L), scale, moment, objective)) / limit - 1)
            for L in DEPTHS
        ]
        worst = max(worst, fit_rate(1.0 / DEPTHS, gaps, 1.0, correction=1.0))
    return worst


@claim(
    "sdtheory.jepa_double_scaling",
    paper=PAPER,
    where="J14",
    says="""With rho = exp(-kappa/L) and L -> infinity the critical time over L tends to (e^(2
    kappa)/lambda) (Ei(-2 v_start) - Ei(-2 v_stop)), at relative rate 1/L.""",
    kind="asymptotic",
    instances=lambda draw: {
        "kappa": draw.uniform(-1.0, 1.5),
        "scale": draw.log_uniform(1e-3, 0.05),
    },
    tolerance=1.0,
    guards=("sdtheory.jepa.time_at_infinite_depth",),
)
def jepa_double_scaling(kappa: float, scale: float) -> float:
    """Fit the rate of approach of exact critical times."""
    limit = float(jepa.time_at_infinite_depth(1.3, kappa, scale))
    gaps = [
        abs(
            float(jepa.critical_time(Mode.from_rho(1.3, np.exp(-kappa / L)), int(L), scale))
            / (L * limit)
            - 1
        )
        for L in DEPTHS
    ]
    return fit_rate(1.0 / DEPTHS, gaps, 1.0, correction=1.0)


@claim(
    "sdtheory.jepa_negative_rho",
    paper=PAPER,
    where="J15",
    says="""A feature with rho <= 0 decays to zero algebraically under both objectives, by the
    same closed form; for JEPA a predictor of the opposite sign learns it to |rho|^L.""",
    kind="identity",
    instances=lambda draw: {
        "lam": draw.log_uniform(0.2, 5.0),
        "rho": draw.uniform(-1.5, -0.2),
        "depth": draw.integer(1, 5),
        "share": draw.uniform(0.1, 0.9),
        "objective": draw.choice(["jepa", "mae"]),
    },
    tolerance=30 * QUADRATURE,
    guards=("sdtheory.jepa.hitting_time", "sdtheory.jepa.flow_field"),
)
def jepa_negative_rho(
    lam: float, rho: float, depth: int, share: float, objective: Objective
) -> float:
    """Compare decay with quadrature, and the mirrored network's velocity with that of |rho|."""
    mode = Mode.from_rho(-lam, rho)
    decay = jepa.hitting_time(mode, depth, 0.8, 0.8 * share, objective)
    error = relative_error(decay, quadrature_time(mode, depth, 0.8, 0.8 * share, objective))
    b = 0.5
    mirrored = jepa.Network((np.array([[b]]),) * depth, np.array([[-b]]))
    field = jepa.flow_field(jepa.Views([[float(mode.variance)]], [[-lam]]), mirrored)
    twin = Mode.from_rho(lam, -rho)
    rate = b ** (2 * depth) * float(twin.covariance - twin.variance * b)
    got = float(field.layers[0][0, 0])
    return max(error, abs(got - rate) / (b ** (2 * depth) * lam * 10))


@claim(
    "sdtheory.jepa_data_models",
    paper=PAPER,
    where="J16, J17",
    says="""Masked patches, noisy views and autoregressions have the stated covariances and
    variances; masking alone orders lambda and rho alike. (Reconstructions of the source's
    models.)""",
    kind="statistical",
    instances=lambda draw: {"seed": draw.seed(), "keep": draw.uniform(0.3, 0.7)},
    tolerance=SCORE_LIMIT,
    guards=(
        "sdtheory.jepa.MaskedSignal.mode",
        "sdtheory.jepa.TwoViews.mode",
        "sdtheory.jepa.Autoregression.mode",
    ),
)
def jepa_data_models(seed: int, keep: float) -> float:
    """Return how unlikely samples of every model are if their second moments are as stated."""
    seen: list[Any] = []
    together: list[Any] = []
    alike = True
    for world, (squares, products) in zip(_worlds(keep), _moments(seed, keep), strict=True):
        mode = world.mode()
        deviations = squares / mode.variance - 1.0
        seen += [deviations, (products - mode.covariance) / mode.variance]
        # All features together know the scale better than each does, and all masked worlds.
        together.append(np.mean(deviations, axis=1, keepdims=True))
        if isinstance(world, jepa.MaskedSignal):
            orders = [np.argsort(a, kind="stable") for a in (mode.covariance, mode.rho)]
            alike = alike and bool(np.all(orders[0] == orders[1]))
    draws = np.concatenate([*seen, *together, np.mean(together[:3], axis=0)], axis=1)
    score = z_score(draws, np.zeros(draws.shape[1]), precision=0.01, scale=1.0)
    return score if alike else np.inf


def _worlds(keep: float) -> list[Any]:
    spectrum = [3.0, 1.5, 1.5, 0.4]
    return [
        jepa.MaskedSignal(spectrum, keep),
        jepa.MaskedSignal(spectrum, keep, "complement"),
        jepa.MaskedSignal(spectrum, keep, "independent"),
        jepa.TwoViews([2.0, 1.0], [0.5, 3.0]),
        jepa.Autoregression([1.0, 2.0], [0.9, 0.5], [0.5, 0.1], 0.3, lag=2),
    ]


@lru_cache(maxsize=4)
def _moments(seed: int, keep: float) -> list[tuple[Any, Any]]:
    """Return means of x^2 and y x over batches of 5000 pairs of every model, 300 batches each."""
    rng, found = np.random.default_rng(seed), []
    for world in _worlds(keep):
        rows = []
        for _ in range(300):
            x, y = world.sample(5_000, rng)
            rows.append((np.mean(x * x, axis=0), np.mean(y * x, axis=0)))
        found.append((np.array([r[0] for r in rows]), np.array([r[1] for r in rows])))
    return found
