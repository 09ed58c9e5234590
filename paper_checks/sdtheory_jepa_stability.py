"""Results of our own on what stays learned: step sizes, overwriting, competition, retention."""

from typing import Any

import numpy as np
from scipy import integrate

from sdtheory import jepa
from sdtheory.claims import claim, relative_error
from sdtheory.jepa import Mode, Network, Views

from ._modes import Objective

PAPER = "sdtheory"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]
COUNT = 400


@claim(
    "sdtheory.jepa_curvatures",
    paper=PAPER,
    where="J25",
    says="""At the full-rank balanced equilibrium the nonzero Jacobian eigenvalues are minus
    s_j^2 (rho_i^(2L+1) + rho_j^(2L+1)) / (rho_i + rho_j) for JEPA, and a sum of powers for MAE;
    gradient descent is stable exactly below 2 / (the largest).""",
    kind="identity",
    instances=lambda draw: {
        "lam": draw.uniform(0.5, 1.5, size=3),
        "rho": draw.uniform(0.4, 1.1, size=3),
        "depth": draw.integer(1, 3),
        "objective": draw.choice(["jepa", "mae"]),
    },
    tolerance=1e-9,  # a defective zero eigenvalue moves by the root of eps; compared are the others
    guards=("sdtheory.jepa.curvatures", "sdtheory.jepa.largest_step"),
    samples=20,
)
def jepa_curvatures(lam: FloatArray, rho: FloatArray, depth: int, objective: Objective) -> float:
    """Compare with the eigenvalues of the exact Jacobian of the matrix flow."""
    mode = Mode.from_rho(lam, rho)
    w = np.diag(jepa.fixed_point(mode, depth, objective) ** (1 / depth))
    net = Network((w,) * depth, np.diag(rho) if objective == "jepa" else w)
    jacobian = jepa.flow_jacobian(Views.from_modes(mode), net, objective)
    rates = np.sort(-np.linalg.eigvals(jacobian).real)[::-1]
    want = np.sort(jepa.curvatures(mode, depth, objective).ravel())[::-1]
    step = jepa.largest_step(mode, depth, objective)
    return max(relative_error(want, rates[: want.size]), float(abs(step * rates[0] / 2 - 1)))


@claim(
    "sdtheory.jepa_descent_shift",
    paper=PAPER,
    where="J26",
    says="""Aligned gradient descent with step eta arrives (eta/2) log(f(w_stop)/f(w_start)) late,
    up to O(eta^2).""",
    kind="identity",
    instances=lambda draw: {
        "rho": draw.uniform(0.7, 1.1),
        "depth": draw.integer(1, 3),
        "objective": draw.choice(["jepa", "mae"]),
    },
    tolerance=5e-4,  # second order in a step of 1/COUNT of the path, below that of the audit
    guards=("sdtheory.jepa.descent_shift", "sdtheory.jepa.descent_times"),
    samples=20,
)
def jepa_descent_shift(rho: float, depth: int, objective: Objective) -> float:
    """Extrapolate the delay per step of N and 2N literal steps to zero step."""
    mode = Mode.from_rho(1.0, rho)
    coarse, fine = (_excess_delay(mode, depth, objective, count) for count in (COUNT, 2 * COUNT))
    return abs(2 * fine - coarse)


def _excess_delay(mode: Mode, depth: int, objective: Objective, count: int) -> float:
    """Return (delay per step) / (stated delay per step) - 1 where `count` steps end."""
    end = float(jepa.fixed_point(mode, depth, objective))
    scale = 0.3**depth * end
    power = 2 * depth if objective == "jepa" else depth
    order = 1 if objective == "jepa" else depth + 1
    span = float(jepa.critical_time(mode, depth, scale, 0.6, objective)) / depth
    step, w = span / count, scale ** (1 / depth)
    for _ in range(count):
        w += step * float(w**power * (mode.covariance - mode.variance * w**order))
    part = w**depth / end
    flow = float(jepa.critical_time(mode, depth, scale, part, objective)) / depth
    walked = float(jepa.descent_times(mode, depth, scale, part, step, objective))
    return (walked - flow) / step / float(
        jepa.descent_shift(mode, depth, scale, part, objective)
    ) - 1


