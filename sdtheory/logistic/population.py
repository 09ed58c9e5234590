"""Accuracy on fresh points, a different statement from accuracy on the training points."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from sdtheory import _checks

from .random_labels import RandomLabels, Stage
from .roots import Floats

__all__ = ["best_population_accuracy", "population_accuracy"]


def population_accuracy(world: RandomLabels, stage: Stage, spread: ArrayLike) -> Floats:
    """Return the accuracy on fresh points whose inner products scatter around the class's.

    A fresh point has inner product ``same_class + spread * g_i`` with the training points of its
    class and ``cross_class + spread * g_i`` with the others, g_i independent standard normal:
    ``Phi(u / (spread |a|))`` with the dual vector a. With points sqrt(c) e_class + sqrt(1-c) z,
    z uniform on the sphere of dimension D much larger than n, the spread is (1 - c) / sqrt(D).
    At ``spread = 0`` this is `Stage.population_accuracy`, 1 for every p < 1/2 and every stage.

    Parameters
    ----------
    world : the problem, with finite n
    stage : a teacher or student of that problem
    spread : standard deviation of the inner products, positive

    Examples
    --------
    >>> world = RandomLabels(40, 16, same_class=0.1, penalty=0.002)
    >>> spread = 0.9 / 2000**0.5
    >>> float(population_accuracy(world, world.teacher(), spread))
    0.9221308477
    >>> float(population_accuracy(world, world.student(), spread))
    0.9795970599

    """
    _checks.instance("world", world, RandomLabels)
    _checks.instance("stage", stage, Stage)
    tau = _checks.ndarray("spread", spread, above=0)
    p = world.fraction
    # sum_i a_i^2 over both classes with a_i = dual_i / (2 n penalty)
    energy = (1 - p) * stage.good_dual**2 + p * stage.flipped_dual**2
    scale = np.sqrt(energy / (2 * _size(world))) / _checks.ndarray("penalty", world.penalty)
    return np.asarray(ndtr(stage.shared_margin / (tau * scale)))


def best_population_accuracy(
    n: ArrayLike, same_class: ArrayLike, spread: ArrayLike, cross_class: ArrayLike = 0.0
) -> Floats:
    """Return the accuracy that every stage stays below and distillation approaches.

    All dual variables equal: ``Phi((c - c') sqrt(n / 2) / spread)``.

    Examples
    --------
    >>> float(best_population_accuracy(40, 0.1, 0.2))
    0.98733

    """
    size = _checks.ndarray("n", n, at_least=1)
    gap = _checks.ndarray("same_class", same_class) - _checks.ndarray("cross_class", cross_class)
    return np.asarray(ndtr(gap * np.sqrt(size / 2) / _checks.ndarray("spread", spread, above=0)))


def _size(world: RandomLabels) -> Floats:
    return np.asarray(_checks.ndarray("n", world.n))
