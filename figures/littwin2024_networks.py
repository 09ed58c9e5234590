"""Littwin et al. 2024: whole networks. Overwriting, obstruction, moving averages, step sizes."""

import numpy as np
from matplotlib.figure import Figure

from figures.registry import figure
from sdtheory import jepa
from sdtheory.jepa import Mode, Network, Views

FILM = Mode.from_rho([1.5, 0.8], [0.4, 0.9])
FILM_SCALE = 1e-3
DELTAS = (1e-2, 1e-5, 1e-8)
LOST = Mode.from_rho([1.0, 0.95, 0.9], [0.9, 0.85, 0.8])
OBJECTIVES: tuple[jepa.modes.Objective, ...] = ("jepa", "mae")
EMA_SCALE, EMA_DEPTH, EMA_RHO = 0.05, 1, 0.8
STEPPED = Mode.from_rho([1.5, 1.0, 0.6], [0.4, 0.7, 0.95])


@figure(
    "sdtheory.jepa_overwriting",
    caption="""A learned feature (lambda = 1.5, rho = 0.4) is overwritten by a later one (lambda =
    0.8, rho = 0.9), forgotten and learned again, for three relative misalignments delta of the
    initial weights. Dotted: predicted swap time; thin: the aligned theory, which has no swap.""",
    parameters={"depth": 1, "scale": FILM_SCALE, "delta": DELTAS},
)
def jepa_overwriting() -> Figure:
    """Draw feature sizes against time as small multiples."""
    drawing = Figure(figsize=(7.2, 2.4))
    panels = drawing.subplots(1, 3, sharey=True)
    last = 1.15 * float(jepa.critical_time(FILM, 1, FILM_SCALE).max())
    times = np.linspace(0.0, last, 900)
    theory = jepa.trajectory(FILM, 1, FILM_SCALE, times)
    one, two = (Mode(FILM.covariance[i], FILM.variance[i]) for i in (0, 1))
    learned = float(jepa.critical_time(one, 1, FILM_SCALE))
    for axes, delta in zip(panels, DELTAS, strict=True):
        tilt = np.eye(2) + delta * np.array([[0.0, 1.0], [1.0, 0.0]])
        start = Network((FILM_SCALE * tilt,), FILM_SCALE * np.eye(2))
        sizes = jepa.matrix_flow(Views.from_modes(FILM), start, times).amplitudes()
        for size, aligned, name in zip(sizes, theory, ("rho = 0.4", "rho = 0.9"), strict=True):
            (line,) = axes.plot(times, size, label=name)
            colour = line.get_color()
            axes.plot(times, aligned, color=colour, linestyle="-", linewidth=0.5)
        swap = learned + float(jepa.swap_time(one, two, 1, FILM_SCALE, delta))
        axes.axvline(swap, color="k", linestyle=":", linewidth=0.8)
        axes.set_title(f"delta = {delta:.0e}")
        axes.set_xlabel("time")
    panels[0].set_ylabel("size")
    panels[0].legend(loc="upper left")
    return drawing


@figure(
    "sdtheory.jepa_determinant",
    caption="""Features learned by square balanced networks with random orthogonal predictors (24
    draws, three features). A predictor with determinant of the wrong sign always loses at least
    one.""",
    parameters={"depth": 1, "layer": 0.1, "draws": 24, "time": 3000},
)
def jepa_determinant() -> Figure:
    """Draw counts of learned features by sign of the determinant."""
    views, counts = Views.from_modes(LOST), np.zeros((2, 4))
    for seed in range(24):
        rng = np.random.default_rng(seed)
        turn, triangle = np.linalg.qr(rng.normal(size=(3, 3)))
        turn = turn * np.sign(np.diagonal(triangle))
        turn[:, 0] *= np.sign(np.linalg.det(turn)) * (1 if seed % 2 else -1)
        net = Network((0.1 * np.eye(3),), 0.1 * turn)
        end = jepa.matrix_flow(views, net, [3000.0], rtol=1e-8).networks[-1]
        rank = int(np.sum(np.linalg.svd(end.encoder, compute_uv=False) > 0.3))
        counts[int(jepa.determinant_obstruction(views, net)), rank] += 1
    drawing = Figure()
    axes = drawing.add_subplot()
    for k, (row, name) in enumerate(zip(counts, ("det V > 0", "det V < 0"), strict=True)):
        axes.bar(np.arange(4) + 0.4 * (k - 0.5), row, width=0.38, label=name)
    axes.set_xticks(range(4))
    axes.set_yticks(range(0, 13, 3))
    axes.set_xlabel("features learned, of 3")
    axes.set_ylabel("runs")
    axes.legend(loc="upper left")
    return drawing


