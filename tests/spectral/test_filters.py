"""Filters against literal refitting, 60-digit arithmetic, and each other."""

import tracemalloc

import mpmath
import numpy as np
import pytest
from backends import BACKENDS
from hypothesis import given
from hypothesis import strategies as st
from reference import filters_mp
from strategies import mixing_weights, penalties, schedules, spectra

from sdtheory import filters
from sdtheory._array import to_numpy

EPS = np.finfo(float).eps


def refit(kernel, y, lams, xis):
    """Distil by solving each round's ridge problem from scratch."""
    identity = np.eye(len(y))
    fitted = kernel @ np.linalg.solve(kernel + lams[0] * identity, y)
    for lam, xi in zip(lams[1:], xis, strict=True):
        target = xi * fitted + (1 - xi) * y
        fitted = kernel @ np.linalg.solve(kernel + lam * identity, target)
    return fitted


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_filter_is_refitting(rng, steps):
    features = rng.normal(size=(20, 6))
    kernel, y = features @ features.T, rng.normal(size=20)
    lams, xis = rng.uniform(0.1, 3, steps + 1), rng.uniform(-3, 4, steps)
    d, vectors = np.linalg.eigh(kernel)
    kept = filters.distilled(np.maximum(d, 0), lams, xis, steps=steps)
    want = refit(kernel, y, lams, xis)
    # Each solve loses at most its condition number; a round multiplies errors by |xi| at most.
    growth = np.prod(1 + np.abs(xis))
    tolerance = 50 * EPS * growth * (d[-1] + max(lams)) / min(lams)
    np.testing.assert_allclose(vectors @ (kept * (vectors.T @ y)), want, rtol=0, atol=tolerance)


@pytest.mark.parametrize("seed", range(3))
def test_accuracy_over_extremes(seed):
    rng = np.random.default_rng(seed)
    count = 600
    d, lam = 10 ** rng.uniform(-12, 12, (2, count))
    xi = rng.uniform(-5, 5, count)
    steps = np.floor(10 ** rng.uniform(0, 9, count))
    steps[::7] = rng.integers(0, 6, steps[::7].size)
    d[::5] = lam[::5] * 10 ** rng.uniform(-2, 9, d[::5].size)
    xi[::6] = 1 + 10 ** rng.uniform(-14, 0, xi[::6].size) * rng.choice([-1, 1], xi[::6].size)
    xi[::9] = 1.0
    # The hard part: xi d / (d + lam) so close to +-1 that a billionth of it matters.
    near = slice(0, None, 4)
    edge = (1 + lam / d) * (1 + rng.uniform(-500, 500, count) / np.maximum(steps, 1))
    xi[near] = np.clip(edge, -5, 5)[near]
    xi[::11] *= -1
    found = filters.distill(d[:, None], lam[:, None], xi[:, None], steps[:, None])
    checked = 0
    for i in range(count):
        kept, lost, coefficient, cancellation, growth = filters_mp.constant(
            d[i], lam[i], xi[i], int(steps[i])
        )
        if growth > mpmath.mpf(10) ** 290:
            assert np.isinf(found.kept[i, 0]) or growth < mpmath.mpf(10) ** 309
            continue
        for got, want, conditioning in (
            (found.kept, kept, cancellation),
            (found.lost, lost, 1),
            (found.coefficient, coefficient, cancellation),
        ):
            if abs(want) < mpmath.mpf(10) ** -290:
                continue
            checked += 1
            error = abs((mpmath.mpf(float(got[i, 0])) - want) / want)
            assert error <= 1e-13 * conditioning, (d[i], lam[i], xi[i], steps[i])
    assert checked > count


@given(spectra(), penalties, mixing_weights, st.integers(2, 12))
def test_closed_form_is_the_recursion(d, lam, xi, steps):
    closed = filters.distill(d, lam, xi, steps)
    rounds = filters.distill(d, lam, [xi] * steps, steps)
    growth = 1 + (np.abs(xi) ** steps)
    for name in ("kept", "lost"):
        np.testing.assert_allclose(
            getattr(closed, name), getattr(rounds, name), rtol=0, atol=100 * steps * EPS * growth
        )


