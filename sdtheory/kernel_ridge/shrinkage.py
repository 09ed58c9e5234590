"""How fast rounds shrink, how far, and whether they make the filter sparser.

Everything is for constant penalty and weight; a = d / (d + lam), rho = xi a.
"""

from __future__ import annotations

import math

from sdtheory import _checks
from sdtheory._array import Array, namespace
from sdtheory.spectral import filters

__all__ = [
    "approximation_bound",
    "contraction_rate",
    "penalty_bound",
    "sparsity_limit",
    "sparsity_peak",
    "sparsity_ratio",
    "steps_to_tolerance",
]


def contraction_rate(eigenvalues: Array, lam: float, xi: float) -> float:
    """Return |xi| d_max / (d_max + lam), the factor by which a round shortens the way to the limit.

    The distance falls by exactly this factor in the top eigenvector, by less elsewhere.

    >>> contraction_rate([1.0, 3.0], 1.0, xi=0.5)
    0.375
    """
    d = _checks.array("eigenvalues", eigenvalues, at_least=0)
    lam = _checks.number("lam", lam, above=0)
    top = float(namespace(d).max(d))
    return abs(_checks.number("xi", xi)) * top / (top + lam)


def steps_to_tolerance(eigenvalues: Array, lam: float, xi: float, tolerance: float) -> int:
    """Return after how many rounds |f_steps - f_limit| <= tolerance |f_{-1} - f_limit| for sure.

    f_{-1} are the labels themselves. It is the smallest integer with rate**(steps + 1) <=
    tolerance, attained by targets along the top eigenvector.

    >>> steps_to_tolerance([1.0, 3.0], 1.0, xi=0.5, tolerance=0.1)
    2
    """
    rate = contraction_rate(eigenvalues, lam, xi)
    tolerance = _checks.number("tolerance", tolerance, above=0, below=1)
    if rate >= 1:
        raise ValueError(f"xi must lie in the convergence interval, got {xi} (rate {rate:.6g})")
    if rate == 0:
        return 0
    # Rounding of the quotient must not cost a round that is not needed, nor spare one that is.
    count = max(round(math.log(tolerance) / math.log(rate)) - 1, 1)
    while rate**count > tolerance:
        count += 1
    return count - 1


def penalty_bound(lam: float, xi: float, steps: int) -> float:
    """Return s lam, s = 1 + xi + ... + xi**steps, for a weight in [0, 1].

    Every mode is shrunk at least as much as by ridge regression with this penalty; for d much
    larger than lam, exactly as much.

    >>> penalty_bound(2.0, xi=0.5, steps=2)
    3.5
    """
    lam = _checks.number("lam", lam, at_least=0)
    xi = _checks.number("xi", xi, at_least=0, at_most=1)
    return lam * _geometric(xi, _checks.integer("steps", steps))


def approximation_bound(error: float, lam: float, xi: float, steps: int) -> float:
    """Return a bound on the change of a student's smoother when its kernel changes by `error`.

    Both kernels are positive semi-definite, `error` is the spectral norm of their difference. The
    teacher's smoother moves by at most error / (error + lam), a student's by s times as much, and
    none by more than one.

    >>> approximation_bound(0.1, lam=0.9, xi=1.0, steps=2)
    0.3
    """
    error = _checks.number("error", error, at_least=0)
    lam = _checks.number("lam", lam, above=0)
    xi = _checks.number("xi", xi, at_least=0, at_most=1)
    return min(1.0, _geometric(xi, _checks.integer("steps", steps)) * error / (error + lam))


def sparsity_ratio(
    larger: float, smaller: float, lam: float, xi: float, steps: int | Array
) -> Array:
    """Return f(larger) / f(smaller), what a large mode keeps over what a small one keeps.

    Computed from the coefficients f / d, which stay finite, so that tiny eigenvalues do no harm.

    >>> sparsity_ratio(3.0, 1.0, 1.0, xi=1.0, steps=1)
    2.25
    """
    larger, smaller = _pair(larger, smaller)
    lam = _checks.number("lam", lam, above=0)
    xi = _checks.number("xi", xi, at_least=0, at_most=1)
    if not isinstance(steps, int):
        steps = _checks.array("steps", steps, ndim=1)[:, None]
    coefficient = filters.distill([larger, smaller], lam, xi, steps).coefficient
    ratio = larger / smaller * coefficient[..., 0] / coefficient[..., 1]
    return float(ratio) if ratio.ndim == 0 else ratio


def sparsity_limit(larger: float, smaller: float, lam: float, xi: float) -> float:
    """Return the ratio after infinitely many rounds, infinite without labels (xi = 1).

    >>> sparsity_limit(3.0, 1.0, 1.0, xi=0.5)
    1.8
    """
    larger, smaller = _pair(larger, smaller)
    lam = _checks.number("lam", lam, above=0)
    alpha = 1.0 - _checks.number("xi", xi, at_least=0, at_most=1)
    if alpha == 0:
        return math.inf
    return (alpha * smaller + lam) / (alpha * larger + lam) * (larger / smaller)


def sparsity_peak(larger: float, smaller: float, lam: float, xi: float) -> float:
    """Return after how many rounds the ratio is largest; infinite if it never falls (xi = 1).

    For 0 < xi < 1 sparsification is not monotone: the ratio rises, peaks and falls to its limit.

    Notes
    -----
    With D > d the two eigenvalues, alpha = 1 - xi and r the teacher's ratio, the ratio rises from
    round k - 1 to round k if and only if

        alpha (alpha D d + lam (D + d) + lam^2) + lam^2 xi (xi D / (D + lam))^k
        > alpha d (alpha D + lam) (d + lam) (r^k - 1) / (D - d).

    The left side falls with k and the right side grows, so there is one peak.

    Examples
    --------
    >>> sparsity_peak(3.0, 1.0, 1.0, xi=0.5)
    3
    """
    larger, smaller = _pair(larger, smaller)
    lam = _checks.number("lam", lam, above=0)
    xi = _checks.number("xi", xi, at_least=0, at_most=1)
    if xi == 1:
        return math.inf
    if xi == 0 or larger == smaller:
        return 0
    alpha, gap = 1.0 - xi, larger - smaller
    constant = alpha * (alpha * larger * smaller + lam * (larger + smaller) + lam**2)
    factor = alpha * smaller * (alpha * larger + lam) * (smaller + lam) / gap
    log_ratio = math.log1p(lam * gap / (smaller * (larger + lam)))

    def rises(k: int) -> bool:
        exponent = k * log_ratio
        if exponent > 700.0:  # beyond the range of floats, and beyond every peak
            return False
        left = constant + lam**2 * xi * (xi * larger / (larger + lam)) ** k
        return left > factor * math.expm1(exponent)

    high = 1
    while rises(high):
        high *= 2
    low = high // 2  # rises there, or is no round at all
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if rises(middle) else (low, middle)
    return low


def _geometric(xi: float, steps: int) -> float:
    if xi == 1:
        return float(steps + 1)
    if xi == 0:
        return 1.0
    return -math.expm1((steps + 1) * math.log(xi)) / (1.0 - xi)


def _pair(larger: float, smaller: float) -> tuple[float, float]:
    smaller = _checks.number("smaller", smaller, above=0)
    return _checks.number("larger", larger, at_least=smaller), smaller
