"""The teacher and its students on two balanced classes with a fraction of flipped labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sdtheory import _checks

from .roots import Floats
from .two_margins import Margins, distilled_targets, solve_margins

__all__ = ["RandomLabels", "Stage", "couplings", "flip_fraction"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One trained model of the chain; margins and targets point towards the true class.

    Attributes
    ----------
    shared_margin : margin of a fresh point with the class's inner products (u)
    good_margin, flipped_margin : margins of the points whose given label is right, wrong
    good_target, flipped_target : the targets the stage was trained on
    good_dual, flipped_dual : target minus fitted probability; the weight vector is
        sum_i dual_i x_i / (N penalty), with the sign of the class
    training_accuracy : fraction of training points classified as their TRUE class
        (a margin of zero counts as wrong)
    population_accuracy : the same for fresh points with exactly the class's inner products;
        1 where `shared_margin` > 0, a coin's 1/2 where it is 0

    """

    shared_margin: Floats
    good_margin: Floats
    flipped_margin: Floats
    good_target: Floats
    flipped_target: Floats
    good_dual: Floats
    flipped_dual: Floats
    training_accuracy: Floats
    population_accuracy: Floats


@dataclass(frozen=True, slots=True, eq=False)
class RandomLabels:
    """Logistic regression with a ridge on unit vectors whose labels are partly flipped.

    Two classes of `n` unit vectors each have inner product `same_class` inside a class and
    `cross_class` across; `flipped` labels of each class are wrong. A stage minimises

        (1/N) sum_i [ log(1 + exp(f_i)) - t_i f_i ] + (penalty/2) |theta|^2,   N = 2 n,

    which is ``LogisticRegression(C=1/(N * penalty), fit_intercept=False)`` for hard targets.
    All fields broadcast, and every stage is a scalar root: the cost does not depend on n.

    Parameters
    ----------
    n : points per class, at least 1. With ``n = inf`` the penalty is n times the ridge (the
        ridge shrinks like 1/n), and `flipped` must be a fraction strictly between 0 and 1
    flipped : flipped labels per class; integers are counts, floating-point numbers fractions
    same_class : inner product inside a class, 0 to 1
    cross_class : inner product across classes, at most `same_class`
    penalty : ridge of the mean loss, positive

    Examples
    --------
    The teacher fits 6 of 20 wrong labels; its student repairs them all, and both classify
    fresh points perfectly.

    >>> world = RandomLabels(20, 6, same_class=0.3, penalty=0.01)
    >>> float(world.teacher().training_accuracy), float(world.student().training_accuracy)
    (0.7, 1.0)
    >>> float(world.teacher().population_accuracy)
    1.0

    """

    n: Any
    flipped: Any
    same_class: Any
    cross_class: Any = 0.0
    penalty: Any = 0.01

    def __post_init__(self) -> None:
        """Check the fields once; they stay as given."""
        couplings(self.n, self.same_class, self.cross_class, self.penalty)
        flip_fraction(self.n, self.flipped)

    @property
    def fraction(self) -> Floats:
        """Fraction of flipped labels p."""
        return flip_fraction(self.n, self.flipped)

    @property
    def own(self) -> Floats:
        """Gain of a point's own dual variable on its margin, (1 - c) / (2 n penalty)."""
        return couplings(self.n, self.same_class, self.cross_class, self.penalty)[0]

    @property
    def shared(self) -> Floats:
        """Gain of the class's mean dual variable, (c - c') / (2 penalty); inf for n = inf."""
        return couplings(self.n, self.same_class, self.cross_class, self.penalty)[1]

    def teacher(self) -> Stage:
        """Return the model trained on the given labels."""
        half = np.asarray(0.5)
        return self._stage(half, -half)

    def student(
        self, xi: ArrayLike = 1.0, steps: int = 1, temperature: ArrayLike = 1.0, hard: bool = False
    ) -> Stage:
        """Return the model after `steps` rounds of distillation.

        Every round trains on ``xi * sigmoid(f / temperature) + (1 - xi) * label``, where f are
        the margins of the round before.

        Parameters
        ----------
        xi : array_like, any real weight
        steps : rounds; 0 returns the teacher
        temperature : array_like, positive; divides the teacher's margins
        hard : replace the teacher's probabilities by its predicted classes

        """
        _checks.flag("hard", hard)
        steps = _checks.integer("steps", steps, at_most=_checks.ROUNDS)
        weight: Floats = _checks.ndarray("xi", xi)
        warmth = _checks.ndarray("temperature", temperature, above=0)
        sharpness = np.where(hard, np.inf, 1 / warmth)
        stage = self.teacher()
        for _ in range(steps):
            before = Margins(stage.shared_margin, stage.good_margin, stage.flipped_margin)
            stage = self._stage(*distilled_targets(before, weight, sharpness))
        return stage

    def _stage(self, good: Floats, bad: Floats) -> Stage:
        p, own, shared = self.fraction, self.own, self.shared
        mean = (1 - p) * good + p * bad
        if np.any(np.isinf(shared) & (np.abs(mean) >= 0.5)):
            raise ValueError(
                "xi or flipped give a mean target outside (0, 1), which no margin can reach when "
                f"n is infinite: got mean target {_checks.show(mean + 0.5)}"
            )
        u, f_g, f_b = solve_margins(good, bad, p, own, shared)
        shape = np.shape(u)
        good, bad = np.broadcast_to(good, shape), np.broadcast_to(bad, shape)
        return Stage(
            shared_margin=u,
            good_margin=f_g,
            flipped_margin=f_b,
            good_target=good + 0.5,
            flipped_target=bad + 0.5,
            good_dual=_dual(good, f_g, u, own),
            flipped_dual=_dual(bad, f_b, u, own),
            training_accuracy=(1 - p) * (f_g > 0) + p * (f_b > 0),
            population_accuracy=0.5 * (1 + np.sign(u)),
        )


