"""Logistic and softmax regression on real-valued targets: a Newton method with a line search."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

__all__ = ["fit_targets", "probabilities"]

Floats = NDArray[np.float64]
_REACH = 100.0
_FLAT = 1e-13


def probabilities(logits: Floats) -> Floats:
    """Return class probabilities: of the second class for one column, else of all columns."""
    return np.asarray(expit(logits) if logits.shape[1] == 1 else softmax(logits, axis=1))


def fit_targets(
    X: Floats,
    targets: Floats,
    C: float,
    intercept: bool,
    start: Floats | None,
    tol: float,
    max_iter: int,
    weight: Floats | None = None,
) -> tuple[Floats, int]:
    """Return theta, shape (features + 1, columns), minimising C sum CE(targets, X W + b) + |W|^2/2.

    The sum is weighted if there is a `weight` (samples,). Targets are real: weights on a teacher
    outside [0, 1] make components negative, and the loss stays convex because they enter linearly.
    Directions come from conjugate gradients on the Hessian. A common shift of all intercepts
    changes nothing, and their mean is kept at zero. Stops when the largest entry of the gradient,
    in units of C times the sample's, is below `tol`. Also returned is the number of iterations,
    the one that finds the gradient small included.
    """
    A = np.column_stack([X, np.full(len(X), float(intercept))])
    ridge = np.append(np.ones(X.shape[1]), 0.0 if intercept else 1.0)[:, None] / C
    theta = np.zeros((A.shape[1], targets.shape[1])) if start is None else start.copy()
    w = np.ones((len(X), 1)) if weight is None else weight[:, None]
    scale = 1.0 + float(np.abs(w * A).sum(axis=0).max())
    for iteration in range(max_iter):
        P = probabilities(A @ theta)
        gradient = A.T @ (w * (P - targets)) + ridge * theta
        if np.abs(gradient).max() <= tol * scale:
            return theta, iteration + 1
        step = _direction(A, w, P, ridge, gradient)
        decrease = float(np.sum(gradient * step))
        here = _loss(A, w, targets, ridge, theta)
        # Where probabilities saturate the quadratic model overshoots without bound.
        rate = min(1.0, _REACH / max(float(np.abs(A @ step).max()), _REACH))
        # Near the optimum the loss is flat to rounding and the full step is safe.
        flat = decrease <= 1e-10 * (1 + abs(here))
        while (
            not flat
            and rate > 1e-10
            and _loss(A, w, targets, ridge, theta - rate * step) > here - 1e-4 * rate * decrease
        ):
            rate /= 2
        theta = theta - rate * step
        if theta.shape[1] > 1:
            theta[-1] -= theta[-1].mean()
    return theta, max_iter


def _loss(A: Floats, w: Floats, targets: Floats, ridge: Floats, theta: Floats) -> float:
    logits = A @ theta
    if logits.shape[1] == 1:
        normaliser = np.logaddexp(0, logits[:, 0])
    else:
        top = logits.max(axis=1)
        normaliser = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    fit = w[:, 0] @ normaliser - np.sum(w * targets * logits)
    return float(fit + 0.5 * np.sum(ridge * theta**2))


def _curvature(A: Floats, w: Floats, P: Floats, ridge: Floats, V: Floats) -> Any:
    moved = A @ V
    if P.shape[1] == 1:
        bent = P * (1 - P) * moved
    else:
        bent = P * (moved - np.sum(P * moved, axis=1, keepdims=True))
    return A.T @ (w * bent) + ridge * V


def _direction(A: Floats, w: Floats, P: Floats, ridge: Floats, gradient: Floats) -> Floats:
    """Solve the Newton equations by conjugate gradients, scaled by the Hessian's diagonal."""
    diagonal = (A * A).T @ (w * P * (1 - P)) + ridge
    diagonal = np.maximum(diagonal, 1e-12 * diagonal.max())
    step = np.zeros_like(gradient)
    residual = gradient.copy()
    scaled = residual / diagonal
    along = scaled
    power = float(np.sum(residual * scaled))
    # Quadratic convergence of the outer iteration asks for an accuracy that grows with it.
    goal = min(1e-4, float(np.sqrt(np.abs(gradient).max()))) ** 2 * power
    for _ in range(10 * gradient.size):
        bent = _curvature(A, w, P, ridge, along)
        curvature = float(np.sum(along * bent))
        if curvature <= _FLAT * float(np.sum(diagonal * along * along)):
            # Saturated probabilities: the quadratic model says nothing about this direction.
            return step if np.any(step) else along
        rate = power / curvature
        step = step + rate * along
        residual = residual - rate * bent
        scaled = residual / diagonal
        after = float(np.sum(residual * scaled))
        if after <= goal:
            break
        along, power = scaled + after / power * along, after
    return step
