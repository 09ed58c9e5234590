"""Wu, Yang & Sun 2026: why self-training helps and hurts."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sdtheory import label_noise
from sdtheory.claims import Draw, claim, z_score
from sdtheory.label_noise import ProportionalProblem

PAPER = "Wu, Yang & Sun 2026"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


P, N, LAM, ROUNDS, RUNS = 240, 160, 0.3, 2, 16
EIGENVALUES = np.where(np.arange(P) < P // 10, 9.0, 1.0)
ENERGY = np.where(np.arange(P) < P // 10, 0.04, 0.004)


def _chains(seed: int) -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
    """Yield the labelled design, the maps from its labels to coefficients, and the risks.

    Risks are exact means over label noise and signs of the signal: designs alone are random.
    """
    rng = np.random.default_rng(seed)
    for _ in range(RUNS):
        maps: list[FloatArray] = []
        designs = rng.normal(size=(ROUNDS + 1, N, P)) * np.sqrt(EIGENVALUES)
        for x in designs:
            fit = np.linalg.solve(x.T @ x + N * LAM * np.eye(P), x.T)
            maps.append(fit @ x @ maps[-1] if maps else fit)
        risks = [
            EIGENVALUES @ ((m @ designs[0] - np.eye(P)) ** 2 @ ENERGY + np.sum(m**2, axis=1))
            for m in maps
        ]
        yield designs[0], np.array(maps), np.array(risks)


@claim(
    "wu2026.risk_after_each_round",
    paper=PAPER,
    where="R50",
    source="derived",
    says="""With fresh features in every round the risk follows a recursion: what is systematic
    grows as signal is forgotten, what is random fades.""",
    kind="statistical",
    instances=lambda draw: {"seed": draw.integer(1, 12)},
    tolerance=5.0,
    guards=("sdtheory.label_noise.proportional.self_training.self_training",),
    sensitivity=2.5e-2,
)
def risk_after_each_round(seed: int) -> float:
    """Return the distance of simulated risks from the limit in standard errors."""
    made = ProportionalProblem(EIGENVALUES, ENERGY, P / N, 1.0)
    limit = label_noise.self_training(made, LAM, ROUNDS).risk
    return z_score([risks for _, _, risks in _chains(seed)], limit, precision=0.005)


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
    instances=lambda draw: {"seed": draw.integer(1, 12)},
    tolerance=5.0,
    guards=("sdtheory.label_noise.proportional.self_training.iterated_gcv",),
    sensitivity=2e-2,
)
def iterated_gcv(seed: int) -> float:
    """Return the mean difference of estimate and risk, in standard errors.

    For given designs the estimate is a quadratic form in the labels. Its error on one draw of them,
    known exactly, is taken off the estimate: what is left varies with the designs alone.
    """
    rng = np.random.default_rng(seed)
    gaps, sizes = [], []
    for x, maps, risks in _chains(seed):
        y = x @ (np.sqrt(ENERGY) * rng.choice([-1.0, 1.0], size=P)) + rng.normal(size=N)
        traces = np.array([np.trace(m @ x) for m in maps])
        residual = np.eye(N) - x @ maps
        shares = (traces / (N - traces[0]))[:, None, None]
        corrected = residual + shares * residual[0]
        drawn = np.mean((corrected @ y) ** 2, axis=1)
        mean = np.sum((corrected @ x) ** 2 @ ENERGY, axis=1) / N
        mean += np.sum(corrected**2, axis=(1, 2)) / N
        found = label_noise.iterated_gcv(x, y, maps @ y, traces, LAM)
        gaps.append(found - drawn + mean - 1.0 - risks)
        sizes.append(risks)
    return z_score(gaps, np.zeros(ROUNDS + 1), precision=0.01, scale=np.mean(sizes, axis=0))
