"""Every kind of bad input to the core, with the error it must give: the argument and its value."""

import numpy as np
import pytest

from sdtheory import Spectrum, filters, problems
from sdtheory.spectral import criteria, projections, weights

array_api_strict = pytest.importorskip("array_api_strict")
K = np.array([[2.0, 1.0], [1.0, 2.0]])
D = np.array([3.0, 1.0])
X = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
S = Spectrum.from_design(X)
TARGETS = S.project(np.ones(3))
RISK = criteria.expected_error(D, D, 0.1)
STRICT = array_api_strict.asarray([1.0, 2.0])
GRAM = Spectrum.from_gram(X.T @ X, X.T @ np.ones(3), 3.0, 3)


class Odd:
    def __repr__(self):
        return "<odd>"


CASES = [
    # shapes
    (lambda: Spectrum.from_kernel(np.ones((2, 3))), ValueError, "kernel must be a square matrix", "(2, 3)"),
    (lambda: Spectrum.from_kernel(np.ones(3)), ValueError, "kernel must have 2 dimensions", "(3,)"),
    (lambda: Spectrum.from_design(np.ones(3)), ValueError, "design must have 2 dimensions", "(3,)"),
    (lambda: Spectrum.from_design([[1.0, 2.0], [3.0]]), ValueError, "design must be a rectangular", "[3.0]"),
    (lambda: S.project(np.ones(4)), ValueError, "y and the data must have the same length", "(4,)"),
    (lambda: S.project(np.ones((3, 1, 1))), ValueError, "y must have 1 or 2 dimensions", "(3, 1, 1)"),
    (lambda: S.projection(np.ones((1, 3))), ValueError, "new must have 2 columns", "(1, 3)"),
    (lambda: Spectrum.from_gram(K, np.ones(3), 1.0, 5), ValueError, "cross and gram", "(3,)"),
    (lambda: Spectrum.from_gram(K, np.ones((2, 2)), np.ones(3), 5), ValueError, "energy must have one entry per output", "3"),
    (lambda: criteria.expected_error(D, np.ones(3), 0.1), ValueError, "coefficients and the spectrum", "(3,)"),
    (lambda: criteria.expected_error_general(D, np.ones(3), 0.1, K), ValueError, "coefficients, target and covariance", "(2, 2)"),
    (lambda: criteria.prediction_error(X, TARGETS, np.ones(2)), ValueError, "truth and projection", "(2,)"),
    (lambda: filters.taylor(D, 1.0, [[1.0]]), ValueError, "weights must have 1 dimensions", "(1, 1)"),
    (lambda: weights.powers_from_xi(0.5), ValueError, "xi must have at least one axis", "0.5"),
    # empty
    (lambda: Spectrum.from_kernel(np.zeros((0, 0))), ValueError, "kernel must not be empty", "(0, 0)"),
    (lambda: Spectrum.from_design(np.zeros((3, 0))), ValueError, "design must not be empty", "(3, 0)"),
    (lambda: Spectrum.from_gram(np.eye(4), np.zeros(4), 1.0, 2), ValueError, "n must be at least 4", "2"),
    (lambda: Spectrum.from_gram(np.diag([1.0, 0.0]), np.array([1.0, 5.0]), 30.0, 5), ValueError, "cross must lie in the range of gram", "5"),
    # not finite
    (lambda: Spectrum.from_kernel([[np.nan, 0.0], [0.0, 1.0]]), ValueError, "kernel must be finite", "nan"),
    (lambda: Spectrum.from_design([[np.inf, 1.0]]), ValueError, "design must be finite", "inf"),
    (lambda: filters.ridge(D, np.inf), ValueError, "lam must be finite", "inf"),
    (lambda: filters.distilled(D, 1.0, np.nan), ValueError, "xi must be finite", "nan"),
    (lambda: S.project(np.array([1.0, np.nan, 0.0])), ValueError, "y must be finite", "nan"),
    # signs
    (lambda: filters.ridge(D, -1.0), ValueError, "lam must be at least 0", "-1"),
    (lambda: filters.ridge([-3.0], 1.0), ValueError, "eigenvalues must be at least 0", "-3"),
    (lambda: filters.distilled(D, [1.0, -2.0], [0.5]), ValueError, "lam must be at least 0", "-2"),
    (lambda: criteria.expected_error(D, D, -0.5), ValueError, "noise_var must be at least 0", "-0.5"),
    (lambda: criteria.expected_error(D, D, 0.5, -D), ValueError, "weights must be at least 0", "-3"),
    (lambda: criteria.expected_error([0.0], [1.0], 0.5), ValueError, "singular_values must be greater than 0", "0"),
    (lambda: criteria.sure(S, TARGETS, -1.0), ValueError, "noise_var must be at least 0", "-1"),
    # not a kernel
    (lambda: Spectrum.from_kernel([[1.0, 2.0], [2.5, 1.0]]), ValueError, "kernel must be symmetric", "0.5"),
    (lambda: Spectrum.from_kernel([[1.0, 2.0], [2.0, 1.0]]), ValueError, "kernel must be positive semi-definite", "-1"),
    (lambda: Spectrum.from_gram(-K, np.ones(2), 1.0, 5), ValueError, "gram must be positive semi-definite", "-3"),
    (lambda: Spectrum.from_gram(K, 9 * np.ones(2), 1.0, 5), ValueError, "energy must be at least what", "too little"),
    (lambda: criteria.expected_error_general(D, D, 0.1, -K), ValueError, "covariance must be positive semi-definite", "-3"),
    # types
    (lambda: filters.ridge(np.array([1, 2]), 1.0), TypeError, "eigenvalues must have a floating-point dtype", "int64"),
    (lambda: Spectrum.from_kernel(np.eye(2, dtype=int)), TypeError, "kernel must have a floating-point dtype", "int64"),
    (lambda: filters.ridge(D + 0j, 1.0), TypeError, "eigenvalues must have a floating-point dtype", "complex"),
    (lambda: filters.ridge("three", 1.0), TypeError, "eigenvalues must be an array of real numbers", "three"),
    (lambda: filters.ridge(D, "one"), TypeError, "lam must be an array of real numbers", "one"),
    (lambda: filters.ridge(D, None), TypeError, "lam must be an array of real numbers", "None"),
    (lambda: filters.ridge(D, True), TypeError, "lam must be an array of real numbers", "True"),
    (lambda: filters.ridge(Odd(), 1.0), TypeError, "eigenvalues must be an array of real numbers", "<odd>"),
    (lambda: Spectrum.from_design(np.array([["a"]])), TypeError, "design must have a floating-point dtype", "<U1"),
    (lambda: criteria.sure(S, TARGETS, "loud"), TypeError, "noise_var must be a real number", "loud"),
    (lambda: Spectrum.from_design(np.ma.array(X, mask=X > 1)), TypeError, "design must not be a masked array", "--"),
    (lambda: filters.ridge(D.astype(np.float16), 1.0), TypeError, "eigenvalues must have a floating-point dtype", "float16"),
    # out of range
    (lambda: Spectrum.from_design(1e200 * X), ValueError, "design must have squares within the range", "e+200"),
    (lambda: Spectrum.from_design(1e-200 * X), ValueError, "design must have squares within the range", "e-200"),
    (lambda: filters.ridge(np.float32([1.0]), 1e60), ValueError, "lam must be finite", "inf"),
    # mixed libraries
    (lambda: filters.ridge(STRICT, D), TypeError, "lam is numpy's ndarray but the data are array_api_strict's", "3."),
    (lambda: filters.distilled(D, 1.0, STRICT), TypeError, "xi is array_api_strict's", "2."),
    (lambda: S.project(array_api_strict.ones(3)), TypeError, "y is array_api_strict's", "1."),
    # schedules
    (lambda: filters.distilled(D, 1.0, [0.5, 0.5], steps=3), ValueError, "xi must have 3 entries for 3 rounds", "2"),
    (lambda: filters.distilled(D, [1.0, 1.0], [0.5, 0.5]), ValueError, "lam must have 3 entries for 2 rounds", "2"),
    (lambda: filters.distilled(D, 1.0, [0.5, 0.5], steps=np.array([2.0, 3.0])), ValueError, "steps must be an integer", "3."),
    (lambda: filters.distilled(D, 1.0, 0.5, steps=-1), ValueError, "steps must be at least 0", "-1"),
    (lambda: filters.distilled(D, 1.0, 0.5, steps=1.5), TypeError, "steps must be an integer", "1.5"),
    (lambda: filters.distilled(D, 1.0, 0.5, steps=True), TypeError, "steps must be an integer", "True"),
    (lambda: filters.distilled(D, 1.0, 0.5, steps=np.array([0.5, 1.0])), ValueError, "steps must be whole numbers", "0.5"),
    (lambda: filters.limit(D, 1.0, [0.5, 0.5]), ValueError, "xi and lam must be constant", "schedule"),
    (lambda: filters.limit(D, 1.0, 2.0), ValueError, "xi must satisfy", "2"),
    (lambda: weights.xi_from_powers([1.0, -1.0, 1.0]), ValueError, "powers must be reachable", "-1."),
    (lambda: weights.xi_from_powers([0.4, 0.4]), ValueError, "powers must sum to one", "0.4"),
    (lambda: filters.distilled([1.0, 2.0, 3.0], np.ones((2, 2)), 0.5), ValueError, "lam must broadcast against eigenvalues (3,)", "(2, 2)"),
    (lambda: filters.distilled(D, 1.0, np.zeros((0, 1))), ValueError, "xi must not be empty", "(0, 1)"),
    (lambda: filters.distilled(D, 1.0, 0.5, steps=2**60), ValueError, "steps must be at most", "1152921504606846976"),
    (lambda: weights.powers_from_taylor(np.ones(1001)), ValueError, "weights must number at most 1000", "1002"),
    # projections
    (lambda: projections.optimal_xi(RISK, np.ones(3), 1.0), ValueError, "filter must have the 2 modes of the risk", "3"),
    (lambda: projections.optimal_xi(RISK, D, [1.0]), ValueError, "lam must have 0 dimensions", "(1,)"),
    (lambda: projections.optimal_xi(RISK, D, 1.0, lower=np.inf), ValueError, "lower must be less than inf", "inf"),
    (lambda: projections.optimal_xi(RISK, D, 1.0, upper="a"), TypeError, "upper must be a real number", "'a'"),
    (lambda: projections.constrained_weights(None, D, 1.0), TypeError, "risk must be a QuadraticRisk", "None"),
    (lambda: S.fitted(filters.distill(D, [[1.0], [2.0]], 0.0), TARGETS), ValueError, "filter must be a single one", "(2, 2)"),
    (lambda: S.fitted(filters.distill(np.ones(3), 1.0, 0.0), TARGETS), ValueError, "filter and targets must have as many modes", "3"),
    (lambda: criteria.gcv(Spectrum.from_kernel(K), Spectrum.from_kernel(K).project(D))(filters.distill(D, 0.0, 0.0)), ValueError, "lam must be larger", "0"),
    (lambda: projections.optimal_weights(RISK, D, 1.0, 0), ValueError, "steps must be at least 1", "0"),
    (lambda: projections.optimal_xi(RISK, D, 1.0, lower=1.0, upper=0.0), ValueError, "lower must be at most upper", "1.0 and 0.0"),
    (lambda: criteria.leave_one_out(S, np.ones(3), 1.0, 0), ValueError, "steps must be at least 1", "0"),
    (lambda: criteria.leave_one_out(GRAM, np.ones(3), 1.0), ValueError, "targets need the data", "Gram"),
    (lambda: GRAM.fitted(filters.distill(D, 1.0, 0.0), TARGETS), ValueError, "need the data", "Gram"),
    (lambda: Spectrum.from_kernel(K).parameters(filters.distill(D, 1.0, 0.0), TARGETS), ValueError, "kernel has no feature", "kernel"),
    # the zoo
    (lambda: problems.spectrum("flat", 3), ValueError, "kind must be one of", "flat"),
    (lambda: problems.spectrum("equal", 0), ValueError, "size must be at least 1", "0"),
    (lambda: problems.spectrum("linear", 3, 0.5), ValueError, "condition must be at least 1", "0.5"),
    (lambda: problems.signal("top", 3, -1.0), ValueError, "energy must be at least 0", "-1"),
    (lambda: problems.random_design(D, 1, 5, np.random.default_rng(0)), ValueError, "eigenvalues must number at most", "2"),
    (lambda: problems.flipped_means(np.array([0, 2]), 2, 0.1), ValueError, "labels must lie in 0..1", "2"),
    (lambda: problems.flipped_means(np.array([0.5]), 2, 0.1), ValueError, "labels must be a vector", "0.5"),
    (lambda: problems.flipped_means(np.array([0]), 2, 1.5), ValueError, "rate must be at most 1", "1.5"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "error", "says", "shows"), CASES, ids=[f"{i}-{c[2]}" for i, c in enumerate(CASES)]
)
def test_bad_input(call, error, says, shows):
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert says in message
    assert shows in message


def test_devices_are_not_mixed():
    there = array_api_strict.asarray([1.0], device=array_api_strict.Device("device1"))
    with pytest.raises(ValueError, match="lam must be on the device of the data"):
        filters.ridge(array_api_strict.asarray([1.0]), there)


def test_numbers_of_every_kind_are_accepted():
    want = filters.ridge(D, 2.0)
    for lam in (2, 2.0, np.float32(2), np.int64(2), np.array(2.0)):
        np.testing.assert_array_equal(filters.ridge(D, lam), want)
    for steps in (3, np.int64(3), np.array(3)):
        assert filters.distilled([3, 1], 2, 1, steps).dtype == np.float64
    single = filters.ridge(np.float32([3.0, 1.0]), np.float64(2.0))
    assert single.dtype == np.float32
