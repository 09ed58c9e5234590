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


@pytest.mark.parametrize("sloping", [False, True])
@pytest.mark.parametrize("surplus", [2, 0, -1])
def test_no_vertex_lies_downhill(surplus, sloping):
    """Wide matrices, too, where the minimum is not unique or lies at infinity along a face."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        count = int(rng.integers(2, 7))
        matrix = rng.normal(size=(count + surplus, count))
        slope = rng.normal(size=count) * sloping
        got = minimise_on_simplex(matrix, slope)
        assert np.all(got >= 0)
        assert abs(got.sum() - 1) <= 8 * EPS
        gradient = matrix.T @ (matrix @ got) + slope
        size = np.abs(matrix).T @ np.abs(matrix) @ np.ones(count) + np.abs(slope)
        assert np.all(gradient >= gradient @ got - 100 * EPS * size.max()), seed


def test_one_vertex_is_all_there_is():
    assert minimise_on_simplex(np.array([[3.0], [4.0]]), np.array([-7.0])).tolist() == [1.0]


def test_a_slope_against_the_squares_is_weighed_exactly():
    # |c_1|^2 + 2 s c_1 - ...: c = (1/2 - s/2, 1/2 + s/2) for slopes (s, -s) / 2 ... up to a vertex.
    for s in (0.0, 0.25, -0.5, 1.0, 3.0):
        got = minimise_on_simplex(np.eye(2), np.array([s, 0.0]))
        first = min(max(0.5 - s / 2, 0.0), 1.0)
        np.testing.assert_allclose(got, [first, 1.0 - first], rtol=0, atol=8 * EPS)
