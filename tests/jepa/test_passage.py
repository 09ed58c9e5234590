"""The passage of an unbalanced mode against its partial fractions in hundreds of digits."""

import mpmath
import numpy as np
import pytest

from sdtheory.jepa._passage import log_passage

EPS = np.finfo(float).eps


def primitive(v, depth, rho, c):
    """Return a primitive of 1 / ((v^2 + c)^depth (rho - v)), one power of v^2 + c at a time."""
    square, total, even = v**2 + c, -mpmath.log(rho - v), mpmath.mpf(0)
    for n in range(1, depth + 1):  # even and odd: primitives of 1 and of v over (v^2 + c)^n
        if n == 1:
            even = mpmath.re(mpmath.atan(v / mpmath.sqrt(c)) / mpmath.sqrt(c)) if c else -1 / v
            odd = mpmath.log(square) / 2
        else:
            odd = -(square ** (1 - n)) / (2 * n - 2)
            if c:
                even = ((2 * n - 3) * even / (2 * n - 2) - v * odd) / c
            else:
                even = -(v ** (1 - 2 * n)) / (2 * n - 1)
        total = (total + odd + rho * even) / (rho**2 + c)
    return total


def exact(depth, rho, layer, predictor, rate, part):
    """Return the log of the integral, and how far one rounding of every argument moves it."""
    with mpmath.workdps(160 + 50 * depth):  # next to balance 16 digits a layer cancel, twice
        rho, w0, v0, eta, part = (mpmath.mpf(x) for x in (rho, layer, predictor, rate, part))
        c, stop = eta * w0**2 - v0**2, part * rho
        whole = primitive(stop, depth, rho, c) - primitive(v0, depth, rho, c)
        ends = [abs(v) / ((v**2 + c) ** depth * (rho - v)) / whole for v in (stop, v0)]
        # next to the collapse at v0 = -w0 sqrt(eta) little is left of the smallest layer
        floor = c if v0 < 0 else eta * w0**2
        moved = sum(ends) + depth * (1 + eta * w0**2 / floor)
        return float(mpmath.log(whole) + (depth - 1) * mpmath.log(eta)), float(moved)


# where a mode starts, in units of its balance with the layer: every variable of integration
STARTS = [-0.999, -0.5, 0.0, 0.3, 0.69, 0.71, 0.999, 1.0, 1.5, 30.0, 1e4, 1e30]
PARTS = [0.02, 0.5, 0.9, 1 - 1e-4, 1 - 1e-12]


@pytest.mark.parametrize("depth", [1, 2, 5, 12, 40])
@pytest.mark.parametrize(
    ("reach", "rate"),
    [(1e-200, 1.0), (1e-8, 1e-3), (1e-3, 1.0), (0.2, 40.0), (0.6, 1e-3), (3.0, 40.0)],
)
def test_passages_are_partial_fractions(depth, reach, rate):
    rho = 0.7
    layer = reach * rho / rate**0.5
    for predictor in np.array(STARTS[:: 1 + depth // 20]) * reach * rho:
        for part in PARTS:
            if predictor < part * rho and (depth < 40 or part >= 1 - 1e-12 or part == 0.9):
                got = log_passage(depth, rho, layer, predictor, rate, part)
                want, moved = exact(depth, rho, layer, predictor, rate, part)
                assert abs(got - want) <= 4 * EPS * (moved + abs(want)), (predictor, part)
