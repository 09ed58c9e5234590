"""Wu, Yang & Sun 2026: why self-training helps and hurts."""

from functools import lru_cache
from typing import Any

import numpy as np

from sdtheory import label_noise
from sdtheory.claims import SCORE_LIMIT, Draw, claim, z_score
from sdtheory.label_noise import ProportionalProblem

from ._control_variates import controlled, nearest_within
from ._self_training_chains import Chains, error_on_a_draw, simulate

PAPER = "Wu, Yang & Sun 2026"

P, N, LAM, ROUNDS, RUNS, CALLS = 60, 40, 0.3, 2, 600, 40
EIGENVALUES = np.where(np.arange(P) < P // 10, 9.0, 1.0)
ENERGY = np.where(np.arange(P) < P // 10, 0.16, 0.016)


@lru_cache(maxsize=4)
def _chains(seed: int) -> Chains:
    return simulate(EIGENVALUES, ENERGY, N, LAM, ROUNDS, RUNS, seed)


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
    chains = _chains(seed)
    return z_score(controlled(chains.risks, chains.controls), limit, precision=0.005)


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
    errors = [error_on_a_draw(chains, k, LAM, rng) for k in range(CALLS)]
    gaps = chains.estimates + np.mean(errors, axis=0) - 1.0 - chains.risks
    draws, scale = controlled(gaps, chains.controls), chains.risks.mean(axis=0)
    # Cross-validation has a bias of order 1/n, even on complex designs; here it is 0.01 / n.
    nearest = nearest_within(draws, np.zeros(ROUNDS + 1), 0.05 / N * scale)
    return z_score(draws, nearest, precision=0.005, scale=scale)