@given(spectra(), penalties, schedules(4))
def test_three_forms_agree(d, lam, xi):
    profile = filters.distill(d, lam, xi)
    size = np.maximum(1, np.abs(profile.kept))
    assert np.all(np.abs(profile.kept + profile.lost - 1) <= 64 * EPS * np.prod(1 + np.abs(xi)))
    assert np.all(np.abs(d * profile.coefficient - profile.kept) <= 8 * EPS * size)


def test_schedule_of_penalties():
    lams, xis = [0.3, 2.0, 0.1], [1.5, -0.5]
    got = filters.distilled([0.7], lams, xis)
    assert float(got[0]) == pytest.approx(float(filters_mp.schedule(0.7, lams, xis)), rel=4 * EPS)


def test_grid_broadcasts():
    d = np.array([1.0, 3.0, 5.0])
    lam, xi = np.array([0.5, 2.0])[:, None, None], np.array([-1.0, 0.0, 0.5, 2.0])[:, None]
    grid = filters.distilled(d, lam, xi, steps=3)
    assert grid.shape == (2, 4, 3)
    np.testing.assert_allclose(grid[1, 3], filters.distilled(d, 2.0, 2.0, 3), rtol=4 * EPS)
    assert filters.distilled(d, 1.0, xi, steps=0).shape == (4, 3)


def test_steps_can_be_an_array():
    d = np.array([1.0, 3.0])
    path = filters.distilled(d, 0.5, 0.8, steps=np.arange(4)[:, None])
    for k in range(4):
        np.testing.assert_allclose(path[k], filters.distilled(d, 0.5, 0.8, k), rtol=4 * EPS)


def test_no_penalty_keeps_everything_and_no_eigenvalue_nothing():
    profile = filters.distill([4.0, 0.0], 0.0, xi=3.0, steps=10**6)
    np.testing.assert_array_equal(profile.kept, [1.0, 0.0])
    np.testing.assert_array_equal(profile.lost, [0.0, 1.0])
    np.testing.assert_array_equal(profile.coefficient, [0.25, 0.0])
    # With a penalty the coefficient at d = 0 is finite: (1 - xi) / lam after the first round.
    np.testing.assert_array_equal(filters.distill([0.0], 2.0, 0.25, 9).coefficient, [0.375])


def test_divergent_chain_is_infinite_not_nan():
    profile = filters.distill([1e6, 1e6], 1.0, np.array([[5.0], [-5.0]]), steps=10**6)
    assert np.all(np.isinf(profile.kept))
    assert np.all(profile.kept == -profile.lost)
    assert np.all(profile.coefficient == profile.kept)
    # With a negative weight every round is on the other side of the labels than the last.
    for steps in (10**6, 10**6 + 1):
        for xi in (5.0, -5.0):
            kept = filters.distilled([1e6, 2e6], 1.0, xi, steps)
            assert np.all(kept == (-np.inf if xi > 0 or steps % 2 == 0 else np.inf))


def test_extremes_stay_numbers():
    cases = [
        ([1.0], 1e-160, 1e160, 1, 0.0),
        ([1e300], 1.0, 1e10, 3, 1.0),
        ([1e308], 1.0, 0.5, 3, 1.0),
        ([0.0], 1e-310, 0.5, 3, None),
    ]
    for d, lam, xi, steps, want in cases:
        got = filters.distilled(d, lam, xi, steps)
        assert not np.isnan(got[0])
        assert want is None or got[0] == want
    single = filters.distilled(np.float32([0.101]), 4.87e-6, 9.4e18, 1)
    assert single[0] == pytest.approx(-4.532e14, rel=1e-3)


def test_labels_alone_follow_a_diverged_teacher():
    kept = filters.distilled([1e6], 1.0, [5.0] * 1000 + [0.0])
    assert kept[0] == pytest.approx(1e6 / (1e6 + 1), rel=4 * EPS)
    assert filters.distilled([1e6], 1.0, [5.0] * 1000)[0] == -np.inf


def test_no_penalty_converges_to_the_teacher():
    assert filters.convergence_interval([1.0], 0.0) == (-np.inf, np.inf)
    limit = filters.fixed_point([2.0, 0.0], 0.0, 3.0)
    np.testing.assert_array_equal(limit.kept, [1.0, 0.0])
    np.testing.assert_array_equal(limit.coefficient, [0.5, 0.0])