def _dual(target: Floats, f: Floats, u: Floats, own: Floats) -> Floats:
    """Return target - sigmoid(f), which is also (f - u) / own: precise where own is large."""
    direct = target - 0.5 * np.tanh(0.5 * f)
    return np.where(own > 1, (f - u) / np.maximum(own, 1.0), direct)


def flip_fraction(n: ArrayLike, flipped: ArrayLike) -> Floats:
    """Return `flipped` as a fraction: integers are counts out of `n`, floats are fractions."""
    size = _sizes(n)
    given = _numbers(flipped)
    if given is not None and given.dtype.kind in "iu":
        if np.any(np.isinf(size)):
            raise ValueError(f"flipped must be a fraction when n is infinite, got {flipped!r}")
        if np.any(given < 0) or np.any(given > size):
            raise ValueError(f"flipped must lie between 0 and n, got {flipped!r} for n = {n!r}")
        return np.asarray(given / size)
    p: Floats = _checks.ndarray("flipped", flipped, at_least=0, at_most=1)
    if np.any(np.isinf(size) & ((p == 0) | (p == 1))):
        raise ValueError(
            f"flipped must lie strictly between 0 and 1 when n is infinite, got {flipped!r}"
        )
    return p


def couplings(
    n: ArrayLike, same_class: ArrayLike, cross_class: ArrayLike, penalty: ArrayLike
) -> tuple[Floats, Floats]:
    """Return (own, shared), the two gains that the margins depend on, checking the arguments."""
    size = _sizes(n)
    c = _checks.ndarray("same_class", same_class, at_least=0, at_most=1)
    across = _checks.ndarray("cross_class", cross_class)
    ridge = _checks.ndarray("penalty", penalty, above=0)
    finite = np.where(np.isinf(size), 1.0, size)
    # An eigenvalue of the Gram matrix; at n = inf its sign is that of c + c'.
    total = np.where(np.isinf(size), c + across, 1 - c + finite * (c + across))
    if np.any(across > c) or np.any(total < 0):
        raise ValueError(
            "cross_class must be at most same_class and leave the Gram matrix positive "
            f"semidefinite, got {_checks.show(cross_class)} for same_class = "
            f"{_checks.show(same_class)}"
        )
    own = (1 - c) / (2 * finite * ridge)
    shared = np.where(np.isinf(size), np.inf, (c - across) / (2 * ridge))
    return np.asarray(own), shared


def _sizes(n: ArrayLike) -> Floats:
    given = _numbers(n)
    if given is None:
        raise TypeError(f"n must be a number of points, got {_checks.show(n)}")
    size: Floats = given.astype(float)
    if size.size == 0 or not np.all(size >= 1):
        raise ValueError(f"n must be at least 1, got {_checks.show(n)}")
    if np.any(np.floor(size) != size):
        raise ValueError(f"n must be whole numbers or inf, got {_checks.show(n)}")
    return size


def _numbers(value: object) -> np.ndarray[Any, Any] | None:
    """Return real numbers as an array, integers as integers; None for anything else."""
    try:
        given = np.asarray(value)
    except ValueError:  # of several lengths
        return None
    masked = isinstance(value, bool | np.ma.MaskedArray)
    return None if masked or given.dtype.kind not in "fiu" else given
