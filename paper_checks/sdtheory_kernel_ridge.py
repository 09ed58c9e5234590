"""Results of our own on kernel ridge: leave-one-out of pipelines, joint weights, Lanczos bounds."""

from typing import Any

import numpy as np

from sdtheory import kernel_ridge
from sdtheory.claims import Draw, claim, relative_error

from ._kernels import EPS, conditioning, kernel_problem, labelled

PAPER = "sdtheory"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def _chain(draw: Draw) -> dict[str, Any]:
    steps = draw.integer(0, 4)
    return {
        "n": draw.integer(5, 10),
        "seed": draw.seed(),
        "lams": draw.log_uniform(0.1, 3.0, size=steps + 1),
        "xis": draw.uniform(-1.0, 2.0, size=steps),
    }


@claim(
    "sdtheory.leave_one_out_of_the_pipeline",
    paper=PAPER,
    where="K16",
    says="""Predictions of a whole chain, teacher and all students refitted without each sample,
    cost one matrix product a round: put the self-consistent value in place of each missing target
    and smooth. Exact for any schedule of weights and penalties.""",
    kind="identity",
    instances=_chain,
    tolerance=lambda n, seed, lams, xis: (
        1e3 * conditioning(n, float(lams.min())) * float(np.prod(1 + 2 * np.abs(xis)))
    ),
    guards=("sdtheory.kernel_ridge.leave_one_out.leave_one_out_predictions",),
)
def leave_one_out_of_the_pipeline(n: int, seed: int, lams: FloatArray, xis: FloatArray) -> float:
    """Return the error against n refits of the chain."""
    kernel, _, y, _ = labelled(n, seed)
    got = kernel_ridge.leave_one_out_predictions(kernel_ridge.fit(kernel, y), lams, xis)
    want = []
    for i in range(n):
        rest = np.arange(n) != i
        inner, target = kernel[np.ix_(rest, rest)], y[rest]
        weights = np.linalg.solve(inner + lams[0] * np.eye(n - 1), target)
        for lam, xi in zip(lams[1:], xis, strict=True):
            mixed = xi * inner @ weights + (1 - xi) * target
            weights = np.linalg.solve(inner + lam * np.eye(n - 1), mixed)
        want.append(kernel[i, rest] @ weights)
    return relative_error(got, want, scale=np.abs(y).max())


@claim(
    "sdtheory.leave_one_out_by_the_smoother",
    paper=PAPER,
    where="K16",
    source="recalled",
    says="""The leave-one-out residual of a student is (y - S y)_i / (1 - S_ii) with its own
    smoother S, as it is for every ridge fit.""",
    kind="identity",
    verdict="holds_with_condition",
    condition="there is no student (steps = 0): dividing by 1 - S_ii deletes the label only once",
    counterexample={"n": 2, "lam": 1.0, "seed": 0, "steps": 1},
    instances=lambda draw: kernel_problem(draw) | {"steps": 0},
    tolerance=lambda n, lam, seed, steps: 1e3 * conditioning(n, lam),
    guards=("sdtheory.kernel_ridge.leave_one_out.leave_one_out_predictions",),
)
def leave_one_out_by_the_smoother(n: int, lam: float, seed: int, steps: int) -> float:
    """Return the difference of the shortcut and exact leave-one-out."""
    kernel, _, y, _ = labelled(n, seed)
    teacher = np.linalg.solve(kernel + lam * np.eye(n), kernel)
    matrix = np.linalg.matrix_power(teacher, steps + 1)
    shortcut = y - (y - matrix @ y) / (1 - np.diag(matrix))
    exact = kernel_ridge.leave_one_out_predictions(kernel_ridge.fit(kernel, y), lam, 1.0, steps)
    return relative_error(shortcut, exact, scale=np.abs(y).max())


@claim(
    "sdtheory.joint_weights",
    paper=PAPER,
    where="K18",
    says="""The best weights of several rounds at one penalty are a linear least-squares problem in
    the mixture of pure students; no other weights do better.""",
    kind="identity",
    instances=lambda draw: kernel_problem(draw) | {"steps": draw.integer(1, 2)},
    tolerance=lambda n, lam, seed, steps: 1e4 * conditioning(n, lam) * (1 + n / lam) ** steps,
    guards=("sdtheory.kernel_ridge.schedules.optimal_schedule",),
)
def joint_weights(n: int, lam: float, seed: int, steps: int) -> float:
    """Return the error of the risk against dense least squares on pure students."""
    kernel, new, y, truth = labelled(n, seed)
    best = kernel_ridge.optimal_schedule(
        kernel_ridge.fit(kernel, y),
        lam,
        steps,
        method="validation",
        validation=(new, truth),
        constrained=False,
    )
    weights: FloatArray = y
    columns = []
    for _ in range(steps + 1):
        weights = np.asarray(np.linalg.solve(kernel + lam * np.eye(n), weights))
        columns.append(new @ weights)
        weights = kernel @ weights
    changes = np.stack(columns[1:], axis=1) - columns[0][:, None]
    missing = truth - columns[0]
    rest = missing - changes @ np.linalg.lstsq(changes, missing)[0]
    return float(abs(best.risk - rest @ rest / 9) / best.teacher_risk)


