"""Littwin et al. 2024: the order in which features are learned, and where its telling errs."""

import numpy as np

from sdtheory import jepa
from sdtheory.claims import claim, fit_rate
from sdtheory.jepa import Mode

PAPER = "Littwin et al. 2024"
SCALES = np.array([3e-3, 2e-3, 1.3e-3, 9e-4, 6e-4, 4e-4])


def _times(one: Mode, other: Mode, depth: int, scale: float) -> tuple[float, float]:
    """Return the half-way times of two features by two routes, so that neither can drift alone."""
    half = 0.5 * jepa.fixed_point(other, depth)
    return (
        float(jepa.critical_time(one, depth, scale)),
        float(jepa.hitting_time(other, depth, scale, half)),
    )


def _delay(rho: float, other: float, depth: int, b: float) -> float:
    first, second = _times(Mode.from_rho(1.0, rho), Mode.from_rho(1.0, other), depth, b**depth)
    return second / first - 1


@claim(
    "littwin2024.equal_covariance_delay",
    paper=PAPER,
    where="J11",
    source="derived",
    says="""At equal covariance JEPA learns the feature with the larger rho first, ahead by a
    relative (2L-1)/(2L-2) (1/rho' - 1/rho) scale^(1/L) as scale -> 0, L >= 2.""",
    kind="asymptotic",
    instances=lambda draw: {
        "rho": draw.uniform(0.8, 1.2),
        "other": draw.uniform(0.4, 0.7),
        "depth": draw.integer(2, 4),
    },
    tolerance=1.0,
    guards=("sdtheory.jepa.equal_covariance_gap", "sdtheory.jepa.critical_time"),
)
def equal_covariance_delay(rho: float, other: float, depth: int) -> float:
    """Fit the order in b of the relative error of the stated delay."""
    errors = [
        abs(
            _delay(rho, other, depth, b)
            / float(jepa.equal_covariance_gap(rho, other, depth, b**depth))
            - 1
        )
        for b in SCALES
    ]
    return fit_rate(SCALES, errors, 1.0, correction=1.0)


@claim(
    "littwin2024.leading_order_bias",
    paper=PAPER,
    where="J11",
    source="derived",
    says="""JEPA's preference for a large rho at equal covariance survives at leading order as
    scale -> 0, whereas MAE is blind to rho.""",
    kind="identity",
    verdict="fails",
    instances=lambda draw: {
        "rho": draw.uniform(0.8, 1.2),
        "other": draw.uniform(0.4, 0.7),
        "depth": draw.integer(2, 4),
    },
    tolerance=0.5,  # what survives at leading order changes by corrections of order b / rho only
    guards=("sdtheory.jepa.critical_time",),
    counterexample={"rho": 1.0, "other": 0.5, "depth": 2},
)
def leading_order_bias(rho: float, other: float, depth: int) -> float:
    """Return by how much of itself the delay changes when a layer starts ten times smaller."""
    near, far = (_delay(rho, other, depth, b) for b in (0.05, 0.005))
    return abs(far / near - 1)


@claim(
    "littwin2024.jepa_is_more_sensitive",
    paper=PAPER,
    where="J11",
    source="derived",
    says="""At equal covariance the relative delay between two values of rho is larger for JEPA
    than for MAE, at every depth.""",
    kind="inequality",
    verdict="fails",
    instances=lambda draw: {
        "rho": draw.uniform(0.8, 1.2),
        "other": draw.uniform(0.4, 0.7),
        "depth": draw.integer(1, 4),
        "layer": draw.log_uniform(1e-4, 1e-2),
    },
    tolerance=1e-9,  # equality would do
    guards=("sdtheory.jepa.critical_time",),
    counterexample={"rho": 1.0, "other": 0.5, "depth": 1, "layer": 0.01},
)
def jepa_is_more_sensitive(rho: float, other: float, depth: int, layer: float) -> float:
    """Return by how much MAE's delay exceeds JEPA's, relative to it."""
    pair = Mode.from_rho([1.0, 1.0], [rho, other])
    early, late = jepa.critical_time(pair, depth, layer**depth, 0.5, "mae")
    return float(abs(late / early - 1)) / abs(_delay(rho, other, depth, layer)) - 1


@claim(
    "littwin2024.mae_sign",
    paper=PAPER,
    where="J11",
    source="derived",
    says="""MAE (L >= 2) at equal covariance has the larger rho first exactly when the critical
    time is read off above a fraction p0(L) of the fixed point, a root of the phase.""",
    kind="inequality",
    instances=lambda draw: {
        "depth": draw.integer(2, 12),
        "factor": draw.choice([1 - 1e-4, 1 + 1e-4]),
    },
    tolerance=0.5,
    guards=("sdtheory.jepa.blind_fraction",),
)
def mae_sign(depth: int, factor: float) -> float:
    """Read off just below and just above p0, where only the constants differ."""
    pair = Mode.from_rho([1.0, 1.0], [0.9, 0.6])
    fraction = jepa.blind_fraction(depth) * factor
    terms = jepa.critical_time_expansion(pair, depth, 1e-9**depth, fraction, "mae")
    late = float(np.diff(terms.constant + terms.correction)[0])
    return float((late > 0) != (factor > 1))


