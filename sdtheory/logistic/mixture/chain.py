"""Teacher and students on the Gaussian mixture, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from sdtheory import _checks

from ..roots import Floats
from .points import smooth_rule, split_rule
from .problem import GaussianMixture, MixtureStages
from .solver import solve_stage
from .stage import Past, Response, Stage, StageModel, full_response

__all__ = ["Schedule", "mixture_stages", "solve_chain"]

# The saddle point is accepted at this violation; typical is 1e-14.
_ACCEPTED = 1e-9


@dataclass(frozen=True, slots=True)
class Schedule:
    """Hyper-parameters of every stage; the teacher's xi and sharpness are not used."""

    lam: Floats
    xi: Floats
    sharpness: Floats
    squared: bool = False
    bias: float | None = None
    refine: float = 1.0


def mixture_stages(
    problem: GaussianMixture,
    lam: float | Sequence[float],
    steps: int | None = None,
    xi: float | Sequence[float] = 1.0,
    temperature: float | Sequence[float] = 1.0,
    hard: bool = False,
    loss: str = "logistic",
    bias: str | float = "fit",
) -> MixtureStages:
    """Return signal, norms and test errors of teacher and students in the proportional limit.

    Stage t minimises ``sum_i loss(target_i, logit_i) + lam_t / 2 |w|^2`` (a SUM over samples;
    features scaled by 1/sqrt(d)); from the second stage on the targets are
    ``xi_t p(logit / temperature) + (1 - xi_t) label``.

    Parameters
    ----------
    problem : the mixture
    lam : ridge of every stage, teacher first, or one number for all
    steps : rounds after the teacher; by default as many as `lam` lists
    xi, temperature : weight on the teacher and temperature, one number or one per round
    hard : use the teacher's predicted classes
    loss : "logistic", or "squared": ``(p - target)^2`` with p = (1 + logit) / 2
    bias : "fit" learns an intercept (at balance 1/2 it is exactly 0), a number fixes it

    Returns
    -------
    MixtureStages, whose `residual` says how well the equations are solved

    Raises
    ------
    ValueError
        if the equations have no solution: hard labels of an unbalanced mixture can all agree,
        and the bias that fits them is infinite

    Examples
    --------
    >>> found = mixture_stages(GaussianMixture(2.0, 0.5, 0.2), lam=0.5, steps=1)
    >>> found.error
    array([0.18280083, 0.1368047 ])

    """
    _checks.instance("problem", problem, GaussianMixture)
    _checks.flag("hard", hard)
    ridges = _checks.ndarray("lam", lam, ndim=(0, 1), above=0)
    rounds = 0 if ridges.ndim == 0 else len(ridges) - 1
    steps = rounds if steps is None else _checks.integer("steps", steps, at_most=_checks.POWERS)
    ridge = _schedule("lam", lam, steps + 1)
    warmth = _schedule("temperature", temperature, steps)
    if np.any(warmth <= 0):
        raise ValueError(f"temperature must be positive, got {_checks.show(temperature)}")
    _checks.choice("loss", loss, ("logistic", "squared"))
    fixed = None if isinstance(bias, str) and bias == "fit" else _checks.number("bias", bias)
    schedule = Schedule(
        lam=ridge,
        xi=np.append(1.0, _schedule("xi", xi, steps)),
        sharpness=np.append(1.0, np.full(steps, np.inf) if hard else 1 / warmth),
        squared=loss == "squared",
        # At balance 1/2 the classes mirror each other and the fitted bias is 0.
        bias=0.0 if fixed is None and problem.balance == 0.5 else fixed,
    )
    return solve_chain(problem, schedule)


