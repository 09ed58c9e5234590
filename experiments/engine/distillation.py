"""Distillation protocols as small functions of a `Learner` (anything with ``fit`` and ``outputs``).

``xi`` is the weight on the teacher and may be any real number: the student's target is
``xi * respond(teacher) + (1 - xi) * labels``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from experiments.engine.losses import Loss, loss_rows
from experiments.engine.parameters import Params, PerRun, column, take_rows
from experiments.engine.supervised import Learner
from experiments.engine.training import Fitted, Objective, Step

__all__ = [
    "Extremes",
    "Respond",
    "Start",
    "TwoHeads",
    "combine",
    "combined_xi",
    "distil",
    "ema_teacher",
    "extremes",
    "identity",
    "mixed_targets",
    "one_hot",
    "probabilities",
    "repeated",
]

Respond = Callable[[Tensor], Tensor]  # from the teacher's outputs to its part of the target
Start = Literal["scratch", "same", "teacher"]


def identity(outputs: Tensor) -> Tensor:
    """Return the outputs: the teacher of squared loss, and of a loss on logits."""
    return outputs


def probabilities(temperature: float = 1.0) -> Respond:
    """Return the response ``softmax(outputs / temperature)``, the teacher of cross-entropy."""

    def respond(outputs: Tensor) -> Tensor:
        return torch.softmax(outputs / temperature, dim=-1)

    return respond


def one_hot(outputs: Tensor) -> Tensor:
    """Return the teacher's hard decision as a one-hot row."""
    winners = outputs.argmax(dim=-1)
    return torch.nn.functional.one_hot(winners, outputs.shape[-1]).to(outputs.dtype)


def mixed_targets(labels: Tensor, teacher: Tensor, xi: PerRun) -> Tensor:
    """Return ``xi * teacher + (1 - xi) * labels``, shape ``(runs, n, outputs)``.

    >>> mixed_targets(torch.ones(1, 1), torch.zeros(2, 1, 1), torch.tensor([3.0, -2.0]))[:, 0, 0]
    tensor([-2.,  3.])
    """
    weight = column(xi, teacher)[:, :, None]
    return weight * teacher + (1.0 - weight) * labels


def distil(
    student: Learner,
    labels: Tensor,
    teacher: Tensor,
    xi: PerRun,
    *,
    respond: Respond = identity,
    initial: Params | None = None,
) -> Fitted:
    """Train a student on the mixture of labels and a teacher's outputs on the training inputs."""
    return student.fit(mixed_targets(labels, respond(teacher), xi), initial)


def repeated(
    learner: Learner | Sequence[Learner],
    labels: Tensor,
    xi: Sequence[PerRun],
    *,
    respond: Respond = identity,
    start: Start = "scratch",
) -> list[Fitted]:
    """Train a teacher and ``len(xi)`` rounds of students, each taught by the one before.

    Parameters
    ----------
    learner : Learner or sequence of ``len(xi) + 1`` learners
        One for all rounds, or a schedule (penalty, temperature, architecture ...), teacher first.
    labels : Tensor, shape (n, outputs) or (runs, n, outputs)
        Given labels.
    xi : sequence of float or of arrays of shape (runs,)
        Weight on the previous outputs, round by round; empty trains the teacher alone.
    respond : callable
        What the teacher's outputs become in the target.
    start : {"scratch", "same", "teacher"}
        Students start from a draw of their own, from the first learner's initialisation, or from
        their teacher's parameters.

    Returns
    -------
    list of Fitted
        The teacher and each student, in order.
    """
    rounds = len(xi)
    learners = [learner] * (rounds + 1) if isinstance(learner, Learner) else list(learner)
    if len(learners) != rounds + 1:
        raise ValueError(f"learner must have {rounds + 1} entries, got {len(learners)}")
    fits = [learners[0].fit(labels)]
    for number, weight in enumerate(xi, start=1):
        student, teacher = learners[number], learners[number - 1]
        initial = None
        if start == "scratch":
            student = replace(student, streams=student.streams.child("student", number))
        elif start == "same":
            initial = learners[0].init()
        else:
            initial = fits[-1].params
        outputs = teacher.outputs(fits[-1].params, student.x)
        fits.append(distil(student, labels, outputs, weight, respond=respond, initial=initial))
    return fits


