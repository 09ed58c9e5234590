"""Limited-memory BFGS for a stack of runs: own curvature, own line search, own stopping, one batch.

Every run has its own step length.  The line search brackets a weak Wolfe point by bisection, which
ends for every function that is bounded below along the ray; close to the minimum, where the values
differ by less than their rounding error, the approximate Wolfe condition of Hager & Zhang (2005)
takes over, which looks at slopes alone.  Runs that have converged stay exactly where they are.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from experiments.engine.parameters import PerRun, column, take_rows
from experiments.engine.training import AfterStep, Evaluate

__all__ = ["LBFGS"]

DECREASE, CURVATURE = 0.1, 0.9  # Wolfe constants; DECREASE < 1/2 is what Hager & Zhang need


@dataclass(frozen=True, slots=True)
class State:
    """A point of every run with what is known there."""

    theta: Tensor
    values: Tensor
    gradients: Tensor


@dataclass(frozen=True, slots=True)
class LBFGS:
    """Limited-memory BFGS, for smooth objectives without fresh sampling.

    Attributes
    ----------
    tolerance : float or array of shape (runs,)
        A run stops when no entry of its gradient exceeds this in magnitude.
    history : int
        Number of curvature pairs kept.
    trials : int
        Most evaluations in one line search; a run that needs more is restarted from its gradient,
        and stops, not converged, when that fails too.
    """

    tolerance: PerRun = 1e-10
    history: int = 12
    trials: int = 40

    @property
    def memory(self) -> int:
        """Matrices kept: two for each curvature pair, and those of the line search."""
        return 2 * self.history + 6

    def rows(self, rows: slice) -> "LBFGS":
        """Return the optimiser of some runs."""
        return replace(self, tolerance=take_rows(self.tolerance, rows))

    def run(
        self, evaluate: Evaluate, theta: Tensor, steps: int, after: AfterStep
    ) -> tuple[Tensor, Tensor]:
        """Take at most ``steps`` steps; stop when every run has converged or is stuck."""
        tolerance = column(self.tolerance, theta)[:, 0]
        state = State(theta, *evaluate(theta, 0))
        pairs: list[tuple[Tensor, Tensor, Tensor]] = []
        stuck = torch.zeros_like(state.values, dtype=torch.bool)
        fresh = ~stuck  # whether the next direction is the plain gradient
        for step in range(steps):
            active = (state.gradients.abs().amax(dim=1) > tolerance) & ~stuck
            if not bool(active.any()):
                break
            direction = -two_loops(state.gradients, pairs)
            slope = (direction * state.gradients).sum(dim=1)
            uphill = ~(slope < 0)
            direction = torch.where((fresh | uphill)[:, None], -state.gradients, direction)
            first = torch.where(
                fresh | uphill, 1.0 / state.gradients.norm(dim=1).clamp(min=1.0), 1.0
            )
            moved, success = line_search(
                evaluate, step, state, direction, first, active, self.trials
            )
            pairs = remember(pairs, state, moved, success, self.history)
            stuck |= active & ~success & fresh
            fresh = active & ~success
            state = moved
            after(state.theta, step + 1)
        return state.theta, state.gradients.abs().amax(dim=1) <= tolerance


def two_loops(gradients: Tensor, pairs: list[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
    """Return the inverse-Hessian estimate times the gradients, by the usual two loops.

    A pair is (step, change of gradient, 1 / their product); the last entry is 0 for runs that the
    pair says nothing about, which makes it drop out of both loops.
    """
    vector = gradients
    weights: list[Tensor] = []
    for change, bend, inverse in reversed(pairs):
        weight = inverse * (change * vector).sum(dim=1)
        vector = vector - weight[:, None] * bend
        weights.append(weight)
    vector = vector * initial_scale(vector, pairs)[:, None]
    for (change, bend, inverse), weight in zip(pairs, reversed(weights), strict=True):
        correction = weight - inverse * (bend * vector).sum(dim=1)
        vector = vector + correction[:, None] * change
    return vector


def initial_scale(like: Tensor, pairs: list[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
    """Return, for each run, s'y / y'y of its newest usable pair; 1 without one."""
    scale = like.new_ones(len(like))
    for _, bend, inverse in pairs:
        usable = inverse > 0
        newest = 1.0 / (inverse * bend.square().sum(dim=1))
        scale = torch.where(usable, newest, scale)
    return scale


def remember(
    pairs: list[tuple[Tensor, Tensor, Tensor]],
    old: State,
    new: State,
    success: Tensor,
    history: int,
) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Append the newest pair and forget the oldest; runs without success lose all their pairs."""
    change, bend = new.theta - old.theta, new.gradients - old.gradients
    product = (change * bend).sum(dim=1)
    floor = torch.finfo(product.dtype).eps * change.norm(dim=1) * bend.norm(dim=1)
    usable = success & (product > floor)
    inverse = torch.where(usable, 1.0 / product, 0.0)
    kept = [(s, y, torch.where(success, p, 0.0)) for s, y, p in pairs]
    return [*kept, (change, bend, inverse)][-history:]


def line_search(
    evaluate: Evaluate,
    step: int,
    start: State,
    direction: Tensor,
    first: Tensor,
    active: Tensor,
    trials: int,
) -> tuple[State, Tensor]:
    """Return a point of every active run on its ray, and which runs found one."""
    slope = (direction * start.gradients).sum(dim=1)
    # Values below this differ by rounding alone; Hager & Zhang use 1e-6 of the value, we eps^(2/3).
    slack = torch.finfo(slope.dtype).eps ** (2 / 3) * start.values.abs()
    low, high = torch.zeros_like(first), torch.full_like(first, torch.inf)
    length, searching = first, active
    best = start
    for _ in range(trials):
        trial = start.theta + length[:, None] * direction
        values, gradients = evaluate(trial, step)
        steepness = (direction * gradients).sum(dim=1)
        decreased = values <= start.values + DECREASE * length * slope
        level = values <= start.values + slack
        flat = steepness <= (2 * DECREASE - 1) * slope
        low_enough = decreased | (level & flat)
        steep_enough = steepness >= CURVATURE * slope
        found = searching & low_enough & steep_enough
        best = State(
            torch.where(found[:, None], trial, best.theta),
            torch.where(found, values, best.values),
            torch.where(found[:, None], gradients, best.gradients),
        )
        searching = searching & ~found
        if not bool(searching.any()):
            break
        # A value that is not finite fails both comparisons, so the ray is cut short there.
        high = torch.where(~low_enough, length, high)
        low = torch.where(low_enough, length, low)
        length = torch.where(torch.isinf(high), 2.0 * low, 0.5 * (low + high))
    return best, active & ~searching