@claim(
    "littwin2024.monotone_in_rho",
    paper=PAPER,
    where="J12",
    source="derived",
    says="""At fixed covariance JEPA's critical time falls with rho exactly while scale^(1/L) /
    rho is below a bound x*(L, fraction).""",
    kind="inequality",
    instances=lambda draw: {
        "depth": draw.integer(1, 12),
        "fraction": draw.uniform(0.3, 0.9),
        "factor": draw.choice([1 - 5e-4, 1 + 5e-4]),
    },
    tolerance=0.5,
    guards=("sdtheory.jepa.turning_points",),
)
def monotone_in_rho(depth: int, fraction: float, factor: float) -> float:
    """Compare neighbours just below and just above the bound."""
    _, high = jepa.turning_points(depth, fraction)
    x0 = high * factor
    rho = 0.3 / x0 * np.exp(np.array([-5e-5, 5e-5]))
    early, late = jepa.critical_time(Mode.from_rho([1.0, 1.0], rho), depth, 0.3**depth, fraction)
    return float((late < early) != (factor < 1))


@claim(
    "littwin2024.deep_law",
    paper=PAPER,
    where="J13",
    source="derived",
    says="""Deep JEPA orders features by lambda - s^2 scale^(1/L): the critical time is L/(2L-1)
    b^-(2L-1) / (s^2 (rho - b)) (1 + x0/((1-x0)(2L-1))) up to relative order 1/L^2.""",
    kind="asymptotic",
    instances=lambda draw: {"b": draw.uniform(0.3, 0.5), "rho": draw.uniform(0.8, 1.2)},
    tolerance=1.0,
    guards=("sdtheory.jepa.deep_critical_time", "sdtheory.jepa.initial_drive"),
)
def deep_law(b: float, rho: float) -> float:
    """Fit the order of the error in 1/L."""
    depths = np.array([40, 50, 60, 75, 90])
    mode = Mode.from_rho(1.0, rho)
    errors = [
        abs(float(jepa.critical_time(mode, L, b**L) / jepa.deep_critical_time(mode, L, b**L)) - 1)
        for L in depths
    ]
    return fit_rate(1.0 / depths, errors, 2.0, correction=1.0)


@claim(
    "littwin2024.inversion_boundary",
    paper=PAPER,
    where="J13",
    source="derived",
    says="""Along features with lambda = rho^-a, deep JEPA learns the larger rho first exactly
    for scale^(1/L) / rho above a boundary that tends to a / (a + 1).""",
    kind="asymptotic",
    instances=lambda draw: {"power": draw.uniform(0.5, 2.0)},
    tolerance=1.0,
    guards=("sdtheory.jepa.turning_points",),
    samples=3,
)
def inversion_boundary(power: float) -> float:
    """Fit the approach of the boundary, after its sign change has been verified."""
    depths = np.array([30, 45, 60, 80, 100])
    gaps = []
    for depth in depths:
        low, _ = jepa.turning_points(int(depth), 0.5, power)
        rho = 0.3 / (low * np.array([1 + 2e-4, 1 - 2e-4]))
        for one, high_first in zip(rho, (True, False), strict=True):
            near = one * np.exp(np.array([-1e-6, 1e-6]))
            early, late = jepa.critical_time(
                Mode.from_rho(near**-power, near), int(depth), 0.3 ** int(depth)
            )
            if (late < early) != high_first:
                return float("inf")
        gaps.append(abs(low * (power + 1) / power - 1))
    return fit_rate(1.0 / depths, gaps, 1.0, correction=1.0)


@claim(
    "littwin2024.order_inversion",
    paper=PAPER,
    where="J13",
    source="recalled",
    says="""When covariance rises while rho falls (lambda = 1/rho), JEPA learns the features in
    the order of rho, opposite to MAE.""",
    kind="inequality",
    verdict="holds_with_condition",
    condition="""scale^(1/L) / rho lies between the two turning points, about 1/2 and 1: a deep
    network or a large start. As scale -> 0 at fixed depth JEPA follows the covariance like MAE.""",
    instances=lambda draw: {
        "depth": draw.integer(8, 30),
        "x0": draw.uniform(0.55, 0.75),
        "rho": draw.uniform(0.5, 1.2),
    },
    tolerance=1e-12,  # only the order is at stake; a tie would be a violation
    guards=("sdtheory.jepa.critical_time",),
    counterexample={"depth": 1, "x0": 1e-3, "rho": 1.0},
)
def order_inversion(depth: int, x0: float, rho: float) -> float:
    """Return by how much the larger rho is late in JEPA (relative), or early in MAE."""
    b, lower = x0 * rho, 0.9995 * rho
    high, low = Mode.from_rho(1 / rho, rho), Mode.from_rho(1 / lower, lower)
    first, second = _times(high, low, depth, b**depth)
    told, opposite = jepa.critical_time(
        Mode.from_rho([1 / rho, 1 / lower], [rho, lower]), depth, b**depth, 0.5, "mae"
    )
    return max(first / second - 1, float(opposite / told - 1))
