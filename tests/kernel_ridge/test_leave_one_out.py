"""Leave-one-out predictions against refitting the whole chain without each sample."""

import numpy as np
import pytest
from backends import BACKENDS

from sdtheory import kernel_ridge
from sdtheory._array import to_numpy

EPS = np.finfo(float).eps
SCHEDULES = [
    ([0.5], []),
    ([0.5, 0.5], [0.7]),
    ([0.5, 0.1, 2.0], [1.5, -0.8]),
    ([0.3, 0.3, 0.3, 1.0], [1.0, 0.2, 0.9]),
]


def refitted(by_solving, kernel, y, lams, xis, noise):
    rows = []
    for i in range(len(y)):
        rest = np.arange(len(y)) != i
        inner, new = kernel[np.ix_(rest, rest)], kernel[i : i + 1, rest]
        rows.append(by_solving(inner, new, y[rest], lams, xis, noise[rest])[:, 0])
    return np.stack(rows, axis=1)


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize(("lams", "xis"), SCHEDULES)
def test_it_is_refitting(data, by_solving, rng, lams, xis, outputs, noisy):
    y = data.y[:, 0] if outputs == 1 else data.y
    noise = rng.uniform(0.5, 2.0, len(y)) if noisy else np.ones(len(y))
    fit = kernel_ridge.fit(data.kernel, y, noise if noisy else None)
    want = refitted(by_solving, data.kernel, y, lams, xis, noise)
    tolerance = 1000 * EPS * (1 + np.linalg.norm(data.kernel, 2) / min(lams)) * np.abs(y).max()
    got = kernel_ridge.leave_one_out_path(fit, lams, xis)
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance)
    last = kernel_ridge.leave_one_out_predictions(fit, lams, xis)
    np.testing.assert_array_equal(last, got[-1])


def test_the_usual_shortcut_is_not_it(toy, by_solving):
    # (y - S y)_i / (1 - S_ii), with the student's own smoother S, is exact for the teacher alone.
    smoother = kernel_ridge.fit(toy.kernel, np.eye(11)).fitted(0.2, 1.0, 1)
    shortcut = toy.y - (toy.y - smoother @ toy.y) / (1 - np.diag(smoother))
    exact = kernel_ridge.leave_one_out_predictions(toy.fit, 0.2, 1.0)
    assert np.abs(shortcut - exact).max() > 0.01


def test_interpolation_is_refused():
    fit = kernel_ridge.fit_features(np.eye(3)[:, :2], np.ones(3))  # the third is never seen
    with pytest.raises(ValueError, match="lam must be larger"):
        kernel_ridge.leave_one_out_predictions(fit, 1e-17)


def test_a_tiny_penalty_still_determines_the_samples_left_out():
    """With as many modes as samples no digit of one minus the leverage is lost."""
    kernel, y = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([1.0, 0.5])
    got = kernel_ridge.leave_one_out_predictions(kernel_ridge.fit(kernel, y), 1e-17, xi=0.0)
    np.testing.assert_allclose(got, [0.25, 0.5], rtol=1e-14)


@pytest.mark.parametrize("put", BACKENDS)
def test_backend_is_kept(put, toy):
    fit = kernel_ridge.fit(put(toy.kernel), put(toy.y))
    got = kernel_ridge.leave_one_out_predictions(fit, 0.2, 0.75, 2)
    assert put.owns(got)
    want = kernel_ridge.leave_one_out_predictions(toy.fit, 0.2, 0.75, 2)
    np.testing.assert_allclose(to_numpy(got), want, rtol=0, atol=1000 * put.eps)
    best = kernel_ridge.optimal_xi(fit, 0.2, 2)
    assert put.owns(best.xi)
    assert put.owns(best.risk)
    schedule = kernel_ridge.optimal_schedule(fit, 0.2, 2)
    assert put.owns(schedule.mixture)


def test_without_a_weight_it_is_the_teacher_s(toy):
    got = kernel_ridge.leave_one_out_predictions(toy.fit, 0.2)
    want = kernel_ridge.leave_one_out_path(toy.fit, 0.2, steps=0)[0]
    np.testing.assert_allclose(got, want, rtol=0, atol=100 * EPS)
    path = kernel_ridge.leave_one_out_path(toy.fit, 0.2)
    np.testing.assert_allclose(path, [want, want], rtol=0, atol=100 * EPS)


def test_one_sample_is_predicted_as_zero():
    got = kernel_ridge.leave_one_out_path(kernel_ridge.fit([[2.0]], [3.0]), 1.0, 0.5, 2)
    np.testing.assert_array_equal(got, np.zeros((3, 1)))


@pytest.mark.parametrize("lam", [0.3, 300.0])
def test_small_and_large_penalties_of_a_full_kernel(rng, by_solving, lam):
    """Where most is lost, and where most is kept: either form of the smoother is exact."""
    half, y = rng.normal(size=(8, 12)), rng.normal(size=8)
    kernel = half @ half.T
    got = kernel_ridge.leave_one_out_path(kernel_ridge.fit(kernel, y), lam, [1.5, -0.5])
    want = refitted(by_solving, kernel, y, [lam] * 3, [1.5, -0.5], np.ones(8))
    tolerance = 1000 * EPS * (1 + np.linalg.norm(kernel, 2) / lam) * np.abs(y).max()
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance)


def test_a_tiny_penalty_on_features(rng):
    """Samples beyond the features keep their leverage below one without any penalty."""
    x, y = rng.normal(size=(7, 2)), rng.normal(size=7)
    got = kernel_ridge.leave_one_out_predictions(kernel_ridge.fit_features(x, y), 1e-14, steps=0)
    for i in range(7):
        rest = np.arange(7) != i
        theta = np.linalg.lstsq(x[rest], y[rest])[0]
        assert got[i] == pytest.approx(x[i] @ theta, abs=1e4 * EPS)
    # A leverage within a few units of rounding of one is one.
    barely = np.array([[1.0, 0.0], [3e-8, 1.0], [0.0, 1.0]])
    with pytest.raises(ValueError, match="lam must be larger"):
        kernel_ridge.leave_one_out_predictions(
            kernel_ridge.fit_features(barely, np.ones(3)), 1e-20, steps=0
        )
    clearly = np.array([[1.0, 0.0], [1e-6, 1.0], [0.0, 1.0]])
    got = kernel_ridge.leave_one_out_predictions(
        kernel_ridge.fit_features(clearly, [1.0, 0.0, 0.0]), 1e-20, steps=0
    )
    assert abs(got[0]) <= 1e-3


def test_a_penalty_lost_beside_the_kernel_is_refused():
    fit = kernel_ridge.fit(np.diag([1e200, 1e200]), [1.0, 2.0])
    with pytest.raises(ValueError, match="lam must be larger: a sample is interpolated"):
        kernel_ridge.leave_one_out_predictions(fit, 1e-200)
    np.testing.assert_array_equal(
        kernel_ridge.leave_one_out_predictions(fit, 1e-50, steps=0), [0.0, 0.0]
    )
