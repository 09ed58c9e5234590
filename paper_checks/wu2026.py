"""Wu, Yang & Sun 2026: why self-training helps and hurts."""

from typing import Any

import numpy as np

from sdtheory import label_noise
from sdtheory.claims import Draw, claim, z_score
from sdtheory.label_noise import ProportionalProblem

PAPER = "Wu, Yang & Sun 2026"
FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def _simulated(seed: int, rounds: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the limit, and risks and their estimates in 12 runs with 150 features."""
    rng = np.random.default_rng(seed)
    p, n, lam = 150, 100, 0.3
    s = np.where(np.arange(p) < 15, 9.0, 1.0)
    beta = np.where(np.arange(p) < 15, 0.25, 0.08)
    risks, guesses = [], []
    for _ in range(12):
        estimates: list[FloatArray] = []
        traces, product = [], np.eye(p)
        for t in range(rounds + 1):
            x = rng.normal(size=(n, p)) * np.sqrt(s)
            if t == 0:
                first, y = x, x @ beta + rng.normal(size=n)
            target = y if t == 0 else x @ estimates[-1]
            fit = np.linalg.solve(x.T @ x + n * lam * np.eye(p), x.T)
            estimates.append(fit @ target)
            product = fit @ x @ product
            traces.append(float(np.trace(product)))
        stacked = np.array(estimates)
        risks.append((stacked - beta) ** 2 @ s)
        guesses.append(label_noise.iterated_gcv(first, y, stacked, traces, lam) - 1)
    made = ProportionalProblem(s, beta**2, p / n, 1.0)
    limit = label_noise.self_training(made, lam, rounds).risk
    return limit, np.array(risks), np.array(guesses)


@claim(
    "wu2026.risk_after_each_round",
    paper=PAPER,
    where="R50",
    source="derived",
    says="""With fresh features in every round the risk follows a recursion: what is systematic
    grows as signal is forgotten, what is random fades.""",
    kind="statistical",
    instances=lambda draw: {"seed": draw.seed()},
    tolerance=5.0,
    guards=("sdtheory.label_noise.proportional.self_training.self_training",),
    sensitivity=4e-1,
)
def risk_after_each_round(seed: int) -> float:
    """Return the distance of simulated risks from the limit in standard errors."""
    limit, risks, _ = _simulated(seed, 2)
    return z_score(risks, limit, precision=0.1)


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
    tolerance=5.0,
    guards=("sdtheory.label_noise.proportional.self_training.iterated_gcv",),
    sensitivity=4e-1,
)
def iterated_gcv(seed: int) -> float:
    """Return the mean difference of estimate and risk, in standard errors."""
    _, risks, guesses = _simulated(seed, 2)
    return z_score(guesses - risks, np.zeros(3), precision=0.2, scale=risks.mean(axis=0))
