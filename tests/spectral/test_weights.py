"""The three parametrisations: round trips, the filters they describe, and what is out of reach."""

from fractions import Fraction

import numpy as np
import pytest
from backends import BACKENDS
from hypothesis import given
from hypothesis import strategies as st

from sdtheory import filters
from sdtheory._array import to_numpy
from sdtheory.spectral import weights

EPS = np.finfo(float).eps
halves = st.lists(st.integers(-6, 6).map(lambda k: k / 2), min_size=1, max_size=6)
lists = st.lists(st.floats(-4, 4, allow_subnormal=False), min_size=1, max_size=5)


def exact_powers(xi):
    """c by expanding the recursion f_k = a ((1 - xi_k) + xi_k f_{k-1}) as a polynomial."""
    polynomial = [Fraction(1)]
    for value in map(Fraction, xi):
        polynomial = [1 - value, *(value * c for c in polynomial)]
    return polynomial


@given(halves)
def test_powers_are_the_expanded_recursion(xi):
    assert [Fraction(float(c)) for c in weights.powers_from_xi(xi)] == exact_powers(xi)


@given(halves)
def test_round_trip_where_reachable(xi):
    c = weights.powers_from_xi(xi)
    assert bool(weights.reachable(c))
    again = weights.xi_from_powers(c)
    # A round whose teacher is ignored later is free: compare what the rounds produce.
    np.testing.assert_allclose(
        weights.powers_from_xi(again), c, rtol=0, atol=64 * EPS * np.abs(c).sum()
    )
    if 0.0 not in xi:
        np.testing.assert_allclose(again, xi, rtol=1e-9)


@given(lists)
def test_taylor_is_its_own_inverse(w):
    c = weights.powers_from_taylor(w)
    slack = 2.0 ** (2 * len(w)) * 16 * EPS * (1 + np.abs(w).sum())
    np.testing.assert_allclose(weights.taylor_from_powers(c), w, rtol=0, atol=slack)
    assert c.sum() == pytest.approx(1, abs=slack)


@given(lists, st.floats(0.01, 100))
def test_all_three_describe_one_filter(xi, lam):
    d = np.array([0.1, 1.0, 10.0])
    want = filters.distilled(d, lam, xi)
    c, w = weights.powers_from_xi(xi), weights.taylor_from_xi(xi)
    size = np.abs(c).sum() * 2.0 ** len(xi)
    a = d / (d + lam)
    by_powers = sum(value * a ** (k + 1) for k, value in enumerate(c))
    np.testing.assert_allclose(by_powers, want, rtol=0, atol=64 * EPS * size)
    np.testing.assert_allclose(filters.taylor(d, lam, w).kept, want, rtol=0, atol=64 * EPS * size)


@pytest.mark.parametrize("powers", [[1.0, -1.0, 1.0], [0.5, 0.5, 1e-3, -1e-3, 1.0, -1.0]])
def test_unreachable_is_reported(powers):
    assert not bool(weights.reachable(powers))
    with pytest.raises(ValueError, match="powers must be reachable"):
        weights.xi_from_powers(powers)


def test_unreachable_points_are_limits_of_ever_larger_weights():
    for size in (1e2, 1e4, 1e6):
        near = np.array([1.0 - 1 / size, 1 / size - 1.0, 1.0])
        assert np.abs(weights.xi_from_powers(near)).max() > 0.5 * size


def test_powers_that_do_not_sum_to_one_are_refused():
    with pytest.raises(ValueError, match="powers must sum to one"):
        weights.xi_from_powers([0.5, 0.4])


@pytest.mark.parametrize("put", BACKENDS)
def test_backend_is_kept(put):
    xi = put([[0.5, -1.0, 2.0], [1.0, 1.0, 1.0]])
    c = weights.powers_from_xi(xi)
    w = weights.taylor_from_powers(c)
    np.testing.assert_allclose(to_numpy(c), [[-1, 4, -1, -1], [0, 0, 0, 1]], atol=8 * put.eps)
    for result in (c, w, weights.xi_from_taylor(w), weights.powers_from_taylor(w)):
        assert put.owns(result)
    np.testing.assert_allclose(to_numpy(weights.xi_from_powers(c)), to_numpy(xi), atol=64 * put.eps)


def test_three_rounds_worked_by_hand():
    # xi = (1/2, -1, 2); at lam = d / 3 ridge keeps a = 3/4 of the mode
    xi = [0.5, -1.0, 2.0]
    assert weights.powers_from_xi(xi).tolist() == [-1.0, 4.0, -1.0, -1.0]
    assert weights.taylor_from_xi(xi).tolist() == [1.0, -4.0, 1.0]
    kept = filters.distilled(np.array([3.0]), 1.0, xi)
    np.testing.assert_allclose(kept, [0.76171875], rtol=4 * EPS)
    limit = filters.limit(np.array([3.0]), 1.0, 0.4)
    np.testing.assert_allclose(limit, [0.642857142857142857], rtol=4 * EPS)


def test_numbers_are_no_weights():
    for convert in (weights.powers_from_xi, weights.xi_from_taylor, weights.reachable):
        with pytest.raises(ValueError, match=r"must have at least one axis, got the number 0\.5"):
            convert(0.5)


def test_so_many_rounds_have_no_binomials():
    for convert in (weights.taylor_from_powers, weights.xi_from_taylor):
        with pytest.raises(ValueError, match="must number at most 1000, got 1030"):
            convert(np.ones(1030))


def test_one_round_each_way():
    assert weights.powers_from_xi([0.25]).tolist() == [0.75, 0.25]
    assert weights.xi_from_powers([0.75, 0.25]).tolist() == [0.25]
    assert weights.xi_from_taylor([-0.25]).tolist() == [0.25]
    assert weights.xi_from_powers([1.0]).shape == (0,)
    with pytest.raises(ValueError, match="powers must sum to one"):
        weights.xi_from_powers([0.75, 0.25 + 1e-12])
    # What vanishes to rounding is no weight that is huge to rounding.
    np.testing.assert_array_equal(weights.xi_from_powers([1.0, 1e-17, 1e-18]), [0.0, 0.0])


def test_points_without_a_mixture_have_no_taylor_weights_per_round():
    with pytest.raises(ValueError, match="taylor must be reachable"):
        weights.xi_from_taylor(weights.taylor_from_powers([1.0, -1.0, 1.0]))
