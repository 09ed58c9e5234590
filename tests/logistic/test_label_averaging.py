"""Label averaging against repeated linear smoothing on the full Gram matrix."""

import numpy as np
import pytest

from paper_checks._explicit_logistic import block_gram
from sdtheory import logistic
from sdtheory.logistic import LinearLabels

EPS = np.finfo(float).eps


def random_labels(rng, K, n):
    """Return given labels, class by class, balanced over all classes: every class is permuted."""
    counts = np.full((K, K), 0)
    for shift in range(K):
        counts += np.roll(np.eye(K, dtype=int), shift, axis=1) * (n // K + (shift == 0) * (n % K))
    moved = int(rng.integers(1, n // K + 1)) * (K - 1)
    counts += moved * np.eye(K, dtype=int) - (moved // (K - 1)) * (1 - np.eye(K, dtype=int))
    return np.concatenate([np.repeat(np.arange(K), row) for row in counts]), counts / n


def keep(world):
    K, n = world.classes, world.n
    gram = block_gram((n,) * K, (world.same_class,) * K, world.cross_class)
    return gram @ np.linalg.inv(gram + K**2 * n * world.penalty * np.eye(K * n))


def smoothed(world, given, rounds):
    K = world.classes
    return 1 / K + np.linalg.matrix_power(keep(world), rounds) @ (np.eye(K)[given] - 1 / K)


@pytest.mark.parametrize("rounds", [1, 2, 5])
@pytest.mark.parametrize("K", [2, 3, 4])
def test_outputs_are_repeated_smoothing(rng, K, rounds):
    world = LinearLabels(K, 12, 0.5, 0.1, 10 ** rng.uniform(-3, -1))
    given = rng.integers(0, K, 12 * K)
    shares = np.stack([np.bincount(block, minlength=K) / 12 for block in given.reshape(K, 12)])
    got = logistic.label_averages(world, shares, rounds)
    classes = np.repeat(np.arange(K), 12)
    np.testing.assert_allclose(
        got[classes, given], smoothed(world, given, rounds), rtol=0, atol=1e3 * EPS
    )


@pytest.mark.parametrize(("K", "n", "c"), [(2, 3, 0.5), (3, 4, 0.2), (2, 1, 0.0)])
def test_inner_products_are_refused_where_the_gram_matrix_is_not_semidefinite(K, n, c):
    edge = -(1 - c + n * c) / (n * (K - 1))  # its smallest eigenvalue, of the mean, is then zero
    gram = block_gram((n,) * K, (c,) * K, edge)
    assert abs(np.linalg.eigvalsh(gram)[0]) < 10 * K * n * EPS
    LinearLabels(K, n, c, edge * (1 - 1e-9), 0.1)
    if edge > -1:
        with pytest.raises(ValueError, match="cross_class must leave the Gram matrix positive"):
            LinearLabels(K, n, c, edge * (1 + 1e-9), 0.1)


def test_single_opposite_points_are_allowed_and_points_of_length_above_one_are_not():
    LinearLabels(2, 1, 0.0, -1.0, 0.1)
    LinearLabels(2, 3, 1.0, 0.0, 0.1)
    with pytest.raises(ValueError, match="same_class must be at most 1"):
        LinearLabels(2, 3, 1.1, 0.0, 0.1)


def test_rounds_needed_is_the_first_perfect_round(rng):
    for _ in range(10):
        K = int(rng.integers(2, 5))
        world = LinearLabels(K, 24, 0.4, 0.1, 10 ** rng.uniform(-4, -2))
        given, shares = random_labels(rng, K, 24)
        truth = np.repeat(np.arange(K), 24)
        rounds = logistic.rounds_needed(world, shares)
        right = [
            np.mean(smoothed(world, given, t).argmax(1) == truth) for t in (rounds, rounds - 1)
        ]
        assert right[0] == 1
        assert rounds == 1 or right[1] < 1


def test_symmetric_threshold_is_the_general_condition():
    world = LinearLabels(5, 40, 0.3, 0.05, 1e-3)
    for rounds in (2, 4):
        eta = logistic.noise_threshold(world, rounds)
        for factor, needed in ((1 - 1e-9, rounds), (1 + 1e-9, rounds + 1)):
            e = eta * factor
            shares = (1 - e) * np.eye(5) + e / 4 * (1 - np.eye(5))
            assert logistic.rounds_needed(world, shares) == needed


def test_two_classes_are_the_linearised_threshold():
    from sdtheory.logistic.random_labels import couplings

    world = LinearLabels(2, 15, 0.4, 0.1, 0.02)
    # W has two columns, so its penalty is twice that of the weight difference.
    gains = couplings(15, 0.4, 0.1, 0.01)
    for rounds in (1, 2, 3):
        want = float(logistic.linearised_threshold(*gains, rounds - 1))
        assert logistic.noise_threshold(world, rounds) == pytest.approx(want, rel=1e-13)


def test_top_two_labels_in_one_round(rng):
    K, n = 4, 24
    world = LinearLabels(K, n, 0.4, 0.1, 2e-3)
    given, shares = random_labels(rng, K, n)
    assert logistic.top_two_succeeds(world, shares)
    teacher = smoothed(world, given, 1)
    student = 1 / K + keep(world) @ (logistic.top_two_target(teacher) - 1 / K)
    assert np.all(student.argmax(1) == np.repeat(np.arange(K), n))
    assert not logistic.top_two_succeeds(LinearLabels(2, n, 0.4, 0.1, 2e-3), np.eye(2))


def test_top_two_labels_of_any_shares(rng):
    K, n, seen = 4, 12, []
    truth = np.repeat(np.arange(K), n)
    for _ in range(60):
        world = LinearLabels(K, n, 0.4, 0.1, 10 ** rng.uniform(-4, -1))
        wrong = rng.multinomial(rng.integers(2, 6), [0.5, 0.3, 0.2])
        counts = [np.roll([n - wrong.sum(), *wrong], a) for a in range(K)]
        if rng.random() < 0.3:  # one class of its own
            counts[0] = np.array([n - 1, 0, 1, 0])
        given = np.concatenate([np.repeat(np.arange(K), row) for row in counts])
        shares = np.stack(counts) / n
        targets = logistic.top_two_target(np.round(smoothed(world, given, 1), 12))
        output = keep(world) @ (targets - 1 / K)
        others = np.where(np.eye(K)[truth] > 0, -np.inf, output).max(axis=1)
        lead = (output[np.arange(K * n), truth] - others).min()
        if abs(lead) > 1e-9:
            assert logistic.top_two_succeeds(world, shares) == (lead > 0)
            seen.append(lead > 0)
    assert 5 < sum(seen) < len(seen) - 5


def test_labels_that_nobody_has_need_no_repair():
    counts = np.array([[2, 0, 12], [5, 6, 3], [5, 2, 7]])
    given = np.concatenate([np.repeat(np.arange(3), row) for row in counts])
    succeeded = []
    for penalty in np.geomspace(1e-4, 1.0, 60):
        world = LinearLabels(3, 14, 0.4, 0.1, penalty)
        student = keep(world) @ logistic.top_two_target(smoothed(world, given, 1))
        literal = bool(np.all(student.argmax(1) == np.repeat(np.arange(3), 14)))
        succeeded.append(literal)
        assert logistic.top_two_succeeds(world, counts / 14) == literal
    assert 0 < sum(succeeded) < len(succeeded)


def test_ties_broken_towards_one_class_can_tip_the_outcome():
    # One flip to each wrong class: good points have two equal second labels, and the first class
    # in order takes them all, in every class but its own.
    counts = 22 * np.eye(3) + (1 - np.eye(3))
    world = LinearLabels(3, 24, 0.4, 0.1, 0.0093)
    assert not logistic.top_two_succeeds(world, counts / 24)
    cyclic = 21 * np.eye(3) + 2 * np.roll(np.eye(3), 1, axis=1) + np.roll(np.eye(3), 2, axis=1)
    assert logistic.top_two_succeeds(world, cyclic / 24)


def test_a_strong_penalty_needs_one_round_even_with_wrong_labels():
    shares = [[0.9, 0.1], [0.1, 0.9]]
    assert logistic.rounds_needed(LinearLabels(2, 30, 0.5, 0.0, 10.0), shares) == 1


def test_clean_labels_need_one_round():
    assert logistic.rounds_needed(LinearLabels(3, 9, 0.4, 0.1, 1e-3), np.eye(3)) == 1


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        (np.eye(2), "shares must be 3 x 3"),
        (np.full((3, 3), 1 / 3), "favour the true class"),
        (np.array([[1.0, 0, 0], [0.4, 0.6, 0], [0, 0, 1]]), "average to the uniform"),
    ],
)
def test_bad_shares_are_named(shares, message):
    with pytest.raises(ValueError, match=message):
        logistic.rounds_needed(LinearLabels(3, 9, 0.4, 0.1, 1e-3), shares)
