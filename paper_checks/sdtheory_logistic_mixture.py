"""Self-distillation on the Gaussian mixture: claims of our own."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from sdtheory.claims import Draw, claim, relative_error
from sdtheory.logistic import (
    GaussianMixture,
    averaging_errors,
    mixture_stages,
    saddle_gradient,
    teacher_saddle,
)

from .takanami2025 import _W, _X, _prox

PAPER = "sdtheory"
STAGES = "sdtheory.logistic.mixture.chain.mixture_stages"
AVERAGING = "sdtheory.logistic.mixture.averaging.averaging_errors"


def _problem(draw: Draw) -> dict[str, object]:
    return {
        "alpha": draw.log_uniform(0.3, 10.0),
        "variance": draw.log_uniform(0.2, 1.5),
        "theta": draw.uniform(0.02, 0.45),
    }


@claim(
    "sdtheory.saddle_potential",
    paper=PAPER,
    where="L18",
    says="""The teacher is the unique saddle point of an explicit potential, convex in signal,
    length, width and bias and concave in tau: a vanishing gradient certifies the solution.""",
    kind="identity",
    instances=lambda draw: (
        _problem(draw) | {"rho": draw.uniform(0.2, 0.8), "lam": draw.log_uniform(0.05, 5.0)}
    ),
    tolerance=lambda alpha, **_: 1e-7 * (1 + alpha),
    guards=(STAGES,),
    samples=20,
)
def saddle_potential(alpha: float, variance: float, theta: float, rho: float, lam: float) -> float:
    """Return the largest slope of the potential at the solved teacher."""
    problem = GaussianMixture(alpha, variance, theta, rho)
    return saddle_gradient(problem, lam, teacher_saddle(problem, mixture_stages(problem, lam)))


@claim(
    "sdtheory.averaging_is_the_best_teacher",
    paper=PAPER,
    where="L21",
    says="""At balance 1/2 the teacher's error falls with the penalty, to the averaging classifier's
    H((1-2 theta) / sqrt(Delta ((1-2 theta)^2 + Delta/alpha))) (order verified, limit exact).""",
    kind="inequality",
    instances=lambda draw: _problem(draw) | {"lam": draw.choice((1e6, draw.log_uniform(0.05, 50)))},
    tolerance=1e-9,
    guards=(AVERAGING,),
    samples=20,
)
def averaging_is_the_best_teacher(alpha: float, variance: float, theta: float, lam: float) -> float:
    """Return how much smaller the error at a finite or tenfold smaller penalty is."""
    problem = GaussianMixture(alpha, variance, theta)
    weak, strong = (float(mixture_stages(problem, x).error[0]) for x in (lam / 10, lam))
    return max(strong - weak, averaging_errors(problem).teacher - strong)


@claim(
    "sdtheory.averaging_is_the_strong_penalty",
    paper=PAPER,
    where="L22",
    says="""As both penalties grow, teacher and hard student tend to averages over given and
    predicted labels, and their errors to closed forms in alpha, Delta, theta.""",
    kind="identity",
    instances=_problem,
    tolerance=lambda alpha, variance, **_: 3e-7 * (1 + alpha) * (1 + variance),
    guards=(AVERAGING,),
    samples=4,
)
def averaging_is_the_strong_penalty(alpha: float, variance: float, theta: float) -> float:
    """Return the relative distance from the full equations at penalty 1e7."""
    problem = GaussianMixture(alpha, variance, theta)
    found = averaging_errors(problem)
    full = mixture_stages(problem, 1e7, 1, hard=True).error
    return relative_error(full, [found.teacher, found.retrained])


@claim(
    "sdtheory.consensus_retraining",
    paper=PAPER,
    where="L22",
    says="""Retraining on the points whose predicted label agrees with the given one is better than
    retraining on all points. (For this classifier it is worse, except with few samples and few
    flips.)""",
    kind="inequality",
    verdict="fails",
    counterexample={"alpha": 1.0, "variance": 0.5, "theta": 0.3},
    instances=lambda draw: {
        "alpha": draw.uniform(1.0, 8.0),
        "variance": draw.uniform(0.4, 0.6),
        "theta": draw.uniform(0.25, 0.35),
    },
    tolerance=1e-9,
    guards=(AVERAGING,),
)
def consensus_retraining(alpha: float, variance: float, theta: float) -> float:
    """Return the excess error of consensus over full retraining."""
    found = averaging_errors(GaussianMixture(alpha, variance, theta))
    return found.consensus - found.retrained


@claim(
    "sdtheory.hard_label_jump",
    paper=PAPER,
    where="L20",
    says="""With hard labels the student's response B_21 = -chi_1 chi_2 Qh_12 holds a jump: the
    density of the teacher's argument at its sign change, h_1 = gamma_1 (1/2 - y), times the
    difference of the student's dual variable under the two labels. A derivative under the
    expectation misses it.""",
    kind="identity",
    # With enough data the pseudo-labels never all agree, and the bias stays finite.
    instances=lambda draw: {
        "alpha": draw.log_uniform(1.0, 10.0),
        "variance": draw.log_uniform(0.2, 1.0),
        "theta": draw.uniform(0.02, 0.35),
        "rho": draw.choice((0.5, draw.uniform(0.4, 0.6))),
        "lam": draw.log_uniform(0.2, 2.0),
    },
    tolerance=1e-7,
    guards=(STAGES,),
    samples=4,
)
def hard_label_jump(alpha: float, variance: float, theta: float, rho: float, lam: float) -> float:
    """Return the relative difference of the response from smooth part plus jump."""
    problem = GaussianMixture(alpha, variance, theta, rho)
    found = mixture_stages(problem, lam, 1, hard=True)
    m, b, gain = found.signal, found.bias, found.gain
    root, B = np.linalg.cholesky(variance * found.overlap), float(found.response[1, 0])
    smooth = jump = 0.0
    for sign, label, weight in zip(*problem.groups(), strict=True):
        centre = sign * m[0] + b[0]
        at = (gain[0] * (0.5 - label) - centre) / root[0, 0]
        mean = sign * m[1] + b[1]
        density = np.exp(-0.5 * at**2) / np.sqrt(2 * np.pi) / root[0, 0]
        h = mean + root[1, 0] * at + variance * B * (label - 0.5) + root[1, 1] * _X
        ones, zeros = (t - expit(_prox(h, np.full(len(h), t), gain[1])) for t in (1.0, 0.0))
        jump += weight * density * float(_W @ (ones - zeros))
        # The smooth part, split at the jump: 80 Legendre nodes on either side.
        x, w = np.polynomial.legendre.leggauss(80)
        for low, high, target in ((-9.0, at, 0.0), (at, 9.0, 1.0)):
            zeta, share = low + (high - low) * (x + 1) / 2, (high - low) / 2 * w
            share = share * np.exp(-0.5 * zeta**2) / np.sqrt(2 * np.pi)
            p_1 = expit(_prox(centre + root[0, 0] * zeta, np.full(80, label), gain[0]))
            slope = -p_1 * (1 - p_1) / (1 + gain[0] * p_1 * (1 - p_1))
            h_2 = mean + root[1, 0] * zeta + variance * B * (label - p_1)
            h_2 = h_2[:, None] + root[1, 1] * _X
            p_2 = expit(_prox(h_2, np.full(h_2.shape, target), gain[1]))
            own = -p_2 * (1 - p_2) / (1 + gain[1] * p_2 * (1 - p_2))
            smooth += weight * float(np.sum((share * slope) @ (own * _W))) * variance * B
    pull = -alpha * variance * (smooth + jump)
    return relative_error(B, -gain[0] * gain[1] / variance**2 * pull)
