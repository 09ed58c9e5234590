"""Corruption ranges, penalties and the widest window."""

import numpy as np
import pytest

from sdtheory import logistic

EPS = np.finfo(float).eps


@pytest.mark.parametrize("cross", [0.0, 0.1, -0.01])
def test_the_student_beats_the_teacher_exactly_inside_the_range(cross):
    n = 30
    penalties = np.geomspace(1e-3, 1, 9)
    lower, upper = logistic.corruption_range(n, 0.3, penalties, cross)
    flips = np.arange(1, n // 2)[:, None]
    world = logistic.RandomLabels(n, flips, 0.3, cross, penalties)
    better = world.student().training_accuracy > world.teacher().training_accuracy
    inside = (flips / n >= lower) & (flips / n < upper)
    np.testing.assert_array_equal(better, inside)
    # Fresh points tell the two apart nowhere.
    assert np.all(world.teacher().population_accuracy == 1)
    assert np.all(world.student().population_accuracy == 1)


def test_it_says_of_which_accuracy_it_speaks():
    assert logistic.corruption_range(20, 0.3, 0.01).accuracy == "training"


@pytest.mark.parametrize("steps", [0, 1, 2])
@pytest.mark.parametrize("n", [20, np.inf])
def test_the_penalty_threshold_is_where_the_last_flip_is_repaired(steps, n):
    at = float(logistic.penalty_threshold(n, 0.2, 0.3, steps=steps))
    for factor, accuracy in ((1 + 1e-9, 1.0), (1 - 1e-9, 0.8)):
        world = logistic.RandomLabels(n, 0.2, 0.3, penalty=at * factor)
        assert world.student(steps=steps).training_accuracy == pytest.approx(accuracy, abs=1e-15)


def test_some_fractions_no_penalty_repairs():
    # The linear limit's threshold for n = 20, c = 0.3 is 0.4417 for the teacher, 0.4945 after.
    assert logistic.penalty_threshold(20, 0.45, 0.3) == np.inf
    assert np.isfinite(logistic.penalty_threshold(20, 0.45, 0.3, steps=1))
    assert logistic.penalty_threshold(20, 0.4949, 0.3, steps=1) == np.inf


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_what_a_penalty_repairs_ends_at_the_threshold_of_the_linear_limit(steps):
    n, same, cross = 6, 0.5, 0.2
    limit = float(logistic.squared_loss_threshold(n, same, 1e9, cross, steps))
    assert logistic.penalty_threshold(n, limit * (1 + 1e-6), same, cross, steps) == np.inf
    at = float(logistic.penalty_threshold(n, limit * (1 - 1e-6), same, cross, steps))
    for factor, accuracy in ((1 + 1e-6, 1.0), (1 - 1e-6, 1 - limit * (1 - 1e-6))):
        world = logistic.RandomLabels(n, limit * (1 - 1e-6), same, cross, at * factor)
        found = world.student(steps=steps).training_accuracy
        assert found == pytest.approx(accuracy, abs=1e-15)


def test_without_a_shared_direction_no_penalty_repairs_anything():
    assert logistic.penalty_threshold(20, 0.2, 0.3, 0.3) == np.inf
    assert logistic.penalty_threshold(20, 0.2, 0.3, 0.3, steps=2) == np.inf


def test_penalty_thresholds_need_distinct_points_and_a_minority_of_flips():
    with pytest.raises(ValueError, match="same_class"):
        logistic.penalty_threshold(20, 0.2, 1.0)
    with pytest.raises(ValueError, match=r"flipped must be less than 0\.5"):
        logistic.penalty_threshold(20, 10, 0.3)


@pytest.mark.parametrize(
    ("steps", "width", "own"), [(1, 0.20940, 4.90569), (2, 0.3094, 6.110), (3, 0.3665, 7.015)]
)
def test_widest_windows(steps, width, own):
    best = logistic.widest_window(steps)
    assert best.width == pytest.approx(width, abs=6e-5)
    assert best.own == pytest.approx(own, abs=6e-4)
    assert best.width == best.upper - best.lower
    for factor in (0.99, 1.01):
        lower = logistic.teacher_threshold(best.own * factor, np.inf)
        assert logistic.student_threshold(best.own * factor, np.inf, steps) - lower < best.width
    # The width is flat there: its slope in log own, from differences of fourth order.
    h, size = 0.01, best.own * np.exp(0.01 * np.array([-2, -1, 1, 2]))
    ends = logistic.student_threshold(size, np.inf, steps)
    slope = np.array([1, -8, 8, -1]) @ (ends - logistic.teacher_threshold(size, np.inf)) / (12 * h)
    # The fifth derivative is of order one, and one the rounding of the thresholds over h.
    assert abs(slope) < h**4


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("ratio", [1e-6, 0.05, 0.1, 0.2, 0.9, 0.9999])
def test_no_window_is_wider_where_the_teachers_range_ends(steps, ratio):
    # Its threshold has a kink there, where the widest window of larger ratios lies.
    best = logistic.widest_window(steps, ratio)
    for reach, count in ((6.0, 61), (1e-2, 81), (1e-4, 81)):
        own = best.own * np.exp(np.linspace(-reach, reach, count))
        lower = logistic.teacher_threshold(own, own / ratio)
        width = logistic.student_threshold(own, own / ratio, steps) - lower
        assert np.max(width) <= best.width * (1 + 100 * EPS)
    end = np.log(2 / ratio - 1) / (0.5 + ratio / 2)
    inside = ratio < {1: 0.15, 2: 0.07, 5: 0.02}[steps]
    assert best.own < 0.99 * end if inside else best.own == pytest.approx(end, rel=1e-14)


def test_widest_window_of_finitely_many_points():
    best = logistic.widest_window(1, ratio=0.1)
    lower = logistic.teacher_threshold(best.own, best.own / 0.1)
    assert best.lower == pytest.approx(float(lower), rel=1e-12)
    assert best.width > logistic.widest_window().width
    with pytest.raises(ValueError, match="ratio must be less than 1"):
        logistic.widest_window(1, ratio=1.0)
