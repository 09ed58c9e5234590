"""The two-margin reduction against explicit vectors, high precision and its own inverse."""

import time

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import expit
from slopes import checked

from paper_checks._explicit_logistic import block_gram, explicit_chain, vectors
from sdtheory import logistic
from sdtheory.logistic import two_margins
from sdtheory.logistic.two_margins import _bracket, chain, distilled_targets, solve_margins

EPS = np.finfo(float).eps


def random_setting(rng):
    n = int(rng.integers(1, 13))
    same = rng.uniform(0, 1)
    # Every eigenvalue of the Gram matrix stays positive.
    cross = rng.uniform(-min(same, (1 - same) / n + same), same)
    return n, int(rng.integers(0, n + 1)), same, cross, 10 ** rng.uniform(-3, 1)


@pytest.mark.parametrize("block", range(8))
def test_explicit_vectors_have_the_reduced_margins(rng, block):
    for _ in range(30):
        n, flips, same, cross, penalty = random_setting(rng)
        xi, sharpness = rng.uniform(-1, 2.5), float(rng.choice([0.3, 1, 2]))
        steps = int(rng.integers(0, 4))
        X = vectors(block_gram((n, n), (same, same), cross), rng)
        truth = np.repeat([1.0, 0.0], n)
        labels = truth.copy()
        labels[:flips], labels[n : n + flips] = 0, 1
        explicit = explicit_chain(X, labels, penalty, steps, xi, sharpness)
        towards_truth = np.where(truth == 1, explicit, -explicit)
        world = logistic.RandomLabels(n, flips, same, cross, penalty)
        stage = world.student(xi, steps, 1 / sharpness)
        reduced = np.where(labels == truth, stage.good_margin, stage.flipped_margin)
        # Rounding in the explicit Gram matrix enters with the condition number of the ridge.
        np.testing.assert_allclose(
            towards_truth, reduced, rtol=0, atol=1e3 * EPS * (1 + n / penalty)
        )
        assert np.abs(towards_truth - reduced).max() < 1e-9
        if np.abs(reduced).min() > 1e-9:
            assert np.mean(towards_truth > 0) == pytest.approx(stage.training_accuracy, abs=4 * EPS)


@pytest.mark.parametrize(
    ("p", "own", "shared"), [(0.3, 1.75, 15.0), (0.49, 30.0, 2.0), (0.01, 0.01, 300.0)]
)
def test_three_stages_agree_with_fifty_digits(p, own, shared):
    mpmath.mp.dps = 50
    P, K, C = (mpmath.mpf(v) for v in (p, own, shared))

    def sigmoid(x):
        return 1 / (1 + mpmath.exp(-x))

    def bisect(function, low, high):
        for _ in range(120):
            middle = (low + high) / 2
            low, high = (low, middle) if function(middle) > 0 else (middle, high)
        return low

    def margin(y):
        f = (y - K / 2) / (1 + K / 4)
        for _ in range(25):
            s = sigmoid(f)
            f -= (f + K * s - y) / (1 + K * s * (1 - s))
        return f

    def stage(good, bad):
        def excess(u):
            duals = (good - sigmoid(margin(K * good + u)), bad - sigmoid(margin(K * bad + u)))
            return u / C - (1 - P) * duals[0] - P * duals[1]

        mean = (1 - P) * good + P * bad
        u = bisect(excess, C * (mean - 1), C * mean)
        return u, margin(K * good + u), margin(K * bad + u)

    want = stage(mpmath.mpf(1), mpmath.mpf(0))
    want = stage(sigmoid(want[1]), sigmoid(want[2]))
    got = chain(*(np.asarray(v) for v in (p, own, shared)), 1)
    # f = own (tau - delta) + u: terms of size own and u cancel.
    for w, g in zip(want, got, strict=True):
        assert abs(float(w) - float(g)) <= 50 * EPS * (own + float(abs(want[0])) + 1)


positive = st.floats(1e-3, 1e3)
targets = st.floats(-2.5, 2.5)


@given(p=st.floats(0, 1), own=positive, shared=positive, good=targets, bad=targets)
def test_margins_give_back_their_targets_without_a_root(p, own, shared, good, bad):
    u, f_g, f_b = solve_margins(*(np.asarray(v) for v in (good, bad, p, own, shared)))
    mean = (1 - p) * f_g + p * f_b
    scale = own * max(abs(good), abs(bad)) + shared * 1.5 + 1
    assert abs(u - shared * mean / (own + shared)) <= 50 * EPS * scale
    for f, target in ((f_g, good), (f_b, bad)):
        assert abs(0.5 * np.tanh(f / 2) + (f - u) / own - target) <= 50 * EPS * scale / min(own, 1)


@given(
    p=st.floats(1e-6, 1 - 1e-6),
    own=st.floats(0, 1e4),
    shared=st.one_of(st.floats(0, 1e6), st.just(np.inf)),
    xi=st.floats(0, 1),
)
def test_every_root_lies_in_its_bracket(p, own, shared, xi):
    setting = [np.asarray(v, float) for v in (p, own, shared)]
    teacher = chain(*setting, 0)
    good, bad = distilled_targets(teacher, xi, 1.0)
    low, high = _bracket(good, bad, *setting)
    u = solve_margins(good, bad, *setting).shared
    slack = 100 * EPS * (own + abs(float(u)) + 1)
    assert low - slack <= u <= high + slack


