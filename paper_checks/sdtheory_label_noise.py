"""Results of our own on one round under label noise: targets, thresholds, limits, floors."""

from typing import Any

import numpy as np

from sdtheory import label_noise, problems
from sdtheory.claims import claim, relative_error
from sdtheory.label_noise import RidgeProblem

from ._instances import EPS
from ._ridge_problems import designs, problem, tasks

PAPER = "sdtheory"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def _student(n: int, p: int, seed: int, lam: float, xi: float) -> tuple[Any, Any]:
    """Return a design and the student's map from labels to coefficients."""
    x = np.random.default_rng(seed).normal(size=(n, p))
    fit = np.linalg.solve(x.T @ x + lam * np.eye(p), x.T)
    return x, (1 - xi) * fit + xi * fit @ x @ fit


@claim(
    "sdtheory.risk_under_label_flips",
    paper=PAPER,
    where="R8",
    says="""No linear model is needed in sample, and uniformly flipped one-hot labels have the same
    noise variance in every sample: the squared-loss formulas are exact for them.""",
    kind="identity",
    instances=lambda draw: designs(draw) | {"rate": draw.uniform(0.1, 0.9)},
    tolerance=lambda n, p, seed, lam, xi, rate: 1e4 * EPS * (1 + abs(xi)) ** 2 / min(lam, 1.0),
    guards=("sdtheory.problems.flipped_means", "sdtheory.label_noise.one_round.expected_risk"),
)
def risk_under_label_flips(n: int, p: int, seed: int, lam: float, xi: float, rate: float) -> float:
    """Return the error against the covariance of the flipped labels themselves."""
    x, smoother = _student(n, p, seed, lam, xi)
    labels = np.arange(n) % 3
    mean, variance = problems.flipped_means(labels, 3, rate)
    got = label_noise.expected_risk(RidgeProblem.from_mean(x, mean, variance), lam, xi)
    fitted = x @ smoother
    # The other classes are equally likely, so this is the law of the label of each sample.
    law = np.where(labels[:, None] == np.arange(3), 1 - rate, rate / 2)
    bias = np.sum((fitted @ law - law) ** 2)
    variances = np.sum(law * (1 - law), axis=1)
    return relative_error(got, (bias + np.sum(fitted**2 @ variances)) / n)


@claim(
    "sdtheory.optimal_weight_on_shifted_data",
    paper=PAPER,
    where="R10",
    says="""With any covariance of new features and a shifted target the expected risk is a parabola
    in xi; its minimum exceeds 0 or 1 beyond a noise variance that may be negative.""",
    kind="identity",
    instances=lambda draw: {
        "seed": draw.seed(),
        "lam": draw.log_uniform(0.1, 10.0),
        "shift": draw.uniform(0.0, 1.0),
    },
    tolerance=1e-8,
    guards=(
        "sdtheory.spectral.projections.optimal_xi",
        "sdtheory.label_noise.one_round.noise_thresholds",
    ),
)
def optimal_weight_on_shifted_data(seed: int, lam: float, shift: float) -> float:
    """Return the error of the weight against three dense refits, and that of the thresholds."""
    rng = np.random.default_rng(seed)
    x, theta, root = rng.normal(size=(6, 4)), rng.normal(size=4), rng.normal(size=(4, 4))
    target = theta + shift * rng.normal(size=4)
    fit = np.linalg.solve(x.T @ x + lam * np.eye(4), x.T)
    teacher, pure = root @ fit, root @ fit @ x @ fit
    start, change = teacher @ x @ theta - root @ target, (teacher - pure) @ x @ theta
    pulls = np.array([start @ change, np.sum(teacher * (teacher - pure))])
    sizes = np.array([change @ change, np.sum((teacher - pure) ** 2)])
    made = RidgeProblem.from_design(x, theta, 0.6, root.T @ root, target)
    want = (pulls[0] + 0.6 * pulls[1]) / (sizes[0] + 0.6 * sizes[1])
    at = label_noise.noise_thresholds(made, lam)
    scale = np.abs(start) @ np.abs(change) / pulls[1]
    one = (sizes[0] - pulls[0]) / (pulls[1] - sizes[1])
    xi = float(label_noise.optimal_xi(made, lam).xi)
    return float(
        max(
            abs(xi - want) / (1 + abs(want)),
            abs(float(at.above_zero) + pulls[0] / pulls[1]) / (scale + 1e-3),
            abs(float(at.above_one) - one) / (abs(one) + scale),
        )
    )


