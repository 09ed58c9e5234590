"""What the experiments with flipped labels share: the draws, and what the theory recommends."""

from typing import NamedTuple

import numpy as np

from experiments.engine import Dataset, one_hot_labels
from sdtheory import label_noise, problems

__all__ = ["Recommended", "flipped", "recommended"]


class Recommended(NamedTuple):
    """Weights for ridge regression at one penalty."""

    from_truth: float
    """Lowest squared error on the true mean labels of the test points."""
    from_data: float
    """Lowest exact leave-one-out error on the noisy training labels."""
    one_shot: float
    """Lowest generalised cross-validation of teacher and student together on the same labels."""


def flipped(data: Dataset, rate: float, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return one-hot training labels (draws, n, classes), each flipped with probability `rate`."""
    labels = [problems.flip_labels(data.y_train, data.classes, rate, rng) for _ in range(draws)]
    return np.stack([one_hot_labels(draw, data.classes) for draw in labels])


def recommended(data: Dataset, labels: np.ndarray, rate: float, lam: float) -> Recommended:
    """Return the weights that the squared-loss theory recommends for labels (n, classes)."""
    # Flips shrink the mean label towards uniform: no decision changes, but the squared error does.
    truth, _ = problems.flipped_means(data.y_test, data.classes, rate)
    mean = labels.mean(axis=0)
    made = label_noise.ConditionalProblem.from_evaluation(
        data.x_train, labels - mean, data.x_test, truth - mean
    )
    tuned = (
        label_noise.tune_xi(data.x_train, labels, lam, method, intercept=True)
        for method in ("loo", "gcv")
    )
    best = label_noise.optimal_xi(made, lam)
    return Recommended(float(best.xi), *(float(found.xi) for found in tuned))
