"""The two bracketed searches on functions whose roots are known."""

import numpy as np
import pytest

from sdtheory.logistic.roots import bracketed_root, increasing_root

EPS = np.finfo(float).eps


def test_newton_finds_roots_that_its_steps_would_leave():
    shift = np.linspace(-30, 30, 41)

    def arctan(x, i):
        return np.arctan(x - shift[i]), 1 / (1 + (x - shift[i]) ** 2)

    wide = np.full(41, 1e6)
    # Unguarded Newton diverges for arctan from any start further than 1.39 from the root.
    x = increasing_root(arctan, np.full(41, 900.0), -wide, wide, np.ones(41))
    np.testing.assert_allclose(x, shift, rtol=0, atol=8 * EPS * 31)


def test_a_flat_function_bisects():
    def step(x, i):
        return np.sign(x - 0.3), np.zeros(x.shape)

    x = increasing_root(step, np.zeros(1), np.full(1, -1.0), np.ones(1), np.zeros(1))
    assert x == pytest.approx(0.3, abs=4 * EPS)


@pytest.mark.parametrize("flip", [1, -1])
def test_chandrupatla_takes_either_direction_and_scales(flip):
    roots = np.array([1e-12, 1e-3, 0.5, 40.0])

    def cubic(x, i):
        return flip * (x**3 - roots[i] ** 3)

    x = bracketed_root(cubic, np.zeros(4), np.full(4, 100.0))
    np.testing.assert_allclose(x, roots, rtol=16 * EPS)


@pytest.mark.parametrize(
    ("function", "low", "high", "root"),
    [
        (lambda x: x**3 - 2, 0.0, 2.0, 2 ** (1 / 3)),
        (lambda x: np.exp(x) - 5, -3.0, 4.0, np.log(5)),
        (lambda x: np.tan(x - 1), 0.0, 1.4, 1.0),
        (lambda x: np.tanh(x - 0.3), -5.0, 9.0, 0.3),
    ],
)
def test_smooth_functions_take_few_evaluations(function, low, high, root):
    """Bisection would take fifty; interpolation and Newton's method about ten."""
    calls = []

    def counted(x, i):
        calls.append(x.size)
        return function(x)

    x = bracketed_root(counted, np.array([low]), np.array([high]))
    np.testing.assert_allclose(x, root, rtol=8 * EPS)
    assert len(calls) <= 13
    calls.clear()

    def sloped(x, i):
        return counted(x, i), np.imag(function(x + 1e-30j)) / 1e-30

    middle = np.array([0.5 * (low + high)])
    x = increasing_root(sloped, middle, np.array([low]), np.array([high]), np.ones(1))
    np.testing.assert_allclose(x, root, rtol=16 * EPS)
    assert len(calls) <= 13


def test_only_unfinished_entries_are_evaluated():
    seen = []

    def line(x, i):
        seen.append(len(i))
        return np.where(i == 0, x, np.tan(x - 1))

    bracketed_root(line, np.array([0.0, 0.0]), np.array([1.0, 1.4]))
    assert seen[0] == 2
    assert seen[-1] == 1


def test_an_end_that_is_a_root_is_returned():
    x = bracketed_root(lambda x, i: x, np.array([0.0, -1.0]), np.array([1.0, 0.0]))
    np.testing.assert_array_equal(x, 0.0)


def test_ends_of_value_one_are_ends_like_any_other():
    slope = np.array([3.0, -3.0])
    x = bracketed_root(lambda x, i: 1 + slope[i] * x, np.array([-1.0, 0.0]), np.array([0.0, 1.0]))
    np.testing.assert_allclose(x, [-1 / 3, 1 / 3], rtol=4 * EPS)
    # and one in the middle of the bracket
    assert abs(bracketed_root(lambda x, i: x, np.array([-1.0]), np.array([3.0]))) < 1e-300
