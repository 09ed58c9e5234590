"""The limit of a strong penalty: classifiers that average labelled points, in closed form.

As every penalty grows, the teacher becomes w = mean of (label - 1/2) x and each student the same
with the teacher's labels. This limit is where the best teacher and, at balance 1/2, the best
students of the mixture are found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, ndtr

from sdtheory import _checks

from .points import smooth_rule
from .problem import GaussianMixture

__all__ = ["AveragingErrors", "averaging_errors", "best_soft_averaging", "soft_averaging_error"]


@dataclass(frozen=True, slots=True)
class AveragingErrors:
    """Test errors of the averaging classifier and of one round of hard retraining.

    Attributes
    ----------
    teacher : average over the given labels; the smallest error of any ridge-penalised teacher
    pseudo_accuracy : fraction of TRAINING points whose predicted label is the true one
    retrained : average over the predicted labels of all points
    consensus : average over the points whose predicted label equals the given one

    """

    teacher: float
    pseudo_accuracy: float
    retrained: float
    consensus: float


def averaging_errors(problem: GaussianMixture) -> AveragingErrors:
    """Return the closed-form errors of averaging, hard retraining and consensus retraining.

    Examples
    --------
    >>> found = averaging_errors(GaussianMixture(1.0, 0.5, 0.3))
    >>> found.teacher, found.retrained, found.consensus
    (0.24311716, 0.18754803, 0.20091307)

    """
    _checks.instance("problem", problem, GaussianMixture)
    alpha, Delta, theta = problem.sample_ratio, problem.variance, problem.flip_probability
    m, X, width = _teacher(problem)
    # A training point's own dual variable, Delta (label - 1/2), is part of its logit.
    z_right, z_wrong = (m + Delta / 2) / width, (m - Delta / 2) / width
    q_right, q_wrong = ndtr(z_right), ndtr(z_wrong)
    density = np.exp(-0.5 * np.array([z_right, z_wrong]) ** 2) / np.sqrt(2 * np.pi)
    edge = ((1 - theta) * density[0] + theta * density[1]) / width
    accuracy = (1 - theta) * q_right + theta * q_wrong
    disagree = (1 - theta) * (1 - q_right) + theta * q_wrong
    k = alpha * Delta * edge
    m_full = alpha / 2 * (2 * accuracy - 1) + k * m
    Q_full = m_full**2 + X + 2 * k * X * (1 - 2 * disagree) + k**2 * X
    kept = (1 - theta) * q_right + theta * (1 - q_wrong)
    half = k / 2
    m_kept = alpha / 2 * ((1 - theta) * q_right - theta * (1 - q_wrong)) + half * m
    Q_kept = m_kept**2 + X * kept + 2 * half * X * kept + half**2 * X
    return AveragingErrors(
        teacher=float(ndtr(-m / width)),
        pseudo_accuracy=float(accuracy),
        retrained=float(ndtr(-m_full / np.sqrt(Delta * Q_full))),
        consensus=float(ndtr(-m_kept / np.sqrt(Delta * Q_kept))),
    )


def soft_averaging_error(problem: GaussianMixture, sharpness: float) -> float:
    """Return the error after one round of soft labels sigmoid(sharpness * logit).

    The logit is that of the teacher ``sum_i (label_i - 1/2) x_i / sqrt(d)``: this is the limit
    of a strong penalty lam with inverse temperature sharpness * lam.

    Examples
    --------
    >>> soft_averaging_error(GaussianMixture(1.0, 0.5, 0.3), 4.84)
    0.17878

    """
    _checks.instance("problem", problem, GaussianMixture)
    m, X, width = _teacher(problem)
    sharpness = _checks.number("sharpness", sharpness, above=0)
    alpha, Delta = problem.sample_ratio, problem.variance
    zeta, weight = smooth_rule(max(1.0, sharpness * width), 1.5)
    push = force = cross = slope = 0.0
    for sign, label, chance in zip(*problem.groups(), strict=True):
        soft = expit(sharpness * (sign * m + width * zeta + Delta * (label - 0.5)))
        dual = soft - 0.5
        push += chance * sign * float(np.sum(weight * dual))
        force += chance * float(np.sum(weight * dual**2))
        cross += chance * (label - 0.5) * float(np.sum(weight * dual))
        slope += chance * sharpness * float(np.sum(weight * soft * (1 - soft)))
    k = alpha * Delta * slope
    m_2 = alpha * push + k * m
    Q_2 = m_2**2 + alpha * Delta * force + 2 * k * alpha * Delta * cross + k**2 * X
    return float(ndtr(-m_2 / np.sqrt(Delta * Q_2)))


def best_soft_averaging(problem: GaussianMixture) -> tuple[float, float]:
    """Return (sharpness, error) of the best soft labels of one round.

    Where the softest labels are the best the sharpness is that of the end of the search, exp(-6)
    over the standard deviation of the logits; there the labels are linear in the logits.

    Examples
    --------
    >>> best_soft_averaging(GaussianMixture(1.0, 0.5, 0.3))
    (4.84, 0.17878)

    """
    _checks.instance("problem", problem, GaussianMixture)
    # In units of the logits' standard deviation
    grid = np.linspace(-6, 6, 25) - np.log(_teacher(problem)[2])
    start = grid[np.argmin([soft_averaging_error(problem, float(np.exp(x))) for x in grid])]
    found = minimize_scalar(
        lambda x: soft_averaging_error(problem, float(np.exp(x))),
        bounds=(start - 0.5, start + 0.5),
        method="bounded",
        options={"xatol": 1e-7},
    )
    return float(np.exp(found.x)), float(found.fun)


def _teacher(problem: GaussianMixture) -> tuple[float, float, float]:
    """Return signal, squared norm without it and standard deviation of the logits."""
    if problem.balance != 0.5:
        raise ValueError(
            f"balance must be 1/2 for the closed forms without a bias, got {problem.balance!r}"
        )
    signal = problem.sample_ratio * (1 - 2 * problem.flip_probability) / 2
    rest = problem.sample_ratio * problem.variance / 4
    return signal, rest, float(np.sqrt(problem.variance * (signal**2 + rest)))
