"""Sizes over time by the obvious loop: for every mode and every time, solve the textbook formula.

JEPA only, for modes that are learned, away from saturation: the formula cancels beyond that.
"""

import math

import numpy as np
from scipy.optimize import brentq


def sizes(covariance, variance, depth, scale, times):
    """Return sizes (modes, times) by root finding on log|x/(1-x)| - sum of x^-n / n."""
    result = np.empty((len(covariance), len(times)))
    for i, (lam, s2) in enumerate(zip(covariance, variance, strict=True)):
        rho = lam / s2
        start = scale ** (1 / depth) / rho
        unit = depth / (lam * rho ** (2 * depth - 1))

        def phase(x):
            return math.log(x / (1 - x)) - sum(x**-n / n for n in range(1, 2 * depth))

        begin = phase(start)
        for j, time in enumerate(times):
            goal = begin + time / unit
            top = 1 - 1e-15
            x = top
            if phase(top) > goal:
                x = brentq(
                    lambda x, goal=goal: phase(x) - goal, start * (1 - 1e-12), top, xtol=1e-16
                )
            result[i, j] = (x * rho) ** depth
    return result
