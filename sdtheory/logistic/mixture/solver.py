"""Solving one stage: a contracting iteration, Powell's method near its end, a path if both fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import root

from ..roots import Floats
from .stage import Stage, StageModel

__all__ = ["solve_stage"]

# Violation of the equations at which a solution counts as found; Powell's method ends at 1e-15.
_GOOD = 1e-11
# The iteration hands over to Powell's method when it is this close, and after so many steps.
_CLOSE, _PATIENCE = 1e-3, 60
# On the path the penalty shrinks by at most the first factor a step, and at least by the second.
_COARSEST, _FINEST = 100.0, 1.001


def solve_stage(model: StageModel, bias: float) -> tuple[Stage, float]:
    """Return the solution of a stage and the largest violation of its equations.

    The underlying problem is strictly convex, so the solution is unique and moves smoothly with
    the penalty. If the direct attempt fails, the path from a huge penalty, where the iteration
    contracts at once, is followed down with steps that shrink where they have to.
    """
    stage, violation = _attempt(model, _guess(model, bias))
    if violation <= _GOOD:
        return stage, violation
    return _follow(model, bias)


def _attempt(model: StageModel, stage: Stage) -> tuple[Stage, float]:
    for _ in range(_PATIENCE):
        if np.abs(model.residual(stage)).max() < _CLOSE:
            break
        stage = model.improved(stage)

    def equations(x: Floats) -> Floats:
        return model.residual(model.unpack(x, stage.bias))

    found = root(equations, model.pack(stage), method="hybr", options={"xtol": 1e-14})
    return model.unpack(found.x, stage.bias), float(np.max(np.abs(found.fun)))


def _follow(model: StageModel, bias: float) -> tuple[Stage, float]:
    alpha, Delta = model.problem.sample_ratio, model.problem.variance
    lam = 1e3 * max(model.lam, alpha * Delta, alpha)
    stage, violation = _attempt(replace(model, lam=lam), _guess(replace(model, lam=lam), bias))
    factor = _COARSEST
    while violation <= _GOOD and lam > model.lam and factor > _FINEST:
        next_lam = max(lam / factor, model.lam)
        attempt, failed = _attempt(replace(model, lam=next_lam), stage)
        if failed <= _GOOD:
            lam, stage, violation = next_lam, attempt, failed
            factor = min(_COARSEST, factor**1.5)
        else:
            factor = factor**0.5
    return stage, violation if lam == model.lam else np.inf


def _guess(model: StageModel, bias: float) -> Stage:
    """Return the solution for dual variables target - 1/2 with the curvature of small logits."""
    past, alpha, Delta = model.past, model.problem.sample_ratio, model.problem.variance
    slope = 0.5 if model.squared else 0.25
    gain = 1.0
    for _ in range(50):
        gain = Delta / (model.lam + alpha * Delta * slope / (1 + slope * gain))
    dual = (model.target - 0.5) / (1 + slope * gain)
    weighted, chi = past.points.weight * dual, gain / Delta
    signal = chi * alpha * float(weighted @ past.points.sign)
    signal /= 1 + chi * alpha * slope / (1 + slope * gain)
    noise = chi**2 * alpha * Delta * float(weighted @ dual)
    # The same points pull this stage and the earlier ones.
    shared = chi * alpha * Delta * (past.response @ (weighted @ past.points.dual))
    row = (
        np.linalg.solve(past.root, Delta * (shared + signal * past.signal))
        if len(shared)
        else shared
    )
    total = Delta * (signal**2 + noise)
    own = max(total - float(row @ row), 0.05 * total)
    start_bias = float(past.bias[-1]) if len(shared) else bias
    return Stage(gain, signal, start_bias, np.append(row, np.sqrt(own)), np.zeros(len(shared)))
