"""The interval of perfect mixing weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtheory import logistic
from sdtheory.logistic.two_margins import chain

EPS = np.finfo(float).eps


def accuracy(p, own, shared, xi):
    margins = chain(*(np.asarray(v, float) for v in (p, own, shared)), 1, xi)
    return (1 - p) * (margins.good > 0) + p * (margins.flipped > 0)


@given(
    p=st.floats(0.01, 0.49),
    own=st.floats(0.05, 30),
    shared=st.one_of(st.floats(0.5, 1e3), st.just(np.inf)),
)
def test_the_interval_is_where_the_student_is_perfect(p, own, shared):
    found = logistic.perfect_mixing(p, own, shared)
    assert found.low < found.best < found.high
    assert found.best > 1
    assert accuracy(p, own, shared, found.best) == 1
    step = 1e-6 * (found.best - found.low)
    if np.isinf(found.high):
        assert p <= 1 / 3
        # At 1/3 itself the good margins tend to 0 and rounding decides.
        assert p > 0.33 or accuracy(p, own, shared, 1e6) == 1
    else:
        assert accuracy(p, own, shared, found.high * (1 - 1e-6)) == 1
        assert accuracy(p, own, shared, found.high * (1 + 1e-6)) < 1
    assert accuracy(p, own, shared, found.low + step) == 1
    if found.low > 0:
        assert accuracy(p, own, shared, found.low - step) < 1
    else:
        assert accuracy(p, own, shared, 0.0) == 1


@given(p=st.floats(0.01, 0.49), own=st.floats(0.05, 30), shared=st.floats(0.5, 1e3))
def test_all_margins_are_equal_at_the_best_weight(p, own, shared):
    found = logistic.perfect_mixing(p, own, shared)
    margins = chain(*(np.asarray(v) for v in (p, own, shared)), 1, found.best)
    for f in (margins.good, margins.flipped):
        assert f == pytest.approx(float(found.margin), abs=200 * EPS * (1 + own + shared))


@given(p=st.floats(0.01, 0.49), own=st.floats(0.05, 30))
def test_without_end_the_common_margin_is_the_logit_of_the_right_labels(p, own):
    found = logistic.perfect_mixing(p, own, np.inf)
    margins = chain(*(np.asarray(v) for v in (p, own, np.inf)), 1, found.best)
    want = np.log((1 - p) / p)
    for f in (margins.good, margins.flipped, found.margin):
        assert f == pytest.approx(want, abs=200 * EPS * (1 + own + abs(want)))


def test_arrays_are_a_loop():
    p, own, shared = (
        np.array([[0.2], [0.4]]),
        np.array([0.5, 3.0, 9.0]),
        np.array([5.0, np.inf, 40]),
    )
    whole = logistic.perfect_mixing(p, own, shared)
    for i, j in np.ndindex(2, 3):
        one = logistic.perfect_mixing(p[i, 0], own[j], shared[j])
        for name in ("low", "best", "high", "margin"):
            got, want = getattr(whole, name)[i, j], getattr(one, name)
            np.testing.assert_allclose(got, want, rtol=20 * EPS)


def test_the_lower_end_crosses_one_at_the_students_threshold():
    own, shared = 1.75, 15.0
    threshold = float(logistic.student_threshold(own, shared))
    for factor, side in ((1 - 1e-6, -1), (1 + 1e-6, 1)):
        low = logistic.perfect_mixing(threshold * factor, own, shared).low
        assert np.sign(low - 1) == side
    assert logistic.perfect_mixing(threshold, own, shared).low == pytest.approx(1, abs=1e-11)


def test_a_perfect_teacher_needs_no_weight():
    own, shared = 1.75, 15.0
    threshold = float(logistic.teacher_threshold(own, shared))
    assert logistic.perfect_mixing(threshold * (1 - 1e-6), own, shared).low == 0
    assert 0 < logistic.perfect_mixing(threshold * (1 + 1e-6), own, shared).low < 1e-4


def test_a_third_of_infinitely_many_labels_is_mended_by_every_large_weight():
    assert logistic.perfect_mixing(1 / 3, 2.0, np.inf).high == np.inf
    assert logistic.perfect_mixing(0.34, 2.0, np.inf).high < np.inf


def test_below_zero_perfect_weights_need_not_form_an_interval():
    # The teacher is perfect here, so is the student at 0 and far below, but not between.
    values = [float(accuracy(0.1, 2.0, 50.0, xi)) for xi in (0.0, -3.0, -10.0)]
    assert values[0] == values[2] == 1
    assert values[1] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0.5, 1.0, 1.0), "flipped"), ((0.3, 0.0, 1.0), "own"), ((0.3, 1.0, 0.0), "shared")],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        logistic.perfect_mixing(*arguments)
