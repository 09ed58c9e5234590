"""Laplace's approximation for kernels with entries up to 1e40."""

import mpmath
import numpy as np
import pytest

from sdtheory import gp

LIKELIHOODS = [gp.BERNOULLI, gp.CONTINUOUS_BERNOULLI]


@pytest.mark.parametrize("amplitude", [1e4, 1e8, 1e12])
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_huge_kernels_keep_their_digits(likelihood, amplitude):
    """Against Newton's method in sixty digits, for labels that are nearly constant."""
    x = np.linspace(0, 2, 5)
    kernel = amplitude * np.exp(-0.5 * (x[:, None] - x) ** 2)
    labels = np.array([0.6, 0.4, 0.7, 0.35, 0.55])
    fit = gp.laplace(kernel, labels, likelihood)
    with mpmath.workdps(60):
        exact, f = mpmath.matrix(kernel.tolist()), mpmath.zeros(5, 1)

        def partition(v):
            if likelihood is gp.BERNOULLI:
                return mpmath.log(1 + mpmath.exp(v))
            return mpmath.log(mpmath.expm1(v) / v) if v else mpmath.mpf(0)

        for _ in range(60):
            mean = [mpmath.diff(partition, v + mpmath.mpf(10) ** -40) for v in f]
            bend = [mpmath.diff(partition, v + mpmath.mpf(10) ** -40, 2) for v in f]
            pull = mpmath.matrix(
                [b * v + y - m for b, v, y, m in zip(bend, f, labels.tolist(), mean, strict=True)]
            )
            dual = mpmath.lu_solve(mpmath.eye(5) + mpmath.diag(bend) * exact, pull)
            step = exact * dual - f
            f += step * min(1, 5 / max(abs(v) for v in step))
            if max(abs(v) for v in step) < mpmath.mpf(10) ** -15:
                break
        mode, weights = (np.array([float(v) for v in values]) for values in (f, dual))
    np.testing.assert_allclose(fit.mode, mode, rtol=0, atol=1e-11 * np.abs(mode).max())
    # Dual weights meet kernels at new points: what counts is the product.
    error = np.abs(kernel @ (fit.dual - weights)).max()
    assert error <= 1e-7 * np.abs(mode).max()


def test_kernels_beyond_all_digits_are_named():
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, 15)
    kernel = 1e40 * np.exp(-0.5 * (x[:, None] - x) ** 2)
    with pytest.raises(ValueError, match="kernel must be positive semi-definite, and leave digits"):
        gp.laplace(kernel, np.where(rng.uniform(size=15) > 0.5, 0.8, 0.2), gp.BERNOULLI)
