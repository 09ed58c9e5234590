"""Losses of stacked outputs: shape ``(runs, n, outputs)`` in, one number a run out.

Every loss is a mean over samples.  A student's target is ``xi * teacher + (1 - xi) * label`` with
any real xi, so a target row of a cross-entropy sums to one but may have negative entries.  No
gradient flows into targets.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from experiments.engine.parameters import PerRun, column, take_rows

__all__ = [
    "KL",
    "Loss",
    "cross_entropy",
    "loss_rows",
    "penalty_of",
    "squared",
    "weight_decay_for",
]

Loss = Callable[[Tensor, Tensor], Tensor]  # (outputs, targets) -> (runs,)


def loss_rows(loss: Loss, rows: slice) -> Loss:
    """Return the loss of some runs: its own ``rows`` where it has parameters for each run."""
    part: Callable[[slice], Loss] | None = getattr(loss, "rows", None)
    return loss if part is None else part(rows)


class MeanLoss(torch.autograd.Function):
    """A mean over samples whose gradient is known when its value is: one pass less over the data.

    Subclasses' ``forward`` save the gradient with respect to the outputs.
    """

    @staticmethod
    @once_differentiable
    def backward(context: Any, weights: Tensor) -> tuple[Tensor, None]:
        """Return the saved gradient times the weight of each run."""
        (gradient,) = context.saved_tensors
        return gradient * weights[:, None, None], None


class Squared(MeanLoss):
    """See `squared`."""

    @staticmethod
    def forward(context: Any, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the value of every run."""
        residual = outputs - targets
        scale = 1.0 / (residual.shape[1] * residual.shape[2])
        values: Tensor = torch.linalg.vector_norm(residual, dim=(1, 2)).square() * scale
        context.save_for_backward(residual.mul_(2.0 * scale))
        return values


class CrossEntropy(MeanLoss):
    """See `cross_entropy`."""

    @staticmethod
    def forward(context: Any, logits: Tensor, targets: Tensor) -> Tensor:
        """Return the value of every run."""
        scale = 1.0 / logits.shape[1]
        chances = torch.softmax(logits, dim=-1)
        # The largest probability is at least 1 / K, so its logarithm loses nothing.
        largest, winner = chances.max(dim=-1, keepdim=True)
        normaliser = logits.gather(-1, winner) - largest.log()
        values = normaliser.sum(dim=(1, 2)) - (targets * logits).sum(dim=(1, 2))
        context.save_for_backward(chances.sub_(targets).mul_(scale))
        return values * scale


def squared(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean of ``(outputs - targets)**2`` over samples and outputs, shape ``(runs,)``.

    >>> squared(torch.ones(1, 2, 2), torch.zeros(2, 2))
    tensor([1.])
    """
    value: Tensor = Squared.apply(outputs, targets)  # type: ignore[no-untyped-call]
    return value


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean over samples of ``-sum_k q_k z_k + logsumexp(z)``, shape ``(runs,)``.

    For rows q with sum 1 this is the usual cross-entropy.  It is convex in the logits z for every
    real q, negative entries included; outside the simplex it is unbounded below, so train with
    weight decay.

    >>> cross_entropy(torch.zeros(1, 1, 2), torch.tensor([[[1.5, -0.5]]]))
    tensor([0.6931])
    """
    value: Tensor = CrossEntropy.apply(logits, targets)  # type: ignore[no-untyped-call]
    return value


@dataclass(frozen=True, slots=True)
class KL:
    """The loss ``T^2 KL(softmax(teacher / T) || softmax(z / T))``, mean over samples.

    The factor T^2 keeps gradients of the same size for every temperature; the targets of this loss
    are the teacher's logits.

    Attributes
    ----------
    temperature : float or array of shape (runs,)
        T, positive.

    >>> logits = torch.tensor([[[1.0, -1.0]]])
    >>> float(KL(2.0)(logits, logits))
    0.0
    """

    temperature: PerRun

    def rows(self, rows: slice) -> "KL":
        """Return the loss of some runs."""
        return KL(take_rows(self.temperature, rows))

    def __call__(self, logits: Tensor, teacher_logits: Tensor) -> Tensor:
        """Return the loss of every run."""
        scale = column(self.temperature, logits)
        student = torch.log_softmax(logits / scale[..., None], dim=-1)
        teacher = torch.log_softmax(teacher_logits / scale[..., None], dim=-1)
        divergence = (teacher.exp() * (teacher - student)).sum(dim=-1).mean(dim=-1)
        return scale[:, 0].square() * divergence


def weight_decay_for(lam: PerRun, n: int, outputs: int) -> PerRun:
    """Return the weight decay whose `squared` minimiser is ridge with penalty ``lam``.

    `squared` plus ``weight_decay / 2 * ||theta||^2`` is ``1 / (n * outputs)`` times
    ``||Y - F||^2 + lam * ||theta||^2`` when ``weight_decay = 2 * lam / (n * outputs)``.

    >>> weight_decay_for(2.5, n=10, outputs=2)
    0.25
    """
    return lam * (2.0 / (n * outputs))


def penalty_of(weight_decay: PerRun, n: int, outputs: int) -> PerRun:
    """Return the ridge penalty of a weight decay, ``n * outputs * weight_decay / 2``.

    >>> penalty_of(0.25, n=10, outputs=2)
    2.5
    """
    return weight_decay * (n * outputs / 2.0)
