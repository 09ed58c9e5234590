"""How much faster the closed form of the mode laws is than a stiff solver, mode by mode.

Run from the repository's root: ``python -m benchmarks.jepa_trajectory``.  Both ways get the sizes
of 10,000 modes at 200 times, in one process, float64.  The peer is ``scipy.integrate.solve_ivp``
with Radau at rtol 1e-10 in the log size, the variable it is fastest in; it takes hours for all
modes, so it runs on a random sample of them and its time is multiplied up.  The ratio must be at
most 1/1000 and the worst relative error of the closed form, against 50 digits, at most 1e-9, or the
exit status is 1.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import mpmath
import numpy as np
from scipy.integrate import solve_ivp

from sdtheory import jepa
from sdtheory.jepa import Mode

MODES, TIMES, SCALE = 10_000, 200, 1e-3
DIGITS, CHECKED = 50, 200


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


def measure(
    depth: int, objective: jepa.modes.Objective, peers: int
) -> dict[str, float | int | str]:
    """Time both ways at one depth."""
    rng = np.random.default_rng([depth, objective == "mae"])
    mode = Mode(rng.uniform(0.3, 2.0, MODES), rng.uniform(0.5, 2.0, MODES))
    lam, s2 = mode.covariance, mode.variance
    middle = float(np.median(jepa.critical_time(mode, depth, SCALE, 0.5, objective)))
    times = np.linspace(0.0, 2.0 * middle, TIMES)
    start = time.perf_counter()
    sizes = jepa.trajectory(mode, depth, SCALE, times, objective)
    ours = time.perf_counter() - start

    power = (3.0 if objective == "jepa" else 2.0) - 1.0 / depth
    sample = rng.choice(MODES, peers, replace=False)
    start = time.perf_counter()
    gap = 0.0
    for i in sample:
        solved = solve_ivp(
            lambda _, u, i=i: lam[i] * np.exp((power - 1) * u) - s2[i] * np.exp(2 * u),
            (0.0, times[-1]),
            [np.log(SCALE)],
            "Radau",
            times,
            rtol=1e-10,
            atol=1e-12,
        )
        gap = max(gap, float(np.abs(solved.y[0] - np.log(sizes[i])).max()))
    theirs = (time.perf_counter() - start) / peers * MODES

    error, checked = 0.0, 0
    end = jepa.fixed_point(mode, depth, objective)
    while checked < CHECKED:
        i, j = int(rng.integers(MODES)), int(rng.integers(1, TIMES))
        if abs(sizes[i, j] / end[i] - 1) > 1e-6:  # before saturation time is a function of size
            checked += 1
            error = max(error, exact_error(lam[i], s2[i], depth, objective, times[j], sizes[i, j]))
    return {
        "objective": objective,
        "depth": depth,
        "seconds": ours,
        "peer_seconds": theirs,
        "peer_modes_timed": peers,
        "ratio": ours / theirs,
        "worst_error": error,
        "gap_to_peer": gap,
    }


def main() -> int:
    """Print a table; return 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=int, default=20, help="modes that the peer is timed on")
    parser.add_argument("--json", type=Path, help="also write the rows to this file")
    arguments = parser.parse_args()
    jepa.trajectory(Mode(1.0, 1.0), 1, 0.1, 1.0)  # imports and tables of another curve
    print("objective depth  seconds  peer (s)  ratio      worst error  gap to peer")
    rows = []
    for objective, depth in (("jepa", 2), ("jepa", 5), ("mae", 3)):
        row = measure(depth, objective, arguments.peers)
        rows.append(row)
        print(
            f"{objective:9} {depth:5} {row['seconds']:8.2f} {row['peer_seconds']:9.0f}  "
            f"1/{1 / row['ratio']:<8.0f} {row['worst_error']:11.1e}  {row['gap_to_peer']:.1e}"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    fine = all(row["ratio"] <= 1e-3 and row["worst_error"] <= 1e-9 for row in rows)
    print("within bounds" if fine else "OUT OF BOUNDS")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