@claim(
    "sdtheory.jepa_overwriting",
    paper=PAPER,
    where="J27",
    says="""A learned feature k is exponentially overwritten by an unlearned j exactly if rho_j >
    rho_k (JEPA, rate rho_k^(2L-1) s_j^2 (rho_j - rho_k)) or lambda_j rho_j > lambda_k rho_k
    (MAE): the decoupled solution is unstable.""",
    kind="identity",
    instances=lambda draw: {
        "lam": draw.uniform(0.5, 1.5, size=2),
        "rho": draw.uniform(0.4, 1.1, size=2),
        "depth": draw.integer(1, 3),
        "objective": draw.choice(["jepa", "mae"]),
    },
    tolerance=1e-8,
    guards=("sdtheory.jepa.overwriting_rate",),
)
def jepa_overwriting(lam: FloatArray, rho: FloatArray, depth: int, objective: Objective) -> float:
    """Find the rate among the Jacobian's eigenvalues, and compare its sign with the condition."""
    mode = Mode.from_rho(lam, rho)
    v = rho[0] if objective == "jepa" else rho[0] ** (1 / (depth + 1))
    layers = (np.array([[v, 0.0]]), *(np.array([[v]]),) * (depth - 1))
    predictor = np.array([[v]]) if objective == "jepa" else np.array([[v], [0.0]])
    jacobian = jepa.flow_jacobian(Views.from_modes(mode), Network(layers, predictor), objective)
    values = np.linalg.eigvals(jacobian)
    one, two = (Mode(mode.covariance[i], mode.variance[i]) for i in (0, 1))
    rate = float(jepa.overwriting_rate(one, two, depth, objective))
    rank = rho if objective == "jepa" else lam * rho
    tied = abs(rank[1] / rank[0] - 1) < 1e-12  # then rounding decides the sign of the rate
    wrong = not tied and (rate > 0) != (rank[1] > rank[0])
    return float(np.abs(values - rate).min() / np.abs(values).max()) + float(wrong)


@claim(
    "sdtheory.jepa_swap_time",
    paper=PAPER,
    where="J27",
    says="""At relative misalignment delta the swap comes (log(1/delta) + (1 - lambda_j/lambda_k)
    log(rho_k/w0)) / rate after feature k was learned: linear in log(1/delta) with the rate as
    slope, up to a bounded term.""",
    kind="inequality",
    instances=lambda draw: {
        "low": draw.uniform(0.4, 0.6),
        "high": draw.uniform(0.8, 1.0),
    },
    tolerance=2e-3,
    guards=("sdtheory.jepa.swap_time",),
    samples=2,
    sensitivity=1e-2,
)
def jepa_swap_time(low: float, high: float) -> float:
    """Return the relative error of the difference of two swap times, which has no bounded term."""
    mode, scale = Mode.from_rho([1.5, 0.6], [low, high]), 1e-3
    one, two = (Mode(mode.covariance[i], mode.variance[i]) for i in (0, 1))
    learned = float(jepa.critical_time(one, 1, scale))
    deltas = np.array([1e-4, 1e-7])
    predicted = jepa.swap_time(one, two, 1, scale, deltas)
    measured = []
    for delta, late in zip(deltas, predicted, strict=True):
        tilt = np.eye(2) + delta * np.array([[0.0, 1.0], [1.0, 0.0]])
        net = Network((scale * tilt,), scale * np.eye(2))
        times = np.concatenate([[0.0], learned + late * np.linspace(0.5, 1.5, 4000)])
        path = jepa.matrix_flow(Views.from_modes(mode), net, times)
        measured.append(float(jepa.retention_times(path, mode)[1]))
    return abs((measured[1] - measured[0]) / float(predicted[1] - predicted[0]) - 1)


@claim(
    "sdtheory.jepa_rank_one",
    paper=PAPER,
    where="J28",
    says="""A balanced encoder of output width 1 obeys r_i(t) = r_i(0) exp(lambda_i tau - s_i^2
    sigma) on two common clocks: the largest rho takes all.""",
    kind="identity",
    instances=lambda draw: {
        "lam": draw.uniform(0.5, 1.5, size=3),
        "rho": draw.uniform(0.4, 1.1, size=3),
        "row": draw.uniform(0.1, 0.3, size=3),
        "depth": draw.integer(1, 2),
    },
    tolerance=1e-8,
    guards=("sdtheory.jepa.rank_one_flow",),
    samples=20,
)
def jepa_rank_one(lam: FloatArray, rho: FloatArray, row: FloatArray, depth: int) -> float:
    """Integrate all entries of the row directly."""
    mode = Mode.from_rho(lam, rho)
    times = np.array([1.0, 4.0]) / float(np.linalg.norm(row)) ** (2 * depth - 1)

    def field(_: float, r: FloatArray) -> FloatArray:
        v = np.linalg.norm(r)
        return np.asarray(v ** (2 * depth - 1) * (mode.covariance - mode.variance * v) * r)

    solved = integrate.solve_ivp(
        field, (0, times[-1]), row, "DOP853", times, rtol=1e-12, atol=1e-14
    )
    return relative_error(jepa.rank_one_flow(mode, depth, row, times).row, solved.y)


