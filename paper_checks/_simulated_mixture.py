"""Independent route of the mixture claims: finite samples, fitted by Newton's method."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from sdtheory.logistic import GaussianMixture

__all__ = ["averaged", "controls", "sample", "simulate"]

Floats = NDArray[np.float64]


def sample(
    problem: GaussianMixture, d: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return features (scaled by 1/sqrt(d)), class signs, given labels and the direction v.

    Shares of classes and of flips in them are the stated ones, up to a random last sample.
    """
    count = round(problem.sample_ratio * d)
    sign = np.where(np.arange(count) < _share(count, problem.balance, rng), 1.0, -1.0)
    flip = np.zeros(count, dtype=bool)
    for one in (-1.0, 1.0):
        members = np.flatnonzero(sign == one)
        flip[members[: _share(members.size, problem.flip_probability, rng)]] = True
    v = rng.normal(size=d)
    v *= np.sqrt(d) / np.linalg.norm(v)
    noise = np.sqrt(problem.variance) * rng.normal(size=(count, d))
    X = (sign[:, None] * v / np.sqrt(d) + noise) / np.sqrt(d)
    return X, sign, np.where(flip, sign < 0, sign > 0).astype(float), v


def _share(count: int, fraction: float, rng: np.random.Generator) -> int:
    return int(count * fraction + rng.random())


def controls(problem: GaussianMixture, X: Floats, sign: Floats, given: Floats, v: Floats) -> Floats:
    """Return numbers of mean zero that tell how far the noise of a sample is from its mean.

    They are the sums of the noise over each class of each label, along v and in their products, and
    its size: of what a classifier varies by, most is linear in them.
    """
    d = v.size
    noise = (np.sqrt(d) * X - sign[:, None] * v / np.sqrt(d)) / np.sqrt(problem.variance)
    sums = [
        noise[members].sum(axis=0) / np.sqrt(max(members.sum(), 1))
        for members in ((sign == s) & (given == g) for s in (-1, 1) for g in (0, 1))
    ]
    products = np.array(sums) @ np.array(sums).T / d - np.diag([float(u.any()) for u in sums])
    along = np.array(sums) @ v / d
    return np.concatenate([along, products[np.triu_indices(4)], [np.mean(noise**2) - 1.0]])


def simulate(
    problem: GaussianMixture,
    d: int,
    lam: tuple[float, ...],
    rng: np.random.Generator,
    xi: float = 1.0,
    sharpness: tuple[float, ...] = (),
    squared: bool = False,
    fitted_bias: bool | None = None,
) -> tuple[Floats, Floats]:
    """Return (m, Q_tt, Q_0t, error, bias) of every stage of one random data set, and its controls.

    The first has shape (T, 5).
    """
    X, sign, given, v = sample(problem, d, rng)
    fitted = problem.balance != 0.5 if fitted_bias is None else fitted_bias
    rows, first, targets = [], np.zeros(d), given
    for t, ridge in enumerate(lam):
        w, b = _fit(X, targets, ridge, squared, fitted)
        first = w if t == 0 else first
        m, Q = w @ v / d, w @ w / d
        width = np.sqrt(problem.variance * Q)
        rho = problem.balance
        error = rho * ndtr(-(m + b) / width) + (1 - rho) * ndtr(-(m - b) / width)
        rows.append([m, Q, first @ w / d, error, b])
        if t + 1 < len(lam):
            beta = sharpness[t] if sharpness else 1.0
            logit = X @ w + b
            if np.isinf(beta):
                teacher = (logit > 0).astype(float)
            else:
                teacher = (1 + beta * logit) / 2 if squared else expit(beta * logit)
            targets = xi * teacher + (1 - xi) * given
    return np.array(rows), controls(problem, X, sign, given, v)


def averaged(problem: GaussianMixture, d: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the errors of averaging, of hard and of consensus retraining on one data set.

    The controls of the data set follow.
    """
    X, sign, given, v = sample(problem, d, rng)
    w = X.T @ (given - 0.5)
    predicted = (X @ w > 0).astype(float)
    agree = predicted == given
    classifiers = (w, X.T @ (predicted - 0.5), X[agree].T @ (given[agree] - 0.5))
    errors = [ndtr(-(u @ v / d) / np.sqrt(problem.variance * (u @ u) / d)) for u in classifiers]
    return np.array(errors), controls(problem, X, sign, given, v)


def _fit(
    X: Floats, targets: Floats, lam: float, squared: bool, fitted: bool
) -> tuple[Floats, float]:
    """Return (w, b) minimising sum loss + lam/2 |w|^2 by Newton's method (convex, damped)."""
    A = np.column_stack([X, np.ones(len(X))]) if fitted else X
    ridge = np.full(A.shape[1], lam)
    if fitted:
        ridge[-1] = 0.0
    theta = np.zeros(A.shape[1])

    def loss(theta: Floats) -> float:
        f = A @ theta
        value = ((1 + f) / 2 - targets) ** 2 if squared else np.logaddexp(0, f) - targets * f
        return float(np.sum(value) + 0.5 * ridge @ theta**2)

    for _ in range(60):
        f = A @ theta
        p = (1 + f) / 2 if squared else expit(f)
        curvature = np.full(len(f), 0.5) if squared else p * (1 - p)
        gradient = A.T @ (p - targets) + ridge * theta
        step = np.linalg.solve((A.T * curvature) @ A + np.diag(ridge), gradient)
        rate = 1.0
        while rate > 1e-6 and loss(theta - rate * step) > loss(theta) + 1e-9:
            rate /= 2
        theta = theta - rate * step
        if np.abs(step).max() < 1e-9:
            break
    return (theta[:-1], float(theta[-1])) if fitted else (theta, 0.0)
