"""Independent flips instead of exact counts: expected accuracies as binomial sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sdtheory import _checks

from .random_labels import couplings
from .roots import Floats
from .two_margins import chain

__all__ = ["expected_accuracy"]


def expected_accuracy(
    sizes: ArrayLike,
    flip_probability: float,
    same_class: ArrayLike,
    penalty: float,
    steps: int = 0,
    xi: float = 1.0,
    temperature: float = 1.0,
) -> float:
    """Return the expected training accuracy when every label flips on its own.

    Without inner products across classes the classes do not see each other: class j has its own
    number of flips, binomial, and its own gains own = (1 - c_j) / (penalty N) and
    shared = n_j c_j / (penalty N). The expectation is an exact sum over the numbers of flips.

    Parameters
    ----------
    sizes : points of the two classes (at most a million), or one number for both
    flip_probability : chance that a label is flipped, 0 to 1
    same_class : inner product inside the two classes, or one number for both
    penalty, steps, xi, temperature : as in `RandomLabels` and its students

    Examples
    --------
    >>> [round(expected_accuracy(25, 0.33, 0.35, 0.01, steps), 6) for steps in (0, 1)]
    [0.760586, 0.950075]

    """
    steps = _checks.integer("steps", steps, at_most=_checks.ROUNDS)
    probability = _checks.number("flip_probability", flip_probability, at_least=0, at_most=1)
    counts = _checks.ndarray("sizes", sizes, ndim=(0, 1), at_least=1, at_most=1e6)
    n = _for_both("sizes", counts)
    c = _for_both("same_class", _checks.ndarray("same_class", same_class, ndim=(0, 1)))
    ridge = _checks.number("penalty", penalty, above=0)
    if np.any(n % 1):
        raise ValueError(f"sizes must be whole numbers, got {_checks.show(sizes)}")
    couplings(n, c, 0.0, ridge)
    temperature = _checks.number("temperature", temperature, above=0)
    xi = _checks.number("xi", xi)
    total = sum(
        size
        * _class_accuracy(size, probability, inner, ridge * n.sum(), steps, xi, 1 / temperature)
        for size, inner in zip(n, c, strict=True)
    )
    return float(total / n.sum())


def _for_both(name: str, value: Floats) -> Floats:
    if value.ndim == 1 and value.shape != (2,):
        raise ValueError(f"{name} must be one number or one a class, got {_checks.show(value)}")
    return np.broadcast_to(value, (2,))


def _class_accuracy(
    n: float, probability: float, c: float, scale: float, steps: int, xi: float, sharpness: float
) -> float:
    """Return the expected accuracy of one class of n points; `scale` is the penalty times N."""
    from scipy.stats import binom  # slow to import, needed here alone

    flips = np.arange(n + 1)
    p: Floats = flips / n
    own, shared = np.asarray((1 - c) / scale), np.asarray(n * c / scale)
    margins = chain(p, own, shared, steps, xi, sharpness)
    accuracy = (1 - p) * (margins.good > 0) + p * (margins.flipped > 0)
    # SciPy's chances are right to 1e-13 only; of their error most is a common factor.
    return float(np.average(accuracy, weights=binom.pmf(flips, n, probability)))
