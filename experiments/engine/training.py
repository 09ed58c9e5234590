"""The one training loop: a stack of runs, an objective with one value a run, an optimiser.

Runs share no parameter, so the gradient of the sum of their objectives is the stack of their
gradients; one backward pass serves all.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from experiments.engine.parameters import Layout, Params, PerRun, column, concatenate

__all__ = ["Fitted", "Objective", "Optimiser", "Penalty", "Recorder", "Step", "join", "minimise"]


@dataclass(frozen=True, slots=True)
class Step:
    """What an objective may depend on besides the parameters.

    Attributes
    ----------
    index : int
        Number of the step, from 0; keys the draw of a fresh sample.
    average : Params or None
        Exponential moving average of the parameters, if one is kept.
    """

    index: int
    average: Params | None


Objective = Callable[[Params, Step], Tensor]  # -> (runs,)
AfterStep = Callable[[Tensor, int], None]


class Evaluate(Protocol):
    """The stack of functions that an optimiser minimises."""

    def __call__(
        self, theta: Tensor, index: int, /, *, value: bool = True
    ) -> tuple[Tensor, Tensor]:
        """Return values (without weight decay unless `value`) and gradients."""


class Optimiser(Protocol):
    """Anything that minimises a stack of functions; see `optimisers` and `lbfgs`."""

    @property
    def memory(self) -> int:
        """Number of matrices of the size of the stacked parameters that it keeps."""

    def rows(self, rows: slice) -> "Optimiser":
        """Return the optimiser of some runs."""

    def run(
        self, evaluate: Evaluate, theta: Tensor, steps: int, after: AfterStep
    ) -> tuple[Tensor, Tensor]:
        """Return the final matrix and, for each run, whether it met its own stopping rule."""


@dataclass(frozen=True, slots=True)
class Penalty:
    """Weight decay: the objective gains ``weight_decay / 2 * ||theta - anchor||^2``.

    Attributes
    ----------
    weight_decay : float or array of shape (runs,)
        Strength.
    anchor : Params or None
        Where the penalty is zero; the origin for None.
    names : collection of str or None
        Parameters that are penalised; all trained ones for None.
    """

    weight_decay: PerRun
    anchor: Params | None = None
    names: Collection[str] | None = None

    def strengths(self, layout: Layout, like: Tensor) -> Tensor:
        """Return the strength of each entry, shape ``(runs or 1, entries or 1)``."""
        decay = column(self.weight_decay, like)
        if self.names is None:
            return decay
        sizes = zip(layout.names, layout.sizes, strict=True)
        chosen = [like.new_full((size,), float(name in self.names)) for name, size in sizes]
        return decay * torch.cat(chosen)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Measurements taken during training.

    Attributes
    ----------
    steps : sequence of int
        Steps after which to measure; 0 is the initialisation.
    measure : callable
        From parameters to a tensor of shape ``(runs, ...)``.
    """

    steps: Sequence[int]
    measure: Callable[[Params], Tensor]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained stack.

    Attributes
    ----------
    params : Params
        Final parameters, frozen ones included.
    objective : Tensor, shape (runs,)
        Final value of the objective, weight decay included.
    gradient : Tensor, shape (runs,)
        Largest entry of the final gradient, in magnitude.
    converged : Tensor, shape (runs,)
        Whether the optimiser's own stopping rule was met (never for a fixed number of steps).
    average : Params or None
        Moving average of the parameters, if one was kept.
    record : Tensor or None, shape (runs, measurements, ...)
        What the recorder measured.
    """

    params: Params
    objective: Tensor
    gradient: Tensor
    converged: Tensor
    average: Params | None = None
    record: Tensor | None = None

    @property
    def finite(self) -> Tensor:
        """Whether each run ended with a finite objective and gradient."""
        return torch.isfinite(self.objective) & torch.isfinite(self.gradient)


def minimise(
    objective: Objective,
    params: Params,
    optimiser: Optimiser,
    steps: int,
    *,
    frozen: Collection[str] = (),
    penalty: Penalty | None = None,
    rates: Mapping[str, PerRun] | None = None,
    average: PerRun | None = None,
    recorder: Recorder | None = None,
) -> Fitted:
    """Minimise a stack of objectives from ``params``.

    Parameters
    ----------
    objective : callable
        ``objective(params, step)`` returns one value a run, shape ``(runs,)``.
    params : Params
        Where to start; not modified.
    optimiser : Optimiser
        How to go.
    steps : int
        Number of steps, or the most of them for an optimiser with a stopping rule.
    frozen : collection of str, optional
        Parameters that stay as they are.
    penalty : Penalty, optional
        Weight decay; its gradient is added without a detour through autograd.
    rates : mapping, optional
        Factors of the gradients of some parameters, weight decay included: with `GradientDescent`,
        learning rates of their own relative to the others'.
    average : float or array of shape (runs,), optional
        Decay per step of an exponential moving average of the parameters, handed to the objective.
    recorder : Recorder, optional
        What to measure on the way.

    Returns
    -------
    Fitted
    """
    layout = Layout.of(params, frozen)
    fixed = {name: value for name, value in params.items() if name not in layout.names}
    theta = layout.flatten(params)
    mean = theta.clone() if average is not None else None
    keep = column(average, theta) if average is not None else None
    measured: list[Tensor] = []
    factors = relative_rates(rates, layout, theta) if rates else None
    strengths = penalty.strengths(layout, theta) if penalty is not None else None
    anchor = layout.flatten(penalty.anchor) if penalty and penalty.anchor is not None else None

    def named(matrix: Tensor) -> Params:
        return fixed | layout.unflatten(matrix)

    def evaluate(matrix: Tensor, index: int, *, value: bool = True) -> tuple[Tensor, Tensor]:
        leaf = matrix.detach().requires_grad_()
        values = objective(named(leaf), Step(index, None if mean is None else named(mean)))
        (gradients,) = torch.autograd.grad(values.sum(), leaf)
        values = values.detach()
        if strengths is not None:
            shift = matrix if anchor is None else matrix - anchor
            if value:
                values = values + 0.5 * (shift * (strengths * shift)).sum(dim=1)
            gradients = gradients.addcmul(shift, strengths)
        return values, gradients if factors is None else factors * gradients

    def after(matrix: Tensor, done: int) -> None:
        if mean is not None and keep is not None:
            mean.mul_(keep).add_((1.0 - keep) * matrix)
        observe(matrix, done)

    def observe(matrix: Tensor, done: int) -> None:
        if recorder is not None and done in recorder.steps:
            measured.append(recorder.measure(named(matrix)).detach().clone())

    observe(theta, 0)
    theta, converged = optimiser.run(evaluate, theta, steps, after)
    values, gradients = evaluate(theta, steps)
    return Fitted(
        named(theta),
        values,
        gradients.abs().amax(dim=1),
        converged,
        None if mean is None else named(mean),
        torch.stack(measured, dim=1) if measured else None,
    )


def relative_rates(rates: Mapping[str, PerRun], layout: Layout, like: Tensor) -> Tensor:
    """Return the factor of every entry of the gradient, shape ``(runs, entries)``."""
    unknown = sorted(set(rates) - set(layout.names))
    if unknown:
        raise ValueError(f"rates must name trained parameters {layout.names}, got {unknown}")
    parts = [
        column(rates.get(name, 1.0), like).expand(len(like), size)
        for name, size in zip(layout.names, layout.sizes, strict=True)
    ]
    return torch.cat(parts, dim=1)


def join(parts: Sequence[Fitted]) -> Fitted:
    """Join the results of consecutive chunks of runs."""
    averages = [part.average for part in parts if part.average is not None]
    records = [part.record for part in parts if part.record is not None]
    return Fitted(
        concatenate([part.params for part in parts]),
        torch.cat([part.objective for part in parts]),
        torch.cat([part.gradient for part in parts]),
        torch.cat([part.converged for part in parts]),
        concatenate(averages) if averages else None,
        torch.cat(records) if records else None,
    )
