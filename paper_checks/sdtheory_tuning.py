"""Results of our own on tuning: exact leave-one-out, corrected cross-validation, its inflation."""

from typing import Any

import numpy as np

from sdtheory import label_noise
from sdtheory.claims import SCORE_LIMIT, Draw, claim, relative_error, z_score
from sdtheory.label_noise import ProportionalProblem

from .dang2026_tuning import estimates

PAPER = "sdtheory"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@claim(
    "sdtheory.left_out_pipeline",
    paper=PAPER,
    where="R40",
    says="""The leave-one-out error of the whole pipeline, teacher and student refitted, follows
    from one fit: e_0 = r_0 / (1 - h) and e_1 = (r_1 + e_0 sum u^2 a x) / (1 - h).""",
    kind="identity",
    instances=lambda draw: {"seed": draw.seed(), "lam": draw.log_uniform(0.1, 10.0)},
    tolerance=1e-7,
    guards=(
        "sdtheory.label_noise.tuning.tune_xi",
        "sdtheory.label_noise.tuning.tune_path",
    ),
    samples=30,
)
def left_out_pipeline(seed: int, lam: float) -> float:
    """Return the error of weight and risk against n refits."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(9, 4)), rng.normal(size=9)
    teacher, pure = np.zeros(9), np.zeros(9)
    for i in range(9):
        rest = np.arange(9) != i
        a, b = x[rest], y[rest]
        fit = np.linalg.solve(a.T @ a + lam * np.eye(4), a.T)
        teacher[i], pure[i] = y[i] - x[i] @ fit @ b, y[i] - x[i] @ fit @ a @ fit @ b
    change = teacher - pure
    xi = teacher @ change / (change @ change)
    risk = np.mean((teacher - xi * change) ** 2)
    scale = np.linalg.norm(teacher) / np.linalg.norm(change)
    found, path = label_noise.tune_xi(x, y, lam), label_noise.tune_path(x, y, [lam])
    return max(
        relative_error(found.xi, xi, scale=scale),
        relative_error(found.risk, risk),
        relative_error(path.xi[0], xi, scale=scale),
        relative_error(path.risk[0], risk),
    )


@claim(
    "sdtheory.corrected_gcv_is_consistent",
    paper=PAPER,
    where="R41",
    says="""Generalised cross-validation of the whole pipeline (leave-one-out with mean leverages)
    finds the best weight in the proportional limit.""",
    kind="statistical",
    instances=lambda draw: {
        "ratio": draw.choice([0.5, 1.5]),
        "lam_mean": draw.choice([0.1, 0.3]),
        "seed": draw.seed(),
    },
    tolerance=SCORE_LIMIT,
    guards=("sdtheory.label_noise.tuning.tuned_of",),
)
def corrected_gcv_is_consistent(ratio: float, lam_mean: float, seed: int) -> float:
    """Return how unlikely the mean estimate is if it tends to the best weight."""
    truth = float(label_noise.isotropic_xi(lam_mean, ratio, 1.0, 1.0))
    return z_score(estimates(ratio, lam_mean, seed, "gcv"), truth, precision=0.003)


@claim(
    "sdtheory.inflation_of_the_published_gcv",
    paper=PAPER,
    where="R42",
    says="""The published estimate is the corrected one times (1 - tr H^2 / n) / (1 - tr H / n),
    which tends to 2 - lam kappa' / kappa, between 1 and 2; the estimated risk is the same.""",
    kind="identity",
    instances=lambda draw: {"seed": draw.seed(), "lam": draw.log_uniform(0.1, 1e2)},
    tolerance=1e-9,
    guards=(
        "sdtheory.label_noise.tuning.tune_xi",
        "sdtheory.label_noise.proportional.risk.asymptotics",
    ),
)
def inflation_of_the_published_gcv(seed: int, lam: float) -> float:
    """Return the error of the ratio from traces, and of the limit from a difference of kappa."""
    rng = np.random.default_rng(seed)
    n = 20
    x, y = rng.normal(size=(n, 12)), rng.normal(size=n)
    h = x @ np.linalg.solve(x.T @ x + lam * np.eye(12), x.T)
    once, twice = 1 - np.trace(h) / n, 1 - np.trace(h @ h) / n
    factor = twice / once
    teacher = (y - h @ y) / once
    gap = teacher - (y - h @ h @ y) / twice
    weight = teacher @ gap / (gap @ gap)
    corrected = label_noise.tune_xi(x, y, lam, "gcv")
    published = label_noise.tune_xi(x, y, lam, "gcv_published")
    # Isotropic features: kappa is the root of a quadratic.
    ratio, mean = 0.6, lam / n
    spread = np.sqrt((mean + ratio - 1) ** 2 + 4 * mean)
    kappa = (mean + ratio - 1 + spread) / 2
    slope = (1 + (mean + ratio + 1) / spread) / 2
    limit = label_noise.asymptotics(ProportionalProblem([1.0], [1.0], ratio, 1.0), mean)
    return max(
        relative_error(published.xi, weight, scale=1 + abs(weight)),
        relative_error(corrected.xi * factor, weight, scale=1 + abs(weight)),
        relative_error(published.risk, corrected.risk),
        relative_error(limit.gcv_inflation, 2 - mean * slope / kappa),
    )


def _proportional_shifts(draw: Draw) -> dict[str, Any]:
    size = draw.integer(1, 4)
    s = draw.log_uniform(0.1, 10.0, size=size)
    return {
        "s": s,
        "new": s * draw.log_uniform(0.1, 10.0),
        "energy": draw.log_uniform(0.1, 10.0, size=size),
        "ratio": draw.log_uniform(0.2, 3.0),
        "lam_mean": draw.log_uniform(1e-2, 1e1),
    }


@claim(
    "sdtheory.cross_validation_serves_other_risks",
    paper=PAPER,
    where="R43",
    says="""The weight that cross-validation finds in the limit, the best one for predictions on
    features like those of the data, is also the best one for shifted features and parameters.""",
    kind="identity",
    verdict="holds_with_condition",
    condition="the covariance of the new features is a multiple of that of the data",
    counterexample={
        "s": np.array([4.0, 1.0, 0.25]),
        "new": np.array([1.0, 1.0, 1.0]),
        "energy": np.array([0.7, 0.2, 0.1]),
        "ratio": 0.8,
        "lam_mean": 0.3,
    },
    instances=_proportional_shifts,
    tolerance=1e-8,
    guards=(
        "sdtheory.label_noise.proportional.kernel.asymptotic_steps",
        "sdtheory.label_noise.proportional.risk.asymptotics",
    ),
)
def cross_validation_serves_other_risks(
    s: FloatArray, new: FloatArray, energy: FloatArray, ratio: float, lam_mean: float
) -> float:
    """Return the difference of the two weights; ones as new covariance measure parameters."""
    made = ProportionalProblem(s, energy, ratio, 0.5)
    weight = -float(label_noise.asymptotic_steps(made, lam_mean, 1, new).weights[0])
    found = label_noise.asymptotics(made, lam_mean)
    # The scale of weights: where the student is as far from the teacher as the teacher's error.
    scale = float((found.teacher_risk / found.distance) ** 0.5)
    return abs(weight - float(found.xi)) / scale
