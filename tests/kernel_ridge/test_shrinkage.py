"""Rates, bounds and sparsification against the filters themselves and published values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import log_floats

from sdtheory import filters, kernel_ridge

EPS = np.finfo(float).eps


def test_published_sparsity_ratios(toy):
    d = toy.fit.eigenvalues
    ratio = kernel_ridge.sparsity_ratio(d[8], d[9], 0.2, 0.75, np.array([0.0, 3.0, 5.0]))
    np.testing.assert_allclose(
        ratio, [1.140000806216367, 1.297302765695707, 1.28633822228699], rtol=1e-13
    )
    limit = kernel_ridge.sparsity_limit(d[8], d[9], 0.2, 0.75)
    assert limit == pytest.approx(1.273240215177667, rel=1e-13)
    peaks = [kernel_ridge.sparsity_peak(d[k], d[k + 1], 0.2, 0.75) for k in range(10)]
    assert peaks == [12, 11, 10, 9, 7, 6, 5, 4, 3, 2]


@given(
    smaller=log_floats(1e-2, 1e2),
    excess=log_floats(1e-2, 1e2),
    lam=log_floats(1e-2, 1e2),
    xi=st.floats(0.0, 0.97),
)
def test_the_ratio_has_one_peak(smaller, excess, lam, xi):
    larger = smaller * (1 + excess)
    peak = kernel_ridge.sparsity_peak(larger, smaller, lam, xi)
    path = kernel_ridge.sparsity_ratio(larger, smaller, lam, xi, np.arange(min(peak, 500) + 60.0))
    slack = 64 * EPS * path.max()
    change = np.diff(path)
    assert np.all(change[:peak] >= -slack)
    assert np.all(change[peak:] <= slack)
    limit = kernel_ridge.sparsity_limit(larger, smaller, lam, xi)
    assert path[0] - slack <= limit <= path.max() + slack


def test_without_labels_the_ratio_grows_for_ever():
    assert kernel_ridge.sparsity_peak(2.0, 1.0, 1.0, 1.0) == math.inf
    assert kernel_ridge.sparsity_limit(2.0, 1.0, 1.0, 1.0) == math.inf
    path = kernel_ridge.sparsity_ratio(2.0, 1.0, 1.0, 1.0, np.arange(5.0))
    np.testing.assert_allclose(path, (4 / 3) ** np.arange(1, 6), rtol=20 * EPS)


def test_labels_alone_or_equal_modes_have_no_peak():
    assert kernel_ridge.sparsity_peak(2.0, 1.0, 1.0, 0.0) == 0
    assert kernel_ridge.sparsity_peak(2.0, 2.0, 1.0, 0.5) == 0


@given(
    d=log_floats(1e-3, 1e3),
    lam=log_floats(1e-2, 1e2),
    xi=st.floats(-1.0, 1.0),
    tolerance=log_floats(1e-9, 0.5),
)
def test_steps_to_tolerance_is_the_first_round(d, lam, xi, tolerance):
    steps = kernel_ridge.steps_to_tolerance([d], lam, xi, tolerance)
    limit = filters.fixed_point([d], lam, xi)

    def distance(k):
        return abs(filters.distill([d], lam, xi, k).kept[0] - limit.kept[0]) / limit.lost[0]

    rounding = 8 * EPS / limit.lost[0]
    assert distance(steps) <= tolerance * (1 + 8 * (steps + 1) * EPS) + rounding
    if steps > 0:
        assert distance(steps - 1) >= tolerance * (1 - 8 * (steps + 1) * EPS) - rounding
    rate = kernel_ridge.contraction_rate([0.0, d], lam, xi)
    assert rate == pytest.approx(abs(xi) * d / (d + lam), rel=4 * EPS)


def test_rounds_that_do_not_converge_are_refused():
    with pytest.raises(ValueError, match="xi must lie in the convergence interval"):
        kernel_ridge.steps_to_tolerance([1.0], 0.1, -1.2, 0.1)
    assert kernel_ridge.steps_to_tolerance([1.0], 0.1, 0.0, 0.1) == 0
    # A teacher that contracts enough needs no student: the rate is 0.1.
    assert kernel_ridge.steps_to_tolerance([1.0], 9.0, 1.0, 0.5) == 0


@given(xi=st.floats(0.0, 1.0), steps=st.integers(0, 50), lam=log_floats(1e-3, 1e3))
def test_penalty_bound_is_the_geometric_sum(xi, steps, lam):
    want = lam * math.fsum(xi**k for k in range(steps + 1))
    got = kernel_ridge.penalty_bound(lam, xi, steps)
    # Near xi = 1 the logarithm of xi has few digits of 1 - xi, and so has the quotient.
    assert got == pytest.approx(want, rel=64 * EPS)


def test_a_student_shrinks_at_least_as_ridge_with_the_bound():
    d = np.geomspace(1e-4, 1e9, 60)
    for xi, steps in ((0.3, 2), (0.9, 10), (1.0, 5)):
        student = filters.distilled(d, 0.5, xi, steps)
        ridge = filters.ridge(d, kernel_ridge.penalty_bound(0.5, xi, steps))
        assert np.all(student <= ridge * (1 + 16 * EPS))
        lost = filters.distill(d, 0.5, xi, steps).lost[-1]
        assert lost == pytest.approx(
            kernel_ridge.penalty_bound(0.5, xi, steps) / d[-1], rel=100 / d[-1]
        )


def test_a_rate_of_exactly_one_never_arrives():
    assert kernel_ridge.contraction_rate([1.0, 0.5], 1.0, 2.0) == 1.0
    with pytest.raises(ValueError, match=r"convergence interval, got 2.0 \(rate 1\)"):
        kernel_ridge.steps_to_tolerance([1.0, 0.5], 1.0, 2.0, 0.1)


@pytest.mark.parametrize(
    ("tolerance", "steps"), [(0.6, 0), (0.5, 0), (0.49, 1), (0.25, 1), (0.24, 2), (2.0**-10, 9)]
)
def test_halving_takes_one_round_each(tolerance, steps):
    # |xi| d / (d + lam) = 1/2, and the labels are one round away from the teacher.
    assert kernel_ridge.steps_to_tolerance([1.0], 1.0, -1.0, tolerance) == steps


def test_geometric_sums_at_the_ends():
    assert kernel_ridge.penalty_bound(2.0, 1.0, 4) == 10.0
    assert kernel_ridge.penalty_bound(2.0, 0.0, 4) == 2.0
    assert kernel_ridge.penalty_bound(0.0, 0.5, 4) == 0.0
    assert kernel_ridge.approximation_bound(0.0, 1.0, 0.5, 3) == 0.0
    assert kernel_ridge.approximation_bound(1e6, 1e-3, 1.0, 5) == 1.0
    assert kernel_ridge.approximation_bound(1.0, 1.0, 0.0, 5) == 0.5


def test_sparsity_of_equal_and_of_tiny_modes():
    assert kernel_ridge.sparsity_ratio(2.0, 2.0, 1.0, 0.5, 3) == 1.0
    assert kernel_ridge.sparsity_limit(2.0, 2.0, 1.0, 0.5) == 1.0
    # Far below the penalty a mode keeps in proportion to its eigenvalue, however tiny it is.
    assert kernel_ridge.sparsity_ratio(3e-300, 1e-300, 1.0, 0.0, 2) == pytest.approx(3.0, rel=4e-16)
    single = kernel_ridge.sparsity_ratio(3.0, 1.0, 1.0, 0.5, 2)
    assert isinstance(single, float)
    several = kernel_ridge.sparsity_ratio(3.0, 1.0, 1.0, 0.5, [0.0, 2.0])
    assert several.shape == (2,)
    assert several[1] == pytest.approx(single, rel=8 * EPS)
    # Nearly equal modes, nearly without labels: a late peak is found all the same.
    late = kernel_ridge.sparsity_peak(1.0 + 1e-9, 1.0, 1e-6, 1.0 - 1e-6)
    path = kernel_ridge.sparsity_ratio(
        1.0 + 1e-9, 1.0, 1e-6, 1.0 - 1e-6, np.array([0.0, late // 2, late, 3.0 * late])
    )
    assert late > 1000
    assert path[2] >= path.max() - 16 * EPS


CALLS = {
    "penalty_bound": (1.0, 0.5, 2),
    "approximation_bound": (0.1, 1.0, 0.5, 2),
    "sparsity_ratio": (2.0, 1.0, 1.0, 0.5, 2),
    "sparsity_limit": (2.0, 1.0, 1.0, 0.5),
    "sparsity_peak": (2.0, 1.0, 1.0, 0.5),
}
WEIGHT = {
    "penalty_bound": 1, "approximation_bound": 2, "sparsity_ratio": 3, "sparsity_limit": 3,
    "sparsity_peak": 3,
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(("xi", "message"), [(1.5, "at most 1"), (-0.5, "at least 0")])
def test_weights_of_bounds_lie_between_zero_and_one(name, xi, message):
    arguments = list(CALLS[name])
    arguments[WEIGHT[name]] = xi
    with pytest.raises(ValueError, match=f"xi must be {message}"):
        getattr(kernel_ridge, name)(*arguments)


@pytest.mark.parametrize("name", ["sparsity_ratio", "sparsity_limit", "sparsity_peak"])
@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, 0.5, "larger must be at least 1"),
        (1, 0.0, "smaller must be greater than 0"),
        (2, 0.0, "lam must be greater than 0"),
    ],
)
def test_wrong_modes_are_named(name, place, value, message):
    arguments = list(CALLS[name])
    arguments[place] = value
    with pytest.raises(ValueError, match=message):
        getattr(kernel_ridge, name)(*arguments)


def test_wrong_penalties_and_tolerances_are_named():
    for tolerance, message in ((0.0, "greater than 0"), (1.0, "less than 1"), (1.5, "less than 1")):
        with pytest.raises(ValueError, match=f"tolerance must be {message}"):
            kernel_ridge.steps_to_tolerance([1.0], 1.0, 0.5, tolerance)
    with pytest.raises(ValueError, match="lam must be greater than 0"):
        kernel_ridge.contraction_rate([1.0], 0.0, 0.5)
    with pytest.raises(ValueError, match="eigenvalues must be at least 0"):
        kernel_ridge.contraction_rate([1.0, -1.0], 1.0, 0.5)
    with pytest.raises(ValueError, match="lam must be at least 0"):
        kernel_ridge.penalty_bound(-1.0, 0.5, 2)
    with pytest.raises(ValueError, match="error must be at least 0"):
        kernel_ridge.approximation_bound(-0.1, 1.0, 0.5, 2)
    with pytest.raises(ValueError, match="lam must be greater than 0"):
        kernel_ridge.approximation_bound(0.1, 0.0, 0.5, 2)


@pytest.mark.parametrize("smaller", [1e-150, 1e-300])
def test_modes_as_unlike_as_floats_allow(smaller):
    """One round gains all there is: powers beyond it leave the range of floats, quietly."""
    assert kernel_ridge.sparsity_peak(1.0, smaller, 1.0, 0.5) == 1
    path = kernel_ridge.sparsity_ratio(1.0, smaller, 1.0, 0.5, np.arange(3.0))
    np.testing.assert_allclose(path * smaller, [0.5, 0.75, 0.6875], rtol=8 * EPS)