def combined_xi(pure: Tensor, plain: Tensor, targets: Tensor) -> Tensor:
    """Return the xi at which ``xi * pure + (1 - xi) * plain`` is closest to the targets.

    Parameters
    ----------
    pure, plain : Tensor, shape (runs, n, outputs)
        Outputs of the students trained with xi = 1 and with xi = 0 (K27).
    targets : Tensor, shape (n, outputs) or (runs, n, outputs)
        Held-out labels, or the truth.

    Returns
    -------
    Tensor, shape (runs,)
        ``<pure - plain, targets - plain> / |pure - plain|^2``; 0 where the two students agree, so
        that every weight is as good.
    """
    change = pure - plain
    square = change.square().sum(dim=(1, 2))
    overlap = (change * (targets - plain)).sum(dim=(1, 2))
    return torch.where(square > 0, overlap / torch.where(square > 0, square, 1.0), 0.0)


def combine(pure: Tensor, plain: Tensor, xi: PerRun) -> Tensor:
    """Return ``xi * pure + (1 - xi) * plain``: for linear smoothers, the student of weight xi."""
    return mixed_targets(plain, pure, xi)


@dataclass(frozen=True, slots=True)
class Extremes:
    """The two extreme students and what they say about the ones between and beyond.

    Attributes
    ----------
    plain, pure : Fitted
        Students trained with xi = 0 and with xi = 1.
    xi : Tensor, shape (runs,)
        Estimate of the best weight from held-out targets.
    """

    plain: Fitted
    pure: Fitted
    xi: Tensor


def extremes(
    learner: Learner,
    labels: Tensor,
    teacher: Tensor,
    x_held_out: Tensor,
    held_out: Tensor,
    *,
    respond: Respond = identity,
    initial: Params | None = None,
) -> Extremes:
    """Train the students with xi = 0 and xi = 1 and estimate the best weight from them (K27).

    Both start from the same point: with different ones their mixture is an ensemble, whose risk is
    lower than that of the student it is to predict.
    """
    begin = learner.init() if initial is None else initial
    plain = learner.fit(labels, begin)
    pure = distil(learner, labels, teacher, 1.0, respond=respond, initial=begin)
    answers = [learner.outputs(fit.params, x_held_out) for fit in (pure, plain)]
    return Extremes(plain, pure, combined_xi(answers[0], answers[1], held_out))


@dataclass(frozen=True, slots=True)
class TwoHeads:
    """Loss of a network with two heads: half of the outputs fit the labels, half the teacher.

    The targets are labels and teacher side by side, `TwoHeads.targets`.  The weight is chosen
    after training: see `TwoHeads.choose`.

    Attributes
    ----------
    labels, teacher : callable
        Loss of each head.
    """

    labels: Loss
    teacher: Loss

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the sum of the two losses."""
        (first, second), (own, taught) = outputs.chunk(2, dim=-1), targets.chunk(2, dim=-1)
        return self.labels(first, own) + self.teacher(second, taught)

    def rows(self, rows: slice) -> "TwoHeads":
        """Return the loss of some runs."""
        return TwoHeads(loss_rows(self.labels, rows), loss_rows(self.teacher, rows))

    @staticmethod
    def targets(labels: Tensor, teacher: Tensor) -> Tensor:
        """Return the targets of both heads, shape ``(runs, n, 2 * outputs)``."""
        return torch.cat([labels.expand_as(teacher), teacher], dim=-1)

    @staticmethod
    def choose(outputs: Tensor, xi: PerRun) -> Tensor:
        """Return ``xi`` times the teacher's head plus ``1 - xi`` times the labels' head."""
        own, taught = outputs.chunk(2, dim=-1)
        return combine(taught, own, xi)


def ema_teacher(
    learner: Learner,
    labels: Tensor,
    xi: PerRun,
    *,
    respond: Respond = identity,
    initial: Params | None = None,
) -> Fitted:
    """Train a student whose teacher is the moving average of its own parameters.

    ``learner.average`` is the decay.  The average starts at the initialisation, and no gradient
    flows through it.
    """
    if learner.average is None:
        raise ValueError("learner.average must be the decay of the moving average, got None")

    def build(part: Learner, rows: slice) -> Objective:
        own = labels if labels.ndim == 2 else labels[rows]
        weight = take_rows(xi, rows)

        def objective(params: Params, step: Step) -> Tensor:
            assert step.average is not None
            with torch.no_grad():
                taught = respond(part.model(step.average, part.x))
            return part.loss(part.model(params, part.x), mixed_targets(own, taught, weight))

        return objective

    return learner.fit_objective(build, initial)
