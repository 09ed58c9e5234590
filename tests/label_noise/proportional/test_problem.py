"""The effective penalty against 50 digits, at every shape."""

import mpmath
import numpy as np
import pytest
from backends import BACKENDS

from sdtheory.label_noise import ProportionalProblem
from sdtheory.label_noise.proportional.problem import effective_penalty

EPS = np.finfo(float).eps
S, MASSES = [4.0, 1.0, 0.01], [0.5, 0.25, 0.25]
RATIOS = [1e-12, 0.1, 0.5, 1 - 1e-9, 1.0, 1 + 1e-9, 1.5, 30.0, 1e6, 1e12, 1e18]


def made(ratio):
    return ProportionalProblem(S, np.ones(3), ratio, 1.0, MASSES)


def exact(ratio, lam):
    """Return the root, by bisection, and how far one rounding of the arguments moves it."""
    with mpmath.workdps(50):
        ratio, lam = mpmath.mpf(ratio), mpmath.mpf(lam)
        modes = [(mpmath.mpf(m), mpmath.mpf(s)) for m, s in zip(MASSES, S, strict=True)]

        def mean(k):
            return mpmath.fsum(m * s / (s + k) for m, s in modes)

        low = mpmath.mpf(10) ** -40
        high = lam + ratio * mpmath.fsum(m * s for m, s in modes)
        for _ in range(300):
            middle = mpmath.sqrt(low * high)
            low, high = (
                (low, middle) if middle * (1 - ratio * mean(middle)) > lam else (middle, high)
            )
        slope = lam / low + ratio * mpmath.fsum(m * s * low / (s + low) ** 2 for m, s in modes)
        return float(low), float((lam / low + ratio * mean(low)) / slope)


@pytest.mark.parametrize("lam", [1e-12, 1e-4, 1.0, 1e12])
@pytest.mark.parametrize("ratio", RATIOS)
def test_effective_penalty_is_the_root(ratio, lam):
    want, moved = exact(ratio, lam)
    got = effective_penalty(made(ratio), np.array([[lam]]))
    # Up to ratio one nothing cancels, however near to one it is.
    np.testing.assert_allclose(got, [[want]], rtol=2 * EPS * (1 + (moved if ratio > 1 else 1)))


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_penalty_has_the_units_of_the_eigenvalues(scale, ratio):
    lams = np.array([[1e-3], [1.0], [1e3]])
    scaled = ProportionalProblem(scale * np.array(S), np.ones(3), ratio, 1.0, MASSES)
    want = scale * effective_penalty(made(ratio), lams)
    np.testing.assert_allclose(effective_penalty(scaled, scale * lams), want, rtol=100 * EPS)


def test_penalties_and_shapes_of_many_problems_at_once():
    lams, ratios = np.array([[1e-3], [1.0], [2.0]]), np.array([[0.5], [1.0], [7.0]])
    got = effective_penalty(made(3.0), lams, ratios)
    assert got.shape == (3, 1)
    for k in range(3):
        alone = effective_penalty(made(float(ratios[k, 0])), lams[k : k + 1])
        np.testing.assert_allclose(got[k : k + 1], alone, rtol=4 * EPS)


@pytest.mark.parametrize("ratio", [1e-6, 0.5, 1 - 1e-9])
@pytest.mark.parametrize("lam", [1e-300, 1e-60])
def test_tiny_penalties_below_ratio_one(ratio, lam):
    """To first order lam / (1 - ratio): from far above, Newton's method would fall to zero."""
    got = effective_penalty(made(ratio), np.array([[lam]]))
    np.testing.assert_allclose(got, [[lam / (1 - ratio)]], rtol=4 * EPS)


def test_without_a_penalty_more_features_than_samples_still_have_one():
    got = effective_penalty(ProportionalProblem([1.0], [1.0], 3.0, 1.0), np.zeros((1, 1)))
    np.testing.assert_allclose(got, [[2.0]], rtol=4 * EPS)  # ratio - 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_penalties_stay_in_the_namespace_of_the_data(backend):
    problem = ProportionalProblem(backend(S), backend(np.ones(3)), 2.5, 1.0, backend(MASSES))
    got = effective_penalty(problem, backend([[0.3]]))
    assert backend.owns(got)
    assert float(got[0, 0]) == pytest.approx(exact(2.5, 0.3)[0], rel=30 * backend.eps)


def test_masses_are_equal_unless_given_and_sum_to_one():
    np.testing.assert_array_equal(ProportionalProblem([1.0, 2.0], [1.0, 1.0], 1.0, 0.0).masses, 0.5)
    with pytest.raises(ValueError, match="masses and eigenvalues"):
        ProportionalProblem([1.0, 2.0], [1.0, 1.0], 1.0, 0.0, [1.0])
    near = 0.5 * (1 + 1e-9)
    with pytest.raises(ValueError, match="masses must sum to one"):
        ProportionalProblem([1.0, 2.0], [1.0, 1.0], 1.0, 0.0, [near, near])
    for units, fine in ((900, True), (1100, False)):  # for each of two
        shares = [0.5, 0.5 + 2 * units * EPS]
        if fine:
            assert ProportionalProblem([1.0, 2.0], [1.0, 1.0], 1.0, 0.0, shares).noise_var == 0
        else:
            with pytest.raises(ValueError, match="masses must sum to one"):
                ProportionalProblem([1.0, 2.0], [1.0, 1.0], 1.0, 0.0, shares)
    third = [1 / 3] * 3  # of which the sum is one but for rounding
    assert ProportionalProblem(S, S, 1.0, 0.0, third).masses.shape == (3,)
