"""Independent route of the logistic claims: Newton's method on explicit vectors.

Nothing here knows that the fit has two margins. The vectors are built from the Gram matrix, the
weight vector is fitted with a line search, and margins are read off at the end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, softmax

__all__ = ["block_gram", "explicit_chain", "explicit_softmax_chain", "fit", "vectors"]

Floats = NDArray[np.float64]


def block_gram(sizes: tuple[int, ...], same: tuple[float, ...], cross: float) -> Floats:
    """Return the Gram matrix of unit vectors in classes of the given sizes."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    inside = labels[:, None] == labels[None, :]
    gram = np.where(inside, np.asarray(same)[labels][:, None], cross)
    np.fill_diagonal(gram, 1.0)
    return gram


def vectors(gram: Floats, rng: np.random.Generator) -> Floats:
    """Return explicit vectors with the given Gram matrix, in a random orientation."""
    values, basis = np.linalg.eigh(gram)
    rotation, _ = np.linalg.qr(rng.normal(size=gram.shape))
    return np.asarray((basis * np.sqrt(np.maximum(values, 0.0))) @ rotation)


def fit(X: Floats, targets: Floats, penalty: float) -> Floats:
    """Return theta minimising mean(log(1 + e^f) - t f) + (penalty/2) |theta|^2, f = X theta."""
    size = len(X)
    theta = np.zeros(X.shape[1])

    def loss(theta: Floats) -> float:
        f = X @ theta
        return float(np.mean(np.logaddexp(0, f) - targets * f) + penalty / 2 * theta @ theta)

    for _ in range(200):
        p = expit(X @ theta)
        gradient = X.T @ (p - targets) / size + penalty * theta
        hessian = (X.T * (p * (1 - p) / size)) @ X + penalty * np.eye(len(theta))
        step = np.linalg.solve(hessian, gradient)
        decrease = gradient @ step
        rate, here = 1.0, loss(theta)
        # Close to the optimum the loss is flat to rounding; the full step is safe there.
        while (
            decrease > 1e-12 * (1 + abs(here))
            and loss(theta - rate * step) > here - 1e-4 * rate * decrease
        ):
            rate /= 2
        theta = theta - rate * step
        if np.abs(step).max() <= 1e-15 * (1 + np.abs(theta).max()):
            break
    return theta


def explicit_chain(
    X: Floats,
    given: Floats,
    penalty: float,
    steps: int,
    xi: float = 1.0,
    sharpness: float = 1.0,
) -> Floats:
    """Return the margins (towards label 1) of every point after `steps` rounds."""
    f = X @ fit(X, given, penalty)
    for _ in range(steps):
        soft = (f > 0).astype(float) if np.isinf(sharpness) else expit(sharpness * f)
        f = X @ fit(X, xi * soft + (1 - xi) * given, penalty)
    return np.asarray(f)


def explicit_softmax_chain(
    gram: Floats, given: Floats, penalty: float, steps: int, xi: float = 1.0
) -> Floats:
    """Return the logits (points x classes) of softmax regression after `steps` rounds.

    Newton's method in the dual: Z = G (T - P) / (N penalty) for targets T (one-hot `given`).
    """
    size, K = given.shape
    scaled = gram / (size * penalty)
    Z = np.zeros((size, K))
    targets = given
    for stage in range(steps + 1):
        Z = _softmax_fit(scaled, targets, Z)
        if stage < steps:
            targets = xi * softmax(Z, axis=1) + (1 - xi) * given
    return Z


def _softmax_fit(scaled: Floats, targets: Floats, Z: Floats) -> Floats:
    size, K = targets.shape
    A = targets - softmax(Z, axis=1)

    def loss(A: Floats) -> float:
        Z = scaled @ A
        return float(-np.sum(targets * log_softmax(Z, axis=1)) + 0.5 * np.sum(A * Z))

    for _ in range(100):
        P = softmax(scaled @ A, axis=1)
        residual = A - (targets - P)
        # d residual = dA + (diag(P) - P P^T) G dA, point by point
        blocks = np.einsum("ik,kl->ikl", P, np.eye(K)) - np.einsum("ik,il->ikl", P, P)
        matrix = np.einsum("ikl,ij->ikjl", blocks, scaled).reshape(size * K, size * K)
        step = np.linalg.solve(matrix + np.eye(size * K), residual.reshape(-1)).reshape(size, K)
        rate, here = 1.0, loss(A)
        # Quadratic convergence needs no line search, and the loss is flat to rounding there.
        while np.abs(step).max() > 1e-5 and loss(A - rate * step) > here:
            rate /= 2
        A = A - rate * step
        if np.abs(step).max() <= 1e-15:
            break
    return np.asarray(scaled @ A)