def test_a_spectrum_may_be_empty():
    none = np.zeros(0)
    assert filters.distill(none, 1.0, 0.5, 3).kept.shape == (0,)
    assert filters.limit(none, 1.0, 0.5).shape == (0,)
    assert filters.convergence_interval(none, 1.0) == (-np.inf, np.inf)


def test_moving_a_filter_moves_all_three_forms():
    d, lam, w = np.array([4.0, 0.5]), 2.0, np.array([1.5, -0.5])
    moved = filters.distill(d, lam, 0.0, 0).plus(filters.taylor_directions(d, lam, 2), w)
    np.testing.assert_allclose(moved.kept, d * moved.coefficient, rtol=8 * EPS)
    np.testing.assert_allclose(moved.lost, 1 - moved.kept, rtol=0, atol=8 * EPS)
    a, x = d / (d + lam), lam / (d + lam)
    np.testing.assert_allclose(
        moved.coefficient, a / d * (1 + w[0] * x + w[1] * x**2), rtol=8 * EPS
    )


@given(spectra(), penalties, st.floats(-1.0, 1.0, allow_subnormal=False))
def test_limit_is_a_fixed_point(d, lam, xi):
    limit = filters.fixed_point(d, lam, xi)
    kept = d / (d + lam)
    again = kept * ((1 - xi) + xi * limit.kept)
    np.testing.assert_allclose(again, limit.kept, rtol=0, atol=16 * EPS)
    far = filters.distilled(d, lam, xi, steps=10**9)
    slack = np.abs(xi * kept) ** 1e9
    assert np.all(np.abs(far - limit.kept) <= 16 * EPS + 2 * slack)


@pytest.mark.parametrize(("factor", "converges"), [(0.999, True), (1.001, False)])
@pytest.mark.parametrize("side", [0, 1])
def test_convergence_interval_is_sharp(side, factor, converges):
    d, lam = np.array([2.0, 0.5]), 0.1
    xi = factor * filters.convergence_interval(d, lam)[side]
    gap = [
        np.abs(np.diff(filters.distilled(d, lam, xi, np.array([[k], [k + 1]])), axis=0)).max()
        for k in (50, 20_000)
    ]
    assert bool(gap[1] < gap[0]) == converges
    if converges:
        filters.limit(d, lam, xi)
    else:
        with pytest.raises(ValueError, match="xi must satisfy"):
            filters.limit(d, lam, xi)


@given(spectra(positive=True), penalties, mixing_weights, st.integers(0, 6))
def test_effective_penalty_gives_the_filter(d, lam, xi, steps):
    profile = filters.distill(d, lam, xi, steps)
    penalty = filters.effective_penalty(profile)
    usable = (np.abs(profile.kept) > 1e-3) & (np.abs(profile.kept - 1) > 1e-3)
    np.testing.assert_allclose((d / (d + penalty))[usable], profile.kept[usable], rtol=1e5 * EPS)


def test_effective_penalty_of_one_round():
    d, lam, xi = np.array([0.0, 1.0, 4.0]), 2.0, 0.4
    a, x = d / (d + lam), lam / (d + lam)
    want = lam * (1 + xi * a) / (1 - xi * x)
    got = filters.effective_penalty(filters.distill(d, lam, xi))
    np.testing.assert_allclose(got, want, rtol=8 * EPS)
    assert filters.effective_penalty(filters.distill([0.0], lam, 1.0))[0] == np.inf


@given(spectra(), penalties, st.lists(mixing_weights, min_size=1, max_size=5))
def test_taylor_and_powers_span_the_same_students(d, lam, w):
    a, x = d / (d + lam), lam / (d + lam)
    want = a * (1 + sum(w_k * x ** (k + 1) for k, w_k in enumerate(w)))
    got = filters.taylor(d, lam, w)
    np.testing.assert_allclose(got.kept, want, rtol=0, atol=64 * EPS * (1 + np.abs(w).sum()))
    np.testing.assert_allclose(
        got.kept + got.lost, 1, rtol=0, atol=64 * EPS * (1 + np.abs(w).sum())
    )
    pure = filters.powers(d, lam, len(w))
    for k in range(len(w) + 1):
        np.testing.assert_allclose(pure.kept[k], a ** (k + 1), rtol=16 * EPS * (k + 2))
        np.testing.assert_allclose(
            pure.lost[k], filters.distill(d, lam, 1.0, k).lost, rtol=64 * EPS
        )


