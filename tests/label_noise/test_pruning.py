"""Teachers on all data, students on a part: reference numbers, refits, and the ideal subset."""

import numpy as np
import pytest
from backends import BACKENDS
from exact_means import noisy
from hypothesis import given
from hypothesis import strategies as st
from strategies import log_floats, penalties, tasks

from sdtheory.label_noise import (
    RidgeProblem,
    noise_thresholds,
    optimal_xi,
    pruned_xi,
    pruned_xi_ideal,
)

X = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])


def test_reference_numbers(bottom):
    got = pruned_xi(X, [1.0, -0.5], 0.5, [0, 1], 1.0, 1.0)
    assert got.label_risk == pytest.approx(0.7, rel=1e-13)
    assert got.teacher_label_risk == pytest.approx(0.776297577854671280, rel=1e-13)
    assert got.xi == pytest.approx(0.229447852760736196, rel=1e-13)
    assert got.risk == pytest.approx(0.692576687116564417, rel=1e-13)
    fractions = [1.0, 0.5, 0.1]
    np.testing.assert_allclose(
        pruned_xi_ideal(bottom(), 1.0, fractions),
        [-1.8874713771671573438, -0.28729765203441738, 0.76307807928711383094],
        rtol=1e-13,
    )
    np.testing.assert_allclose(
        pruned_xi_ideal(bottom(noise_var=20.0), 1.0, fractions),
        [1.4356550057779178485, 1.1038853678699366216, 1.014647551029778992],
        rtol=1e-13,
    )


def test_risks_are_means_over_label_noise(rng):
    n, p, kept, lam, student_lam = 12, 4, [0, 2, 3, 7, 9], 1.5, 0.8
    x, theta, root = rng.normal(size=(n, p)), rng.normal(size=p), rng.normal(size=(p, p))
    got = pruned_xi(x, theta, 0.3, kept, lam, student_lam, root.T @ root)
    y = noisy(x @ theta, 0.3).T
    teacher = np.linalg.solve(x.T @ x + lam * np.eye(p), x.T @ y)
    part = x[kept]
    gram = part.T @ part + student_lam * np.eye(p)
    for xi, want in ((0.0, got.label_risk), (1.0, got.teacher_label_risk), (got.xi, got.risk)):
        mixed = xi * part @ teacher + (1 - xi) * y[kept]
        gap = root @ (np.linalg.solve(gram, part.T @ mixed) - theta[:, None])
        assert want == pytest.approx(np.mean(np.sum(gap**2, axis=0)), rel=1e-12)


@given(seed=st.integers(0, 2**32 - 1), lam=log_floats(1e-2, 1e2))
def test_keeping_everything_is_self_distillation(seed, lam):
    rng = np.random.default_rng(seed)
    x, theta = rng.normal(size=(6, 3)), rng.normal(size=3)
    got = pruned_xi(x, theta, 0.4, range(6), lam, lam)
    want = optimal_xi(RidgeProblem.from_design(x, theta, 0.4), lam)
    assert got.risk == pytest.approx(want.student_risk, rel=1e-9)
    assert got.xi == pytest.approx(want.xi, rel=1e-6, abs=1e-6)


@given(tasks(), penalties)
def test_ideal_weight_tends_to_one_from_the_side_of_the_unpruned_weight(task, lam):
    d, theta, _ = task
    s = np.sqrt(d)
    edge = float(noise_thresholds(RidgeProblem(s, theta, 1.0), lam).above_one)
    fractions = np.geomspace(1, 1e-3, 12)
    for factor in (1 - 1e-2, 1 + 1e-2):
        xi = pruned_xi_ideal(RidgeProblem(s, theta, factor * edge), lam, fractions)
        # Below the threshold the weight grows as data are pruned, above it falls.
        assert np.all(np.sign(np.diff(xi)) == np.sign(1 - factor))
        assert np.all(np.sign(xi - 1) == np.sign(factor - 1))


def test_without_signal_and_noise_every_weight_is_as_good():
    got = pruned_xi(X, [0.0, 0.0], 0.0, [0, 1], 1.0, 2.0)
    assert (got.xi, got.risk, got.label_risk, got.teacher_label_risk) == (0, 0, 0, 0)
    silent = RidgeProblem([2.0, 1.0], [0.0, 0.0], 0.0)
    np.testing.assert_array_equal(pruned_xi_ideal(silent, 1.0, [1.0, 0.5]), 0.0)


