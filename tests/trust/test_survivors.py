"""What mutants once survived: each test here kills at least one of them."""

import numpy as np
import pytest

from sdtheory import Spectrum, filters, gp, jepa, kernel_ridge, logistic
from sdtheory.kernel_ridge.leave_one_out import Smoothing
from sdtheory.logistic.prox import centred_sigmoid


def test_the_teacher_of_a_zero_penalty_keeps_everything():
    np.testing.assert_array_equal(filters.ridge([2.0, 0.0], 0.0), [1.0, 0.0])
    np.testing.assert_allclose(filters.ridge([1.0, 3.0], 1.0), [0.5, 0.75], rtol=1e-15)


def test_energy_just_below_what_is_explained_is_refused():
    x, y = np.array([[1.0], [1.0]]), np.array([1.0, 1.0])
    exact = float(y @ y)
    Spectrum.from_gram(x.T @ x, x.T @ y, exact * (1 - 1e-9), 2)  # rounding
    with pytest.raises(ValueError, match="energy must be at least"):
        Spectrum.from_gram(x.T @ x, x.T @ y, exact * (1 - 1e-7), 2)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_penalties_of_constrained_rounds_scale_with_the_kernel(scale):
    kernel = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]])
    y = np.array([1.0, -2.0, 0.5])
    want = kernel_ridge.constrained_penalties(kernel_ridge.fit(kernel, y), 0.2)
    got = kernel_ridge.constrained_penalties(kernel_ridge.fit(scale * kernel, y), 0.2)
    np.testing.assert_allclose(got.lam, scale * want.lam, rtol=1e-12)


def test_no_kernel_moves_a_smoother_by_more_than_one():
    assert kernel_ridge.approximation_bound(1e6, lam=1e-3, xi=1.0, steps=5) == 1.0


def test_changes_down_to_rounding_are_told_from_none():
    targets = np.array([1.0, 2.0])
    teacher = np.array([0.5, 1.0])
    found = kernel_ridge.optimal_xi(
        teacher_outputs=teacher, student_outputs=teacher + 1e-9 * targets, targets=targets
    )
    assert not found.degenerate
    same = kernel_ridge.optimal_xi(
        teacher_outputs=teacher, student_outputs=teacher, targets=targets
    )
    assert same.degenerate
    assert float(same.xi) == 0.0


def test_repeated_penalties_are_factorised_once_and_the_same(monkeypatch):
    made = []
    plain = Smoothing.of.__func__

    def counted(cls, fit, lam):
        made.append(lam)
        return plain(cls, fit, lam)

    monkeypatch.setattr(Smoothing, "of", classmethod(counted))
    fit = kernel_ridge.fit(np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([1.0, 0.5]))
    kernel_ridge.leave_one_out_path(fit, [1.0, 1.0, 2.0], [0.5, 0.5])
    assert made == [1.0, 2.0]


def test_more_than_half_flipped_has_no_threshold():
    with pytest.raises(ValueError, match="flipped must be less than"):
        logistic.penalty_threshold(20, 0.6, 0.3)


def test_centred_sigmoid_is_a_sigmoid_less_a_half():
    f = np.array([-3.0, 0.1, 2.0])
    np.testing.assert_allclose(centred_sigmoid(f), 1 / (1 + np.exp(-f)) - 0.5, rtol=1e-14)


def test_balance_defects_weigh_the_predictor_by_its_rate():
    network = jepa.Network((np.diag([0.5, 0.25]),), np.diag([0.4, 0.2]))
    for rate in (1.0, 4.0):
        # V'V / rate - W W' is conserved when the predictor learns `rate` times as fast.
        want = np.diag([0.16, 0.04]) / rate - np.diag([0.25, 0.0625])
        np.testing.assert_allclose(jepa.balance_defects(network, rate)[-1], want, atol=1e-15)


def test_blow_up_without_predictor_is_told():
    mode = jepa.Mode(2.0, 1.0)
    scale, depth = 0.25, 3
    power = 2 * depth - 2
    end = 1 / (power * (2.0 - 1.0) * scale ** (power / depth))
    with pytest.raises(ValueError, match=f"blow-up at {end:g}"):
        jepa.without_predictor(mode, depth, scale, 10 * end)


def test_the_hybrid_keeps_the_mean_of_its_first_fit():
    kernel, y = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([2.0, -1.0])
    process = gp.hybrid(kernel, y, noise=[1.0, 2.0], steps=1)
    want = kernel @ np.linalg.solve(kernel + np.eye(2), y)
    np.testing.assert_allclose(process.mean(kernel), want, rtol=1e-13)
    with pytest.raises(ValueError, match="prior must have 2 dimensions"):
        process.covariance(kernel, np.ones(2))
