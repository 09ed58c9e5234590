"""Risks along directions: where they are smallest, and what is said where they are not."""

import numpy as np
import pytest
from scipy.optimize import minimize

from sdtheory import filters
from sdtheory.spectral.risks import Block, LeastSquares, QuadraticRisk, Ratio, RatioRisk

EPS = np.finfo(float).eps
D = np.array([4.0, 1.0, 0.25])


def energy(constant=0.5):
    return QuadraticRisk((Block(np.array([1.0, -2.0, 0.5]), "lost"),), np.array(constant))


def test_rows_are_those_of_a_diagonal_or_a_full_matrix(rng):
    profile = filters.distill(D, 1.0, [0.5, 2.0])
    diagonal, full, offset = rng.normal(size=3), rng.normal(size=(5, 3)), rng.normal(size=5)
    np.testing.assert_array_equal(Block(diagonal, "lost").rows(profile), diagonal * profile.lost)
    rows = Block(full, "coefficient", offset)
    want = full @ profile.coefficient
    np.testing.assert_allclose(rows.rows(profile), want + offset, rtol=16 * EPS)
    np.testing.assert_array_equal(rows.rows(profile, change=True), profile.coefficient @ full.T)
    with pytest.raises(ValueError, match="filter must have the 3 modes of the risk, got 2"):
        Block(diagonal, "lost").rows(filters.distill([1.0, 2.0], 1.0, 0.5))
    with pytest.raises(ValueError, match="filter must have the 3 modes of the risk, got 2"):
        Block(full, "lost").rows(filters.distill([1.0, 2.0], 1.0, 0.5))


@pytest.mark.parametrize("slope", [None, np.array([0.3, 0.1, 0.2])])
def test_a_stack_of_filters_has_a_stack_of_risks(rng, slope):
    risk = QuadraticRisk(
        (*energy().blocks, Block(rng.normal(size=(4, 3)), "coefficient", rng.normal(size=4))),
        np.array(0.7),
        slope,
    )
    stack = filters.distill(D, 1.0, np.array([[-1.0], [0.5], [3.0]]), 2)
    values = risk(stack)
    assert values.shape == risk.tilt(stack).shape == (3,)
    for k, xi in enumerate((-1.0, 0.5, 3.0)):
        alone = filters.distill(D, 1.0, xi, 2)
        tilt = 0.0 if slope is None else slope @ alone.kept
        want = 0.7 + np.sum(risk.rows(alone) ** 2) + 2 * tilt
        np.testing.assert_allclose([risk(alone), values[k]], want, rtol=32 * EPS)


def test_what_diverges_has_an_infinite_risk():
    diverged = filters.distill([1e6], 1.0, 5.0, steps=10**6)
    risk = QuadraticRisk((Block(np.ones(1), "lost"),), np.array(0.0))
    assert float(risk(diverged)) == np.inf


def test_traces_see_what_the_risk_sees():
    """Equal traces, mode by mode, are equal risks; slopes and degrees of freedom count, too."""
    change = filters.taylor_directions(D, 1.0, 2)
    tilted = QuadraticRisk(energy().blocks, np.array(0.5), np.array([0.3, 0.0, 0.2]))
    np.testing.assert_array_equal(
        tilted.traces(change), np.hstack([tilted.rows(change, True), tilted.slope * change.kept])
    )
    np.testing.assert_array_equal(energy().traces(change), energy().rows(change, True))
    np.testing.assert_array_equal(
        RatioRisk(energy(), 1).traces(change), np.hstack([energy().rows(change, True), change.lost])
    )


def test_a_ratio_without_degrees_of_freedom_is_refused():
    teacher = filters.distill([1.0], 0.0, 0.0, steps=0)
    risk = RatioRisk(QuadraticRisk((Block(np.ones(1), "lost"),), np.array(0.5)), 0)
    with pytest.raises(ValueError, match="lam must be larger: no residual degrees of freedom"):
        risk(teacher)
    assert float(RatioRisk(risk.energy, 2)(teacher)) == 0.125


@pytest.mark.parametrize("unknowns", [1, 2, 4])
def test_least_squares_solve_the_normal_equations(rng, unknowns):
    design, residual = rng.normal(size=(6, unknowns)), rng.normal(size=6)
    slope = rng.normal(size=unknowns)
    problem = LeastSquares(residual, design, slope, np.array(2.0))
    found = problem.minimiser()
    assert (found.rank, found.descent) == (unknowns, None)
    gram = design.T @ design
    want = -np.linalg.solve(gram, design.T @ residual + slope)
    np.testing.assert_allclose(found.weights, want, rtol=100 * EPS * np.linalg.cond(gram))
    stack = np.stack([found.weights, np.ones(unknowns)])
    want = [2 + np.sum((residual + design @ w) ** 2) + 2 * slope @ w for w in stack]
    np.testing.assert_allclose(problem(stack), want, rtol=64 * EPS)


@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e150])
def test_dependent_directions_get_the_shortest_weights(rng, scale):
    one, residual = rng.normal(size=5), rng.normal(size=5)
    found = LeastSquares(
        residual, scale * np.stack([one, one, one], axis=1), np.zeros(3), np.array(0.0)
    ).minimiser()
    assert found.rank == 1
    assert found.descent is None
    want = -(residual @ one) / (one @ one) / 3 / scale
    np.testing.assert_allclose(found.weights, want, rtol=64 * EPS)