def solve_chain(
    problem: GaussianMixture, schedule: Schedule, response: Response = full_response
) -> MixtureStages:
    """Solve the stages one after the other; later ones never feed back (no checks)."""
    widths = np.ones(len(schedule.lam))
    while True:
        past, worst = _solve_all(problem, schedule, widths, response)
        # Noise s reaches the logit of stage t through L_ts, and its soft label sharpened.
        soft = np.where(np.isinf(schedule.sharpness), 1.0, schedule.sharpness)
        reach = np.abs(past.root) * np.maximum(1.0, np.append(soft[1:], 1.0))[:, None]
        needed = reach.max(axis=0)
        if np.all(needed <= widths):
            break
        widths = np.maximum(widths, 1.1 * needed)
    overlap = past.root @ past.root.T / problem.variance
    return MixtureStages(
        signal=past.signal,
        bias=past.bias,
        overlap=overlap,
        error=problem.test_error(past.signal, past.bias, np.diag(overlap)),
        gain=past.gain,
        response=past.response,
        force=past.force,
        residual=worst,
    )


def _solve_all(
    problem: GaussianMixture, schedule: Schedule, widths: Floats, response: Response
) -> tuple[Past, float]:
    past, worst = Past.start(problem), 0.0
    last = len(schedule.lam) - 1
    for t in range(last + 1):
        rule = smooth_rule(widths[t], schedule.refine)
        model = _stage_model(problem, past, schedule, t, rule, response)
        stage, violation = solve_stage(model, 0.0 if schedule.bias is None else schedule.bias)
        if not violation <= _ACCEPTED:
            raise ValueError(
                f"lam, xi, temperature and hard have no solution at stage {t} (violation "
                f"{violation:.1e}): if all pseudo-labels agree the bias is infinite; fix it"
            )
        worst = max(worst, violation)
        split = t < last and bool(np.isinf(schedule.sharpness[t + 1]))
        past = _advance(model, stage, split)
    return past, worst


def _schedule(name: str, value: object, count: int) -> Floats:
    given = _checks.ndarray(name, value, ndim=(0, 1)) if count else np.zeros(0)
    if np.ndim(given) and len(given) != count:
        raise ValueError(f"{name} must be one number or {count} numbers, got {_checks.show(value)}")
    return np.broadcast_to(given, (count,)).astype(float)


def _stage_model(
    problem: GaussianMixture,
    past: Past,
    schedule: Schedule,
    t: int,
    rule: tuple[Floats, Floats],
    response: Response,
) -> StageModel:
    points, xi = past.points, schedule.xi[t]
    target = points.label
    if t:
        teacher = _probability(points.logit, schedule.sharpness[t], schedule.squared)
        target = xi * teacher + (1 - xi) * points.label
    return StageModel(
        problem=problem,
        past=past,
        target=target,
        lam=float(schedule.lam[t]),
        squared=schedule.squared,
        fitted_bias=schedule.bias is None,
        nodes=rule[0],
        weights=rule[1],
        response_rule=response,
    )


def _probability(logit: Floats, sharpness: float, squared: bool) -> Floats:
    if np.isinf(sharpness):
        return np.asarray((logit > 0).astype(float))
    return np.asarray((1 + sharpness * logit) / 2 if squared else expit(sharpness * logit))


def _advance(model: StageModel, stage: Stage, split: bool) -> Past:
    """Return the past with a solved stage: its points become the background of the next."""
    past, t = model.past, len(model.past.signal)
    zeta, weights = model.nodes, model.weights
    if split:
        # The logit has the sign of y - gain/2, which is linear in this stage's noise.
        centre = model.shift(stage) + stage.gain * (model.target - 0.5)
        zeta, weights = split_rule(-centre / stage.row[-1])
    logit, dual, _ = model.logits(stage, zeta)
    force = model.moments(stage).force
    column = np.zeros((t, 1))
    return Past(
        points=past.points.extended(zeta, weights, dual, logit),
        signal=np.append(past.signal, stage.signal),
        bias=np.append(past.bias, stage.bias),
        root=np.vstack([np.hstack([past.root, column]), stage.row]),
        response=np.vstack(
            [
                np.hstack([past.response, column]),
                np.append(stage.response, stage.gain / model.problem.variance),
            ]
        ),
        force=np.block([[past.force, force[:-1, None]], [force[None, :]]]),
        gain=np.append(past.gain, stage.gain),
    )
