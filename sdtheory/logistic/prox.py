"""The one special function of logistic loss with a ridge: margins from targets.

A point whose own dual variable moves its margin by `gain` has the margin f that solves
f + gain * sigmoid(f) = y. Around y = gain / 2 the equation is odd, and the code works with that
centred form, f + (gain/2) tanh(f/2) = w, which keeps the relative precision of small margins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logsumexp, wrightomega

from sdtheory import _checks

from .roots import Floats, Indices, increasing_root

__all__ = ["centred_prox", "centred_sigmoid", "logistic_prox", "softmax_prox"]

_EPS = float(np.finfo(np.float64).eps)


def logistic_prox(y: ArrayLike, gain: ArrayLike) -> Floats:
    """Return f with f + gain * sigmoid(f) = y, the proximal map of logistic loss.

    The minimiser of ``log(1 + exp(f)) - t f + (f - h)^2 / (2 gain)`` is
    ``logistic_prox(h + gain t, gain)``.

    Parameters
    ----------
    y : array_like
    gain : array_like, at least 0, broadcast with `y`

    Examples
    --------
    >>> float(logistic_prox(3.0, 2.0))
    1.39668527143714

    """
    k, y = np.broadcast_arrays(_checks.ndarray("gain", gain, at_least=0), _checks.ndarray("y", y))
    f = centred_prox(y - k / 2, k)
    # Far from the centre y - gain / 2 has lost digits; sigmoid(f) or sigmoid(-f) is small there.
    value = np.where(f < 0, f - y + k * expit(f), f - (y - k) - k * expit(-f))
    step = value / (1 + k * expit(f) * expit(-f))
    return np.asarray(np.where(np.abs(f) > 1, f - step, f))


def centred_sigmoid(f: Floats) -> Floats:
    """Return sigmoid(f) - 1/2, to full relative precision for small f."""
    return np.asarray(0.5 * np.tanh(0.5 * f))


def centred_prox(w: Floats, gain: Floats) -> Floats:
    """Return f with f + gain (sigmoid(f) - 1/2) = w (no checks).

    For w > 0 the left side is increasing and concave on f > 0, so Newton's method from a point
    left of the root climbs to it and never passes it: the first step that does not climb is
    rounding. Two such points are one Newton step from 0, and w - gain/2.
    """
    w, gain = np.broadcast_arrays(np.asarray(w, float), np.asarray(gain, float))
    size = np.abs(w)
    quarter = 0.25 * gain
    f = np.maximum(size / (1 + quarter), size - 0.5 * gain)
    while True:
        th = np.tanh(0.5 * f)
        step = (size - f - 0.5 * gain * th) / (1 + quarter * (1 - th) * (1 + th))
        f = f + np.maximum(step, 0.0)
        if not np.any(step > 4 * _EPS * f):
            return np.asarray(np.copysign(f, w))


def softmax_prox(y: Floats, gain: Floats) -> tuple[Floats, Floats]:
    """Return (Z, P) with Z + gain P = y and P = softmax(Z), along the last axis (no checks).

    With S = logsumexp(Z), every entry is P_k = omega(log gain + y_k - S) / gain for Wright's
    omega function, and sum P_k = 1 fixes S inside [logsumexp(y) - gain, logsumexp(y)].

    Parameters
    ----------
    y : array of shape (..., K)
    gain : array of shape (...), positive

    """
    k = np.broadcast_to(gain, y.shape[:-1]).ravel()
    rows = y.reshape(k.size, y.shape[-1])
    top = np.asarray(logsumexp(rows, axis=1))

    def excess(s: Floats, active: Indices) -> tuple[Floats, Floats]:
        # -s, so that the function increases; d omega / dx = omega / (1 + omega).
        omega = wrightomega(np.log(k[active])[:, None] + rows[active] + s[:, None])
        value = np.sum(omega, axis=1) / k[active] - 1
        return value, np.sum(omega / (1 + omega), axis=1) / k[active]

    s = increasing_root(excess, -top, -top, k - top, np.zeros(k.shape))
    p = wrightomega(np.log(k)[:, None] + rows + s[:, None]) / k[:, None]
    z = rows - k[:, None] * p
    return z.reshape(y.shape), p.reshape(y.shape)
