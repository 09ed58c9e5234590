"""Label corruptions: exactly a given fraction of the samples is corrupted, chosen at random.

With one generator state the corrupted set of a smaller fraction is contained in that of a larger
one, so that curves over the noise level are not blurred by the choice.  (For flips that are
independent from sample to sample, which formulas in expectation need, see
`sdtheory.problems.flip_labels`.)
"""

from collections.abc import Sequence

import numpy as np

from sdtheory import _checks

__all__ = ["adversarial", "gaussian", "hierarchical", "pairwise", "uniform"]


def chosen(n: int, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Return which ``round(fraction * n)`` samples to corrupt, as indices in random order."""
    fraction = _checks.number("fraction", fraction, at_least=0, at_most=1)
    return rng.permutation(n)[: round(fraction * n)]


def uniform(y: np.ndarray, classes: int, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Replace labels by one of the other ``classes - 1``, each as likely.

    >>> flipped = uniform(np.zeros(10, dtype=int), 3, 0.4, np.random.default_rng(0))
    >>> int((flipped != 0).sum())
    4
    """
    classes = _checks.integer("classes", classes, at_least=2)
    shift = rng.integers(1, classes, size=len(y))
    return replaced(y, (y + shift) % classes, chosen(len(y), fraction, rng))


def pairwise(y: np.ndarray, classes: int, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Replace labels by the next class, the last by the first."""
    classes = _checks.integer("classes", classes, at_least=2)
    return replaced(y, (y + 1) % classes, chosen(len(y), fraction, rng))


def hierarchical(
    y: np.ndarray, groups: Sequence[Sequence[int]], fraction: float, rng: np.random.Generator
) -> np.ndarray:
    """Replace labels by another class of the same group, each as likely.

    Parameters
    ----------
    y : array of int, shape (n,)
        Labels.
    groups : sequence of sequences of int
        A partition of the classes into groups of at least two.
    fraction : float
        Fraction of corrupted samples.
    rng : numpy.random.Generator
        Decides.
    """
    members = [label for group in groups for label in group]
    if len(set(members)) < len(members) or min(len(group) for group in groups) < 2:
        raise ValueError(f"groups must be disjoint and hold at least two classes, got {groups!r}")
    unknown = sorted(set(np.unique(y).tolist()) - set(members))
    if unknown:
        raise ValueError(f"groups lack the classes {unknown}")
    other = np.array(y)
    for group in groups:
        inside = np.flatnonzero(np.isin(y, group))
        place = np.searchsorted(np.sort(group), y[inside])
        shift = rng.integers(1, len(group), size=len(inside))
        other[inside] = np.sort(group)[(place + shift) % len(group)]
    return replaced(y, other, chosen(len(y), fraction, rng))


def adversarial(
    y: np.ndarray, scores: np.ndarray, fraction: float, rng: np.random.Generator
) -> np.ndarray:
    """Replace labels by the wrong class that a teacher's scores rank highest.

    Parameters
    ----------
    y : array of int, shape (n,)
        Labels.
    scores : array, shape (n, classes)
        Logits or probabilities of the teacher.
    fraction : float
        Fraction of corrupted samples.
    rng : numpy.random.Generator
        Decides which samples.
    """
    if scores.shape[0] != len(y) or scores.shape[1] < 2:
        raise ValueError(f"scores must have shape ({len(y)}, classes >= 2), got {scores.shape}")
    wrong = np.array(scores, dtype=float)
    wrong[np.arange(len(y)), y] = -np.inf
    return replaced(y, wrong.argmax(axis=1), chosen(len(y), fraction, rng))


def gaussian(y: np.ndarray, noise_var: float, rng: np.random.Generator) -> np.ndarray:
    """Add independent normal noise of variance ``noise_var`` to real targets."""
    noise_var = _checks.number("noise_var", noise_var, at_least=0)
    return np.asarray(y + np.sqrt(noise_var) * rng.normal(size=np.shape(y)))


def replaced(y: np.ndarray, other: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return a copy of ``y`` that has the entries of ``other`` at some positions."""
    out = np.array(y)
    out[where] = other[where]
    return out
