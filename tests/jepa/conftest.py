"""The mode laws once more, in mpmath with 60 digits: hypergeometric antiderivatives of dt."""

import mpmath
import pytest

DIGITS = 60


def _antiderivative(p, q, eta):
    """Return an antiderivative of exp(p eta + q log(1 + e^eta)) for the three curves."""
    x = mpmath.exp(eta)
    share = x / (1 + x)
    if q == -p and p > 0:  # integral of share^(p-1) / (1 - share) over share
        return share**p / p * mpmath.hyp2f1(1, p, p + 1, share)
    if q == -1:  # integral of x^(p-1) / (1 + x) over x
        return x**p / p * mpmath.hyp2f1(1, p, p + 1, -x)
    assert q == -p
    if q == int(q):  # partial fractions of share^-(q+1) / (1 - share)
        return eta - sum(share ** (-n) / n for n in range(1, int(q) + 1))
    return -(share ** (-q)) / q * mpmath.hyp2f1(1, -q, 1 - q, share)


def _elapsed(p, q, start, stop):
    """Return the integral of the weight between two points, in units of the weight at `start`."""
    return _elapsed_among(p, q, [start, stop])[0][1]


def _elapsed_among(p, q, points):
    """Return those integrals from each of some points to each."""
    with mpmath.workdps(DIGITS):
        p, q = mpmath.mpf(float(p)), mpmath.mpf(float(q))
        points = [mpmath.mpf(float(x)) for x in points]
        weights = [mpmath.exp(p * x + q * mpmath.log1p(mpmath.exp(x))) for x in points]
        values = [_antiderivative(p, q, x) for x in points]
        return [[(b - a) / w for b in values] for a, w in zip(values, weights, strict=True)]


def _time(
    covariance, variance, depth, start, stop, objective="jepa", predictor_depth=1, digits=DIGITS
):
    """Return the paper time between two encoder sizes.

    v = w^n, n the layers that multiply the variance, obeys dv/dtau = v^(1+a) (lambda - s^2 v).
    """
    with mpmath.workdps(digits):
        lam, s2 = mpmath.mpf(float(covariance)), mpmath.mpf(float(variance))
        n = predictor_depth if objective == "jepa" else depth + predictor_depth
        start_power = 2 * depth if objective == "jepa" else depth
        a = mpmath.mpf(start_power + predictor_depth - 2) / n
        v0, v1 = (mpmath.mpf(size) ** (mpmath.mpf(n) / depth) for size in (start, stop))
        if lam == 0:
            tau = (v1 ** (-1 - a) - v0 ** (-1 - a)) / ((1 + a) * s2)
            return tau * depth / n
        rho = lam / s2

        def phase(v):
            if lam < 0:
                b, x = 1 + a, -rho / v
                return x**b / b * mpmath.hyp2f1(1, b, b + 1, -x)
            if v > rho:
                b, x = 1 + a, rho / v
                return x**b / b * mpmath.hyp2f1(1, b, b + 1, x)
            x = v / rho
            if a == int(a):
                return mpmath.log(x / (1 - x)) - sum(x ** (-k) / k for k in range(1, int(a) + 1))
            return -(x ** (-a)) / a * mpmath.hyp2f1(1, -a, 1 - a, x)

        return (phase(v1) - phase(v0)) / (abs(lam) * abs(rho) ** a) * depth / n


def _quadrature(covariance, variance, depth, start, stop, objective="jepa"):
    """Return the same time by quadrature of d(log w) / (velocity / w): no closed form at all."""
    with mpmath.workdps(30):
        lam, s2 = mpmath.mpf(float(covariance)), mpmath.mpf(float(variance))
        power, order = (2 * depth, 1) if objective == "jepa" else (depth, depth + 1)

        def slowness(u):
            w = mpmath.exp(u)
            return depth / (w ** (power - 1) * (lam - s2 * w**order))

        low, high = (mpmath.log(mpmath.mpf(float(size))) / depth for size in (start, stop))
        return mpmath.quad(slowness, mpmath.linspace(low, high, 9))


@pytest.fixture(scope="session")
def exact_elapsed():
    return _elapsed


@pytest.fixture(scope="session")
def exact_elapsed_among():
    return _elapsed_among


@pytest.fixture(scope="session")
def exact_time():
    return _time


@pytest.fixture(scope="session")
def quadrature_time():
    return _quadrature