@figure(
    "sdtheory.jepa_ema_delay",
    caption="""Time at which the moving-average target of a JEPA mode reaches 0.8 rho, against the
    target's memory, in raw time. Dotted: first-order delay of a short memory; dashed: the law of
    a long one, which does not contain lambda.""",
    parameters={"depth": EMA_DEPTH, "scale": EMA_SCALE, "rho": EMA_RHO, "lambda": "0.5, 1, 2"},
)
def jepa_ema_delay() -> Figure:
    """Draw hitting times of the target against the memory."""
    drawing = Figure()
    axes = drawing.add_subplot()
    memories = np.geomspace(1e-2, 1e3, 26)
    for lam in (0.5, 1.0, 2.0):
        mode = Mode.from_rho(lam, EMA_RHO)
        base = float(jepa.hitting_time(mode, EMA_DEPTH, EMA_SCALE, 0.8 * EMA_RHO)) / EMA_DEPTH
        hits = []
        for memory in memories:
            long = float(jepa.slow_ema_time(mode, EMA_DEPTH, EMA_SCALE, 0.8, memory))
            times = np.linspace(0.0, 1.3 * (base + long), 3000)
            path = jepa.ema_path(mode, EMA_DEPTH, EMA_SCALE, memory, times)
            hits.append(float(np.interp(0.8 * EMA_RHO, path.target, path.times)))
        (line,) = axes.loglog(memories, hits, linestyle="-", label=f"lambda = {lam:g}")
        # the target itself lags the layer by one more memory
        short = memories + jepa.ema_delay(mode, EMA_DEPTH, EMA_SCALE, 0.8, memories)
        axes.loglog(memories, base + short, color=line.get_color(), linestyle=":", linewidth=0.8)
    law = jepa.slow_ema_time(Mode(1.0, 1 / EMA_RHO), EMA_DEPTH, EMA_SCALE, 0.8, memories)
    axes.loglog(memories, law, "k--", linewidth=0.8, label="long memory")
    axes.set_ylim(10, None)
    axes.set_xlabel("memory of the target (raw time)")
    axes.set_ylabel("target reaches 0.8 rho")
    axes.legend()
    return drawing


@figure(
    "sdtheory.jepa_curvatures",
    caption="""Gradient descent started next to the full-rank equilibrium, against the step in units
    of 2 / max kappa. Left: largest relative change of a feature's size after 4000 steps. Right:
    step times the largest curvature over 2 where it ended. Just above the limit it does not diverge
    but slides along the equilibria to a flatter one, below 1, with other sizes; a missing mark has
    diverged.""",
    parameters={"depth": 2, "lambda": "1.5, 1, 0.6", "rho": "0.4, 0.7, 0.95", "perturbation": 1e-3},
)
def jepa_curvatures() -> Figure:
    """Draw how far descent moves against its step."""
    drawing = Figure(figsize=(6.2, 2.7))
    left, right = drawing.subplots(1, 2)
    factors = np.linspace(0.7, 1.5, 25)
    for objective, marker in zip(OBJECTIVES, "os", strict=True):
        views = Views.from_modes(STEPPED)
        limit = jepa.largest_step(STEPPED, 2, objective)
        end = jepa.fixed_point(STEPPED, 2, objective)
        w = np.diag(np.sqrt(end))
        net = Network((w, w), np.diag(STEPPED.rho) if objective == "jepa" else w)
        kick = 1e-3 * np.random.default_rng(0).normal(size=net.flat().size)
        moved, settled = [], []
        for factor in factors:
            final = _descended(views, net, net.flat() + kick, factor * limit, objective)
            if final is None:
                moved.append(np.nan)
                settled.append(np.nan)
                continue
            size = np.linalg.norm(final.encoder, axis=0)
            curvature = -np.linalg.eigvals(jepa.flow_jacobian(views, final, objective)).real.min()
            moved.append(float(np.abs(size / end - 1).max()))
            settled.append(float(0.5 * factor * limit * curvature))
        left.semilogy(factors, moved, marker=marker, label=objective.upper())
        right.plot(factors, settled, marker=marker, label=objective.upper())
    right.plot(factors, factors, "k-", linewidth=0.5)
    right.axhline(1.0, color="k", linestyle=":", linewidth=0.8)
    for axes in (left, right):
        axes.axvline(1.0, color="k", linestyle=":", linewidth=0.8)
        axes.set_xlabel("step / stability limit")
    left.set_ylabel("relative change of size")
    right.set_ylabel("step * curvature / 2 at the end")
    left.legend()
    return drawing


def _descended(
    views: Views, net: Network, weights: np.ndarray, step: float, objective: jepa.modes.Objective
) -> Network | None:
    """Return the network after 4,000 steps of descent; None if it diverged."""
    for _ in range(4000):
        weights = weights + step * jepa.flow_field(views, net.like(weights), objective).flat()
        if not np.abs(weights).max() < 1e3:
            return None
    return net.like(weights)
