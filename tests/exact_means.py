"""Means over label noise without drawing it, for whatever is quadratic in the labels.

Refits are literal; the labels are a few points whose average of a quadratic is that over noise of
which the entries are independent. So a formula is compared to rounding, not within errors.
"""

import numpy as np


def noisy(mean, noise_var):
    """Return labels (2 * size, *mean.shape), equally likely: one entry moves, far, at a time."""
    mean = np.asarray(mean, dtype=float)
    deviations = np.sqrt(mean.size * np.broadcast_to(noise_var, mean.shape).ravel())
    moves = (deviations * np.eye(mean.size)).reshape(-1, *mean.shape)
    return mean + np.concatenate([moves, -moves])


def over_flips(quadratic, labels, classes, rate):
    """Return the mean of a quadratic of one-hot targets whose labels flip to any other class.

    What flips of different samples do to a quadratic adds up, but for products of deviations from
    the mean, whose mean is zero.
    """
    chances = np.where(np.eye(classes)[labels] > 0, 1 - rate, rate / (classes - 1))
    centre = quadratic(chances)
    total = centre
    for sample, row in enumerate(chances):
        for given, chance in enumerate(row):
            moved = chances.copy()
            moved[sample] = np.eye(classes)[given]
            total += chance * (quadratic(moved) - centre)
    return total
