"""First-order optimisers of a stack of runs, each with its own learning rate."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from experiments.engine.parameters import PerRun, column, take_rows
from experiments.engine.training import AfterStep, Evaluate

__all__ = ["Adam", "GradientDescent", "Schedule", "constant", "cosine"]

Schedule = Callable[[int, int], float]  # (step from 0, steps) -> factor of the learning rate


def constant(_step: int, _steps: int) -> float:
    """Return 1: the learning rate stays."""
    return 1.0


def cosine(step: int, steps: int) -> float:
    """Return ``(1 + cos(pi * step / steps)) / 2``: from 1 down to almost 0.

    >>> cosine(0, 10), cosine(5, 10)
    (1.0, 0.5)
    """
    return 0.5 * (1.0 + math.cos(math.pi * step / steps))


def never(theta: Tensor) -> Tensor:
    """Return False for each run: a fixed number of steps has no stopping rule to meet."""
    return torch.zeros(len(theta), dtype=torch.bool, device=theta.device)


@dataclass(frozen=True, slots=True)
class GradientDescent:
    """Gradient descent; stochastic when the objective draws a fresh sample at each step.

    Attributes
    ----------
    learning_rate : float or array of shape (runs,)
        Step size of each run.
    momentum : float or array of shape (runs,)
        Heavy-ball coefficient; 0 is plain descent.
    schedule : callable
        Factor of the learning rate at each step.
    """

    learning_rate: PerRun
    momentum: PerRun = 0.0
    schedule: Schedule = constant

    @property
    def memory(self) -> int:
        """Matrices kept: the velocity."""
        return 1

    def rows(self, rows: slice) -> "GradientDescent":
        """Return the optimiser of some runs."""
        rate, momentum = take_rows(self.learning_rate, rows), take_rows(self.momentum, rows)
        return replace(self, learning_rate=rate, momentum=momentum)

    def run(
        self, evaluate: Evaluate, theta: Tensor, steps: int, after: AfterStep
    ) -> tuple[Tensor, Tensor]:
        """Take ``steps`` steps."""
        rate, momentum = column(self.learning_rate, theta), column(self.momentum, theta)
        velocity = torch.zeros_like(theta)
        for step in range(steps):
            gradient = evaluate(theta, step, value=False)[1]
            velocity = torch.addcmul(gradient, velocity, momentum)
            theta = torch.addcmul(theta, velocity, rate, value=-self.schedule(step, steps))
            after(theta, step + 1)
        return theta, never(theta)


@dataclass(frozen=True, slots=True)
class Adam:
    """Adam (Kingma & Ba 2015) with bias correction; weight decay belongs to the objective.

    Attributes
    ----------
    learning_rate : float or array of shape (runs,)
        Step size of each run.
    betas : pair of float
        Decay of the first and of the second moment.
    epsilon : float
        Added to the root of the second moment.
    schedule : callable
        Factor of the learning rate at each step.
    """

    learning_rate: PerRun
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    schedule: Schedule = constant

    @property
    def memory(self) -> int:
        """Matrices kept: two moments and their ratio."""
        return 3

    def rows(self, rows: slice) -> "Adam":
        """Return the optimiser of some runs."""
        return replace(self, learning_rate=take_rows(self.learning_rate, rows))

    def run(
        self, evaluate: Evaluate, theta: Tensor, steps: int, after: AfterStep
    ) -> tuple[Tensor, Tensor]:
        """Take ``steps`` steps."""
        rate = column(self.learning_rate, theta)
        first, second, root = (torch.zeros_like(theta) for _ in range(3))
        beta1, beta2 = self.betas
        for step in range(steps):
            gradient = evaluate(theta, step, value=False)[1]
            first.lerp_(gradient, 1.0 - beta1)
            second.mul_(beta2).addcmul_(gradient, gradient, value=1.0 - beta2)
            corrected = 1.0 / math.sqrt(1.0 - beta2 ** (step + 1))
            torch.sqrt(second, out=root).mul_(corrected).add_(self.epsilon)
            factor = self.schedule(step, steps) / (1.0 - beta1 ** (step + 1))
            theta = torch.addcmul(theta, torch.div(first, root, out=root), rate, value=-factor)
            after(theta, step + 1)
        return theta, never(theta)