@pytest.mark.parametrize(("n", "p", "kept"), [(4, 4, [0, 2]), (3, 5, [1]), (6, 2, [0, 3, 4, 5])])
def test_noiseless_labels_leave_the_bias_of_the_refits(rng, n, p, kept):
    """More or fewer rows than features, on either side."""
    x, theta, root = rng.normal(size=(n, p)), rng.normal(size=p), rng.normal(size=(p, p))
    got = pruned_xi(x, theta, 0.0, kept, 0.7, 1.9, root.T @ root)
    teacher = np.linalg.solve(x.T @ x + 0.7 * np.eye(p), x.T @ x @ theta)
    part = x[kept]
    for target, want in ((theta, got.label_risk), (teacher, got.teacher_label_risk)):
        beta = np.linalg.solve(part.T @ part + 1.9 * np.eye(p), part.T @ part @ target)
        assert want == pytest.approx(np.sum((root @ (beta - theta)) ** 2), rel=1e-12)


def test_ideal_weight_at_any_fraction_is_the_least_squares_one(rng):
    """From the two errors themselves: of labels alone, and what a unit of xi changes."""
    d, theta, v, lam = rng.exponential(size=4), rng.normal(size=4), 0.4, 0.8
    omega = rng.exponential(size=4)
    problem = RidgeProblem(np.sqrt(d), theta, v, omega)
    a = d / (d + lam)
    for c in (1.0, 0.3, 1e-3):
        # independent errors: of the kept data, variance v / (c d), and of the rest
        bias = np.stack([-(1 - a) * theta, -a * (1 - a) * theta])
        kept = np.stack([a * (v / (c * d)) ** 0.5, a * (a - 1 / c) * c * (v / (c * d)) ** 0.5])
        rest = np.stack([0 * a, a * a * (v * (1 - c) / d) ** 0.5])
        rows = [np.sqrt(omega) * e for e in (bias, kept, rest)]
        pull = sum(np.sum(e[0] * e[1]) for e in rows)
        size = sum(np.sum(e[1] ** 2) for e in rows)
        assert pruned_xi_ideal(problem, lam, [c])[0] == pytest.approx(-pull / size, rel=1e-9), c


def test_fractions_of_any_shape(bottom):
    flat = pruned_xi_ideal(bottom(), 1.0, [1.0, 0.5, 0.1, 0.3])
    grid = pruned_xi_ideal(bottom(), 1.0, [[1.0, 0.5], [0.1, 0.3]])
    np.testing.assert_array_equal(grid, flat.reshape(2, 2))
    assert pruned_xi_ideal(bottom(), 1.0, 0.5) == flat[1]


def test_tiny_penalties_miss_little_of_a_signal_that_the_data_determine(rng):
    """What is missed is lam (X'X + lam)^-1 theta, far below the rounding of theta itself."""
    lam, d = 1e-20, np.array([4.0, 1.0, 0.5])
    for _ in range(5):
        left, right = (np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(2))
        theta = rng.normal(size=3)
        got = pruned_xi(left * np.sqrt(d) @ right, theta, 0.0, [0, 1, 2], lam, lam)
        want = lam**2 * np.sum((right @ theta) ** 2 / d**2)
        assert got.label_risk == pytest.approx(want, rel=1e-12, abs=0)
        assert got.teacher_label_risk == pytest.approx(4 * want, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("fraction", "says"),
    [(0.0, "fraction must be greater than 0"), (1.5, "fraction must be at most 1, got 1.5")],
)
def test_bad_fractions_and_metrics_are_named(bottom, fraction, says):
    with pytest.raises(ValueError, match=says):
        pruned_xi_ideal(bottom(), 1.0, [fraction])
    with pytest.raises(ValueError, match="diagonal in the modes"):
        pruned_xi_ideal(RidgeProblem([2.0, 1.0], [1.0, 1.0], 0.5, np.eye(2)), 1.0, [0.5])
    with pytest.raises(ValueError, match=r"metric must be \(p, p\)"):
        pruned_xi(X, [1.0, -0.5], 0.5, [0], 1.0, 1.0, np.eye(3))
    with pytest.raises(ValueError, match="theta must have 2 entries, got 1"):
        pruned_xi(X, [1.0], 0.5, [0], 1.0, 1.0)
    with pytest.raises(TypeError, match="kept must be a sequence of row numbers, got 1"):
        pruned_xi(X, [1.0, -0.5], 0.5, 1, 1.0, 1.0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_stay_in_the_namespace_of_the_data(backend):
    got = pruned_xi(backend(X), backend([1.0, -0.5]), 0.5, [0, 1], 1.0, 1.0, backend(np.eye(2)))
    assert backend.owns(got.risk)
    assert float(got.xi) == pytest.approx(0.229447852760736196, rel=100 * backend.eps)
    problem = RidgeProblem(backend([2.0, 1.0]), backend([1.0, 1.0]), 0.5)
    assert backend.owns(pruned_xi_ideal(problem, 1.0, backend([0.5])))


@pytest.mark.parametrize(
    ("kept", "says"),
    [([], "kept must name"), ([0, 0], "kept must name"), ([3], "kept must be at most 2, got 3")],
)
def test_bad_rows_are_named(kept, says):
    with pytest.raises(ValueError, match=says):
        pruned_xi(X, [1.0, -0.5], 0.5, kept, 1.0, 1.0)
