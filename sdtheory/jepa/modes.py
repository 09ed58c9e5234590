"""Features as modes: what the data say about one direction, and where training takes it.

A feature of the data is described by two numbers, its `covariance` between the two views and its
`variance` in the input; `rho` is their ratio, the regression coefficient of one view on the other.
A deep linear encoder meets it with one number, its `size` (the product of `depth` equal layers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from sdtheory import _checks

__all__ = [
    "Flags",
    "Floats",
    "Law",
    "Mode",
    "Objective",
    "critical_depth",
    "fixed_point",
    "law",
    "learnable",
    "per_mode",
    "relaxation_rate",
    "velocity",
]

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Objective = Literal["jepa", "mae"]


@dataclass(frozen=True, slots=True)
class Mode:
    """One feature, or an array of features, of a pair of views (x, y).

    Attributes
    ----------
    covariance : array of any shape
        lambda: covariance of the feature between the two views; any sign, zero is regular.
    variance : array of the same shape
        s^2 > 0: variance of the feature in the input x.

    Examples
    --------
    >>> Mode(covariance=[1.0, 0.5], variance=[2.0, 0.5]).rho
    array([0.5, 1. ])
    """

    covariance: Floats
    variance: Floats

    if TYPE_CHECKING:  # what may be passed; what is stored are float64 arrays

        def __init__(self, covariance: ArrayLike, variance: ArrayLike) -> None: ...

    def __post_init__(self) -> None:
        covariance = _checks.ndarray("covariance", self.covariance)
        variance = _checks.ndarray("variance", self.variance, above=0.0)
        if covariance.shape != variance.shape and covariance.ndim and variance.ndim:
            raise ValueError(
                "covariance and variance must have the same shape, "
                f"got {covariance.shape} and {variance.shape}"
            )
        covariance, variance = np.broadcast_arrays(covariance, variance)
        object.__setattr__(self, "covariance", covariance.astype(np.float64))
        object.__setattr__(self, "variance", variance.astype(np.float64))

    @property
    def rho(self) -> Floats:
        """Regression coefficient covariance / variance, the feature's influence."""
        return np.asarray(self.covariance / self.variance)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array of features; `()` for a single one."""
        shape: tuple[int, ...] = self.covariance.shape
        return shape

    @classmethod
    def from_rho(cls, covariance: object, rho: object) -> Mode:
        """Build modes from (lambda, rho), both nonzero and of one sign."""
        lam = _checks.ndarray("covariance", covariance)
        ratio = _checks.ndarray("rho", rho)
        if not bool(np.all(lam * ratio > 0)):
            raise ValueError(
                f"rho must be nonzero with the sign of covariance, got rho = {ratio} "
                f"for covariance = {lam}; use Mode(covariance, variance)"
            )
        return cls(lam, lam / ratio)


@dataclass(frozen=True, slots=True)
class Law:
    """The scalar law of a mode: v = w^order obeys dv/dtau = v^(1 + exponent) (lambda - s^2 v).

    `w` is the singular value of one layer, and tau = order * (raw time).

    Attributes
    ----------
    depth : int
        L, the number of encoder layers; the size of the mode is w^L = v^(L / order).
    order : int
        How many layers of size w multiply s^2: the predictor alone (JEPA) or all layers (MAE).
    exponent : float
        a >= 0; the start-up speed is v^a, the drag of small initialisation.

    Examples
    --------
    >>> Law(depth=2, order=1, exponent=0.5).size_power
    2.0
    """

    depth: int
    order: int
    exponent: float

    @property
    def size_power(self) -> float:
        """Power of v that gives the encoder size, L / order."""
        return self.depth / self.order

    @property
    def pace(self) -> float:
        """Units of tau per unit of paper time, order / L."""
        return self.order / self.depth


def per_mode(
    name: str,
    value: object,
    shape: tuple[int, ...],
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
) -> Floats:
    """Return an argument that is one number for all modes, or one a mode, in the modes' shape."""
    given = _checks.ndarray(name, value, above=above, at_least=at_least, below=below)
    try:
        return np.broadcast_to(given, shape)
    except ValueError:
        raise ValueError(
            f"{name} must be one number or have the shape of the modes, {shape}, "
            f"got shape {given.shape}"
        ) from None


