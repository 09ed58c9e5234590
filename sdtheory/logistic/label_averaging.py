"""Multi-round distillation with K classes as averaging of labels, in the linear model.

With the softmax replaced by its tangent, a round multiplies every component of the targets in
the eigenbasis of the Gram matrix by kept = g / (g + K^2 n penalty). A block Gram matrix has three
eigenvalues: within classes, between classes, and of the mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sdtheory import _checks

from .roots import Floats
from .soft_targets import top_two_target

__all__ = [
    "Kept",
    "LinearLabels",
    "label_averages",
    "noise_threshold",
    "rounds_needed",
    "top_two_succeeds",
]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a round keeps of label differences within classes, between classes, of the mean."""

    within: float
    between: float
    mean: float


@dataclass(frozen=True, slots=True)
class LinearLabels:
    """K classes of n points with inner products c inside a class and d across.

    Parameters
    ----------
    classes : number of classes K, at least 2
    n : points per class
    same_class : c, between 0 and 1
    cross_class : d, below c
    penalty : ridge of the mean loss, positive

    Examples
    --------
    >>> LinearLabels(4, 24, 0.4, 0.1, 0.002).kept.between
    0.910364145658263

    """

    classes: int
    n: int
    same_class: float
    cross_class: float
    penalty: float

    def __post_init__(self) -> None:
        """Check the fields once."""
        K = _checks.integer("classes", self.classes, at_least=2)
        n = _checks.integer("n", self.n, at_least=1)
        c = _checks.number("same_class", self.same_class, at_least=0, at_most=1)
        d = _checks.number("cross_class", self.cross_class, below=c)
        _checks.number("penalty", self.penalty, above=0)
        if 1 - c + n * (c - d) + K * n * d < 0:
            raise ValueError(
                "cross_class must leave the Gram matrix positive semidefinite, got "
                f"{d!r} for same_class = {c!r}"
            )

    @property
    def kept(self) -> Kept:
        """Factors of the three eigenspaces, per round."""
        K, n, c, d = self.classes, self.n, self.same_class, self.cross_class
        lost = K**2 * n * self.penalty
        between = 1 - c + n * (c - d)
        values = (1 - c, between, between + K * n * d)
        return Kept(*(g / (g + lost) for g in values))

    def ratio(self, rounds: int) -> float:
        """Return (within / between)^rounds: what is left of a point's own label."""
        rounds = _checks.integer("rounds", rounds)
        kept = self.kept
        return float((kept.within / kept.between) ** rounds)


def label_averages(world: LinearLabels, shares: ArrayLike, rounds: int) -> Floats:
    """Return the model's output after `rounds` rounds, 1 being the teacher.

    Parameters
    ----------
    world : the Gram matrix
    shares : shape (K, K); row a is the distribution of given labels in class a
    rounds : number of fits

    Returns
    -------
    array of shape (K, K, K): the output for a point of class a with given label b

    Examples
    --------
    >>> shares = 0.8 * np.eye(2) + 0.2 * (1 - np.eye(2))  # a fifth of the labels is wrong
    >>> world = LinearLabels(2, 24, 0.4, 0.1, 0.002)
    >>> outputs = [label_averages(world, shares, rounds) for rounds in (1, 3, 5)]
    >>> [int(o[0, 1].argmax()) for o in outputs]  # classes of the points of class 0 labelled 1
    [1, 1, 0]

    """
    _checks.instance("world", world, LinearLabels)
    K = world.classes
    C = _shares(world, shares)
    t, kept = _checks.integer("rounds", rounds, at_least=1), world.kept
    mean = C.mean(axis=0)
    base = 1 / K + kept.mean**t * (mean - 1 / K) + kept.between**t * (C - mean)
    own = np.eye(K)[None, :, :] - C[:, None, :]
    return np.asarray(base[:, None, :] + kept.within**t * own)


