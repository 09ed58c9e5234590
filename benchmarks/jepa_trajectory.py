"""How much faster the closed form of the mode laws is than a stiff solver, and than a plain loop.

Run from the repository's root: ``python -m benchmarks jepa_trajectory``. Sizes of 10,000 modes at
200 times, float64. The peer is ``scipy.integrate.solve_ivp`` with Radau at rtol 1e-10 in the log
size, the variable it is fastest in, mode by mode. One loop calls the same function for every mode
and time; another, of ``tests/reference``, solves the textbook formula by a bracketing root finder.
All three run on a random sample of the modes, for they take minutes to hours on all. Promises: at
least 1000 times faster than Radau and 100 times faster than the loop of calls, at relative errors
below 1e-9 against 50 digits (``note``); nothing is promised against the root finder.
"""

from collections.abc import Callable
from functools import partial

import mpmath
import numpy as np
from scipy.integrate import solve_ivp

from benchmarks.harness import Options, Row, Work, compare, growth
from sdtheory import jepa
from sdtheory.jepa import Mode
from tests.reference import jepa_loop

MODES, TIMES, SCALE = 10_000, 200, 1e-3
DIGITS, CHECKED = 50, 100
CASES: list[tuple[jepa.modes.Objective, int]] = [("jepa", 2), ("jepa", 5), ("mae", 3)]


def rows(options: Options) -> list[Row]:
    """Time the vectorised trajectory against both."""
    count = options.pick(500, MODES)
    peers, looped = options.pick((1, 1), (5, 25))
    found = []
    for objective, depth in CASES:
        rng = np.random.default_rng([depth, objective == "mae"])
        mode = Mode(rng.uniform(0.3, 2.0, count), rng.uniform(0.5, 2.0, count))
        middle = float(np.median(jepa.critical_time(mode, depth, SCALE, 0.5, objective)))
        times = np.linspace(0.0, 2.0 * middle, TIMES)
        ours = partial(jepa.trajectory, mode, depth, SCALE, times, objective)
        worst = worst_error(mode, depth, objective, times, ours(), rng)
        case = f"{objective} L = {depth}, {count:,} modes x {TIMES} times"
        promise = partial(compare, "jepa_trajectory", case, ours, options=options, rounds=3)
        sample = rng.choice(count, max(peers, looped), replace=False)
        found.append(
            promise(
                stiff(mode, depth, objective, times, sample[:peers]),
                against="Radau, mode by mode",
                wanted=1000.0 if worst <= 1e-9 else float("inf"),
                scale=count / peers,
                note=f"worst error {worst:.0e}",
            )
        )
        found.append(
            promise(
                called(mode, depth, objective, times, sample[:1]),
                against="loop of calls",
                wanted=100.0,
                scale=float(count),
            )
        )
        if objective == "jepa":
            some = sample[:looped]
            loop = partial(jepa_loop.sizes, mode.covariance[some], mode.variance[some])
            found.append(
                promise(
                    partial(loop, depth, SCALE, times),
                    against="loop of a root finder",
                    scale=count / looped,
                )
            )
    return [*found, *growths(options)]


def growths(options: Options) -> list[Row]:
    """Measure how a trajectory grows with modes, times and depth."""

    def work(modes: int = 1000, times: int = 50, depth: int = 3) -> Work:
        rng = np.random.default_rng(modes)
        # rho near one: rho**100 must be a size.
        mode = Mode(rng.uniform(1.0, 1.2, modes), np.ones(modes))
        middle = float(np.median(jepa.critical_time(mode, depth, SCALE, 0.5)))
        return partial(jepa.trajectory, mode, depth, SCALE, np.linspace(0.0, 2 * middle, times))

    return [
        growth(
            "jepa_trajectory", f"jepa trajectories, {rest}", what, sizes,
            lambda size, what=what: work(**{what: size}), options, wanted=wanted,
        )
        for what, rest, sizes, wanted in (
            ("modes", "L = 3, 50 times", (1000, 4000, 16000), 1.1),
            ("times", "L = 3, 1000 modes", (50, 200, 800), 1.1),
            ("depth", "1000 modes, 50 times", (3, 10, 30, 100), 0.1),
        )
    ]  # fmt: skip


def stiff(
    mode: Mode,
    depth: int,
    objective: jepa.modes.Objective,
    times: np.ndarray,
    sample: np.ndarray,
) -> Callable[[], None]:
    """Return the work of the stiff solver on a sample of modes."""
    power = (3.0 if objective == "jepa" else 2.0) - 1.0 / depth

    def work() -> None:
        for lam, s2 in zip(mode.covariance[sample], mode.variance[sample], strict=True):
            solved = solve_ivp(
                lambda _, u, lam=lam, s2=s2: lam * np.exp((power - 1) * u) - s2 * np.exp(2 * u),
                (0.0, times[-1]),
                [np.log(SCALE)],
                "Radau",
                times,
                rtol=1e-10,
                atol=1e-12,
            )
            assert solved.success

    return work


def called(
    mode: Mode,
    depth: int,
    objective: jepa.modes.Objective,
    times: np.ndarray,
    sample: np.ndarray,
) -> Callable[[], None]:
    """Return the work of one call for each mode and time."""

    def work() -> None:
        for i in sample:
            one = Mode(mode.covariance[i], mode.variance[i])
            for time in times:
                jepa.trajectory(one, depth, SCALE, time, objective)

    return work


def worst_error(
    mode: Mode,
    depth: int,
    objective: jepa.modes.Objective,
    times: np.ndarray,
    sizes: np.ndarray,
    rng: np.random.Generator,
) -> float:
    """Return the largest relative error of a sample of sizes, in 50 digits."""
    error, checked, end = 0.0, 0, jepa.fixed_point(mode, depth, objective)
    while checked < CHECKED:
        i, j = int(rng.integers(end.size)), int(rng.integers(1, times.size))
        if abs(sizes[i, j] / end[i] - 1) > 1e-6:  # before saturation time is a function of size
            checked += 1
            lam, s2 = float(mode.covariance[i]), float(mode.variance[i])
            error = max(error, exact_error(lam, s2, depth, objective, times[j], sizes[i, j]))
    return error


def exact_error(
    lam: float, s2: float, depth: int, objective: jepa.modes.Objective, t: float, size: float
) -> float:
    """Return the relative error of a size: by how much its exact time misses t, times its speed."""
    with mpmath.workdps(DIGITS):
        rho = mpmath.mpf(lam) / mpmath.mpf(s2)
        order = 1 if objective == "jepa" else depth + 1
        a = mpmath.mpf(2 * depth - 1) if objective == "jepa" else mpmath.mpf(depth - 1) / order

        def phase(wbar: float) -> mpmath.mpf:
            v = mpmath.mpf(wbar) ** (mpmath.mpf(order) / depth)
            if v > rho:
                return (rho / v) ** (a + 1) / (a + 1) * mpmath.hyp2f1(1, a + 1, a + 2, rho / v)
            x = v / rho
            if a == int(a):
                return mpmath.log(x / (1 - x)) - sum(x ** (-k) / k for k in range(1, int(a) + 1))
            return -(x ** (-a)) / a * mpmath.hyp2f1(1, -a, 1 - a, x)

        spent = (phase(size) - phase(SCALE)) / (lam * rho**a) * depth / order
    speed = float(jepa.velocity(Mode(lam, s2), depth, size, objective)) / size
    return abs(float(spent - t) * speed)
