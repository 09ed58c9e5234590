"""K symmetric classes under softmax loss: random labels reduced to one scalar equation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax

from sdtheory import _checks

from .prox import softmax_prox
from .random_labels import flip_fraction
from .roots import Floats, Indices, bracketed_root

__all__ = ["ClassesStage", "SymmetricClasses"]


@dataclass(frozen=True, slots=True)
class ClassesStage:
    """One trained model for class 0; flipped points carry the wrong label 1.

    Attributes
    ----------
    shared_margin : logit of class 0 above the others at a fresh point, the scalar U
    good_logits, flipped_logits : logits of a point with the right label, with label 1
    good_target, flipped_target : target distributions the stage was trained on
    training_accuracy : fraction of training points whose largest logit is the true class

    """

    shared_margin: float
    good_logits: Floats
    flipped_logits: Floats
    good_target: Floats
    flipped_target: Floats
    training_accuracy: float


@dataclass(frozen=True, slots=True)
class SymmetricClasses:
    """Softmax regression on K classes whose wrong labels spread evenly over the other classes.

    A stage minimises the mean cross-entropy over K n unit vectors plus (penalty/2) |W|^2, with
    inner products `same_class` and `cross_class`. The logits of every point solve
    Z + own softmax(Z) = own T + U (e_class - 1/K), own = (1-c) / (K n penalty), and
    U = (c-d) / ((K-1) penalty) times the mean dual component of the true class.
    For K = 2 this is `RandomLabels` at half the penalty.

    Parameters
    ----------
    classes : number of classes K, at least 2
    n : points per class
    flipped : flipped labels per class (integer) or their fraction (float); only the fraction
        enters, so counts that do not divide by K - 1 are read as its even spread
    same_class : inner product inside a class, 0 <= c < 1
    cross_class : inner product d across classes, at most c
    penalty : ridge of the mean loss, positive

    Examples
    --------
    >>> world = SymmetricClasses(4, 24, 12, same_class=0.4, cross_class=0.1, penalty=0.002)
    >>> [world.student(steps=steps).training_accuracy for steps in range(4)]
    [0.5, 0.5, 1.0, 1.0]

    """

    classes: int
    n: int
    flipped: Any
    same_class: float
    cross_class: float = 0.0
    penalty: float = 0.01

    def __post_init__(self) -> None:
        """Check the fields once; they stay as given."""
        K = _checks.integer("classes", self.classes, at_least=2, at_most=_checks.SIDE)
        n = _checks.integer("n", self.n, at_least=1)
        flip_fraction(n, self.flipped)
        c = _checks.number("same_class", self.same_class, at_least=0, below=1)
        d = _checks.number("cross_class", self.cross_class)
        _checks.number("penalty", self.penalty, above=0)
        if d > c or 1 - c + n * (c - d) + K * n * d < 0:
            raise ValueError(
                "cross_class must be at most same_class and leave the Gram matrix positive "
                f"semidefinite, got {d!r} for same_class = {c!r}"
            )

    @property
    def fraction(self) -> float:
        """Fraction of flipped labels."""
        return float(flip_fraction(self.n, self.flipped))

    def teacher(self) -> ClassesStage:
        """Return the model trained on the given labels."""
        labels = np.eye(self.classes)
        return self._stage(labels[0], labels[1])

    def student(
        self, xi: float = 1.0, steps: int = 1, temperature: float = 1.0, hard: bool = False
    ) -> ClassesStage:
        """Return the model after `steps` rounds; arguments as in `RandomLabels.student`."""
        _checks.flag("hard", hard)
        steps = _checks.integer("steps", steps, at_most=_checks.ROUNDS)
        xi = _checks.number("xi", xi)
        temperature = _checks.number("temperature", temperature, above=0)
        labels = np.eye(self.classes)
        stage = self.teacher()
        for _ in range(steps):
            soft = [
                labels[np.argmax(z)] if hard else softmax(z / temperature)
                for z in (stage.good_logits, stage.flipped_logits)
            ]
            stage = self._stage(
                xi * soft[0] + (1 - xi) * labels[0], xi * soft[1] + (1 - xi) * labels[1]
            )
        return stage

    def _stage(self, good: Floats, flipped: Floats) -> ClassesStage:
        K, p = self.classes, self.fraction
        own = (1 - self.same_class) / (K * self.n * self.penalty)
        gain = (self.same_class - self.cross_class) / ((K - 1) * self.penalty)
        targets = np.stack([good, flipped])
        direction = np.eye(K)[0] - 1 / K
        weights = np.asarray([1 - p, p])
        gains = np.full(2, own)

        def fit(u: float) -> tuple[Floats, Floats]:
            return softmax_prox(own * targets + u * direction, gains)

        def excess(u: Floats, _: Indices) -> Floats:
            dual = (targets - fit(float(u[0]))[1])[:, 0]
            return u - gain * np.asarray([weights @ dual])

        mean = float(weights @ targets[:, 0])
        low, high = np.asarray([gain * (mean - 1)]), np.asarray([gain * mean])
        u = float(bracketed_root(excess, low, high)[0])
        z = fit(u)[0]
        right = (z[:, 0] > np.delete(z, 0, axis=1).max(axis=1)).astype(float)
        # Without flipped labels the second row is a virtual point that nobody counts.
        return ClassesStage(u, z[0], z[1], good, flipped, float(weights @ right))
