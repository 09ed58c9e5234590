"""Ratios for ridge under label noise: a risk grid against its factorisation, and against RidgeCV.

    python benchmarks/label_noise.py

All times are of one process with one BLAS thread, measured in interleaved pairs; medians are shown.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
from sklearn.linear_model import RidgeCV

from sdtheory import Spectrum, label_noise
from sdtheory.estimators import SelfDistilledRidge
from sdtheory.label_noise import ProportionalProblem, RidgeProblem


def seconds(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def pairs(one, other, repeats: int = 5) -> tuple[float, float]:
    """Return the median times of two pieces of work that take turns."""
    one(), other()
    times = [(seconds(one), seconds(other)) for _ in range(repeats)]
    return statistics.median(t[0] for t in times), statistics.median(t[1] for t in times)


def risk_grid() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 2000))
    lams, xis = np.geomspace(1e-2, 1e4, 100), np.linspace(-1, 2, 100)
    spectrum = Spectrum.from_design(x)
    theta = rng.normal(size=spectrum.eigenvalues.shape[0])
    problem = RidgeProblem(np.sqrt(spectrum.eigenvalues), theta, 1.0, "in_sample", n=2000)
    factor, grid = pairs(
        lambda: Spectrum.from_design(x),
        lambda: label_noise.risk_grid(problem, lams, xis, 20),
        repeats=3,
    )
    print(f"risk grid 100 x 100 x 20 rounds, n = 2000: factorisation {factor:.2f} s, "
          f"all together {1 + grid / factor:.3f} times that (limit 1.15)")  # fmt: skip


def proportional() -> None:
    rng = np.random.default_rng(0)
    s = rng.exponential(size=100_000) + 1e-2
    problem = ProportionalProblem(s, np.full(100_000, 1e-5), 0.7, 1.0)
    lams = np.geomspace(1e-3, 1e3, 100)
    taken = statistics.median(
        seconds(lambda: label_noise.asymptotics(problem, lams)) for _ in range(3)
    )
    print(f"asymptotics, 1e5 eigenvalues x 100 penalties: {taken:.2f} s (limit 2)")


def against_ridge_cv() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 500))
    y = x @ rng.normal(size=500) + 10 * rng.normal(size=2000)
    alphas = np.geomspace(1e-2, 1e4, 50)
    ours, theirs = pairs(
        lambda: SelfDistilledRidge(alphas=alphas).fit(x, y),
        lambda: RidgeCV(alphas).fit(x, y),
    )
    print(f"SelfDistilledRidge over 50 penalties {ours:.3f} s, RidgeCV {theirs:.3f} s: "
          f"ratio {ours / theirs:.2f} (limit 1.3)")  # fmt: skip


if __name__ == "__main__":
    proportional()
    against_ridge_cv()
    risk_grid()
