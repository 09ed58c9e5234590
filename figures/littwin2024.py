"""Littwin et al. 2024: sizes, orders, gaps and thresholds of single modes, all in closed form."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from figures.registry import figure
from sdtheory import jepa
from sdtheory.jepa import Mode

LADDER = np.array([0.7, 0.8, 0.9, 1.0])
OBJECTIVES: tuple[jepa.modes.Objective, ...] = ("jepa", "mae")
TITLES = {"jepa": "JEPA", "mae": "MAE"}
SETTINGS: dict[str, tuple[Mode, int, float]] = {
    "lambda varied, rho = 1": (Mode(LADDER, LADDER), 5, 1e-3),
    "rho varied, lambda = 1": (Mode.from_rho(np.ones(4), LADDER), 5, 2e-3),
    "lambda = 1 / rho": (Mode.from_rho(1 / LADDER, LADDER), 10, 2e-3),
}
STATIC = jepa.TwoViews(signal=[1.0, 1.2, 1.4, 1.6], noise=[0.0, 0.4, 0.9, 1.6])
DYNAMIC = jepa.Autoregression(signal=[1.0, 1.5, 2.2, 3.2], memory=[0.99, 0.8, 0.65, 0.5], noise=0.0)
ORDER_DEPTH, ORDER_SCALE = 20, 1e-6
GAP_RHO = (0.8, 0.5)


@figure(
    "littwin2024.scalar_law",
    caption="""Learning curves of single features, relative to their fixed points, in the paper's
    three settings. Covariance decides the order under both objectives; rho alone orders JEPA's
    features, and overturns the order of covariance in a deep network that starts large (right).""",
    parameters={
        "values of lambda or rho": "0.7, 0.8, 0.9, 1.0",
        "depth": "5, 5, 10",
        "scale": "1e-3, 2e-3, 2e-3",
    },
    origin="guess",
)
def scalar_law() -> Figure:
    """Draw sizes against time for both objectives."""
    drawing = Figure(figsize=(7.2, 3.9))
    panels = drawing.subplots(2, 3, sharey=True)
    for row, objective in zip(panels, OBJECTIVES, strict=True):
        for axes, (title, (mode, depth, scale)) in zip(row, SETTINGS.items(), strict=True):
            critical = jepa.critical_time(mode, depth, scale, 0.5, objective)
            times = np.linspace(0.0, 1.6 * float(critical.max()), 400)
            sizes = jepa.trajectory(mode, depth, scale, times, objective)
            end = jepa.fixed_point(mode, depth, objective)
            for value, size, top in zip(LADDER, sizes, end, strict=True):
                axes.plot(times, size / top, label=f"{value:g}")
            axes.set_title(f"{TITLES[objective]}: {title}")
            axes.ticklabel_format(axis="x", scilimits=(-2, 4))
            axes.set_xlabel("time")
        row[0].set_ylabel("size / fixed point")
    panels[0, 0].legend(title="lambda", loc="lower right")
    panels[0, 1].legend(title="rho", loc="lower right")
    panels[0, 2].legend(title="rho", loc="lower right")
    return drawing


@figure(
    "littwin2024.learned_order",
    caption="""Features of two generative models that have covariance rising while rho falls:
    critical times relative to the first. Static: two noisy views; dynamic: autoregressions of
    different memory. MAE learns noisy or fast features first, deep JEPA predictable ones.
    Reconstructions of the paper's models. A missing mark: never learned, rho being below
    scale^(1/L).""",
    parameters={
        "depth": ORDER_DEPTH,
        "scale": ORDER_SCALE,
        "static signal": "1, 1.2, 1.4, 1.6",
        "static noise": "0, 0.4, 0.9, 1.6",
        "dynamic signal": "1, 1.5, 2.2, 3.2",
        "dynamic memory": "0.99, 0.8, 0.65, 0.5",
    },
    origin="guess",
)
def learned_order() -> Figure:
    """Draw critical times against rho."""
    drawing = Figure(figsize=(6.0, 2.6))
    panels = drawing.subplots(1, 2, sharey=True)
    for axes, (title, mode) in zip(
        panels, (("static", STATIC.mode()), ("dynamic", DYNAMIC.mode())), strict=True
    ):
        for objective, marker in zip(OBJECTIVES, "os", strict=True):
            times = jepa.critical_time(mode, ORDER_DEPTH, ORDER_SCALE, 0.5, objective)
            axes.plot(mode.rho, times / times.min(), marker=marker, label=TITLES[objective])
        for rho, lam in zip(mode.rho, mode.covariance, strict=True):
            axes.annotate(
                f"{lam:.2g}", (rho, 0.02), xycoords=("data", "axes fraction"), ha="center", size=6
            )
        axes.set_title(f"{title} (numbers: lambda)")
        axes.set_xlabel("rho")
        axes.set_ylim(0.75, None)
    panels[0].set_ylabel("critical time / earliest")
    panels[1].legend()
    return drawing


@figure(
    "littwin2024.equal_covariance_delay",
    caption="""Relative delay of a feature with rho = 0.5 behind one with rho = 0.8 at equal
    covariance. Lines are exact, thin dotted lines the leading terms: scale^(1/L) for JEPA and
    scale^((L-1)/L) for MAE (absolute value: the low-rho feature is early). Both vanish with the
    scale. At L = 5 MAE's term is tiny: time is read off at half, next to p0 = 0.50008.""",
    parameters={"rho": GAP_RHO, "depth": "2, 3, 5", "fraction": 0.5, "covariance": 1},
)
def equal_covariance_delay() -> Figure:
    """Draw delays against the scale."""
    scales = np.geomspace(1e-12, 1e-2, 60)
    pair = Mode.from_rho([1.0, 1.0], GAP_RHO)
    drawing = Figure(figsize=(6.2, 2.7))
    panels = drawing.subplots(1, 2)
    for axes, objective in zip(panels, OBJECTIVES, strict=True):
        for depth in (2, 3, 5):
            delay = [_delay(pair, depth, scale, objective) for scale in scales]
            (line,) = axes.loglog(scales, np.abs(delay), label=f"L = {depth}")
            law = [
                abs(float(jepa.equal_covariance_gap(*GAP_RHO, depth, s, 0.5, objective)))
                for s in scales
            ]
            axes.loglog(scales, law, color=line.get_color(), linestyle=":", linewidth=0.7)
        axes.set_title(TITLES[objective])
        axes.set_xlabel("scale")
        axes.legend()
    panels[0].set_ylabel("|relative delay|")
    return drawing


