"""Two classes of different size, noise or tightness, coupled by a common cross inner product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sdtheory import _checks

from .prox import centred_prox, centred_sigmoid
from .random_labels import flip_fraction
from .roots import Floats, Indices, increasing_root
from .two_margins import Margins, distilled_targets

__all__ = ["UnequalClasses", "UnequalStage"]


@dataclass(frozen=True, slots=True)
class UnequalStage:
    """One trained model; every array has one entry per class, margins point to the true class.

    Attributes
    ----------
    shared_margin : margin of a fresh point with the class's inner products
    good_margin, flipped_margin : margins of points whose given label is right, wrong
    good_target, flipped_target : targets the stage was trained on
    class_accuracy : fraction of each class's training points classified as the true class
    training_accuracy : the same over both classes

    """

    shared_margin: Floats
    good_margin: Floats
    flipped_margin: Floats
    good_target: Floats
    flipped_target: Floats
    class_accuracy: Floats
    training_accuracy: float


@dataclass(frozen=True, slots=True, eq=False)
class UnequalClasses:
    """`RandomLabels` with a size, a number of flips and an inner product for each class.

    Without mirror symmetry the good points of the noisier class can fail first, which the
    balanced model cannot show. With S_j the summed dual variables of class j,
    u_1 = c_1 S_1 - c' S_2 and u_2 = c_2 S_2 - c' S_1 (margins towards the true class); S_j
    decreases in u_j, and both equations are solved as nested increasing scalar equations.

    Parameters
    ----------
    sizes : points of the two classes
    flipped : flipped labels of the two classes; integers are counts, floats fractions
    same_class : inner products inside the two classes, 0 to 1
    cross_class : inner product across, with cross_class^2 <= product of `same_class`
    penalty : ridge of the mean loss over all points, positive

    Examples
    --------
    >>> world = UnequalClasses((12, 8), (3, 2), (0.4, 0.4), cross_class=0.15, penalty=0.01)
    >>> world.student().flipped_margin
    array([0.16253069, 0.03374386])

    """

    sizes: Any
    flipped: Any
    same_class: Any
    cross_class: float = 0.0
    penalty: float = 0.01

    def __post_init__(self) -> None:
        """Check the fields once; they stay as given."""
        _, _, c, across, _ = self._arrays()
        if across**2 > c[0] * c[1]:
            raise ValueError(
                "cross_class squared must be at most the product of same_class, got "
                f"{self.cross_class!r} for same_class = {self.same_class!r}"
            )

    def _arrays(self) -> tuple[Floats, Floats, Floats, float, float]:
        n = _checks.ndarray("sizes", self.sizes, at_least=1)
        for name, value in (("sizes", n), ("flipped", _checks.ndarray("flipped", self.flipped))):
            if value.shape != (2,):
                raise ValueError(f"{name} must hold one entry per class, got {value!r}")
        if np.any(n % 1):
            raise ValueError(f"sizes must be whole numbers, got {self.sizes!r}")
        p = flip_fraction(n, self.flipped)
        c = _checks.ndarray("same_class", self.same_class, ndim=(0, 1), at_least=0, at_most=1)
        _checks.together(same_class=c, sizes=n)
        across = _checks.number("cross_class", self.cross_class)
        ridge = _checks.number("penalty", self.penalty, above=0)
        return n, p, np.broadcast_to(c, (2,)), across, ridge

    def teacher(self) -> UnequalStage:
        """Return the model trained on the given labels."""
        return self._stage(np.full(2, 0.5), np.full(2, -0.5))

    def student(
        self, xi: float = 1.0, steps: int = 1, temperature: float = 1.0, hard: bool = False
    ) -> UnequalStage:
        """Return the model after `steps` rounds; arguments as in `RandomLabels.student`."""
        _checks.flag("hard", hard)
        steps = _checks.integer("steps", steps, at_most=_checks.ROUNDS)
        xi = _checks.number("xi", xi)
        sharpness = 1 / _checks.number("temperature", temperature, above=0)
        stage = self.teacher()
        for _ in range(steps):
            before = Margins(stage.shared_margin, stage.good_margin, stage.flipped_margin)
            stage = self._stage(*distilled_targets(before, xi, np.inf if hard else sharpness))
        return stage

    def _stage(self, good: Floats, bad: Floats) -> UnequalStage:
        n, p, c, across, ridge = self._arrays()
        per_point = 1 / (ridge * n.sum())
        own, gain = (1 - c) * per_point, n * per_point
        u = _solve(_Class.pair(good, bad, p, own, gain), c, across)
        f_g, f_b = centred_prox(own * good + u, own), centred_prox(own * bad + u, own)
        accuracy = (1 - p) * (f_g > 0) + p * (f_b > 0)
        return UnequalStage(
            shared_margin=u,
            good_margin=f_g,
            flipped_margin=f_b,
            good_target=good + 0.5,
            flipped_target=bad + 0.5,
            class_accuracy=accuracy,
            training_accuracy=float(np.sum(n * accuracy) / n.sum()),
        )


@dataclass(frozen=True, slots=True)
class _Class:
    """One class: centred targets, fraction flipped, own gain, and points times dual gain."""

    good: float
    bad: float
    flipped: float
    own: float
    gain: float

    @classmethod
    def pair(cls, *columns: Floats) -> tuple[_Class, _Class]:
        return cls(*(float(v[0]) for v in columns)), cls(*(float(v[1]) for v in columns))

    def total_dual(self, u: Floats) -> tuple[Floats, Floats]:
        """Return the summed dual variable S(u) and its slope, which is never positive."""
        total, slope = np.zeros(u.shape), np.zeros(u.shape)
        for target, weight in ((self.good, 1 - self.flipped), (self.bad, self.flipped)):
            delta = centred_sigmoid(centred_prox(self.own * target + u, np.asarray(self.own)))
            curvature = 0.25 - delta * delta
            total += self.gain * weight * (target - delta)
            slope -= self.gain * weight * curvature / (1 + self.own * curvature)
        return total, slope

    def range(self) -> tuple[float, float]:
        """Return bounds of the summed dual variable."""
        mean = (1 - self.flipped) * self.good + self.flipped * self.bad
        return self.gain * (mean - 0.5), self.gain * (mean + 0.5)


def _solve(classes: tuple[_Class, _Class], c: Floats, across: float) -> Floats:
    first, second = classes
    (low_1, high_1), (low_2, high_2) = first.range(), second.range()
    noise = np.asarray([sum(one.own + one.gain for one in classes)])

    def other(pull: Floats) -> Floats:
        """Return u_2 with u_2 - c_2 S_2(u_2) = pull."""

        def excess(u: Floats, i: Indices) -> tuple[Floats, Floats]:
            total, slope = second.total_dual(u)
            return u - c[1] * total - pull[i], 1 - c[1] * slope

        return increasing_root(excess, pull, pull + c[1] * low_2, pull + c[1] * high_2, noise)

    def outer(u: Floats, _: Indices) -> tuple[Floats, Floats]:
        total, slope = first.total_dual(u)
        u_2 = other(-across * total)
        total_2, slope_2 = second.total_dual(u_2)
        value = u - c[0] * total + across * total_2
        # d u_2 / d u = -across slope / (1 - c_2 slope_2); the slope of the whole is at least 1.
        return value, 1 - c[0] * slope - across**2 * slope * slope_2 / (1 - c[1] * slope_2)

    push = sorted((-across * low_2, -across * high_2))
    low = np.asarray([c[0] * low_1 + push[0]])
    high = np.asarray([c[0] * high_1 + push[1]])
    u_1 = increasing_root(outer, 0.5 * (low + high), low, high, noise)
    u_2 = other(-across * first.total_dual(u_1)[0])
    return np.concatenate([u_1, u_2])
