"""Teacher and students: reference numbers, special cases, bad arguments."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from paper_checks._explicit_logistic import block_gram, vectors
from sdtheory import logistic
from sdtheory.logistic import RandomLabels

WORLD = RandomLabels(20, 6, same_class=0.3, penalty=0.01)


@pytest.mark.parametrize("cross", [0.0, 0.1])
def test_the_teacher_is_scikit_learns_logistic_regression(rng, cross):
    X = vectors(block_gram((20, 20), (0.3, 0.3), cross), rng)
    labels = np.repeat([1, 0], 20)
    labels[:6], labels[20:26] = 0, 1
    model = LogisticRegression(C=1 / (40 * 0.01), fit_intercept=False, tol=1e-12, max_iter=10_000)
    f = model.fit(X, labels).decision_function(X)
    teacher = RandomLabels(20, 6, 0.3, cross, 0.01).teacher()
    # lbfgs stops at a gradient of 1e-12 times the scale; the ridge turns it into this margin.
    np.testing.assert_allclose(f[:6], teacher.flipped_margin, rtol=0, atol=1e-7)
    np.testing.assert_allclose(f[6:20], teacher.good_margin, rtol=0, atol=1e-7)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_targets_are_the_mixture_of_labels_and_probabilities(temperature):
    teacher, student = WORLD.teacher(), WORLD.student(xi=0.7, temperature=temperature)
    for target, margin, label in (
        (student.good_target, teacher.good_margin, 1.0),
        (student.flipped_target, teacher.flipped_margin, 0.0),
    ):
        want = 0.7 / (1 + np.exp(-margin / temperature)) + 0.3 * label
        np.testing.assert_allclose(target, want, rtol=1e-14)


@pytest.mark.parametrize(("n", "c"), [(3, 0.5), (20, 0.1), (1, 0.3)])
def test_inner_products_are_refused_where_the_gram_matrix_is_not_semidefinite(n, c):
    edge = -(1 - c + n * c) / n
    assert abs(np.linalg.eigvalsh(block_gram((n, n), (c, c), edge))[0]) < 1e-13
    RandomLabels(n, 0, c, edge * (1 - 1e-9))
    with pytest.raises(ValueError, match="cross_class"):
        RandomLabels(n, 0, c, edge * (1 + 1e-9))


def test_infinitely_many_points_may_point_in_opposite_directions():
    RandomLabels(np.inf, 0.3, 0.25, -0.25)
    for cross in (-0.25 * (1 + 1e-9), 0.25 * (1 + 1e-9)):
        with pytest.raises(ValueError, match="cross_class"):
            RandomLabels(np.inf, 0.3, 0.25, cross)


def test_duals_are_what_the_targets_leave(rng):
    for penalty in (1e-5, 1e-2, 10.0):
        world = RandomLabels(20, 6, same_class=0.3, penalty=penalty)
        for stage in (world.teacher(), world.student(xi=0.7, steps=2)):
            for target, f, dual in (
                (stage.good_target, stage.good_margin, stage.good_dual),
                (stage.flipped_target, stage.flipped_margin, stage.flipped_dual),
            ):
                assert dual == pytest.approx(target - 1 / (1 + np.exp(-f)), abs=1e-15)
            mean = 0.7 * stage.good_dual + 0.3 * stage.flipped_dual
            assert stage.shared_margin == pytest.approx(world.shared * mean, rel=1e-12)


def test_fields_broadcast():
    flips = np.arange(21)[:, None]
    world = RandomLabels(20, flips, same_class=0.3, penalty=np.array([0.3, 0.03, 0.003]))
    table = world.student().training_accuracy
    assert table.shape == (21, 3)
    assert table[6, 1] == RandomLabels(20, 6, 0.3, penalty=0.03).student().training_accuracy


def test_counts_and_fractions_are_told_apart_by_their_type():
    assert RandomLabels(4, 1, 0.3).fraction == 0.25
    assert RandomLabels(4, 1.0, 0.3).fraction == 1.0
    assert RandomLabels(4, np.float32(0.5), 0.3).fraction == 0.5


def test_table_of_repaired_counts():
    """Largest count of flips with training accuracy 1 for n = 20, c = 0.3; r = 0..3."""
    table = {
        0.3: (8, 9, 9, 9),
        0.1: (8, 9, 9, 9),
        0.03: (7, 9, 9, 9),
        0.01: (4, 8, 9, 9),
        0.003: (0, 4, 6, 8),
        0.001: (0, 0, 1, 3),
        0.0003: (0, 0, 0, 0),
    }
    for penalty, counts in table.items():
        world = RandomLabels(20, np.arange(11), same_class=0.3, penalty=penalty)
        for steps, count in enumerate(counts):
            accuracy = world.student(steps=steps).training_accuracy
            np.testing.assert_array_equal(accuracy == 1, np.arange(11) <= count)
            np.testing.assert_allclose(accuracy[count + 1 :], 1 - np.arange(count + 1, 11) / 20)


def test_hard_labels_repeat_the_teacher_exactly():
    for steps in (1, 3):
        student = WORLD.student(steps=steps, hard=True)
        assert student.good_margin == WORLD.teacher().good_margin
        assert student.flipped_margin == WORLD.teacher().flipped_margin


class TestEdges:
    def test_nothing_flipped_is_always_right(self):
        for steps in range(4):
            stage = RandomLabels(5, 0, 0.2, penalty=1e-4).student(steps=steps)
            assert stage.training_accuracy == 1

    def test_half_flipped_is_a_coin(self):
        stage = RandomLabels(6, 3, 0.4).student(xi=0.5, steps=2)
        assert stage.shared_margin == 0
        assert stage.population_accuracy == 0.5
        assert stage.training_accuracy == 0.5
        assert stage.good_margin == -stage.flipped_margin

    def test_more_than_half_is_the_mirror_image(self):
        few, many = (RandomLabels(10, k, 0.3).student() for k in (3, 7))
        assert many.good_margin == pytest.approx(-few.flipped_margin, rel=1e-13)
        assert many.shared_margin == pytest.approx(-few.shared_margin, rel=1e-13)
        assert many.population_accuracy == 0

    def test_orthogonal_points_are_never_repaired(self):
        for steps in range(3):
            stage = RandomLabels(8, 1, 0.0).student(steps=steps)
            assert stage.shared_margin == 0
            assert stage.training_accuracy == 7 / 8

    def test_identical_points_follow_the_majority(self):
        for flips, accuracy in ((3, 1.0), (4, 0.0), (5, 0.0)):
            stage = RandomLabels(8, flips, 1.0).teacher()
            assert stage.good_margin == stage.flipped_margin
            assert stage.training_accuracy == accuracy

    def test_one_point(self):
        assert RandomLabels(1, 0, 0.5).student().training_accuracy == 1
        assert RandomLabels(1, 1, 0.5).student().training_accuracy == 0

    def test_infinitely_many_points_take_the_scaled_penalty(self):
        limit = RandomLabels(np.inf, 0.3, 0.3, penalty=0.2)
        near = RandomLabels(10**7, 0.3, 0.3, penalty=0.2 / 10**7)
        for a, b in ((limit.teacher(), near.teacher()), (limit.student(), near.student())):
            # The correction is a few times own / shared = 2.3e-7.
            assert a.flipped_margin == pytest.approx(b.flipped_margin, abs=1e-5)
            assert a.good_margin == pytest.approx(b.good_margin, abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n": 0}, ValueError, "n must be at least 1"),
        ({"n": 2.5}, ValueError, "n must be whole"),
        ({"n": "20"}, TypeError, "n must be a number"),
        ({"flipped": 21}, ValueError, "flipped must lie between 0 and n"),
        ({"flipped": -1}, ValueError, "flipped must lie between 0 and n"),
        ({"flipped": 1.2}, ValueError, "flipped must be at most 1"),
        ({"n": np.inf}, ValueError, "flipped must be a fraction"),
        ({"n": np.inf, "flipped": 0.0}, ValueError, "strictly between"),
        ({"n": np.inf, "flipped": 1.0}, ValueError, "strictly between"),
        ({"same_class": 1.1}, ValueError, "same_class must be at most 1"),
        ({"cross_class": 0.4}, ValueError, "cross_class must be at most same_class"),
        ({"cross_class": -0.5}, ValueError, "positive semidefinite"),
        ({"penalty": 0.0}, ValueError, "penalty must be greater than 0"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    good = {"n": 20, "flipped": 6, "same_class": 0.3}
    with pytest.raises(error, match=message):
        RandomLabels(**(good | arguments))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"steps": -1}, "steps"), ({"temperature": 0.0}, "temperature"), ({"xi": np.inf}, "xi")],
)
def test_bad_options_of_the_student_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        WORLD.student(**arguments)


def test_targets_out_of_reach_at_infinity_are_refused():
    world = logistic.RandomLabels(np.inf, 0.05, 0.3, penalty=0.05)
    with pytest.raises(ValueError, match="mean target"):
        world.student(xi=8.0, temperature=0.1)
