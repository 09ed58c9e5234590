"""Das & Sanghavi 2023: self-distillation of linear regression under label noise."""

from typing import Any

import numpy as np

from sdtheory import Spectrum, filters, label_noise
from sdtheory.claims import Draw, claim, relative_error
from sdtheory.label_noise import RidgeProblem

from ._instances import EPS, data, design_and_labels
from ._ridge_problems import designs, problem, tasks, two_levels

PAPER = "Das & Sanghavi 2023"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def _one_round(draw: Draw) -> dict[str, Any]:
    return data(draw) | {"xi": draw.uniform(-3.0, 4.0)}


@claim(
    "das2023.one_round_is_a_filter",
    paper=PAPER,
    where="R1, R2",
    source="paper",
    says="""Ridge regression on xi teacher + (1 - xi) labels has the coefficients
    V diag(f / s) U' y with f = a (1 - xi (1 - a)), where a is the teacher's filter, for any real
    xi.""",
    kind="identity",
    instances=_one_round,
    tolerance=lambda n, p, lam, seed, xi: (
        200
        * (n + p)
        * EPS
        * (1 + abs(xi))
        * (1 + np.linalg.norm(design_and_labels(n, p, seed)[0], 2) ** 2 / lam)
    ),
    guards=(
        "sdtheory.spectral.filters.distill",
        "sdtheory.spectral.spectrum.Spectrum.parameters",
        "sdtheory.spectral.spectrum.Spectrum.project",
    ),
)
def one_round_is_a_filter(n: int, p: int, lam: float, seed: int, xi: float) -> float:
    """Return the error of the coefficients against two dense solves."""
    x, y = design_and_labels(n, p, seed)
    gram = x.T @ x + lam * np.eye(p)
    teacher = x @ np.linalg.solve(gram, x.T @ y)
    want = np.linalg.solve(gram, x.T @ (xi * teacher + (1 - xi) * y))
    spectrum = Spectrum.from_design(x)
    profile = filters.distill(spectrum.eigenvalues, lam, xi)
    got = spectrum.parameters(profile, spectrum.project(y))
    return relative_error(got, want, scale=np.abs(y).max() * (1 + 1 / np.sqrt(lam)))


@claim(
    "das2023.expected_risk",
    paper=PAPER,
    where="R7",
    source="paper",
    says="""On a fixed design the expected parameter error of the student is
    sum_j [(1 - f_j)^2 theta_j^2 + noise f_j^2 / s_j^2], plus the signal that has no data.""",
    kind="identity",
    instances=designs,
    tolerance=lambda n, p, seed, lam, xi: 1e4 * EPS * (1 + abs(xi)) ** 2 / min(lam, 1.0),
    guards=(
        "sdtheory.label_noise.one_round.expected_risk",
        "sdtheory.spectral.filters.distill",
    ),
)
def expected_risk(n: int, p: int, seed: int, lam: float, xi: float) -> float:
    """Return the error against bias and variance of the refitted student's smoother."""
    rng = np.random.default_rng(seed)
    x, theta = rng.normal(size=(n, p)), rng.normal(size=p)
    fit = np.linalg.solve(x.T @ x + lam * np.eye(p), x.T)
    smoother = (1 - xi) * fit + xi * fit @ x @ fit
    want = np.sum((smoother @ x @ theta - theta) ** 2) + 0.7 * np.sum(smoother**2)
    got = label_noise.expected_risk(RidgeProblem.from_design(x, theta, 0.7), lam, xi)
    return relative_error(got, want)


def _coupled(draw: Draw) -> dict[str, Any]:
    return {
        "theta": draw.uniform(0.1, 2.0, size=2),
        "coupling": 0.0 * draw.uniform(0.0, 1.0),
        "lam": draw.log_uniform(1e-1, 1e1),
        "noise_var": draw.log_uniform(1e-2, 1e2),
    }


