"""Small synthetic tasks with known truth, drawn with NumPy."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Regression", "planted_regression"]


@dataclass(frozen=True, slots=True)
class Regression:
    """A fixed design and noisy labels.

    Attributes
    ----------
    x : array, shape (n, features)
        Design.
    theta : array, shape (features, outputs)
        Planted coefficients.
    y : array, shape (runs, n, outputs)
        ``x @ theta`` plus independent normal noise, one draw a run.
    """

    x: np.ndarray
    theta: np.ndarray
    y: np.ndarray


def planted_regression(
    singular_values: np.ndarray,
    n: int,
    outputs: int,
    noise_var: np.ndarray,
    rng: np.random.Generator,
) -> Regression:
    """Return a design with the given singular values and labels of the given noise variances.

    Parameters
    ----------
    singular_values : array, shape (features,)
        Singular values of the design; at most ``n`` of them.
    n : int
        Samples.
    outputs : int
        Outputs.
    noise_var : array, shape (runs,)
        Noise variance of each run.
    rng : numpy.random.Generator
        Decides the singular vectors, the truth and the noise.
    """
    features = len(singular_values)
    left = np.linalg.qr(rng.normal(size=(n, features)))[0]
    right = np.linalg.qr(rng.normal(size=(features, features)))[0]
    x = (left * singular_values) @ right.T
    theta = rng.normal(size=(features, outputs))
    noise = np.sqrt(noise_var)[:, None, None] * rng.normal(size=(len(noise_var), n, outputs))
    return Regression(x, theta, x @ theta + noise)
