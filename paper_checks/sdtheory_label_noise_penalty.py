"""Results of our own on the best penalty: when tuning it together with the weight gains."""

from itertools import product
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from sdtheory import label_noise
from sdtheory.claims import claim, relative_error
from sdtheory.label_noise import RidgeProblem

from ._ridge_problems import problem, tasks

PAPER = "sdtheory"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@claim(
    "sdtheory.curvature_is_association",
    paper=PAPER,
    where="R17",
    says="""At the best ridge penalty (lam^2 R'' / 2 - D) / 2 is
    sum w a^2 x^2 (theta^2 - noise / lam): the joint risk has a saddle there if signal energy goes
    with large singular values.""",
    kind="identity",
    instances=tasks,
    tolerance=1e-8,
    guards=("sdtheory.label_noise.one_round.derivatives",),
    samples=40,
)
def curvature_is_association(
    d: FloatArray, theta: FloatArray, weights: FloatArray, noise_var: float, lam: float
) -> float:
    """Return the error of curvature and slope, relative to the terms of the sum."""

    def slope(penalty: float) -> float:
        return float(np.sum(weights * d * (penalty * theta**2 - noise_var) / (d + penalty) ** 3))

    made = problem(d, theta, weights, noise_var)
    # Solve for the noise that makes this penalty stationary, instead of for the penalty.
    balance = slope(lam) + noise_var * np.sum(weights * d / (d + lam) ** 3)
    stationary = balance / np.sum(weights * d / (d + lam) ** 3)
    made = problem(d, theta, weights, stationary)
    got = label_noise.derivatives(made, lam)
    a, x = d / (d + lam), lam / (d + lam)
    terms = weights * a**2 * x**2
    want = np.sum(terms * (theta**2 - stationary / lam))
    size = np.sum(terms * (theta**2 + stationary / lam))
    return max(
        abs(float(got.curvature) - want) / size,
        abs(float(got.first)) / size,
        abs(float(got.second) / 2 - float(got.distance) - 2 * want) / size,
    )


@claim(
    "sdtheory.gain_needs_curvature",
    paper=PAPER,
    where="R17",
    says="""If the curvature test fails at the best ridge penalty, tuning penalty and weight
    together gains nothing.""",
    kind="inequality",
    verdict="fails",
    counterexample={
        "d": np.array([0.16, 0.04, 0.03, 0.02]),
        "energy": np.array([0.54, 36.25, 0.1, 5.06]),
    },
    instances=lambda draw: {
        "d": np.array([0.16, 0.04, 0.03, 0.02]) * draw.log_uniform(0.99, 1.01),
        "energy": np.array([0.54, 36.25, 0.1, 5.06]),
    },
    tolerance=1e-6,
    guards=("sdtheory.label_noise.best.best_joint",),
    samples=3,
)
def gain_needs_curvature(d: FloatArray, energy: FloatArray) -> float:
    """Return the relative gain where the curvature test fails (noise 1); -1 where it succeeds."""
    made = RidgeProblem(np.sqrt(d), np.sqrt(energy), 1.0)

    def ridge(t: float) -> float:
        lam = np.exp(t)
        return float(np.sum((lam**2 * energy + d) / (d + lam) ** 2))

    found = minimize_scalar(ridge, bounds=(-12.0, 12.0), method="bounded", options={"xatol": 1e-9})
    if label_noise.derivatives(made, float(np.exp(found.x))).curvature > 0:
        return -1.0
    return 1 - float(label_noise.best_joint(made).risk) / float(found.fun)


@claim(
    "sdtheory.no_weight_at_the_best_penalty",
    paper=PAPER,
    where="R18",
    says="""At the best ridge penalty the best weight of one round is 0 at every noise level:
    positive below it, negative above it, however noisy the labels are.""",
    kind="inequality",
    instances=tasks,
    tolerance=1e-9,
    guards=("sdtheory.label_noise.best.best_ridge",),
    samples=12,
)
def no_weight_at_the_best_penalty(
    d: FloatArray,
    theta: FloatArray,
    weights: FloatArray,
    noise_var: float,
    lam: float,  # noqa: ARG001 - drawn with every task
) -> float:
    """Return the size of the weight at the best penalty beyond 1e-7, and a wrong sign beside it."""
    made = problem(d, theta, weights, noise_var)
    best = label_noise.best_ridge(made).lam
    below, at, above = (
        float(label_noise.optimal_xi(made, best * factor).xi) for factor in (0.99, 1.0, 1.01)
    )
    return max(abs(at) - 1e-7, -below, above)


@claim(
    "sdtheory.one_weight_for_all_repetitions",
    paper=PAPER,
    where="R23",
    says="""Over repetitions of the label noise the best constant weight is the ratio of means,
    E[A - C] / E[D], and not the mean of the best weights of single data sets, which do better on
    average: E min <= min E.""",
    kind="identity",
    instances=lambda draw: {
        "seed": draw.seed(),
        "noise_var": draw.log_uniform(0.1, 10.0),
        "lam": draw.log_uniform(0.1, 10.0),
    },
    tolerance=1e-9,
    guards=("sdtheory.label_noise.one_round.optimal_xi",),
    samples=20,
)
def one_weight_for_all_repetitions(seed: int, noise_var: float, lam: float) -> float:
    """Return the error against all 32 repetitions of noise that is +-1, and Jensen's violation."""
    rng = np.random.default_rng(seed)
    x, theta = rng.normal(size=(5, 3)), rng.normal(size=3)
    signs = np.array(list(product([-1.0, 1.0], repeat=5)))
    fit = np.linalg.solve(x.T @ x + lam * np.eye(3), x.T)
    teachers = (x @ theta + noise_var**0.5 * signs) @ fit.T
    errors, changes = teachers - theta, teachers - teachers @ x.T @ fit.T
    pulls, sizes = np.sum(errors * changes, axis=1), np.sum(changes**2, axis=1)
    teacher = np.mean(np.sum(errors**2, axis=1))
    found = label_noise.optimal_xi(RidgeProblem.from_design(x, theta, noise_var), lam)
    single = teacher - np.mean(pulls**2 / sizes)
    scale = (teacher / np.mean(sizes)) ** 0.5
    jensen = float((single - found.student_risk) / teacher)
    return max(
        relative_error(found.xi, np.mean(pulls) / np.mean(sizes), scale=scale),
        relative_error(found.student_risk, teacher - np.mean(pulls) ** 2 / np.mean(sizes)),
        jensen,
    )
