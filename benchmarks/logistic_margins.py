"""A million teachers and students of the two-margin model, and one mixture point.

Run from the repository's root: ``python -m benchmarks.logistic_margins``. Budgets: 30 seconds for
the margins, one second for the mixture, on one otherwise idle core.
"""

import time

import numpy as np

from sdtheory.logistic import GaussianMixture, RandomLabels, mixture_stages

SETTINGS = 1_000_000


def margins(settings: int) -> tuple[float, float]:
    """Return wall and processor seconds for a teacher and one student at random settings."""
    rng = np.random.default_rng(0)
    world = RandomLabels(
        n=np.floor(10 ** rng.uniform(0, 4, settings)),
        flipped=rng.uniform(0, 1, settings),
        same_class=0.3,
        penalty=10 ** rng.uniform(-5, 2, settings),
    )
    start, busy = time.perf_counter(), time.process_time()
    accuracy = world.student().training_accuracy
    spent = time.perf_counter() - start, time.process_time() - busy
    assert np.all(np.isfinite(accuracy))
    return spent


def mixture() -> float:
    """Return seconds for one mixture point with two stages."""
    start = time.perf_counter()
    mixture_stages(GaussianMixture(2.0, 0.5, 0.2), 0.5, steps=1)
    return time.perf_counter() - start


if __name__ == "__main__":
    wall, busy = margins(SETTINGS)
    print(
        f"{SETTINGS:,} teachers and students: {wall:.1f} s, {busy:.1f} s of one core (budget 30 s)"
    )
    print(f"one mixture point, two stages: {mixture():.3f} s (budget 1 s)")
