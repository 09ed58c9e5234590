"""What the experiments on unit vectors share: vectors with given inner products."""

import numpy as np
import torch

from experiments.engine import LBFGS, Learner, Linear, Streams, cross_entropy, to_tensor

__all__ = ["embedded", "flip_within", "softmax_learner", "unit_vectors"]


def unit_vectors(truth: np.ndarray, same: float, cross: float = 0.0) -> np.ndarray:
    """Return unit vectors with inner product `same` inside a class and `cross` >= 0 across.

    >>> np.round(unit_vectors(np.array([0, 0, 1]), 0.5, 0.2) @ np.ones(6), 3)
    array([1.702, 1.702, 1.702])
    """
    classes = np.sqrt(same - cross) * np.eye(truth.max() + 1)[truth]
    own = np.sqrt(1 - same) * np.eye(len(truth))
    common = np.full((len(truth), int(cross > 0)), np.sqrt(cross))
    return np.hstack([classes, own, common])


def flip_within(truth: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return labels 0 and 1 with `count` random flips among either half of the points."""
    n = len(truth) // 2
    flipped = np.concatenate([rng.permutation(n) < count, rng.permutation(n) < count])
    return np.where(flipped, 1 - truth, truth)


def embedded(grams: np.ndarray, fresh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return features whose inner products are `grams`, and those of fresh points.

    Parameters
    ----------
    grams : array (runs, n, n), positive definite
    fresh : array (runs, m, n), inner products of fresh points with the training points
    """
    values, basis = np.linalg.eigh(grams)
    root = np.sqrt(np.maximum(values, 1e-12))
    return basis * root[:, None, :], fresh @ (basis / root[:, None, :])


def softmax_learner(
    features: np.ndarray,
    classes: int,
    penalty: float,
    seeds: np.ndarray,
    device: torch.device,
    *,
    tolerance: float = 1e-11,
    steps: int = 2000,
) -> Learner:
    """Return softmax regression without intercept on features (n, d) or (runs, n, d).

    The penalty is that of the weights; two columns have twice that of their difference.
    """
    return Learner(
        model=Linear(features.shape[-1], classes),
        x=to_tensor(features, device, torch.float64),
        loss=cross_entropy,
        optimiser=LBFGS(tolerance=tolerance),
        steps=steps,
        streams=Streams.of(seeds, device),
        weight_decay=penalty,
    )