def test_brackets_end_at_zero_and_at_targets_that_all_agree():
    own, shared = np.asarray(1.0), np.asarray(2.0)
    for sign in (1, -1):
        good, bad = np.sort(sign * np.array([0.2, 0.3]))
        low, high = _bracket(good, bad, np.asarray(0.4), own, shared)
        assert (low if sign > 0 else high) == 0
    # A mean target of one, which no margin reaches where shared is infinite
    low, high = _bracket(np.asarray(0.5), np.asarray(-0.5), np.asarray(0.0), own, shared)
    assert (low, high) == (0, 2)


def test_infinitely_many_points_are_the_limit_of_many():
    p, own = np.asarray(0.3), np.asarray(2.0)
    limit = np.array(chain(p, own, np.asarray(np.inf), 2))
    gaps = [np.abs(np.array(chain(p, own, np.asarray(s), 2)) - limit).max() for s in (1e4, 1e6)]
    assert gaps[1] < gaps[0] / 90
    # At infinity the mean probability of the fit is the mean target, here 1 - p in every round.
    mean = 0.7 * 0.5 * np.tanh(limit[1] / 2) + 0.3 * 0.5 * np.tanh(limit[2] / 2)
    assert mean == pytest.approx(0.2, abs=4 * EPS)


@pytest.mark.parametrize("own", [0.0, 1e-12, 1.0, 1e6])
@pytest.mark.parametrize("shared", [0.0, 1e-12, 1.0, 1e8, np.inf])
@pytest.mark.parametrize("p", [1e-9, 0.3, 0.5, 0.999])
def test_extreme_settings_are_finite_and_silent(own, shared, p):
    for steps in (0, 1, 4):
        margins = chain(*(np.asarray(v) for v in (p, own, shared)), steps)
        assert np.all(np.isfinite(margins))


@pytest.mark.parametrize("shared", [0.5, 30.0, np.inf])
def test_slopes_of_the_search_are_derivatives(monkeypatch, shared):
    found = checked(two_margins, monkeypatch)
    solve_margins(0.7, -0.2, np.array([0.1, 0.4]), np.array([0.3, 3.0]), shared)
    assert len(found) == 2


@pytest.mark.parametrize("shared", [0.5, 30.0, np.inf])
def test_the_search_starts_at_the_solution_for_small_targets(monkeypatch, shared):
    starts, plain = [], two_margins.increasing_root

    def remembered(function, start, *rest):
        starts.append(start)
        return plain(function, start, *rest)

    monkeypatch.setattr(two_margins, "increasing_root", remembered)
    u = solve_margins(1e-4, np.array([-5e-5, 2e-5]), 0.3, np.array([0.3, 3.0]), shared).shared
    # A sigmoid has no second order.
    np.testing.assert_allclose(starts[0], u, rtol=1e-6)


def test_hard_targets_keep_ties():
    ties = np.zeros(1)
    margins = type(chain(np.asarray(0.3), np.ones(1), np.ones(1), 0))(ties, ties, -np.ones(1))
    good, bad = distilled_targets(margins, 1.0, np.inf)
    assert good == 0
    assert bad == -0.5


def random_world(count):
    rng = np.random.default_rng(0)
    return logistic.RandomLabels(
        n=np.floor(10 ** rng.uniform(0, 4, count)),
        flipped=rng.uniform(0, 1, count),
        same_class=0.3,
        penalty=10 ** rng.uniform(-5, 2, count),
    )


def looped(world):
    """Return margins of one student by the obvious program: a root inside a root, one by one."""

    def stage(good, bad, p, own, shared):
        def margin(target, u):
            y = own * target + u
            return brentq(lambda f: f + own * expit(f) - y, y - own - 1, y + 1, xtol=1e-14)

        def excess(u):
            duals = good - expit(margin(good, u)), bad - expit(margin(bad, u))
            return u - shared * ((1 - p) * duals[0] + p * duals[1])

        mean = (1 - p) * good + p * bad
        u = brentq(excess, shared * (mean - 1) - 1, shared * mean + 1, xtol=1e-13)
        return margin(good, u), margin(bad, u)

    settings = zip(world.fraction, world.own, world.shared, strict=True)
    return np.array([stage(*expit(stage(1.0, 0.0, *s)), *s) for s in settings])


def test_the_loop_over_settings_gives_the_same_margins():
    world = random_world(60)
    together = world.student()
    margins = np.stack([together.good_margin, together.flipped_margin], axis=1)
    # The loop's roots are absolute; terms of the size of the gains cancel in them.
    scale = 1e-13 + 20 * EPS * (world.own + np.minimum(world.shared, 1e4))
    assert np.all(np.abs(looped(world) - margins) <= scale[:, None])


def test_all_settings_at_once_are_far_faster_than_the_loop():
    """A hundredth of the time on an idle core (see the benchmark); half of that is asked here."""
    few, many, clock = random_world(60), random_world(100_000), time.process_time
    start = clock()
    looped(few)
    middle = clock()
    many.student()
    assert (middle - start) / 60 > 50 * (clock() - middle) / 100_000


def test_a_million_settings_go_through_in_blocks(rng):
    size = (1 << 14) + 7
    p, own, shared = rng.uniform(0, 1, size), 10 ** rng.uniform(-3, 2, size), np.full(size, 9.0)
    together = chain(p, own, shared, 1)
    for i in (0, (1 << 14) - 1, 1 << 14, size - 1):
        alone = chain(p[i : i + 1], own[i : i + 1], shared[i : i + 1], 1)
        # Each entry converges on its own: neighbours change nothing beyond the last digits.
        np.testing.assert_allclose(
            [v[i] for v in together], [v[0] for v in alone], rtol=0, atol=50 * EPS * (10 + own[i])
        )