@pytest.mark.parametrize("put", BACKENDS)
def test_backend_is_kept(put):
    d = put([4.0, 1.0, 0.0])
    reference = filters.distill(to_numpy(d).astype(float), 0.5, 0.8, 10**4)
    results = {
        "ridge": filters.ridge(d, 0.5),
        "limit": filters.limit(d, 0.5, 0.8),
        "schedule": filters.distilled(d, 0.5, [0.8, -1.0]),
        "grid": filters.distilled(d, put([[0.5], [1.0]]), 0.8, steps=10**4),
        "penalty": filters.effective_penalty(filters.distill(d, 0.5, 0.8)),
        "taylor": filters.taylor(d, 0.5, put([1.0, 2.0])).lost,
        "powers": filters.powers(d, 0.5, 2).coefficient,
    }
    for name, result in results.items():
        assert put.owns(result), name
    np.testing.assert_allclose(
        to_numpy(results["grid"])[0], reference.kept, rtol=0, atol=8 * put.eps
    )


@pytest.mark.parametrize("shape", [(3, 7, 50), (1, 40, 11), (700,), (1, 1, 300), (5, 1)])
def test_a_grid_evaluated_in_pieces_is_the_grid(shape, monkeypatch, rng):
    d, lam = rng.exponential(size=shape), rng.exponential(size=(*shape[:-1], 1))
    xi, steps = rng.normal(size=shape[-1:]), rng.integers(0, 40, size=shape).astype(float)
    lam = lam if lam.ndim != 1 else lam[0]  # one axis would be a schedule
    xi = 0.7 if len(shape) == 1 else np.broadcast_to(xi, shape)
    whole = filters.distill(d, lam, xi, steps)
    monkeypatch.setattr("sdtheory.spectral._rounds.cache_block", lambda _: 64)
    pieces = filters.distill(d, lam, xi, steps)
    for name in ("kept", "lost", "coefficient"):
        got, want = getattr(pieces, name), getattr(whole, name)
        assert got.shape == shape
        # Vectorised exponentials round differently at the end of an array.
        np.testing.assert_allclose(got, want, rtol=64 * EPS, atol=0)


