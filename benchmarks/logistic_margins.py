"""A million teachers and students of the two-margin model, the obvious loop, and a mixture point.

Run from the repository's root: ``python -m benchmarks.logistic_margins``. Budgets, on one otherwise
idle core: 30 seconds for the million, a hundredth of the loop's time for each setting, and one
second for the mixture.
"""

import time

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from sdtheory.logistic import GaussianMixture, RandomLabels, mixture_stages

SETTINGS, LOOPED = 1_000_000, 500
SAME = 0.3


def settings(count: int) -> RandomLabels:
    """Return random settings (n, flipped, penalty)."""
    rng = np.random.default_rng(0)
    return RandomLabels(
        n=np.floor(10 ** rng.uniform(0, 4, count)),
        flipped=rng.uniform(0, 1, count),
        same_class=SAME,
        penalty=10 ** rng.uniform(-5, 2, count),
    )


def loop(world: RandomLabels) -> np.ndarray:
    """Return margins (settings, 2) of good and flipped points of one student, one at a time.

    The obvious program: for every setting a root in the shared part, and inside it a root for
    each kind of point.
    """
    return np.array(
        [_student(*s) for s in zip(world.flipped, world.own, world.shared, strict=True)]
    )


def _student(p: float, own: float, shared: float) -> tuple[float, float]:
    teacher = _stage(1.0, 0.0, p, own, shared)
    return _stage(float(expit(teacher[0])), float(expit(teacher[1])), p, own, shared)


def _stage(good: float, bad: float, p: float, own: float, shared: float) -> tuple[float, float]:
    def margin(target: float, u: float) -> float:
        y = own * target + u
        return float(brentq(lambda f: f + own * expit(f) - y, y - own - 1, y + 1, xtol=1e-14))

    def excess(u: float) -> float:
        duals = good - expit(margin(good, u)), bad - expit(margin(bad, u))
        return float(u - shared * ((1 - p) * duals[0] + p * duals[1]))

    mean = (1 - p) * good + p * bad
    u = float(brentq(excess, shared * (mean - 1) - 1, shared * mean + 1, xtol=1e-13))
    return margin(good, u), margin(bad, u)


def mixture() -> float:
    """Return seconds for one mixture point with two stages."""
    start = time.perf_counter()
    mixture_stages(GaussianMixture(2.0, 0.5, 0.2), 0.5, steps=1)
    return time.perf_counter() - start


def main() -> None:
    """Print times and ratios."""
    world = settings(SETTINGS)
    start, busy = time.perf_counter(), time.process_time()
    student = world.student()
    wall, busy = time.perf_counter() - start, time.process_time() - busy
    assert np.all(np.isfinite(student.training_accuracy))
    print(
        f"{SETTINGS:,} teachers and students: {wall:.1f} s, {busy:.1f} s of one core (budget 30 s)"
    )
    few, start = settings(LOOPED), time.process_time()
    looped = loop(few)
    spent = time.process_time() - start
    vectorised = few.student()
    gap = np.abs(looped - np.stack([vectorised.good_margin, vectorised.flipped_margin], 1)).max()
    ratio = spent / LOOPED / (busy / SETTINGS)
    print(
        f"the loop: {1e3 * spent / LOOPED:.2f} ms a setting, {ratio:.0f} times as long "
        f"(at least 100); largest difference of a margin {gap:.0e}"
    )
    print(f"one mixture point, two stages: {mixture():.3f} s (budget 1 s)")


if __name__ == "__main__":
    main()
