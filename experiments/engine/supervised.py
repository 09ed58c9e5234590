"""Supervised training of a stack of runs: one call from data to trained parameters."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from experiments.engine.chunking import in_chunks, planned_chunk
from experiments.engine.losses import Loss, loss_rows
from experiments.engine.models import Model
from experiments.engine.parameters import Params, PerRun, rows_of, take_rows
from experiments.engine.streams import Streams
from experiments.engine.training import (
    Fitted,
    Objective,
    Optimiser,
    Penalty,
    Recorder,
    Step,
    join,
    minimise,
)

__all__ = ["Learner"]


@dataclass(frozen=True, slots=True)
class Learner:
    """Everything about a supervised training but its targets: a function from targets to a fit.

    Attributes
    ----------
    model : Model
        Architecture.
    x : Tensor, shape (n, ...) or (runs, n, ...)
        Inputs, shared or one set a run; their device and dtype are those of the training.
    loss : callable
        From outputs and targets to one value a run.
    optimiser : Optimiser
        With hyper-parameters for all runs, or one for each.
    steps : int
        Steps, or the most of them.
    streams : Streams
        Randomness of each run: initialisation and mini-batches.
    weight_decay : float or array of shape (runs,)
        The objective adds ``weight_decay / 2`` times the squared distance to the anchor.
    anchor : {"zero", "init"}
        What weight decay pulls to: the origin, or each run's initialisation.
    batch_size : int, optional
        Size of the random mini-batch that each step draws (default: all samples at every step).
    average : float or array of shape (runs,), optional
        Decay of a moving average of the parameters.
    recorder : Recorder, optional
        Measurements on the way.
    memory : int, optional
        Bytes that a chunk of runs may plan to use (default: `chunking.BUDGET`).
    """

    model: Model
    x: Tensor
    loss: Loss
    optimiser: Optimiser
    steps: int
    streams: Streams
    weight_decay: PerRun = 0.0
    anchor: Literal["zero", "init"] = "zero"
    batch_size: int | None = None
    average: PerRun | None = None
    recorder: Recorder | None = None
    memory: int | None = None

    @property
    def runs(self) -> int:
        """Number of runs."""
        return self.streams.runs

    @property
    def samples(self) -> int:
        """Number of training samples of one run."""
        return self.x.shape[1] if per_run(self.model, self.x) else self.x.shape[0]

    def init(self) -> Params:
        """Return the initial parameters of every run."""
        return self.model.init(self.streams, self.x.dtype)

    def rows(self, rows: slice) -> "Learner":
        """Return the learner of some runs."""
        return replace(
            self,
            model=self.model.rows(rows),
            x=self.x[rows] if per_run(self.model, self.x) else self.x,
            loss=loss_rows(self.loss, rows),
            optimiser=self.optimiser.rows(rows),
            streams=self.streams.rows(rows),
            weight_decay=take_rows(self.weight_decay, rows),
            average=None if self.average is None else take_rows(self.average, rows),
        )

    def fit(self, targets: Tensor, initial: Params | None = None) -> Fitted:
        """Train every run on its targets.

        Parameters
        ----------
        targets : Tensor, shape (n, outputs) or (runs, n, outputs)
            Targets, shared or one set a run.
        initial : Params, optional
            Where to start, also what ``anchor="init"`` pulls to (default: `init`).
        """

        def build(part: "Learner", rows: slice) -> Objective:
            return part.objective(targets if targets.ndim == 2 else targets[rows])

        return self.fit_objective(build, initial)

    def fit_objective(
        self, build: Callable[["Learner", slice], Objective], initial: Params | None = None
    ) -> Fitted:
        """Train every run on an objective of one's own, in chunks, with this weight decay.

        Parameters
        ----------
        build : callable
            ``build(part, rows)`` returns the objective of the runs ``rows``; ``part`` is their
            learner.
        initial : Params, optional
            See `fit`.
        """

        def train(rows: slice) -> Fitted:
            part = self.rows(rows)
            params = part.init() if initial is None else rows_of(initial, rows)
            anchor = params if self.anchor == "init" else None
            return minimise(
                build(part, rows),
                params,
                part.optimiser,
                self.steps,
                frozen=self.model.frozen,
                penalty=Penalty(part.weight_decay, anchor),
                average=part.average,
                recorder=self.recorder,
            )

        chunk = planned_chunk(self.bytes_per_run(), self.x.device, self.memory)
        return join(in_chunks(train, self.runs, chunk))

    def objective(self, targets: Tensor) -> Objective:
        """Return the loss of all samples, or of a fresh mini-batch at each step."""

        def full(params: Params, _: Step) -> Tensor:
            return self.loss(self.model(params, self.x), targets)

        def sampled(params: Params, step: Step) -> Tensor:
            size = self.batch_size or self.samples
            index = self.streams.integers("batch", self.samples, size, index=step.index)
            x = gather(self.x, index, shared=not per_run(self.model, self.x))
            return self.loss(
                self.model(params, x), gather(targets, index, shared=targets.ndim == 2)
            )

        return full if self.batch_size is None else sampled

    def outputs(self, params: Params, x: Tensor | None = None) -> Tensor:
        """Return the outputs on ``x`` (default: the training inputs), chunked like training."""
        inputs = self.x if x is None else x
        own = per_run(self.model, inputs)

        def forward(rows: slice) -> Tensor:
            with torch.no_grad():
                part = self.model.rows(rows)
                return part(rows_of(params, rows), inputs[rows] if own else inputs)

        chunk = planned_chunk(self.bytes_per_run(), self.x.device, self.memory)
        return torch.cat(in_chunks(forward, self.runs, chunk))

    def bytes_per_run(self) -> int:
        """Return roughly what the training of one run holds at once."""
        first = self.rows(slice(0, 1)).init()
        entries = sum(math.prod(value.shape) for value in first.values())
        seen = self.batch_size or self.samples
        own = self.x[0].numel() if per_run(self.model, self.x) else 0
        # Parameters, their gradient and update; activations forwards, backwards and in the loss.
        numbers = entries * (3 + self.optimiser.memory) + 4 * seen * self.model.activations + own
        return numbers * self.x.element_size()


def per_run(model: Model, x: Tensor) -> bool:
    """Return whether every run has its own inputs."""
    return x.ndim > model.input_dimensions


def gather(values: Tensor, index: Tensor, *, shared: bool) -> Tensor:
    """Return the samples ``index``, shape ``(runs, size)``, of every run."""
    if shared:
        return values[index]
    runs = torch.arange(len(index), device=index.device)[:, None]
    return values[runs, index]