def noise_threshold(world: LinearLabels, rounds: int) -> float:
    """Return the symmetric label noise below which all training points are right (linear model).

    ``(K-1)/K (1 - 2 q) / (1 - q)`` with q = (within / between)^rounds; not positive: none.

    Examples
    --------
    >>> noise_threshold(LinearLabels(4, 24, 0.4, 0.1, 0.002), 2)
    0.523293417008197

    """
    _checks.instance("world", world, LinearLabels)
    q = world.ratio(_checks.integer("rounds", rounds, at_least=1))
    return (world.classes - 1) / world.classes * (1 - 2 * q) / (1 - q)


def rounds_needed(world: LinearLabels, shares: ArrayLike) -> int:
    """Return the smallest number of rounds with all training points right (linear model).

    The condition is C_aa - C_ab > q / (1 - q) for every class a and every wrong label b that
    occurs in it, with q = (within / between)^rounds, for labels that are balanced over all
    classes. A wrong label at least as frequent as the true one is never averaged out.

    Examples
    --------
    >>> shares = 0.5 * np.eye(4) + 0.5 / 3 * (1 - np.eye(4))
    >>> rounds_needed(LinearLabels(4, 24, 0.4, 0.1, 0.002), shares)
    2

    """
    _checks.instance("world", world, LinearLabels)
    C = _shares(world, shares)
    if np.abs(C.mean(axis=0) - 1 / world.classes).max() > 1e-9:
        raise ValueError(f"shares must average to the uniform distribution, got {_checks.show(C)}")
    wrong = ~np.eye(world.classes, dtype=bool)
    lead = np.diag(C)[:, None] - C
    smallest = float(lead[wrong].min())
    if smallest <= 0:
        raise ValueError(f"shares must favour the true class in every row, got {_checks.show(C)}")
    present = wrong & (C > 0)
    if not np.any(present):
        return 1
    lead_present = float(lead[present].min())
    rate = np.log(world.ratio(1))
    rounds = max(1, int(np.floor(np.log(lead_present / (1 + lead_present)) / rate)))
    # Floating point may put an exact boundary on either side; the condition itself decides.
    while not lead_present > world.ratio(rounds) / (1 - world.ratio(rounds)):
        rounds += 1
    return rounds


def top_two_succeeds(world: LinearLabels, shares: ArrayLike) -> bool:
    """Return whether one round on the teacher's top-two labels is perfect (linear model).

    It is for K >= 3, whatever the penalty, if the true label leads in every class, no class has
    only one second label, and the second labels are balanced over the classes; an unbalanced
    mean can tip the outcome, and is taken into account. For K = 2 the top two are uniform.

    Examples
    --------
    >>> shares = np.array([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.3, 0.2, 0.5]])
    >>> top_two_succeeds(LinearLabels(3, 10, 0.4, 0.1, 0.01), shares)
    True

    """
    _checks.instance("world", world, LinearLabels)
    C, kept = _shares(world, shares), world.kept
    target = top_two_target(label_averages(world, C, 1))
    of_class = np.einsum("ab,abk->ak", C, target)
    mean = of_class.mean(axis=0)
    # Up to what all classes have in common
    base = kept.mean * mean + kept.between * (of_class - mean)
    output = base[:, None, :] + kept.within * (target - of_class[:, None, :])
    own = np.arange(world.classes)
    lead = output[own, :, own][:, :, None] - output
    lead[own, :, own] = np.inf
    # Exact ties, as for K = 2, come out of floating point with either sign.
    return bool(np.all(lead.min(axis=2)[C > 0] > 1e-12))


def _shares(world: LinearLabels, shares: ArrayLike) -> Floats:
    C: Floats = _checks.ndarray("shares", shares, ndim=2, at_least=0)
    K = world.classes
    if C.shape != (K, K) or np.abs(C.sum(axis=1) - 1).max() > 1e-9:
        raise ValueError(f"shares must be {K} x {K} with rows that sum to 1, got {_checks.show(C)}")
    return C
