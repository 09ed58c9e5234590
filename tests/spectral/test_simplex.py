"""The simplex: against a general solver, with dependent columns, and badly scaled."""

import numpy as np
import pytest
from scipy.optimize import minimize

from sdtheory.spectral.simplex import minimise_on_simplex

EPS = np.finfo(float).eps


@pytest.mark.parametrize("seed", range(20))
def test_simplex_against_a_general_solver(seed):
    rng = np.random.default_rng(seed)
    count = rng.integers(2, 7)
    matrix, slope = rng.normal(size=(count + 2, count)), rng.normal(size=count)
    got = minimise_on_simplex(matrix, slope)

    def value(c):
        return np.sum((matrix @ c) ** 2) + 2 * slope @ c

    found = minimize(
        value,
        np.full(count, 1 / count),
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda c: c.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert value(got) <= found.fun + 1e-9
    np.testing.assert_allclose(got, found.x, atol=1e-4)


def test_simplex_with_columns_of_very_different_size():
    got = minimise_on_simplex(np.diag([1e8, 1.0, 1.0]), np.zeros(3))
    np.testing.assert_allclose(got, [0.0, 0.5, 0.5], rtol=0, atol=4 * EPS)


def test_simplex_with_dependent_columns():
    # The middle of three points on a line is a mixture of the others; a slope decides.
    matrix = np.array([[1.0, 2.0, 3.0]])
    np.testing.assert_allclose(minimise_on_simplex(matrix, np.zeros(3)), [1, 0, 0])
    got = minimise_on_simplex(0 * matrix, np.array([1.0, 0.5, 2.0]))
    np.testing.assert_allclose(got, [0, 1, 0])