@claim(
    "sdtheory.jepa_bottleneck",
    paper=PAPER,
    where="J29",
    says="""An encoder of output width k keeps the k generalised eigenvectors of (s_yx^T, s_xx)
    with the largest rho under JEPA, and the reduced-rank regression subspace under MAE.
    (Stability is exact where covariances commute; that training gets there is an observation.)""",
    kind="identity",
    instances=lambda draw: {
        "seed": draw.seed(),
        "mix": draw.choice([0.0, 0.25]),
        "objective": draw.choice(["jepa", "mae"]),
    },
    tolerance=1e-5,  # what is left of the transients at the final time
    guards=("sdtheory.jepa.principal_sine",),
    samples=6,
    sensitivity=1e-2,
)
def jepa_bottleneck(seed: int, mix: float, objective: Objective) -> float:
    """Train from small random weights; compare row spaces, and the predictor's spectrum."""
    rng = np.random.default_rng(seed)
    rho = np.array([0.9, 0.7, 0.5, 0.35])
    # The second and the third product with rho are always far apart: the subspace is unique.
    mode = Mode.from_rho(rng.permutation([0.5, 0.6, 2.4, 2.5]), rho)
    views = Views.from_modes(mode)
    change = np.eye(4) + mix * rng.normal(size=(4, 4))
    views = Views(change @ views.s_xx @ change.T, change @ views.s_yx @ change.T)
    net = jepa.random_network(4, 1, 0.02, rng, objective, width=2)
    end = jepa.matrix_flow(views, net, [4e4], objective, rtol=1e-9).networks[-1]
    rows, kept = jepa.predicted_rows(end, 2), jepa.kept_subspace(views, 2, objective)
    sine = jepa.principal_sine(rows, kept)
    # the complement is at a right angle: a sine that is off shows there
    right = abs(jepa.principal_sine(np.linalg.qr(kept, mode="complete")[0][:, 2:], rows) - 1)
    return max(sine, right)


@claim(
    "sdtheory.jepa_retention",
    paper=PAPER,
    where="J30",
    says="""From small misaligned initialisation a full-width JEPA retains features in the order
    of rho at every depth, already at L = 1, although first visits follow the covariance. (An
    observed regularity, explained by the overwriting instability.)""",
    kind="inequality",
    instances=lambda draw: {"seed": draw.seed(), "tilt": draw.choice([1e-3, 0.3])},
    tolerance=0.5,
    guards=("sdtheory.jepa.retention_times",),
    samples=3,
    sensitivity=1e-2,
)
def jepa_retention(seed: int, tilt: float) -> float:
    """Return the number of discordant pairs of (retention time, rho)."""
    rng = np.random.default_rng(seed)
    rho = np.array([0.9, 0.7, 0.5])
    mode = Mode.from_rho(rng.permutation([0.8, 1.2, 1.6]), rho)
    net = jepa.random_network(3, 1, 3e-4, rng, misalignment=tilt)
    late = float(np.max(1.2 / (mode.covariance * 3e-4)))
    times = np.concatenate([[0.0], np.geomspace(late / 300, 3 * late, 1200)])
    path = jepa.matrix_flow(Views.from_modes(mode), net, times, rtol=1e-9)
    kept = jepa.retention_times(path, mode)
    ends = path.amplitudes()[:, -1] / rho
    # the sizes at the end pin the times: each must be learned when it is said to be
    half = np.array(
        [np.interp(t, path.times, row) for t, row in zip(kept, path.amplitudes(), strict=True)]
    )
    placed = np.abs(half / (0.5 * rho) - 1).max() < 1e-3
    discordant = int(np.sum(np.diff(kept) < 0)) + int(
        not np.array_equal(np.argsort(kept), jepa.retention_order(mode))
    )
    return float(discordant + (not placed) + (np.abs(ends - 1).max() > 1e-2))