def test_a_grid_takes_little_more_memory_than_its_three_forms():
    d = np.geomspace(1e-3, 1e3, 500)
    lam, xi = np.geomspace(1e-2, 1e2, 40)[:, None, None], np.linspace(-1, 1, 50)[:, None]
    tracemalloc.start()
    made = filters.distill(d, lam, xi, 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Pieces and their sum for a moment, instead of the forty arrays of the formula.
    assert peak < 2.2 * 3 * made.kept.nbytes


def test_one_number_of_rounds_for_each_mode():
    d, steps = np.array([4.0, 1.0, 0.25]), np.array([0, 3, 10])
    got = filters.distill(d, 0.5, 0.8, steps)
    for j in range(3):
        want = filters.distill(d[j : j + 1], 0.5, 0.8, int(steps[j]))
        np.testing.assert_allclose(got.kept[j], want.kept[0], rtol=4 * EPS)
    # An array of no axes is a number, and may count the rounds of a schedule.
    xi = [0.5, -1.0]
    counted = filters.distilled(d, 0.5, xi, np.array(2))
    np.testing.assert_array_equal(counted, filters.distilled(d, 0.5, xi))


def test_counts_need_not_be_integers_by_type():
    d = np.array([4.0, 1.0])
    np.testing.assert_array_equal(
        filters.distilled(d, 0.5, 0.8, np.array([2.0, 5.0])),
        filters.distilled(d, 0.5, 0.8, np.array([2, 5])),
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0, [0.5, 0.5], np.arange(3)), "steps must be an integer for a schedule"),
        (([1.0, 2.0], 0.5, np.arange(3)), "steps must be an integer for a schedule"),
        ((1.0, 0.5, np.array([1.0, 2.5, 3.0])), "steps must be whole numbers"),
        ((1.0, 0.5, np.array([1, -1, 3])), "steps must be at least 0"),
        ((1.0, 0.5, np.arange(4)), r"steps must broadcast against eigenvalues \(3,\), got shape"),
        ((np.ones((2, 4)), 0.5, 2), r"lam must broadcast against eigenvalues \(3,\), got shape"),
        ((1.0, np.ones((2, 2)), 2), r"xi must broadcast against eigenvalues \(3,\), got shape"),
        ((1.0, np.ones((0, 3)), 2), "xi must not be empty"),
        ((1.0, [0.5, 0.5], 3), "xi must have 3 entries for 3 rounds, got 2"),
        (([1.0, 2.0], 0.5, 3), "lam must have 4 entries for 3 rounds, got 2"),
        (([1.0, 2.0], [0.5, 0.5], None), "lam must have 3 entries for 2 rounds, got 2"),
        ((1.0, 0.5, -1), "steps must be at least 0"),
        ((1.0, 0.5, 2**53 + 1), "steps must be at most"),
        ((-1.0, 0.5, 1), "lam must be at least 0"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        filters.distill([4.0, 1.0, 0.25], *arguments)


def test_the_most_rounds_that_can_be_counted():
    kept = filters.distilled([1.0], 1e-20, 1.0, 2**53)
    assert kept[0] == pytest.approx(np.exp(-(2.0**53) * 1e-20), rel=4 * EPS)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_ends_of_the_interval_do_not_converge(sign):
    assert filters.convergence_interval([4.0], 1.0) == (-1.25, 1.25)
    with pytest.raises(ValueError, match=r"lie in \(-1.25, 1.25\)"):
        filters.fixed_point([4.0, 1.0], 1.0, sign * 1.25)
    assert np.isfinite(filters.limit([4.0, 1.0], 1.0, sign * 1.2499)).all()


def test_limits_on_a_grid():
    d, lam = np.array([4.0, 0.0]), np.array([[1.0], [0.0]])
    got = filters.fixed_point(d, lam, 0.5)
    np.testing.assert_allclose(got.kept, [[2 / 3, 0.0], [1.0, 0.0]], rtol=4 * EPS)
    np.testing.assert_allclose(got.lost, [[1 / 3, 1.0], [0.0, 1.0]], rtol=4 * EPS)
    np.testing.assert_allclose(got.coefficient, [[1 / 6, 0.5], [0.25, 0.0]], rtol=4 * EPS)
    for lam, xi in (([1.0, 1.0], 0.5), (1.0, [0.5, 0.5])):
        with pytest.raises(ValueError, match="must be constant for the limit, got a schedule"):
            filters.fixed_point(d, lam, xi)


def test_directions_of_an_empty_spectrum():
    none = np.zeros(0)
    assert filters.taylor(none, 1.0, [0.5, 1.0]).lost.shape == (0,)
    assert filters.taylor_directions(none, 1.0, 3).kept.shape == (3, 0)
    assert filters.powers(none, 1.0, 2).kept.shape == (3, 0)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        filters.taylor_directions([1.0], 1.0, 0)
    assert filters.powers([1.0], 1.0, 0).kept.tolist() == [[0.5]]


def test_a_filter_moves_along_directions_of_its_own_modes():
    teacher = filters.distill([4.0, 1.0], 1.0, 0.0, 0)
    two = filters.taylor_directions([4.0, 1.0], 1.0, 2)
    for directions, weights in (
        (two, [1.0]),
        (two, [1.0, 2.0, 3.0]),
        (filters.taylor_directions([4.0, 1.0, 0.5], 1.0, 2), [1.0, 2.0]),
        (teacher, [1.0, 2.0]),
    ):
        with pytest.raises(ValueError, match="directions must be a stack of"):
            teacher.plus(directions, weights)
    with pytest.raises(ValueError, match="weights must have 1 dimensions"):
        teacher.plus(two, [[1.0, 2.0]])
    none = filters.Filter(*(np.zeros((0, 2)) for _ in range(3)))
    np.testing.assert_array_equal(teacher.plus(none, np.zeros(0)).kept, teacher.kept)
