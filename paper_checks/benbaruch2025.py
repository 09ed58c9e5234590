"""Ben-Baruch et al. 2025: distilling the knowledge in data pruning."""

from typing import Any

import numpy as np

from sdtheory import label_noise
from sdtheory.claims import Draw, claim, relative_error

from ._ridge_problems import problem, tasks

PAPER = "Ben-Baruch et al. 2025"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@claim(
    "benbaruch2025.optimal_weight_on_pruned_data",
    paper=PAPER,
    where="R46",
    source="derived",
    says="""With a teacher on all data and a student on a subset the expected error is a parabola in
    the weight, whose terms hold the noise that teacher and student share.""",
    kind="identity",
    instances=lambda draw: {
        "seed": draw.seed(),
        "lam": draw.log_uniform(0.1, 10.0),
        "student_lam": draw.log_uniform(0.1, 10.0),
    },
    tolerance=1e-9,
    guards=("sdtheory.label_noise.pruning.pruned_xi",),
)
def optimal_weight_on_pruned_data(seed: int, lam: float, student_lam: float) -> float:
    """Return the error against traces of products of resolvents."""
    rng = np.random.default_rng(seed)
    x, theta, kept, noise = rng.normal(size=(8, 3)), rng.normal(size=3), [0, 2, 3, 6], 0.7
    part, identity = x[kept], np.eye(3)
    g, gs = x.T @ x, part.T @ part
    q, qs = np.linalg.inv(g + lam * identity), np.linalg.inv(gs + student_lam * identity)
    m = qs @ gs
    b0, b1 = -student_lam * qs @ theta, m @ q @ g @ theta - theta
    a = b0 @ b0 + noise * np.trace(qs @ gs @ qs)
    b = b1 @ b1 + noise * np.trace(m @ q @ g @ q @ m.T)
    c = b0 @ b1 + noise * np.trace(qs @ gs @ q @ m.T)
    found = label_noise.pruned_xi(x, theta, noise, kept, lam, student_lam)
    size = a + b - 2 * c
    return max(
        relative_error(found.label_risk, a),
        relative_error(found.teacher_label_risk, b),
        relative_error(found.xi, (a - c) / size, scale=float(np.sqrt(a / size))),
        relative_error(found.risk, a - (a - c) ** 2 / size, scale=float(a)),
    )


def _ideal(draw: Draw) -> dict[str, Any]:
    return tasks(draw) | {"noise_factor": draw.log_uniform(0.02, 0.9)}


@claim(
    "benbaruch2025.weight_grows_as_data_are_pruned",
    paper=PAPER,
    where="R47",
    source="paper",
    says="""The best weight on the teacher grows as the kept fraction of the data shrinks.""",
    kind="inequality",
    verdict="holds_with_condition",
    condition="""subset and penalty shrink alike, and labels are not so noisy that the weight on all
    data already exceeds 1; beyond that noise it falls towards 1""",
    counterexample={
        "d": np.array([1.0]),
        "theta": np.array([1.0]),
        "weights": np.array([1.0]),
        "noise_var": 1.0,
        "lam": 1.0,
        "noise_factor": 2.0,
    },
    instances=_ideal,
    tolerance=1e-9,
    guards=("sdtheory.label_noise.pruning.pruned_xi_ideal",),
)
def weight_grows_as_data_are_pruned(
    d: FloatArray,
    theta: FloatArray,
    weights: FloatArray,
    noise_var: float,  # noqa: ARG001 - the noise is set relative to the threshold
    lam: float,
    noise_factor: float,
) -> float:
    """Return the largest fall of the weight as data are pruned, and the error at both ends."""
    total = (d + lam) ** 4
    edge = lam * np.sum(weights * d * (2 * d + lam) * theta**2 / total)
    edge = edge / np.sum(weights * d**2 / total)
    made = problem(d, theta, weights, noise_factor * edge)
    fractions = np.array([1.0, 0.5, 0.2, 0.05, 1e-9])
    xi = label_noise.pruned_xi_ideal(made, lam, fractions)
    full = float(label_noise.optimal_xi(made, lam).xi)
    end = abs(xi[-1] - 1) - 1e-5 * (1 + abs(full))
    return float(max(-np.min(np.diff(xi)), abs(xi[0] - full) / (1 + abs(full)) - 1e-10, end))


@claim(
    "benbaruch2025.larger_teachers_help",
    paper=PAPER,
    where="R48",
    source="third_party",
    says="""At a fixed weight and penalty the student's error falls as the teacher sees more of
    the data.""",
    kind="inequality",
    verdict="fails",
    counterexample={"extra": 0.5},
    instances=lambda draw: {"extra": draw.uniform(0.4, 0.6)},
    tolerance=1e-6,
    guards=("sdtheory.label_noise.pruning.pruned_xi",),
    samples=3,
)
def larger_teachers_help(extra: float) -> float:
    """Return the rise of the pure student's error when the teacher gains one sample."""
    # One sample, noiseless, in a direction that the student's sample does not resolve.
    x, theta = np.array([[1.0, 0.0], [extra, 2.0]]), np.array([1.0, -1.0])
    small = label_noise.pruned_xi(x[:1], theta, 0.0, [0], 1.0, 1.0)
    large = label_noise.pruned_xi(x, theta, 0.0, [0], 1.0, 1.0)
    return float(large.teacher_label_risk - small.teacher_label_risk)