def law(depth: int, objective: Objective = "jepa", predictor_depth: int = 1) -> Law:
    """Return the scalar law of an encoder of `depth` layers under a predictor of K layers.

    With all layers equal (balanced, aligned) the raw flow of one layer is

    * JEPA: dw/dt = w^(2L + K - 1) (lambda - s^2 w^K)
    * MAE:  dw/dt = w^(L + K - 1) (lambda - s^2 w^(L + K))

    >>> law(3).exponent, law(1, "mae").exponent, law(2, predictor_depth=3).order
    (5.0, 0.0, 3)
    """
    layers = _checks.integer("depth", depth, at_least=1)
    above = _checks.integer("predictor_depth", predictor_depth, at_least=1)
    if _checks.choice("objective", objective, ("jepa", "mae")) == "jepa":
        return Law(layers, above, (2 * layers + above - 2) / above)
    total = layers + above
    return Law(layers, total, (total - 2) / total)


def fixed_point(
    mode: Mode, depth: int, objective: Objective = "jepa", predictor_depth: int = 1
) -> Floats:
    """Return the attracting encoder size: rho^L (JEPA) or rho^(L/(L+1)) (MAE); 0 if rho <= 0.

    In general rho^(L / K) and rho^(L / (L + K)) for a predictor of K layers. Infinite beyond the
    largest float.

    Examples
    --------
    >>> fixed_point(Mode([1.0, -1.0], [2.0, 1.0]), depth=3)
    array([0.125, 0.   ])
    """
    _checks.instance("mode", mode, Mode)
    rule = law(depth, objective, predictor_depth)
    with np.errstate(over="ignore"):
        return np.asarray(np.maximum(mode.rho, 0.0) ** rule.size_power)


def velocity(
    mode: Mode,
    depth: int,
    size: object,
    objective: Objective = "jepa",
    predictor_depth: int = 1,
) -> Floats:
    """Return d(size)/dt in paper time (raw time multiplied by L).

    JEPA: lambda size^(3 - 1/L) - s^2 size^3; MAE: lambda size^(2 - 1/L) - s^2 size^3.

    Examples
    --------
    >>> velocity(Mode(1.0, 2.0), depth=1, size=0.25)
    array(0.03125)
    """
    _checks.instance("mode", mode, Mode)
    rule = law(depth, objective, predictor_depth)
    wbar = _checks.ndarray("size", size, at_least=0.0)
    _checks.together(size=wbar, mode=mode.covariance)
    base = wbar ** (1.0 / rule.depth)
    # d(w^L)/dt_paper = w^(L-1) dw/dt_raw, and dw/dt_raw = w^(1 + order * a) (lambda - s^2 w^order)
    power = rule.depth + rule.order * rule.exponent
    slope = base**power * (mode.covariance - mode.variance * base**rule.order)
    return np.asarray(slope)


def learnable(mode: Mode, depth: int, scale: object, objective: Objective = "jepa") -> Flags:
    """Say which modes grow from size `scale`: rho > scale^(1/L) (JEPA), scale^((L+1)/L) (MAE).

    A mode at or below the threshold shrinks towards its fixed point and is never learned.

    Examples
    --------
    >>> learnable(Mode([0.2, 0.5], [1.0, 1.0]), depth=5, scale=1e-3)
    array([False,  True])
    """
    _checks.instance("mode", mode, Mode)
    rule = law(depth, objective)
    start = _checks.ndarray("scale", scale, above=0.0) ** (1.0 / rule.size_power)
    _checks.together(scale=start, mode=mode.covariance)
    return np.asarray(mode.covariance > mode.variance * start)


def critical_depth(mode: Mode, scale: object) -> Floats:
    """Return log(scale) / log(rho), the depth from which JEPA cannot learn the mode.

    Infinite for rho >= 1, zero for rho <= 0. `scale` must be below 1.

    Examples
    --------
    >>> critical_depth(Mode([0.9, 0.5], [1.0, 1.0]), scale=1e-3)
    array([65.563036,  9.965784])
    """
    _checks.instance("mode", mode, Mode)
    eps = per_mode("scale", scale, mode.shape, above=0.0, below=1.0)
    rho = mode.rho
    inside = (rho > 0) & (rho < 1)
    depth = np.log(eps) / np.log(np.where(inside, rho, 0.5))
    return np.where(inside, depth, np.where(rho <= 0, 0.0, np.inf))


def relaxation_rate(mode: Mode, depth: int, objective: Objective = "jepa") -> Floats:
    """Return the raw-time rate of approach to the fixed point of modes with rho > 0.

    JEPA: s^2 rho^(2L); MAE: (L+1) s^2 rho^(2L/(L+1)). Zero where rho <= 0 (algebraic decay).

    Examples
    --------
    >>> relaxation_rate(Mode(0.5, 2.0), depth=1)
    array(0.125)
    """
    _checks.instance("mode", mode, Mode)
    rule = law(depth, objective)
    rho = np.maximum(mode.rho, 0.0)
    return np.asarray(rule.order * mode.variance * rho ** (1.0 + rule.exponent))
