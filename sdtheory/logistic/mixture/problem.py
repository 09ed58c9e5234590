"""The Gaussian mixture with flipped labels, and what is known about a chain of trained stages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from sdtheory import _checks

from ..roots import Floats

__all__ = ["GaussianMixture", "MixtureStages"]


@dataclass(frozen=True, slots=True)
class GaussianMixture:
    """Two Gaussian clouds in high dimension, a fraction of whose labels is flipped.

    A point of class s = +1 or -1 is x = s v / sqrt(d) + sqrt(variance) g with |v|^2 = d and g
    standard normal; there are ``sample_ratio * d`` of them and d grows to infinity.

    Parameters
    ----------
    sample_ratio : samples per dimension (alpha), positive
    variance : variance of each coordinate (Delta), positive
    flip_probability : chance that a label is wrong (theta), in [0, 1/2)
    balance : fraction of the class +1 (rho), strictly between 0 and 1

    Examples
    --------
    >>> problem = GaussianMixture(2.0, 0.5, 0.2)
    >>> float(problem.test_error(1.0, 0.0, 1.0))  # of the direction between the classes: 1 in 13
    0.078649604
    >>> problem.groups()
    (array([ 1.,  1., -1., -1.]), array([1., 0., 0., 1.]), array([0.4, 0.1, 0.4, 0.1]))

    """

    sample_ratio: float
    variance: float
    flip_probability: float
    balance: float = 0.5

    def __post_init__(self) -> None:
        """Check the fields once."""
        _checks.number("sample_ratio", self.sample_ratio, above=0)
        _checks.number("variance", self.variance, above=0)
        _checks.number("flip_probability", self.flip_probability, at_least=0, below=0.5)
        _checks.number("balance", self.balance, above=0, below=1)

    def groups(self) -> tuple[Floats, Floats, Floats]:
        """Return (class sign, given label 0 or 1, probability) of the four kinds of points."""
        rho, theta = self.balance, self.flip_probability
        weights = [rho * (1 - theta), rho * theta, (1 - rho) * (1 - theta), (1 - rho) * theta]
        return np.array([1.0, 1, -1, -1]), np.array([1.0, 0, 0, 1]), np.array(weights)

    def test_error(
        self, signal: Floats | float, bias: Floats | float, norm: Floats | float
    ) -> Floats:
        """Return the error on fresh points of a classifier w.x / sqrt(d) + b.

        `signal` is w.v / d and `norm` is |w|^2 / d.
        """
        signal, bias = _checks.ndarray("signal", signal), _checks.ndarray("bias", bias)
        norm = _checks.ndarray("norm", norm, at_least=0)
        _checks.together(signal=signal, bias=bias, norm=norm)
        width = np.sqrt(self.variance * norm)
        rho = self.balance
        return np.asarray(
            rho * ndtr(-(signal + bias) / width) + (1 - rho) * ndtr(-(signal - bias) / width)
        )


@dataclass(frozen=True, slots=True)
class MixtureStages:
    """Limits of a teacher and its students; index 0 is the teacher.

    Attributes
    ----------
    signal : w_t . v / d of every stage (m), shape (T,)
    bias : intercept of every stage, shape (T,)
    overlap : w_s . w_t / d (Q), shape (T, T)
    error : error on fresh points, shape (T,)
    gain : how much a point's own dual variable moves its logit (gamma), shape (T,)
    response : lower-triangular response of stage t to a perturbation of stage s (B), (T, T)
    force : alpha Delta E[r_s r_t] of the dual variables (Xi-hat), shape (T, T)
    residual : largest violation of the saddle-point equations, relative to their terms

    """

    signal: Floats
    bias: Floats
    overlap: Floats
    error: Floats
    gain: Floats
    response: Floats
    force: Floats
    residual: float
