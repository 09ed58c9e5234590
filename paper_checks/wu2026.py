"""Wu, Yang & Sun 2026: why self-training helps and hurts."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from sdtheory import label_noise
from sdtheory.claims import SCORE_LIMIT, Draw, claim, z_score
from sdtheory.label_noise import ProportionalProblem

from ._complex_designs import adjoint, gaussian

PAPER = "Wu, Yang & Sun 2026"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]
ComplexArray = np.ndarray[Any, np.dtype[np.complex128]]

P, N, LAM, ROUNDS, RUNS, CALLS = 60, 40, 0.3, 2, 800, 40
EIGENVALUES = np.where(np.arange(P) < P // 10, 9.0, 1.0)
ENERGY = np.where(np.arange(P) < P // 10, 0.16, 0.016)


@dataclass(frozen=True)
class _Chains:
    """What 800 chains of rounds come to; the second axis of each array is that of rounds.

    All are exact means over label noise and signs of the signal: designs alone are random.
    """

    risks: FloatArray
    estimates: FloatArray
    """Means of squared corrected residuals, from the traces of the products of smoothers."""
    designs: ComplexArray
    """The labelled designs of the first hundred (100, N, P)."""
    maps: ComplexArray
    """The maps from their labels to coefficients (100, rounds + 1, P, N)."""


@lru_cache(maxsize=4)
def _chains(seed: int) -> _Chains:
    rng = np.random.default_rng(seed)
    samples = [gaussian(rng, RUNS, N, EIGENVALUES) for _ in range(ROUNDS + 1)]
    found: list[tuple[Any, ...]] = []
    for designs in zip(*samples, strict=True):
        x = designs[0][:, None]
        chain: list[ComplexArray] = []
        for new in designs:
            fit = adjoint(np.linalg.solve(new @ adjoint(new) + N * LAM * np.eye(N), new))
            chain.append(fit @ (new @ chain[-1]) if chain else fit)
        maps = np.stack(chain, axis=1)
        products = maps @ x
        bias = np.abs(products - np.eye(P)) ** 2 @ ENERGY
        risks = (bias + np.sum(np.abs(maps) ** 2, axis=3)) @ EIGENVALUES
        traces = np.trace(products, axis1=2, axis2=3).real
        shares = (traces / (N - traces[:, :1]))[:, :, None, None]
        residual, missed = np.eye(N) - x @ maps, x - x @ products
        squares = np.abs(residual + shares * residual[:, :1]) ** 2
        lost = np.abs(missed + shares * missed[:, :1]) ** 2 @ ENERGY
        estimates = np.sum(lost + np.sum(squares, axis=3), axis=2) / N
        found.append((risks, estimates, *((designs[0], maps) if not found else ())))
    risks, estimates = (np.concatenate([f[k] for f in found]) for k in (0, 1))
    return _Chains(risks, estimates, *found[0][2:])


@claim(
    "wu2026.risk_after_each_round",
    paper=PAPER,
    where="R50",
    source="derived",
    says="""With fresh features in every round the risk follows a recursion: what is systematic
    grows as signal is forgotten, what is random fades.""",
    kind="statistical",
    instances=lambda draw: {"seed": draw.seed()},
    tolerance=SCORE_LIMIT,
    guards=("sdtheory.label_noise.proportional.self_training.self_training",),
)
def risk_after_each_round(seed: int) -> float:
    """Return how unlikely the simulated risks are if the limit holds."""
    made = ProportionalProblem(EIGENVALUES, ENERGY, P / N, 1.0)
    limit = label_noise.self_training(made, LAM, ROUNDS).risk
    return z_score(_chains(seed).risks, limit, precision=0.005)


def _noisy(draw: Draw) -> dict[str, Any]:
    return {"noise_var": draw.log_uniform(1.0, 4.0), "lam": draw.log_uniform(0.03, 0.15)}


@claim(
    "wu2026.u_shape",
    paper=PAPER,
    where="R50",
    source="paper",
    says="""The risk of self-training falls before it rises: denoising first, forgetting later.""",
    kind="inequality",
    verdict="holds_with_condition",
    condition="the start is under-regularised or noisy; otherwise it rises from the first round",
    counterexample={"noise_var": 0.01, "lam": 1.0},
    instances=_noisy,
    tolerance=1e-9,
    guards=("sdtheory.label_noise.proportional.self_training.self_training",),
)
def u_shape(noise_var: float, lam: float) -> float:
    """Return the violation of a fall, of a final rise, and of the teacher's own risk."""
    s, energy = np.array([9.0] * 10 + [1.0] * 90), np.array([0.05] * 10 + [0.002] * 90)
    made = ProportionalProblem(s, energy, 2.0, noise_var)
    risk = label_noise.self_training(made, lam, 12).risk
    teacher = float(label_noise.asymptotics(made, lam).teacher_risk) - noise_var
    fall, rise = risk[1] / risk[0] - 1, 1 - risk[-1] / risk[1:].min()
    return float(max(fall, rise, abs(risk[0] / teacher - 1) - 1e-10))


@claim(
    "wu2026.iterated_gcv",
    paper=PAPER,
    where="R51",
    source="derived",
    says="""The risk after every round can be estimated from the first labelled sample alone, from
    its residuals and the traces of the products of smoothers.""",
    kind="statistical",
    instances=lambda draw: {"seed": draw.seed()},
    tolerance=SCORE_LIMIT,
    guards=("sdtheory.label_noise.proportional.self_training.iterated_gcv",),
)
def iterated_gcv(seed: int) -> float:
    """Return how unlikely the mean difference of estimate and risk is if there is none.

    For given designs the estimate is a quadratic form in the labels, whose mean is known exactly
    and varies with the designs alone. Its error on a draw of labels is known exactly too.
    """
    rng, chains = np.random.default_rng(seed), _chains(seed)
    errors = []
    for x, maps in zip(_real(chains.designs[:CALLS]), _real(chains.maps[:CALLS]), strict=True):
        y = x @ rng.normal(size=2 * P) * np.sqrt(ENERGY.mean()) + rng.normal(size=2 * N)
        errors.append(_error_on_a_draw(x, maps, y))
    gaps = chains.estimates + np.mean(errors, axis=0) - 1.0 - chains.risks
    scale = chains.risks.mean(axis=0)
    return z_score(gaps, np.zeros(ROUNDS + 1), precision=0.005, scale=scale)


def _error_on_a_draw(x: FloatArray, maps: FloatArray, y: FloatArray) -> FloatArray:
    """Return what the estimate lacks to the mean of squared corrected residuals."""
    traces = np.trace(maps @ x, axis1=1, axis2=2)
    residual = y - y @ adjoint(x @ maps)
    corrected = residual + (traces / (2 * N - traces[0]))[:, None] * residual[0]
    found = label_noise.iterated_gcv(x, y, maps @ y, traces, LAM / 2)
    return np.asarray(found - np.mean(corrected**2, axis=1))


def _real(a: ComplexArray) -> FloatArray:
    """Return complex matrices as real ones, each entry as a block [[re, -im], [im, re]].

    Twice as many samples stand for the same sample: the penalty of each is half of it.
    """
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    return np.asarray(np.kron(a.real, np.eye(2)) + np.kron(a.imag, turn), dtype=float)
