"""Self-training: each round meets fresh features, labelled by the last round's predictions."""

from __future__ import annotations

from dataclasses import dataclass

from sdtheory import _checks
from sdtheory._array import Array, namespace
from sdtheory.label_noise.proportional.problem import ProportionalProblem
from sdtheory.label_noise.proportional.risk import population_moments
from sdtheory.spectral import Spectrum, filters

__all__ = ["SelfTraining", "iterated_gcv", "self_training"]


@dataclass(frozen=True, slots=True)
class SelfTraining:
    """Excess risk after each round, shapes (rounds + 1,); the first entry is the teacher."""

    risk: Array
    """Systematic plus stochastic; often falls before it rises."""
    systematic: Array
    """What forgetting the signal costs: it rises from round to round."""
    stochastic: Array
    """What the teacher's noise costs: it fades."""
    residual: Array
    """Mean squared residual tau**2 of a round's leave-one-out predictions of its own targets."""


def self_training(
    problem: ProportionalProblem, lam_mean: Array, rounds: int, aspect_ratios: Array | None = None
) -> SelfTraining:
    """Return the limits when every round has its own sample.

    Parameters
    ----------
    problem : ProportionalProblem
        The first, labelled sample. Its eigenvalues must list all p features.
    lam_mean : float or array (rounds + 1,)
        Penalties, the teacher's first.
    rounds : int
        Rounds after the teacher.
    aspect_ratios : array (rounds + 1,), optional
        Features per sample of each round; by default that of `problem`.

    Examples
    --------
    >>> problem = ProportionalProblem([9.0] * 10 + [1.0] * 90, [0.05] * 10 + [0.002] * 90, 2.0, 1.0)
    >>> self_training(problem, 0.1, 2).risk
    array([1.13824729, 1.02777231, 1.13596485])
    """
    _checks.instance("problem", problem, ProportionalProblem)
    s = problem.eigenvalues
    xp = namespace(s)
    rounds = _checks.integer("rounds", rounds, at_most=_checks.ROUNDS)
    lams = _checks.array("lam_mean", lam_mean, like=s, ndim=(0, 1), above=0)
    given = problem.aspect_ratio if aspect_ratios is None else aspect_ratios
    ratios = _checks.array("aspect_ratios", given, like=s, ndim=(0, 1), above=0)
    for name, value in (("lam_mean", lams), ("aspect_ratios", ratios)):
        if value.ndim and value.shape[0] != rounds + 1:
            raise ValueError(
                f"{name} must have {rounds + 1} entries for {rounds} rounds, got {value.shape[0]}"
            )
    lams, ratios = (xp.broadcast_to(value, (rounds + 1,)) for value in (lams, ratios))
    energy, kept_so_far, lost_so_far = problem.signal_energy, xp.ones_like(s), xp.zeros_like(s)
    fluctuation = xp.zeros_like(s)
    kinds = []
    for t in range(rounds + 1):
        lam, ratio = (xp.reshape(value[t], (1, 1)) for value in (lams, ratios))
        kappa, kept, slope = population_moments(problem, lam, ratio)
        kept, lost = kept[0, :], kappa[0, 0] / (s + kappa[0, 0])
        noise = problem.noise_var if t == 0 else 0.0
        moment = kept_so_far**2 * energy + fluctuation
        residual = (xp.sum(s * moment * lost**2) + noise) * slope[0, 0]
        # The fluctuation of a fit is spread over the p features.
        spread = ratios[t] * problem.masses * residual
        fluctuation = kept**2 * fluctuation + kept / (s + kappa[0, 0]) * spread
        # Signal and fluctuation are followed apart: their sum would have to be taken apart again.
        lost_so_far = lost_so_far + kept_so_far * lost
        kept_so_far = kept * kept_so_far
        forgotten = xp.sum(s * energy * lost_so_far**2)
        random = xp.sum(s * fluctuation)
        kinds.append((forgotten + random, forgotten, random, residual))
    return SelfTraining(*(xp.stack(values) for values in zip(*kinds, strict=True)))


def iterated_gcv(
    design: Array, y: Array, estimates: Array, smoothers: Array, lam_mean: float
) -> Array:
    """Return estimates of the risk after each round, from the first labelled sample alone.

    After t rounds the estimate is the mean of squared corrected residuals,

        e = (y - X beta_t) + (trace_t / n) (y - X beta_0) / (1 - trace_0 / n),

    where trace_t is the derivative of the sum of fitted values in the labels.

    Parameters
    ----------
    design, y : array (n, p), (n,)
        The labelled sample.
    estimates : array (rounds + 1, p)
        Coefficients beta_t after each round.
    smoothers : array (rounds + 1,)
        trace_t: the trace of M_t ... M_1 M_0 with M_k = (X_k'X_k + lam_k)^-1 X_k'X_k.
    lam_mean : float
        Penalty of the teacher.

    Returns
    -------
    array (rounds + 1,)
        Of the risk with the noise of new labels.

    Examples
    --------
    >>> iterated_gcv([[1.0], [1.0]], [1.0, 0.0], [[0.25]], [0.5], lam_mean=1.0)
    array([0.5555...])
    """
    spectrum = Spectrum.from_design(design)
    x = _checks.array("design", design, ndim=2)
    y = _checks.array("y", y, like=x, ndim=1)
    _checks.same_length("y", y, "design", x)
    betas = _checks.array("estimates", estimates, like=x, ndim=2)
    traces = _checks.array("smoothers", smoothers, like=x, ndim=1)
    _checks.same_length("smoothers", traces, "estimates", betas)
    if betas.shape[1] != x.shape[1]:
        raise ValueError(f"estimates must have {x.shape[1]} columns, got {betas.shape[1]}")
    lam = _checks.number("lam_mean", lam_mean, above=0) * x.shape[0]
    xp = namespace(x)
    d = spectrum.eigenvalues
    # n minus the trace of the teacher, without a subtraction where all samples are fitted.
    free = float(x.shape[0] - d.shape[0]) + xp.sum(filters.distill(d, lam, 0.0, steps=0).lost)
    residuals = y[:, None] - x @ betas.T
    corrected = residuals + residuals[:, :1] * traces / free
    return xp.mean(corrected**2, axis=0)
