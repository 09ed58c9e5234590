"""The path of penalties reaches the same solution as the direct attempt."""

import numpy as np
import pytest

from sdtheory.logistic import GaussianMixture, mixture_stages
from sdtheory.logistic.mixture import solver
from sdtheory.logistic.mixture.chain import Schedule, _advance, _stage_model
from sdtheory.logistic.mixture.points import smooth_rule
from sdtheory.logistic.mixture.stage import Past, full_response

RULE = smooth_rule(2.0, 1.0)


def teacher(problem, lam, squared=False, bias=None):
    schedule = Schedule(np.array([lam]), np.ones(1), np.ones(1), squared, bias)
    return _stage_model(problem, Past.start(problem), schedule, 0, RULE, full_response)


def student_on_labels(problem, lam, squared):
    """Return the equations of a second fit to the given labels, with another penalty."""
    first = teacher(problem, 0.5, squared, 0.0)
    past = _advance(first, solver.solve_stage(first, 0.0)[0], False)
    schedule = Schedule(np.array([0.5, lam]), np.zeros(2), np.ones(2), squared, 0.0)
    return _stage_model(problem, past, schedule, 1, RULE, full_response)


@pytest.mark.parametrize("lam", [1e-3, 100.0])
@pytest.mark.parametrize("balance", [0.5, 0.3])
def test_the_fallback_finds_the_same_teacher(balance, lam):
    problem = GaussianMixture(1.3, 0.2, 0.25, balance)
    model = teacher(problem, lam, bias=0.0 if balance == 0.5 else None)
    direct, violation = solver.solve_stage(model, 0.0)
    path, along = solver._follow(model, 0.0)
    assert max(violation, along) < 1e-12
    np.testing.assert_allclose(model.pack(path), model.pack(direct), rtol=0, atol=1e-10)


def test_steps_of_the_path_shrink_until_they_succeed(monkeypatch):
    model, asked, solved = teacher(GaussianMixture(1.3, 0.2, 0.25, 0.3), 0.02), [], []
    direct, _ = solver.solve_stage(model, 0.0)
    plain = solver._attempt

    def attempt(model, stage):
        asked.append(model.lam)
        if solved and model.lam < solved[-1] / 3:
            return stage, 1.0
        solved.append(model.lam)
        return plain(model, stage)

    monkeypatch.setattr(solver, "_attempt", attempt)
    path, violation = solver._follow(model, 0.0)
    assert violation < 1e-12
    assert solved[-1] == 0.02
    assert len(asked) > len(solved) > 10
    np.testing.assert_allclose(model.pack(path), model.pack(direct), rtol=0, atol=1e-10)


def test_a_path_that_ends_early_is_no_solution(monkeypatch):
    model, plain = teacher(GaussianMixture(1.3, 0.2, 0.25), 0.02, bias=0.0), solver._attempt

    def attempt(model, stage):
        found, violation = plain(model, stage)
        return found, violation if model.lam > 1.0 else 1.0

    monkeypatch.setattr(solver, "_attempt", attempt)
    assert solver.solve_stage(model, 0.0)[1] == np.inf


@pytest.mark.parametrize("squared", [False, True])
def test_the_search_starts_at_the_solution_of_a_strong_penalty(squared):
    problem = GaussianMixture(1.3, 0.6, 0.25, 0.3)
    gaps = []
    for lam in (1e3, 1e4):
        model = student_on_labels(problem, lam, squared)
        want, violation = solver.solve_stage(model, 0.0)
        assert violation < 1e-12
        start = solver._guess(model, 0.0)
        # Curvature is right to third order: a sigmoid has no second one.
        np.testing.assert_allclose(
            [start.gain, start.signal], [want.gain, want.signal], rtol=0.1 / lam**3 + 1e-14
        )
        gaps.append(np.abs(start.row / want.row - 1))
    assert np.all(gaps[0] < 1e-3)
    np.testing.assert_allclose(gaps[0] / gaps[1], 10, rtol=0.05)


def test_the_search_starts_with_the_gain_and_signal_of_squared_loss():
    for lam in (0.1, 2.0):
        model = teacher(GaussianMixture(1.3, 0.6, 0.25, 0.3), lam, True, 0.0)
        want, violation = solver.solve_stage(model, 0.0)
        assert violation < 1e-12
        start = solver._guess(model, 0.0)
        np.testing.assert_allclose([start.gain, start.signal], [want.gain, want.signal], rtol=1e-12)


def test_the_search_starts_with_the_bias_before():
    problem = GaussianMixture(1.3, 0.6, 0.25, 0.3)
    first = teacher(problem, 0.5)
    assert solver._guess(first, 0.7).bias == 0.7
    fitted = solver.solve_stage(first, 0.0)[0]
    schedule = Schedule(np.array([0.5, 1.0]), np.ones(2), np.ones(2))
    past = _advance(first, fitted, False)
    student = _stage_model(problem, past, schedule, 1, RULE, full_response)
    assert solver._guess(student, 0.7).bias == fitted.bias != 0


@pytest.mark.parametrize("temperature", [1.0, 16.27])
def test_penalties_of_very_different_strength(temperature):
    """The student's weights are a millionth of the teacher's, where difference quotients fail."""
    problem = GaussianMixture(0.0353731, 0.0514453, 0.0)
    found = mixture_stages(problem, (8.32524, 457383.0), temperature=temperature)
    assert found.residual < 1e-11
    # Strong penalties only scale the student: a weaker one has the same direction.
    weaker = mixture_stages(problem, (8.32524, 457.383), temperature=temperature)
    np.testing.assert_allclose(found.error, weaker.error, rtol=1e-3)
    np.testing.assert_allclose(1e3 * found.signal[1], weaker.signal[1], rtol=1e-3)
