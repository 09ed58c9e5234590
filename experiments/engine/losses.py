"""Losses of stacked outputs: shape ``(runs, n, outputs)`` in, one number a run out.

Every loss is a mean over samples.  A student's target is ``xi * teacher + (1 - xi) * label`` with
any real xi, so a target row of a cross-entropy sums to one but may have negative entries.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

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


def squared(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean of ``(outputs - targets)**2`` over samples and outputs, shape ``(runs,)``.

    >>> squared(torch.ones(1, 2, 2), torch.zeros(2, 2))
    tensor([1.])
    """
    return (outputs - targets).square().mean(dim=(-2, -1))


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean over samples of ``-sum_k q_k z_k + logsumexp(z)``, shape ``(runs,)``.

    For rows q with sum 1 this is the usual cross-entropy.  It is convex in the logits z for every
    real q, negative entries included; outside the simplex it is unbounded below, so train with
    weight decay.

    >>> cross_entropy(torch.zeros(1, 1, 2), torch.tensor([[[1.5, -0.5]]]))
    tensor([0.6931])
    """
    return (torch.logsumexp(logits, dim=-1) - (targets * logits).sum(dim=-1)).mean(dim=-1)


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

    >>> weight_decay_for(3.0, n=10, outputs=2)
    0.3
    """
    return lam * (2.0 / (n * outputs))


def penalty_of(weight_decay: PerRun, n: int, outputs: int) -> PerRun:
    """Return the ridge penalty of a weight decay, ``n * outputs * weight_decay / 2``.

    >>> penalty_of(0.3, n=10, outputs=2)
    3.0
    """
    return weight_decay * (n * outputs / 2.0)
