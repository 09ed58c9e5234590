"""Dang, Patil & Rinaldo 2026: optimal self-distillation for ridge regression."""

from typing import Any

import numpy as np

from sdtheory import label_noise
from sdtheory.claims import Draw, claim, fit_rate, relative_error
from sdtheory.label_noise import ConditionalProblem, ProportionalProblem, RidgeProblem

PAPER = "Dang, Patil & Rinaldo 2026"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def _evaluation(draw: Draw) -> dict[str, Any]:
    return {"seed": draw.seed(), "lam": draw.log_uniform(0.1, 10.0), "flat": False}


def _refits(seed: int, lam: float) -> tuple[ConditionalProblem, FloatArray, FloatArray]:
    """Return a problem, and the errors of teacher and pure student on its evaluation set."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(12, 4)), rng.normal(size=12)
    new, new_y = rng.normal(size=(9, 4)), rng.normal(size=9)
    fit = np.linalg.solve(x.T @ x + lam * np.eye(4), x.T)
    teacher: FloatArray = new_y - new @ fit @ y
    pure = new_y - new @ fit @ x @ fit @ y
    return ConditionalProblem.from_evaluation(x, y, new, new_y), teacher, pure


@claim(
    "dang2026.optimal_weight_on_any_data",
    paper=PAPER,
    where="R19, R24",
    source="paper",
    says="""For any data, test distribution or labelled evaluation set the best weight is
    (A - C) / (A + B - 2 C), with A, B the risks of teacher and pure student and C their product;
    the best risk is (A B - C^2) / (A + B - 2 C).""",
    kind="identity",
    instances=lambda draw: {"seed": draw.seed(), "lam": draw.log_uniform(0.1, 10.0)},
    tolerance=1e-8,
    guards=(
        "sdtheory.spectral.projections.optimal_xi",
        "sdtheory.spectral.criteria.prediction_error",
    ),
)
def optimal_weight_on_any_data(seed: int, lam: float) -> float:
    """Return the error of weight and risk against dense refits."""
    made, teacher, pure = _refits(seed, lam)
    a, b, c = (np.mean(u * v) for u, v in ((teacher, teacher), (pure, pure), (teacher, pure)))
    found = label_noise.optimal_xi(made, lam)
    distance = np.mean((teacher - pure) ** 2)
    scale = np.sqrt(a / distance)
    return max(
        relative_error(found.xi, (a - c) / distance, scale=scale),
        relative_error(found.student_risk, (a * b - c**2) / distance, scale=float(a)),
    )


@claim(
    "dang2026.strict_improvement",
    paper=PAPER,
    where="R20, R21",
    source="paper",
    says="""The best student strictly improves on ridge regression at every penalty: its weight is
    -lam R'(lam) / (2 D) and its gain (lam R'(lam))^2 / (4 D).""",
    kind="inequality",
    verdict="holds_with_condition",
    condition="the penalty is not a stationary point of the ridge risk, where the gain is zero",
    counterexample={"seed": 0, "lam": 1.0, "flat": True},
    instances=_evaluation,
    tolerance=1e-7,
    guards=("sdtheory.spectral.projections.optimal_xi",),
)
def strict_improvement(seed: int, lam: float, flat: bool) -> float:
    """Return the violation of a positive gain and of its formula; `flat` picks a stationary lam."""
    if flat:
        lam = 1.0
        d, theta = np.array([4.0, 1.0]), np.array([1.0, 1.0])  # stationary at noise / theta**2
        made: Any = RidgeProblem(np.sqrt(d), theta, 1.0)
        slope = float(np.sum(2 * lam * d * (lam * theta**2 - 1.0) / (d + lam) ** 3))
        distance = float(np.sum((d * lam / (d + lam) ** 2) ** 2 * (theta**2 + 1 / d)))
    else:
        made, teacher, pure = _refits(seed, lam)
        distance = float(np.mean((teacher - pure) ** 2))
        step = 1e-4
        near = [np.mean(_refits(seed, lam * (1 + s))[1] ** 2) for s in (-step, step)]
        slope = float(near[1] - near[0]) / (2 * step)
    found = label_noise.optimal_xi(made, lam)
    gain = float(found.teacher_risk - found.student_risk)
    size = float(found.teacher_risk)
    formula = abs(gain - slope**2 / (4 * distance)) / size
    sign = abs(float(found.xi) * distance + slope / 2) / size
    # The difference quotient has an error of order step**2.
    small = 1e-6 - gain / slope**2 if slope != 0 else 1.0
    return float(max(formula - 1e-6, sign - 1e-6, small))


@claim(
    "dang2026.curvature_test",
    paper=PAPER,
    where="R22",
    source="paper",
    says="""If D < lam^2 R''(lam) / 2 at the best ridge penalty, some student at another penalty is
    strictly better than the best ridge regression.""",
    kind="inequality",
    instances=lambda draw: {
        "tilt": draw.log_uniform(2.0, 20.0),
        "noise_var": draw.log_uniform(0.3, 3),
    },
    tolerance=1e-9,
    guards=("sdtheory.label_noise.best.best_joint",),
    samples=12,
)
def curvature_test(tilt: float, noise_var: float) -> float:
    """Return the violation: no positive curvature, no gain, or a gain beyond the Wiener floor."""
    d, energy = np.array([4.0, 1.0]), np.array([tilt, 1.0])
    made = RidgeProblem(np.sqrt(d), np.sqrt(energy), noise_var)
    best = label_noise.best_joint(made)
    curvature = float(label_noise.derivatives(made, best.ridge_lam).curvature)
    lam = best.ridge_lam
    ridge = np.sum((lam**2 * energy + noise_var * d) / (d + lam) ** 2)
    floor = np.sum(energy * noise_var / (d * energy + noise_var))
    # Two singular values: the floor is reached, or approached in the ridgeless limit.
    return float(
        max(
            -curvature,
            1e-7 - (1 - float(best.risk) / ridge),
            floor / float(best.risk) - 1 - 1e-12,
            abs(float(best.ridge_risk) / ridge - 1) - 1e-12,
        )
    )


def _population(draw: Draw) -> dict[str, Any]:
    size = draw.integer(1, 5)
    return {
        "s": draw.log_uniform(0.1, 10.0, size=size),
        "energy": draw.log_uniform(0.1, 10.0, size=size),
        "ratio": draw.log_uniform(0.1, 5.0),
        "noise_var": draw.log_uniform(0.1, 10.0),
        "lam_mean": draw.log_uniform(1e-2, 1e1),
    }


@claim(
    "dang2026.proportional_risks",
    paper=PAPER,
    where="R31, R32, R33, R34",
    source="paper",
    says="""In the proportional limit the risks of teacher and pure student and their product have
    closed forms in kappa, the root of kappa - ratio mean(kappa s / (s + kappa)) = lam.""",
    kind="identity",
    instances=_population,
    tolerance=1e-7,
    guards=("sdtheory.label_noise.proportional.risk.asymptotics",),
)
def proportional_risks(
    s: FloatArray, energy: FloatArray, ratio: float, noise_var: float, lam_mean: float
) -> float:
    """Return the error against differences of the two-penalty kernel, and against the equation."""
    got = label_noise.asymptotics(ProportionalProblem(s, energy, ratio, noise_var), lam_mean)

    def kappa(lam: float) -> float:
        low, high = 0.0, lam + ratio * float(np.mean(s))
        for _ in range(200):
            middle = 0.5 * (low + high)
            above = middle - ratio * float(np.mean(middle * s / (s + middle))) > lam
            low, high = (low, middle) if above else (middle, high)
        return 0.5 * (low + high)

    def kernel(one: float, two: float) -> float:
        q = one * two * np.sum(energy * s / ((s + one) * (s + two)))
        t = ratio * np.mean(s**2 / ((s + one) * (s + two)))
        return float((q + noise_var * t) / (1 - t))

    h = 1e-4
    k = [kappa(lam_mean * (1 + step)) for step in (-h, 0.0, h)]
    teacher = kernel(k[1], k[1])
    change = (kernel(k[1], k[2]) - kernel(k[1], k[0])) / (2 * h)
    distance = (kernel(k[2], k[2]) - 2 * kernel(k[2], k[0]) + kernel(k[0], k[0])) / (4 * h**2)
    total = teacher + noise_var
    return max(
        relative_error(got.kappa, k[1]),
        relative_error(got.teacher_risk, total),
        relative_error(got.distance, distance, scale=total) - 1e-6,
        relative_error(got.xi * got.distance, -change, scale=total) - 1e-6,
        relative_error(got.pure_risk, total + 2 * change + distance, scale=total) - 1e-6,
    )


@claim(
    "dang2026.isotropic_weight",
    paper=PAPER,
    where="R35",
    source="derived",
    says="""For isotropic features the best weight is a rational function of the penalty; it
    changes sign exactly at the best ridge penalty, ratio noise / signal.""",
    kind="identity",
    instances=lambda draw: {
        "ratio": draw.log_uniform(0.1, 10.0),
        "energy": draw.log_uniform(0.1, 10.0),
        "lam_mean": draw.log_uniform(1e-3, 1e3),
    },
    tolerance=1e-12,
    guards=(
        "sdtheory.label_noise.proportional.limits.isotropic_xi",
        "sdtheory.label_noise.proportional.risk.asymptotics",
    ),
)
def isotropic_weight(ratio: float, energy: float, lam_mean: float) -> float:
    """Return the error against the general formula, and at the sign change."""
    made = ProportionalProblem([1.0], [energy], ratio, 1.0)
    closed = float(label_noise.isotropic_xi(lam_mean, ratio, energy, 1.0))
    at_best = abs(float(label_noise.isotropic_xi(ratio / energy, ratio, energy, 1.0)))
    # Near the sign change the weight is a difference of numbers of order 1.
    error = relative_error(label_noise.asymptotics(made, lam_mean).xi, closed, 1 + abs(closed))
    return max(error, at_best)


@claim(
    "dang2026.extreme_penalties",
    paper=PAPER,
    where="R36",
    source="derived",
    says="""lam xi has a finite limit for lam to 0 at every aspect ratio but 1, and the best risk
    approaches its own limit at first order in the penalty.""",
    kind="asymptotic",
    instances=lambda draw: {"ratio": draw.choice([0.3, 0.6, 2.0, 4.0])},
    tolerance=1.0,
    guards=("sdtheory.label_noise.proportional.limits.penalty_limits",),
)
def extreme_penalties(ratio: float) -> float:
    """Return the order of the approach against 1, in half-widths."""
    made = ProportionalProblem([4.0, 1.0, 0.25], [0.7, 0.2, 0.1], ratio, 0.5)
    limit = label_noise.penalty_limits(made)
    lam = np.geomspace(1e-5, 1e-3, 9)
    near = label_noise.asymptotics(made, lam)
    gap = np.abs(lam * near.xi - limit.ridgeless_step)
    return fit_rate(lam, gap, stated=1.0, correction=1.0)


@claim(
    "dang2026.global_gain_needs_alignment",
    paper=PAPER,
    where="R39",
    source="derived",
    says="""Tuning penalty and weight together beats the best ridge regression in the
    proportional limit.""",
    kind="inequality",
    verdict="holds_with_condition",
    condition="signal energy goes with large eigenvalues; isotropic signals gain nothing",
    counterexample={"ratio": 0.5, "tilt": 1.0},
    instances=lambda draw: {
        "ratio": draw.log_uniform(0.3, 3.0),
        "tilt": draw.log_uniform(4.0, 20.0),
    },
    tolerance=1e-9,
    guards=("sdtheory.label_noise.proportional.risk.asymptotics",),
    samples=8,
)
def global_gain_needs_alignment(ratio: float, tilt: float) -> float:
    """Return the violation of a gain of 1e-6 on a grid of penalties, and of the golden ridge."""
    energy = np.array([tilt, 1.0]) / (tilt + 1.0)
    lam = np.geomspace(1e-3, 1e3, 3000)
    found = label_noise.asymptotics(ProportionalProblem([4.0, 1.0], energy, ratio, 1.0), lam)
    ridge, student = found.teacher_risk.min(), found.student_risk.min()
    golden = label_noise.asymptotics(ProportionalProblem([1.0], [1.0], 1.0, 1.0), 1.0)
    error = abs(float(golden.teacher_risk) - (1 + 5**0.5) / 2)
    return float(max(1e-6 - (ridge - student) / ridge, error - 1e-12))
