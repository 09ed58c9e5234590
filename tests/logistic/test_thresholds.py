"""Thresholds against forward solves, the backward recursion and their order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtheory import logistic
from sdtheory.logistic.two_margins import chain

EPS = np.finfo(float).eps
own_gains = st.floats(0.05, 60.0)
shared_gains = st.one_of(st.floats(1.0, 1e4), st.just(np.inf))


def flipped_margin(p, own, shared, steps, **options):
    return float(chain(*(np.asarray(v, float) for v in (p, own, shared)), steps, **options).flipped)


@given(own=own_gains, shared=shared_gains)
def test_the_teacher_changes_sign_at_its_threshold(own, shared):
    p = float(logistic.teacher_threshold(own, shared))
    if p < 1e-6:
        return
    step = 1e-7 * p
    assert flipped_margin(p - step, own, shared, 0) > 0 > flipped_margin(p + step, own, shared, 0)


@given(own=own_gains, shared=shared_gains, steps=st.integers(1, 3))
def test_the_student_changes_sign_at_its_threshold(own, shared, steps):
    p = float(logistic.student_threshold(own, shared, steps))
    assert p > logistic.teacher_threshold(own, shared) or p == 0
    if p < 1e-6:
        assert flipped_margin(1e-5, own, shared, steps) < 0
        return
    step = 1e-6 * min(p, 0.5 - p)
    below, above = (flipped_margin(q, own, shared, steps) for q in (p - step, p + step))
    assert below > 0 > above


@given(flipped=st.floats(1e-3, 0.499), ratio=st.floats(0, 0.8))
def test_the_closed_inverse_returns_to_its_fraction(flipped, ratio):
    own = float(logistic.teacher_own_limit(flipped, ratio))
    if own == 0:
        # Even an infinite penalty leaves the threshold below this fraction.
        assert flipped >= 0.5 - ratio / 2 - 4 * EPS
        return
    shared = own / ratio if ratio > 0 else np.inf
    if np.isfinite(own) and own > 1e-6:
        back = float(logistic.teacher_threshold(own, shared))
        # d own / d p is at most 1 / (own p) up to constants: errors in p shrink by it.
        assert back == pytest.approx(flipped, rel=1e-12 * (1 + own))


def test_half_of_the_labels_no_gain_repairs():
    # x = 1/2 exactly, above it, and just below: log((1 - x) / x) is 4 (1/2 - x) there
    got = logistic.teacher_own_limit([0.5, 0.9, 0.5 - 1e-9])
    assert got[:2].tolist() == [0, 0]
    assert got[2] == pytest.approx(8e-9, rel=1e-6)
    assert logistic.teacher_own_limit(0.2, 0.6) == 0


@pytest.mark.parametrize("own", [1.0, 4.0, 20.0])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_backward_recursion_agrees_with_forward_solves(own, steps):
    explicit = float(logistic.student_threshold(own, np.inf, steps))
    # Any option other than the plain one goes the forward way; xi = 1 - 0 is still plain, so
    # the limit of a large finite gain stands in for it.
    forward = float(logistic.student_threshold(own, 1e13, steps))
    assert explicit == pytest.approx(forward, rel=1e-10)


def test_thresholds_rise_with_every_round_towards_one_half():
    own = np.geomspace(0.2, 30, 12)
    for shared in (np.inf, 30.0):
        thresholds = [logistic.student_threshold(own, shared, r) for r in range(6)]
        rise = np.diff(thresholds, axis=0)
        assert np.all(rise[np.asarray(thresholds[1:]) > 0] > 0)
        assert thresholds[-1][:-1].min() > 0
        assert np.all(np.asarray(thresholds) < 0.5)


def test_a_student_can_repair_where_its_teacher_repairs_nothing():
    lower, upper = logistic.corruption_range(10, 0.1, 0.02)
    assert lower == 0
    assert upper == pytest.approx(0.1101, abs=5e-5)


def test_mixing_raises_the_threshold():
    xi = np.array([0, 0.25, 0.5, 0.75, 1, 1.25, 1.5])
    got = logistic.student_threshold(3.0, 60.0, xi=xi)
    want = [0.16789, 0.22178, 0.27590, 0.32847, 0.37835, 0.42488, 0.46772]
    np.testing.assert_allclose(got, want, atol=6e-6)
    assert got[0] == pytest.approx(float(logistic.teacher_threshold(3.0, 60.0)), rel=1e-12)


def test_temperature_lowers_the_threshold_from_its_soft_limit_to_the_teacher():
    sharpness = np.array([0.3, 1, 2, 4, 8, 30])
    got = logistic.student_threshold(6.0, np.inf, temperature=1 / sharpness)
    want = [0.28669, 0.27542, 0.23702, 0.17251, 0.12841, 0.09001]
    np.testing.assert_allclose(got, want, atol=6e-6)
    soft = float(logistic.soft_limit_threshold(6.0, np.inf))
    assert soft == pytest.approx(0.28766, abs=6e-6)
    gaps = soft - logistic.student_threshold(6.0, np.inf, temperature=np.array([1e2, 1e3]))
    # The limit is approached quadratically in 1 / temperature.
    assert gaps[0] == pytest.approx(100 * gaps[1], rel=1e-2)


@pytest.mark.parametrize(("own", "shared"), [(3.0, 10.0), (0.5, 1.5), (8.0, 200.0)])
def test_the_soft_limit_is_that_of_students_of_warm_teachers(own, shared):
    soft = float(logistic.soft_limit_threshold(own, shared))
    warm = logistic.student_threshold(own, shared, temperature=np.array([30.0, 60.0]))
    # The corrections are of second order in 1 / temperature, and then of fourth.
    assert (4 * warm[1] - warm[0]) / 3 == pytest.approx(soft, abs=1e-6)


@pytest.mark.parametrize("p", [0.2, 0.4, 0.48])
@pytest.mark.parametrize(("own", "shared"), [(4.0, np.inf), (6.0, 40.0), (0.5, 1.5)])
def test_rounds_needed_bracket_the_fraction(p, own, shared):
    steps = int(logistic.steps_needed(p, own, shared))
    assert logistic.student_threshold(own, shared, steps) > p
    if steps:
        assert logistic.student_threshold(own, shared, steps - 1) <= p


def test_huge_gains_have_tiny_thresholds_not_wrong_ones():
    got = float(logistic.student_threshold(800.0, np.inf))
    assert 0.99 < got / float(logistic.small_penalty_threshold(800.0, 1)) < 1
    assert logistic.student_threshold(1e5, np.inf) == 0


def test_options_broadcast_on_the_explicit_way_too():
    ones = logistic.student_threshold(4.0, np.inf, temperature=[1.0, 1.0])
    assert ones.shape == (2,)
    warm = logistic.student_threshold(4.0, np.inf, temperature=[1.0, 2.0])
    assert warm[0] == pytest.approx(ones[0], rel=1e-12)


def test_identical_points_follow_the_majority():
    np.testing.assert_allclose(
        logistic.student_threshold([0.0, 4.0], np.inf), [0.5, 0.3537981749], atol=1e-10
    )
    assert logistic.student_threshold(0.0, 30.0, 2) == 0.5


def test_no_shared_direction_no_threshold():
    assert logistic.teacher_threshold(1.0, 0.0) == 0
    assert logistic.student_threshold(1.0, 0.0) == 0
    with pytest.raises(ValueError, match="shared"):
        logistic.steps_needed(0.3, 1.0, 0.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: logistic.teacher_threshold(-1.0, 2.0), "own"),
        (lambda: logistic.teacher_threshold(1.0, -np.inf), "shared"),
        (lambda: logistic.student_threshold(1.0, 2.0, -1), "steps"),
        (lambda: logistic.student_threshold(1.0, 2.0, xi=-0.5), "xi"),
        (lambda: logistic.teacher_own_limit(0.0), "flipped must be greater"),
        (lambda: logistic.teacher_own_limit(1.0), "flipped must be less than 1"),
        (lambda: logistic.steps_needed(0.5, 1.0, 1.0), "flipped must be less"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
