"""All rounds at once: published optima, general solvers, and what cannot be beaten."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.optimize
from backends import BACKENDS

from sdtheory import kernel_ridge


def test_published_joint_optima(toy):
    three, four = (
        kernel_ridge.optimal_schedule(
            toy.fit,
            0.2,
            steps,
            method="validation",
            validation=(toy.new, toy.truth),
            constrained=False,
        )
        for steps in (2, 3)
    )
    w = [-3.362833247173921, 7.59536040344923, -3.232527156275309]
    np.testing.assert_allclose(three.mixture, w, rtol=1e-9)
    assert three.risk == pytest.approx(0.1476472639183258, rel=1e-11)
    w = [50.77757975714141, -197.1317907873334, 248.2392668086277, -100.8850557784357]
    np.testing.assert_allclose(four.mixture, w, rtol=1e-9)
    assert four.risk == pytest.approx(0.1433633037907593, rel=1e-11)
    np.testing.assert_allclose(
        toy.fit.predict(toy.new, 0.2, four.xi),
        toy.fit.smoother.predict(toy.fit.smoother.projection(toy.new), four.filter),
        rtol=0,
        atol=1e-9,
    )


CASES = [
    ("loo", False, False),
    ("loo", True, False),
    ("loo", False, True),
    ("loo", True, True),
    ("validation", True, False),
    ("validation", True, True),
    ("gcv", False, False),
    ("sure", True, False),
]


@pytest.mark.parametrize(("method", "constrained", "noisy"), CASES)
def test_no_schedule_does_better(data, rng, method, constrained, noisy):
    noise = rng.uniform(0.5, 2.0, 30) if noisy else None
    fit = kernel_ridge.fit(data.kernel, data.y, noise)
    held_out = rng.normal(size=(7, 2))
    best = kernel_ridge.optimal_schedule(
        fit,
        0.5,
        2,
        method=method,
        constrained=constrained,
        validation=(data.new, held_out),
        noise_var=0.1,
    )
    smoother = kernel_ridge.fit(data.kernel, np.eye(30))

    def loss(xis):
        if method == "loo":
            return ((data.y - kernel_ridge.leave_one_out_predictions(fit, 0.5, xis)) ** 2).mean()
        if method == "validation":
            return ((fit.predict(data.new, 0.5, xis) - held_out) ** 2).mean()
        S = smoother.fitted(0.5, xis)
        missed = ((data.y - S @ data.y) ** 2).sum() / 30
        if method == "gcv":
            return missed / (1 - np.trace(S) / 30) ** 2
        return missed + 2 * 0.1 * (2 * np.trace(S) / 30 - 1)

    if best.xi is not None:
        assert best.risk == pytest.approx(loss(best.xi), rel=1e-9)
    assert best.teacher_risk == pytest.approx(loss([0.0, 0.0]), rel=1e-9)
    bounds = [(0, 1)] * 2 if constrained else [(-20, 20)] * 2
    starts = [[0.1, 0.1], [0.9, 0.5], [0.5, 0.95]]
    found = [scipy.optimize.minimize(loss, s, bounds=bounds, tol=1e-14).fun for s in starts]
    assert best.risk <= min(found) * (1 + 1e-9)
    if constrained:
        assert best.risk == pytest.approx(min(found), rel=1e-6)
        assert best.mixture.min() >= 0
        assert best.mixture.sum() == pytest.approx(1, rel=1e-13)


def test_more_rounds_never_do_worse(data):
    fit = kernel_ridge.fit(data.kernel, data.y[:, 0])
    for constrained in (False, True):
        risks = [
            kernel_ridge.optimal_schedule(fit, 0.5, k, constrained=constrained).risk
            for k in range(1, 6)
        ]
        assert all(b <= a * (1 + 1e-9) for a, b in pairwise(risks))


def test_infinitely_many_rounds_reach_the_ridge_path(toy):
    lam, best_lam = 0.05, 0.31
    xi = kernel_ridge.optimal_limit_xi(lam, best_lam)
    np.testing.assert_allclose(
        toy.fit.limit(toy.new, lam, xi), toy.fit.predict(toy.new, best_lam, steps=0), rtol=1e-12
    )
    assert kernel_ridge.optimal_limit_xi(0.4, 0.31) == 0.0


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_cross_validation_inside_the_simplex(steps):
    """Against a search over weights with dense smoothers."""
    inside = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        half, y = rng.normal(size=(9, 5)), rng.normal(size=(9, 2))
        kernel = half @ half.T
        y[:, 0] += half[:, 0]
        best = kernel_ridge.optimal_schedule(kernel_ridge.fit(kernel, y), 2.0, steps, method="gcv")
        ridge = kernel @ np.linalg.inv(kernel + 2.0 * np.eye(9))

        def criterion(xis, ridge=ridge, y=y):
            smoother = ridge
            for xi in xis:
                smoother = ridge @ (xi * smoother + (1 - xi) * np.eye(9))
            return 9 * np.sum((y - smoother @ y) ** 2) / (9 - np.trace(smoother)) ** 2

        assert best.risk == pytest.approx(criterion(best.xi), rel=1e-10)
        assert best.teacher_risk == pytest.approx(criterion([]), rel=1e-10)
        found = min(
            scipy.optimize.minimize(
                criterion, start, bounds=[(0, 1)] * steps, method="L-BFGS-B"
            ).fun
            for start in (np.full(steps, 0.5), np.zeros(steps), np.ones(steps))
        )
        assert best.risk <= found * (1 + 1e-12)
        inside += bool(np.any((best.xi > 1e-6) & (best.xi < 1 - 1e-6)))
    assert inside > 0


def test_the_best_mixture_inside_the_simplex():
    """Some weight strictly between 0 and 1: a slope or a scale gone wrong would move it."""
    inside = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        half, y = rng.normal(size=(9, 5)), rng.normal(size=9)
        fit = kernel_ridge.fit(half @ half.T, y + half[:, 0])
        best = kernel_ridge.optimal_schedule(fit, 1.0, 1)
        greedy = kernel_ridge.optimal_xi(fit, 1.0, lower=0.0, upper=1.0)
        assert float(best.xi[0]) == pytest.approx(float(greedy.xi[0]), abs=1e-9)
        assert best.risk == pytest.approx(float(greedy.risk[0]), rel=1e-12)
        assert best.teacher_risk == pytest.approx(float(greedy.teacher_risk), rel=1e-12)
        assert not best.degenerate
        inside += 0.0 < float(greedy.xi[0]) < 1.0
    assert inside >= 2


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("constrained", [False, True])
def test_risks_are_mean_squared_errors_left_out(data, rng, outputs, noisy, constrained):
    y = data.y[:, 0] if outputs == 1 else data.y
    fit = kernel_ridge.fit(data.kernel, y, rng.uniform(0.5, 2.0, 30) if noisy else None)
    best = kernel_ridge.optimal_schedule(fit, 0.5, 2, constrained=constrained)
    missed = y - kernel_ridge.leave_one_out_predictions(fit, 0.5, steps=0)
    assert best.teacher_risk == pytest.approx(np.mean(missed**2), rel=1e-10)
    missed = y - kernel_ridge.leave_one_out_predictions(fit, 0.5, best.xi)
    assert best.risk == pytest.approx(np.mean(missed**2), rel=1e-9)


@pytest.mark.parametrize("constrained", [False, True])
def test_where_no_weight_matters(constrained):
    fit = kernel_ridge.fit(np.eye(3), [1.0, -2.0, 3.0])
    best = kernel_ridge.optimal_schedule(fit, 1.0, 2, constrained=constrained)
    assert best.degenerate == (not constrained)
    assert best.risk == pytest.approx(14 / 3, rel=1e-14)
    assert best.teacher_risk == pytest.approx(14 / 3, rel=1e-14)
    if not constrained:
        np.testing.assert_array_equal(best.mixture, [1.0, 0.0, 0.0])
        np.testing.assert_array_equal(best.xi, [0.0, 0.0])


def test_mixtures_out_of_reach_have_no_weights_per_round():
    # Modes that keep 1/3 and 1/2: the truth asks for c_1 = -c_2, which no two rounds mix.
    d, kept = np.array([1.0, 2.0]), np.array([1 / 3, 1 / 2])
    fit = kernel_ridge.fit(np.diag(d), [1.0, 1.0])
    c = np.array([1.0, -1.0, 1.0])
    truth = sum(c[k] * kept ** (k + 1) for k in range(3))
    best = kernel_ridge.optimal_schedule(
        fit, 2.0, 2, method="validation", validation=(np.diag(d), truth), constrained=False
    )
    np.testing.assert_allclose(best.filter.kept, truth[::-1], rtol=1e-12)
    assert best.risk == pytest.approx(0.0, abs=1e-28)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 1), "lam must be greater than 0"),
        ((0.5, 0), "steps must be at least 1"),
    ],
)
def test_wrong_arguments_are_named(toy, arguments, message):
    with pytest.raises(ValueError, match=message):
        kernel_ridge.optimal_schedule(toy.fit, *arguments)
    with pytest.raises(ValueError, match="best_lam must be greater than 0"):
        kernel_ridge.optimal_limit_xi(0.5, 0.0)
    with pytest.raises(ValueError, match="lam must be greater than 0"):
        kernel_ridge.optimal_limit_xi(0.0, 0.5)


@pytest.mark.parametrize("put", BACKENDS)
@pytest.mark.parametrize("constrained", [False, True])
def test_backend_is_kept(put, constrained, rng):
    half, y = rng.normal(size=(8, 10)), rng.normal(size=(8, 2))
    kernel, noise = half @ half.T, rng.uniform(0.5, 2.0, 8)
    want = kernel_ridge.optimal_schedule(
        kernel_ridge.fit(kernel, y, noise), 2.0, 2, constrained=constrained
    )
    got = kernel_ridge.optimal_schedule(
        kernel_ridge.fit(put(kernel), put(y), put(noise)), 2.0, 2, constrained=constrained
    )
    assert put.owns(got.mixture)
    assert put.owns(got.filter.kept)
    for name in ("risk", "teacher_risk"):
        assert getattr(got, name) == pytest.approx(getattr(want, name), rel=1e4 * put.eps)