@claim(
    "sdtheory.endless_rounds_are_ridge",
    paper=PAPER,
    where="K19",
    says="""Infinitely many rounds at a constant weight reach exactly the ridge fits with penalties
    of at least lam; the best of them is the best ridge fit if its penalty is at least lam, and the
    teacher otherwise.""",
    kind="identity",
    instances=lambda draw: kernel_problem(draw) | {"factor": draw.log_uniform(0.1, 100.0)},
    tolerance=lambda n, lam, seed, factor: 1e3 * conditioning(n, lam * min(factor, 1.0)),
    guards=(
        "sdtheory.kernel_ridge.schedules.optimal_limit_xi",
        "sdtheory.kernel_ridge.fitting.KernelRidge.limit",
    ),
)
def endless_rounds_are_ridge(n: int, lam: float, seed: int, factor: float) -> float:
    """Return the error of the limit against a dense solve with the best reachable penalty."""
    kernel, new, y, _ = labelled(n, seed)
    xi = kernel_ridge.optimal_limit_xi(lam, lam * factor)
    got = kernel_ridge.fit(kernel, y).limit(new, lam, xi)
    reached = lam * max(factor, 1.0)
    want = new @ np.linalg.solve(kernel + reached * np.eye(n), y)
    return relative_error(got, want, scale=np.abs(y).max())


@claim(
    "sdtheory.wiener_filter_is_reached",
    paper=PAPER,
    where="K18",
    says="""With as many rounds as there are distinct eigenvalues, unconstrained weights reach the
    Wiener filter f^2 / (f^2 + v) at the training inputs exactly, and no linear filter of the
    eigenvalues does better.""",
    kind="identity",
    instances=lambda draw: {
        "d": np.array([1.0, 2.5]) * draw.log_uniform(0.3, 3.0),
        "signal": draw.uniform(0.3, 2.0, size=2),
        "noise": draw.log_uniform(1e-2, 1.0),
    },
    tolerance=1e4 * EPS,
    guards=("sdtheory.kernel_ridge.schedules.optimal_schedule",),
)
def wiener_filter_is_reached(d: FloatArray, signal: FloatArray, noise: float) -> float:
    """Return the error of the expected risk against that of the Wiener filter."""
    fit = kernel_ridge.fit(np.diag(d), signal)
    best = kernel_ridge.optimal_schedule(
        fit, 1.0, 2, method="truth", truth=signal, noise_var=noise, constrained=False
    )
    wiener = signal**2 / (signal**2 + noise)
    want = np.mean(((1 - wiener) * signal) ** 2 + noise * wiener**2)
    return relative_error(best.risk, want)


@claim(
    "sdtheory.lanczos_residual_is_known",
    paper=PAPER,
    where="K22",
    says="""A fit computed in a Krylov space of the labels misses its own equation by a vector whose
    length is known without another product with the kernel; it bounds the error of the fit.""",
    kind="identity",
    instances=lambda draw: {
        "n": draw.integer(8, 14),
        "seed": draw.seed(),
        "lam": draw.log_uniform(0.1, 10.0),
        "products": draw.integer(1, 5),
    },
    tolerance=lambda n, seed, lam, products: 1e3 * conditioning(n, lam),
    guards=("sdtheory.kernel_ridge.routes.distil",),
)
def lanczos_residual_is_known(n: int, seed: int, lam: float, products: int) -> float:
    """Return the reported bound against the residual by a product, relative to the labels."""
    kernel, _, y, _ = labelled(n, seed)
    chain = kernel_ridge.distil(
        lambda v: kernel @ v, y, lam, steps=0, tolerance=1e6, products=products
    )
    reported = chain.fitted_error * np.linalg.norm(chain.fitted[0])
    residual = y - kernel @ chain.dual[0] - lam * chain.dual[0]
    error = np.linalg.norm(chain.fitted[0] - kernel @ np.linalg.solve(kernel + lam * np.eye(n), y))
    gap = abs(reported - np.linalg.norm(residual))
    return float(max(gap, error - reported) / np.linalg.norm(y))