@pytest.mark.parametrize("shape", [(4, 1), (4, 2), (1, 1), (4, 0), (0, 3)])
def test_without_directions_there_is_nothing_to_choose(shape):
    found = LeastSquares(
        np.ones(shape[0]), np.zeros(shape), np.zeros(shape[1]), np.array(1.0)
    ).minimiser()
    assert (found.rank, found.descent) == (0, None)
    np.testing.assert_array_equal(found.weights, np.zeros(shape[1]))


def test_a_slope_that_no_square_holds_is_descended_for_ever():
    alone = LeastSquares(np.ones(4), np.zeros((4, 1)), np.array([-3.0]), np.array(0.0)).minimiser()
    assert alone.rank == 0
    assert float(alone.descent[0]) > 0
    np.testing.assert_array_equal(alone.weights, [0.0])
    # Both columns agree: their difference costs nothing, and the slopes differ.
    for slope in ([1.0, 2.0], [1e-9, 2e-9]):
        problem = LeastSquares(
            np.array([1.0, 0.0]), np.array([[1.0, 10.0], [2.0, 20.0]]), np.array(slope), np.array(0)
        )
        found = problem.minimiser()
        assert found.rank == 1
        down = found.descent
        assert (
            np.abs(problem.design @ down).max()
            <= 64 * EPS * np.abs(problem.design @ abs(down)).max()
        )
        assert slope @ down < 0
    level = LeastSquares(problem.residual, problem.design, np.array([1.0, 10.0]), np.array(0))
    assert level.minimiser().descent is None


def ratio(rng, residual, design, freedom=5.0, freedoms=(-0.5, 0.3), constant=0.4):
    squares = LeastSquares(residual, design, np.zeros(design.shape[1]), np.array(constant))
    return Ratio(squares, np.array(freedom), np.array(freedoms))


def test_the_smallest_ratio_is_that_of_a_numerical_search(rng):
    problem = ratio(rng, rng.normal(size=6), rng.normal(size=(6, 2)))
    found = problem.minimiser()
    assert (found.rank, found.descent) == (2, None)
    searched = minimize(
        lambda w: float(problem(w)), np.zeros(2), options={"gtol": 1e-10}, method="BFGS"
    )
    np.testing.assert_allclose(found.weights, searched.x, atol=1e-6)
    # The gradient vanishes: (freedom + freedoms w) design' rows = squares freedoms.
    w, squares = found.weights, problem.squares
    slope = squares.design.T @ (squares.residual + squares.design @ w)
    gradient = (5.0 + problem.freedoms @ w) * slope - float(squares(w)) * problem.freedoms
    assert np.abs(gradient).max() <= 1e3 * EPS * float(squares(w))


def test_directions_of_a_ratio_are_counted(rng):
    residual, design = rng.normal(size=4), rng.normal(size=(4, 3))
    design[:, 1] = 0.0
    assert ratio(rng, residual, 1e-8 * design, freedoms=np.zeros(3)).minimiser().rank == 2
    freed = ratio(rng, residual, 1e-8 * design, freedoms=np.array([0.0, 1e-9, 0.0])).minimiser()
    assert freed.rank == 3
    none = ratio(rng, residual, 0 * design, freedoms=np.zeros(3)).minimiser()
    assert (none.rank, none.descent) == (0, None)
    np.testing.assert_array_equal(none.weights, np.zeros(3))


def test_a_ratio_of_nothing_has_no_best_weight():
    """Without any energy every weight is as good: nothing is divided by zero."""
    found = ratio(None, np.zeros(3), np.zeros((3, 1)), freedoms=[0.0], constant=0.0).minimiser()
    assert (found.rank, found.descent) == (0, None)
    still = ratio(None, np.zeros(3), np.zeros((3, 1)), freedoms=[0.4], constant=0.0).minimiser()
    np.testing.assert_array_equal(still.weights, [0.0])


def test_a_ratio_that_falls_for_ever_says_where_to():
    # More degrees of freedom at less energy, the further one goes: the best is at infinity or past.
    for reward in (4.0, 40.0):
        problem = ratio(
            None, np.array([1.0, 1.0]), np.array([[1.0], [0.0]]), 1.0, [reward], constant=0.0
        )
        found = problem.minimiser()
        assert found.rank == 1
        assert found.descent is not None
        values = [float(problem(t * found.descent)) for t in (0.0, 1.0, 10.0, 1e3, 1e6)]
        assert values == sorted(values, reverse=True)


def test_weights_of_another_number_are_named(rng):
    problem = LeastSquares(np.ones(4), rng.normal(size=(4, 2)), np.zeros(2), np.array(0.0))
    for weights in ([1.0], [1.0, 2.0, 3.0], 1.0, np.ones((2, 1))):
        with pytest.raises(ValueError, match=r"weights must have shape \(..., 2\), got"):
            problem(weights)
    assert problem(np.ones((3, 5, 2))).shape == (3, 5)
    assert problem(np.ones((0, 2))).shape == (0,)
