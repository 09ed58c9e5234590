"""Isotropic features and extreme penalties against the general formula, and exact fractions."""

import dataclasses

import numpy as np
import pytest
from backends import BACKENDS

from sdtheory.label_noise import ProportionalProblem, asymptotics, isotropic_xi, penalty_limits

EPS = np.finfo(float).eps


def test_exact_fractions():
    assert isotropic_xi(0.1, 0.5, 1.0, 1.0) == pytest.approx(28 / 15, rel=4 * EPS)
    assert isotropic_xi(0.05, 1.5, 1.0, 1.0) == pytest.approx(1943 / 560, rel=4 * EPS)
    assert isotropic_xi(0.5 * 2 / 3, 0.5, 3.0, 2.0) == 0
    golden = asymptotics(ProportionalProblem([1.0], [1.0], 1.0, 1.0), 1.0)
    assert golden.teacher_risk == pytest.approx((1 + 5**0.5) / 2, rel=10 * EPS)


def test_rational_form_at_penalties_whose_squares_leave_the_range():
    small = 1.5 * 0.7 * 0.25 / (2.0 * 0.25 + 0.7 * 1.5 * 2.5)
    assert isotropic_xi(1e-200, 1.5, 2.0, 0.7) == pytest.approx(small * 1e200, rel=1e-14)
    large = -2.0 / (2.0 * 2.5 + 0.7 * 1.5)
    assert isotropic_xi(1e200, 1.5, 2.0, 0.7) == pytest.approx(large * 1e200, rel=1e-14)


@pytest.mark.parametrize("ratio", [0.1, 0.7, 1.0, 2.5])
def test_rational_form_is_the_general_one(ratio):
    lam = np.geomspace(1e-6, 1e6, 25)
    general = asymptotics(ProportionalProblem([1.0], [2.0], ratio, 0.7), lam).xi
    np.testing.assert_allclose(isotropic_xi(lam, ratio, 2.0, 0.7), general, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize(
    ("ratio", "snr", "best", "small", "large"),
    [
        (0.1, 0.1, 1.0512492197250392864, 0.0015919761332378428322, 0.0010765511777988669897),
        (1.0, 1.0, 1.6180339887498948482, 4.226118513013549065, 0.030056373236137819212),
        (10.0, 10.0, 10.09901951359278483, 1.4098521121454095072e-6, 0.0066981131461675906079),
        (0.5, 5.0, 1.7416573867739413856, 0.0045108532275194228527, 0.65072425586853493701),
        (5.0, 0.5, 1.4681145747868608176, 0.01184152426461367484, 0.00043279057552742637153),
    ],
)
def test_reference_cells_of_the_heat_map(ratio, snr, best, small, large):
    problem = ProportionalProblem([1.0], [snr], ratio, 1.0)
    ridge = asymptotics(problem, ratio / snr).teacher_risk
    assert ridge == pytest.approx(best, rel=1e-14)
    ends = asymptotics(problem, np.array([1e-3, 1e6])).student_risk
    # The ratio itself is a difference of risks: its digits are those of the risks.
    np.testing.assert_allclose((ends - ridge) / ridge, [small, large], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("ratio", [0.3, 0.8, 1.4, 3.0])
def test_limits_are_approached(ratio):
    problem = ProportionalProblem([4.0, 1.5, 0.25], [0.7, 0.2, 0.1], ratio, 0.5, [0.5, 0.3, 0.2])
    limits = penalty_limits(problem)
    near = asymptotics(problem, np.array([1e-9, 1e9]))
    np.testing.assert_allclose(
        near.teacher_risk, [limits.ridgeless_risk, limits.null_risk], rtol=1e-7
    )
    np.testing.assert_allclose(
        near.student_risk, [limits.ridgeless_student_risk, limits.null_student_risk], rtol=1e-7
    )
    np.testing.assert_allclose(
        near.xi * [1e-9, -1e-9], [limits.ridgeless_step, limits.null_step], rtol=1e-6
    )


def test_interpolation_peak_is_halved_but_not_removed():
    problem = ProportionalProblem([4.0, 1.0, 0.25], [0.7, 0.2, 0.1], 1.0, 0.5)
    limits = penalty_limits(problem)
    assert limits.ridgeless_risk == limits.ridgeless_student_risk == np.inf
    assert limits.ridgeless_step == 0
    near = asymptotics(problem, np.array([1e-10, 1e-12]))
    np.testing.assert_allclose(near.xi, 2, atol=1e-3)
    np.testing.assert_allclose(near.student_risk / near.teacher_risk, 0.5, atol=1e-3)


def test_without_noise_there_is_no_peak():
    """The risk vanishes like the root of the penalty, the student's as half of it."""
    problem = ProportionalProblem([4.0, 1.0, 0.3], [0.7, 0.2, 0.1], 1.0, 0.0)
    limits = penalty_limits(problem)
    assert limits.ridgeless_risk == limits.ridgeless_student_risk == limits.ridgeless_step == 0
    near = asymptotics(problem, np.array([1e-8, 1e-12]))
    np.testing.assert_allclose(near.teacher_risk[1], 1e-2 * near.teacher_risk[0], rtol=1e-3)
    np.testing.assert_allclose(near.xi, -2, atol=1e-3)
    np.testing.assert_allclose(near.student_risk / near.teacher_risk, 0.5, atol=1e-3)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_nothing_to_learn_has_no_risk_and_no_steps(ratio):
    limits = penalty_limits(ProportionalProblem([2.0, 1.0], [0.0, 0.0], ratio, 0.0))
    for field in dataclasses.fields(limits):
        assert getattr(limits, field.name) == 0, field.name


def test_rational_form_of_noise_alone_and_of_signal_alone():
    for signal, noise in ((0.0, 0.7), (2.0, 0.0)):
        general = asymptotics(ProportionalProblem([1.0], [signal], 0.5, noise), 0.1).xi
        assert isotropic_xi(0.1, 0.5, signal, noise) == pytest.approx(general, rel=1e-13)
    with pytest.raises(ValueError, match="signal_energy must be at least 0, got -1"):
        isotropic_xi(0.1, 0.5, -1.0, 1.0)
    with pytest.raises(ValueError, match="noise_var must be at least 0, got -1"):
        isotropic_xi(0.1, 0.5, 1.0, -1.0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_stay_in_the_namespace_of_the_data(backend):
    for ratio in (0.5, 1.0, 1.5):
        problem = ProportionalProblem(backend([1.0, 2.0]), backend([0.5, 0.5]), ratio, 1.0)
        assert backend.owns(penalty_limits(problem).ridgeless_student_risk)
    assert backend.owns(isotropic_xi(backend([0.1]), 0.5, 1.0, 1.0))