@claim(
    "sdtheory.weights_within_bounds",
    paper=PAPER,
    where="R13",
    says="""With every weight in [0, 1] the students of r rounds are the convex combinations of
    a, a^2, ..., a^(r+1), and the best is the clipped optimum, whatever the number of rounds.""",
    kind="inequality",
    verdict="holds_with_condition",
    condition="there is one round; for more the optimum of the convex problem is better",
    counterexample={
        "d": np.array([2.0, 1.0]),
        "theta": np.array([3.8, 0.3]),
        "weights": np.array([1.0, 1.0]),
        "noise_var": 3.0,
        "lam": 1.0,
        "steps": 2,
    },
    instances=lambda draw: tasks(draw) | {"steps": 1},
    tolerance=1e-9,
    guards=("sdtheory.label_noise.many_rounds.optimal_steps",),
)
def weights_within_bounds(
    d: FloatArray,
    theta: FloatArray,
    weights: FloatArray,
    noise_var: float,
    lam: float,
    steps: int,
) -> float:
    """Return by how much, relatively, the convex optimum differs from clipping every weight."""
    made = problem(d, theta, weights, noise_var)
    free = label_noise.optimal_steps(made, lam, steps)
    assert free.xi is not None
    a = kept = d / (d + lam)
    for xi in np.clip(free.xi, 0.0, 1.0):
        kept = a * (1 - xi + xi * kept)
    clipped = np.sum(weights * ((1 - kept) ** 2 * theta**2 + noise_var * kept**2 / d))
    best = float(label_noise.optimal_steps(made, lam, steps, constrained=True).risk)
    return abs(clipped - best) / clipped


@claim(
    "sdtheory.extreme_penalties",
    paper=PAPER,
    where="R14",
    says="""For lam to 0 the best student is 1 - tau / d, strictly better than least squares; for
    lam to infinity it is tau d, one gradient step from zero, strictly better than nothing.""",
    kind="identity",
    instances=tasks,
    tolerance=lambda d, theta, weights, noise_var, lam: 64 * EPS * d.size * d.max() / d.min(),
    guards=("sdtheory.label_noise.best.limit_students",),
)
def extreme_penalties(
    d: FloatArray,
    theta: FloatArray,
    weights: FloatArray,
    noise_var: float,
    lam: float,  # noqa: ARG001 - drawn with every task
) -> float:
    """Return the error of steps and risks against their sums."""
    small, large = label_noise.limit_students(problem(d, theta, weights, noise_var))
    size = np.sum(weights / d**2 * (theta**2 + noise_var / d))
    up = noise_var * np.sum(weights / d**2)
    least_squares, nothing = noise_var * np.sum(weights / d), np.sum(weights * theta**2)
    pull = np.sum(weights * d * theta**2)
    push = np.sum(weights * d * (d * theta**2 + noise_var))
    return max(
        relative_error(small.step, up / size),
        relative_error(small.risk, least_squares - up**2 / size, scale=least_squares),
        relative_error(large.step, pull / push),
        relative_error(large.risk, nothing - pull**2 / push, scale=nothing),
    )


@claim(
    "sdtheory.equal_singular_values",
    paper=PAPER,
    where="R15, R27",
    says="""If all singular values are equal, one round at any penalty is as good as ridge
    regression at its best penalty, and no number of rounds is better.""",
    kind="identity",
    instances=lambda draw: tasks(draw) | {"steps": draw.integer(1, 3)},
    tolerance=1e-11,
    guards=(
        "sdtheory.spectral.projections.optimal_weights",
        "sdtheory.label_noise.wiener.wiener_floor",
    ),
)
def equal_singular_values(
    d: FloatArray,
    theta: FloatArray,
    weights: FloatArray,
    noise_var: float,
    lam: float,
    steps: int,
) -> float:
    """Return the error of student and floor against the best multiple of the projections."""
    d = np.full(d.size, d[0])
    made = problem(d, theta, weights, noise_var)
    energy = np.sum(weights * theta**2)
    noise = np.sum(weights) * noise_var / d[0]
    want = energy * noise / (energy + noise)
    return max(
        relative_error(label_noise.optimal_steps(made, lam, steps).risk, want),
        relative_error(label_noise.wiener_floor(made).risk, want),
    )


@claim(
    "sdtheory.excess_over_the_wiener_filter",
    paper=PAPER,
    where="R16",
    says="""The risk of any filter is the Wiener floor plus the weighted squared distance of the
    filter from the Wiener filter d theta^2 / (d theta^2 + noise).""",
    kind="identity",
    instances=lambda draw: tasks(draw) | {"xi": draw.uniform(-3.0, 4.0)},
    tolerance=lambda d, theta, weights, noise_var, lam, xi: 200 * EPS * (1 + abs(xi)) * d.size,
    guards=(
        "sdtheory.label_noise.one_round.expected_risk",
        "sdtheory.label_noise.wiener.wiener_floor",
    ),
)
def excess_over_the_wiener_filter(
    d: FloatArray,
    theta: FloatArray,
    weights: FloatArray,
    noise_var: float,
    lam: float,
    xi: float,
) -> float:
    """Return the error of risk minus floor."""
    d = d * 2.0 ** np.arange(d.size)
    made = problem(d, theta, weights, noise_var)
    floor = label_noise.wiener_floor(made)
    a = d / (d + lam)
    excess = np.sum(
        weights * (theta**2 + noise_var / d) * (a - xi * a * (1 - a) - floor.filter) ** 2
    )
    risk = label_noise.expected_risk(made, lam, xi)
    return relative_error(float(floor.risk) + excess, risk)