def _delay(pair: Mode, depth: int, scale: float, objective: jepa.modes.Objective) -> float:
    first, second = jepa.critical_time(pair, depth, scale, 0.5, objective)
    if (
        abs(second / first - 1) > 1e-12
    ):  # below it absolute times cancel; MAE's leading ones are equal
        return float(second / first - 1)
    terms = jepa.critical_time_expansion(pair, depth, scale, 0.5, objective)
    return float(np.diff(terms.remainder)[0] / first)


@figure(
    "littwin2024.order_inversion",
    caption="""Which of two neighbouring features with lambda = 1 / rho JEPA learns first, against
    rho and the initial size b of a layer: the one with larger covariance (orange) or with larger
    rho (blue). In deep networks rho decides between the line rho = b, below which nothing is
    learned, and the dashed line rho = 2 b; for small b covariance decides, as in MAE. Grey: never
    learned, or begun above half of the fixed point.""",
    parameters={"depth": "2, 5, 30", "fraction": 0.5, "lambda": "1 / rho"},
)
def order_inversion() -> Figure:
    """Draw the exact phase diagram at three depths."""
    b, rho = np.linspace(0.02, 0.98, 97), np.linspace(0.05, 1.5, 117)
    drawing = Figure(figsize=(7.2, 2.5))
    panels = drawing.subplots(1, 3, sharey=True)
    colours = ListedColormap(["0.85", "#E69F00", "#0072B2"])
    for axes, depth in zip(panels, (2, 5, 30), strict=True):
        phases = np.zeros((rho.size, b.size))
        for j, start in enumerate(b):
            times = [
                jepa.critical_time(Mode.from_rho(1 / r, r), depth, start**depth)
                for r in (rho * (1 - 1e-6), rho * (1 + 1e-6))
            ]
            known = np.isfinite(times[0]) & (times[0] > 0) & (times[1] > 0)
            phases[known, j] = np.where(times[1][known] < times[0][known], 2, 1)
        axes.pcolormesh(b, rho, phases, cmap=colours, vmin=0, vmax=2, rasterized=True)
        axes.plot(b, 2 * b, "k--", linewidth=0.9)
        axes.plot(b, b, "k-", linewidth=0.9)
        axes.set_ylim(rho[0], rho[-1])
        axes.set_title(f"L = {depth}")
        axes.set_xlabel("b = scale^(1/L)")
    panels[0].set_ylabel("rho")
    panels[0].text(0.04, 1.35, "covariance first", size=7)
    panels[2].text(0.5, 0.72, "rho first", size=7, color="w")
    panels[2].text(0.62, 0.2, "not learned", size=7)
    return drawing


@figure(
    "littwin2024.learnability",
    caption="""The deepest JEPA that still learns a feature, log(scale) / log(rho), against rho.
    Deeper networks shrink the feature from the start.""",
    parameters={"scale": "1e-1, 1e-3, 1e-6, 1e-12"},
)
def learnability() -> Figure:
    """Draw the critical depth."""
    rho = np.linspace(0.05, 0.995, 300)
    drawing = Figure()
    axes = drawing.add_subplot()
    for scale in (1e-1, 1e-3, 1e-6, 1e-12):
        depth = jepa.critical_depth(Mode(rho, np.ones_like(rho)), scale)
        axes.semilogy(rho, depth, label=f"scale = {scale:.0e}")
    axes.set_ylim(0.7, 1000)
    axes.set_xlabel("rho")
    axes.set_ylabel("critical depth L")
    axes.legend()
    return drawing