@claim(
    "das2023.xi_grows_with_noise",
    paper=PAPER,
    where="R11",
    source="derived",
    says="""At a fixed penalty the best weight grows with the noise variance, from below -1 without
    noise to above 1 without signal.""",
    kind="inequality",
    verdict="holds_with_condition",
    condition="the metric is diagonal in the right singular vectors",
    counterexample={
        "theta": np.array([1.2, 1.0]),
        "coupling": -0.999,
        "lam": 1.0,
        "noise_var": 1.0,
    },
    instances=_coupled,
    tolerance=1e-9,
    guards=("sdtheory.label_noise.one_round.noise_thresholds",),
)
def xi_grows_with_noise(theta: FloatArray, coupling: float, lam: float, noise_var: float) -> float:
    """Return the violation: the limits must bracket, and weights on the way must be Moebius."""
    metric = np.array([[1.0, coupling], [coupling, 1.0]])
    levels = noise_var * np.array([1.0, 1.01])
    made = [RidgeProblem([2.0, 0.5], theta, v, metric) for v in levels]
    xis = [float(label_noise.optimal_xi(p, lam).xi) for p in made]
    ends = label_noise.noise_thresholds(made[0], lam)
    low, high = float(ends.noiseless_xi), float(ends.pure_noise_xi)
    # (xi - low) / (high - xi) is proportional to the noise, so the limits are pinned down.
    odds = [(xi - low) / (high - xi) for xi in xis]
    moebius = abs(odds[1] / odds[0] / 1.01 - 1)
    return max(xis[0] - xis[1], low + 1, 1 - high, moebius - 1e-10)


@claim(
    "das2023.xi_exceeds_one",
    paper=PAPER,
    where="R12, R18",
    source="paper",
    says="""The best weight exceeds 1 if and only if the noise variance exceeds
    lam sum w d (2 d + lam) theta^2 / (d + lam)^4 / sum w d^2 / (d + lam)^4.""",
    kind="inequality",
    verdict="holds_with_condition",
    condition="""the penalty is fixed while the noise grows; at the best ridge penalty the best
    weight is 0 at every noise level""",
    counterexample={
        "d": np.array([4.0, 1.0]),
        "theta": np.array([1.0, 1.0]),
        "weights": np.array([1.0, 1.0]),
        "noise_var": 1.0,
        "lam": None,
    },
    instances=tasks,
    tolerance=1e-9,
    guards=("sdtheory.label_noise.one_round.noise_thresholds",),
)
def xi_exceeds_one(
    d: FloatArray,
    theta: FloatArray,
    weights: FloatArray,
    noise_var: float,
    lam: float | None,
) -> float:
    """Return by how much the weight is on the wrong side just below or above the threshold.

    A penalty of None follows the noise: it is the best ridge penalty at each level.
    """
    start = 1.0 if lam is None else lam
    at = label_noise.noise_thresholds(problem(d, theta, weights, noise_var), start)
    total = (d + start) ** 4
    formula = np.sum(weights * d * (2 * d + start) * theta**2 / total)
    formula = start * formula / np.sum(weights * d**2 / total)
    worst = relative_error(at.above_one, formula) - 1e-11
    for factor in (1 - 1e-4, 1 + 1e-4):
        made = problem(d, theta, weights, factor * float(at.above_one))
        penalty = label_noise.best_ridge(made).lam if lam is None else lam
        xi = float(label_noise.optimal_xi(made, penalty).xi)
        worst = max(worst, (xi - 1) * (1 if factor < 1 else -1))
    return worst


def _top_aligned(draw: Draw) -> dict[str, Any]:
    drawn = two_levels(draw)
    low = drawn["energy"].min()
    return drawn | {"energy": np.array([low * draw.log_uniform(2.0, 20.0), low])}


@claim(
    "das2023.best_student_beats_best_ridge",
    paper=PAPER,
    where="R17",
    source="recalled",
    says="""With penalty and weight tuned together one round is strictly better than ridge
    regression with its penalty tuned.""",
    kind="inequality",
    verdict="holds_with_condition",
    condition="""at the best ridge penalty sum w a^2 x^2 (theta^2 - noise / lam) is positive: signal
    energy goes with large singular values; then two singular values even reach the Wiener floor or
    the ridgeless limit""",
    counterexample={
        "d": np.array([4.0, 1.0]),
        "energy": np.array([1.0, 1.0]),
        "noise_var": 1.0,
    },
    instances=_top_aligned,
    tolerance=1e-9,
    guards=("sdtheory.label_noise.best.best_joint",),
    samples=12,
)
def best_student_beats_best_ridge(d: FloatArray, energy: FloatArray, noise_var: float) -> float:
    """Return the violation of a strict gain, and the error of the risks by an independent route."""
    made = RidgeProblem(np.sqrt(d), np.sqrt(energy), noise_var)
    best = label_noise.best_joint(made)
    lam = best.ridge_lam
    a, x = d / (d + lam), lam / (d + lam)
    ridge = np.sum(energy * x**2 + noise_var * a**2 / d)
    test = np.sum(a**2 * x**2 * (energy - noise_var / lam))
    gain = (ridge - float(best.risk)) / ridge
    return max(-test, 1e-8 - gain, relative_error(best.ridge_risk, ridge) - 1e-12)
