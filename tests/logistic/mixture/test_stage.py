"""Equations of one stage: ridge regression, integration by parts, the iteration's fixed point."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sdtheory.logistic import GaussianMixture, mixture_stages
from sdtheory.logistic.mixture.chain import Schedule, _advance, _stage_model
from sdtheory.logistic.mixture.points import smooth_rule
from sdtheory.logistic.mixture.solver import solve_stage
from sdtheory.logistic.mixture.stage import Past, full_response

NUMBERS = json.loads((Path(__file__).parents[1] / "reference_numbers.json").read_text())
PROBLEM = GaussianMixture(1.3, 0.6, 0.25, 0.4)
SCHEDULE = Schedule(np.array([0.3, 0.6]), np.array([1.0, 0.8]), np.array([1.0, 1.7]))


def student(sharpness=1.7, lam=0.6):
    schedule = Schedule(np.array([0.3, lam]), SCHEDULE.xi, np.array([1.0, sharpness]))
    rule = smooth_rule(1.0, 2.0)
    model = _stage_model(PROBLEM, Past.start(PROBLEM), schedule, 0, rule, full_response)
    teacher, _ = solve_stage(model, 0.0)
    past = _advance(model, teacher, bool(np.isinf(sharpness)))
    return _stage_model(PROBLEM, past, schedule, 1, rule, full_response)


def squared_loss_chain(problem, lam, xi, sharpness):
    """Return signals and overlaps of repeated ridge regression by the Marchenko-Pastur law.

    Every stage is a sum over j of coefficients times X' R_j y, R_j = (X X' + z_j)^-1, as
    R_i R_j = (R_i - R_j) / (z_j - z_i); y = 2 label - 1, and z = 2 lam as the loss is a quarter.
    """
    alpha, Delta, clean = problem.sample_ratio, problem.variance, 1 - 2 * problem.flip_probability
    z, count = 2 * np.asarray(lam), len(lam)

    def trace(z):
        """Return tr R / n without the classes: g = 1 / (z + Delta / (1 + alpha Delta g))."""
        b = z + Delta * (1 - alpha)
        return 2 / (b + np.sqrt(b * b + 4 * alpha * Delta * z))

    def signal(z):  # of X' R y, where the classes are a change of rank one
        return alpha * clean * trace(z) / (1 + alpha * (1 + Delta) * trace(z))

    def labels(z):  # y' R y / d
        return alpha * trace(z) - alpha * clean * trace(z) * signal(z)

    made = np.zeros((count, count))
    made[0, 0] = 1
    for t in range(1, count):
        weight = xi[t - 1] * sharpness[t - 1]
        made[t, :t] = -weight * made[t - 1, :t] * z[:t] / (z[t] - z[:t])
        made[t, t] = weight * made[t - 1].sum() + 1 - xi[t - 1] - made[t, :t].sum()
    gap = z - z[:, None] + np.eye(count)
    pairs = labels(z) - z[:, None] * (labels(z)[:, None] - labels(z)) / gap
    np.fill_diagonal(pairs, labels(z) + z * np.imag(labels(z + 1e-30j)) / 1e-30)
    return made @ signal(z), made @ pairs @ made.T


@pytest.mark.parametrize(
    ("problem", "steps"),
    [(GaussianMixture(1.3, 0.6, 0.25), 2), (GaussianMixture(0.4, 1.7, 0.1, 0.3), 1)],
)
def test_squared_loss_is_repeated_ridge_regression(problem, steps):
    lam, xi = (0.5, 0.3, 1.1)[: steps + 1], (0.8, 1.4)[:steps]
    sharpness = np.array([1.5, 0.7])[:steps]
    found = mixture_stages(problem, lam, xi=xi, temperature=1 / sharpness, loss="squared", bias=0.0)
    signal, overlap = squared_loss_chain(problem, lam, xi, sharpness)
    np.testing.assert_allclose(found.signal, signal, rtol=1e-12)
    np.testing.assert_allclose(found.overlap, overlap, rtol=1e-12)


def test_reference_numbers_with_hard_labels_and_a_bias():
    found = mixture_stages(GaussianMixture(1.5, 0.5, 0.2, 0.3), (0.1, 0.3), hard=True)
    want = [float(text) for text in NUMBERS["24"]]
    got = [found.signal, found.bias, np.diag(found.overlap)]
    np.testing.assert_allclose(got, np.transpose([want[:3], want[4:7]]), rtol=0, atol=1e-12)
    assert found.overlap[0, 1] == pytest.approx(want[7], abs=1e-12)


@pytest.mark.parametrize("sharpness", [1.7, np.inf])
def test_the_solution_is_a_fixed_point_of_the_iteration(sharpness):
    model = student(sharpness)
    stage, violation = solve_stage(model, 0.0)
    assert violation < 1e-13
    again = model.improved(stage)
    np.testing.assert_allclose(model.pack(again), model.pack(stage), rtol=0, atol=1e-11)


def test_pull_is_the_derivative_along_the_teachers_noise():
    """Integration by parts against a difference quotient of the dual variable itself."""
    model = student()
    stage, _ = solve_stage(model, 0.0)
    past, alpha, Delta = model.past, PROBLEM.sample_ratio, PROBLEM.variance
    # d/dh_1 moves the teacher's logit, hence target and response term, but not h_2.
    f = past.points.logit
    p = 1 / (1 + np.exp(-f))
    slope_f = 1 / (1 + past.gain[0] * p * (1 - p))
    soft = 1 / (1 + np.exp(-1.7 * f))
    d_target = 0.8 * 1.7 * soft * (1 - soft) * slope_f
    d_dual = -p * (1 - p) * slope_f
    o, _, curvature = model.logits(stage, model.nodes)
    moved = Delta * stage.response[0] * d_dual + stage.gain * d_target
    d_r = d_target[:, None] - curvature * moved[:, None] / (1 + stage.gain * curvature)
    weight = past.points.weight[:, None] * model.weights
    want = -alpha * Delta * np.sum(weight * d_r)
    assert model.moments(stage).pull[0] == pytest.approx(want, rel=1e-11)
    assert o.shape == weight.shape


def test_packing_is_invertible():
    model = student()
    stage, _ = solve_stage(model, 0.0)
    x = model.pack(stage)
    np.testing.assert_allclose(model.pack(model.unpack(x, 0.0)), x, rtol=1e-15)


def test_steps_from_saturated_probabilities_are_cut_to_length_one():
    model = student()
    stage = replace(solve_stage(model, 0.0)[0], bias=20.0)
    moved = model.improved(stage)
    change = np.abs([moved.signal - stage.signal, moved.bias - stage.bias])
    assert change.max() == pytest.approx(1, rel=1e-12)


def test_violations_are_relative_to_their_own_terms():
    """A change of L by a millionth violates the overlaps by that, however strong the penalty."""
    change = 1e-6
    for lam in (0.6, 1e6):
        model = student(lam=lam)
        stage, violation = solve_stage(model, 0.0)
        assert violation < 1e-12
        moved = replace(stage, row=stage.row * (1 + change))
        overlaps = np.abs(model.residual(moved)[2:4])
        assert np.all(overlaps > 0.05 * change), lam
        assert np.all(overlaps < 3 * change), lam
        # signals in units of the student's norm, responses and gains in units of the gain
        norm = np.linalg.norm(stage.row) / PROBLEM.variance
        for moved, row in (
            (replace(stage, gain=stage.gain * (1 + change)), 0),
            (replace(stage, signal=stage.signal + change * norm), 1),
            (replace(stage, response=stage.response + change * stage.gain), 4),
        ):
            assert 0.05 * change < abs(model.residual(moved)[row]) < 5 * change, (lam, row)


@pytest.mark.parametrize("variance", [0.04, 25.0])
def test_signals_are_violated_in_units_of_the_weights(variance):
    problem = GaussianMixture(1.3, variance, 0.25, 0.4)
    rule = smooth_rule(2.0, 1.0)
    model = _stage_model(problem, Past.start(problem), SCHEDULE, 0, rule, full_response)
    stage, _ = solve_stage(model, 0.0)
    length = np.linalg.norm(stage.row) / np.sqrt(variance)
    moved = replace(stage, signal=stage.signal + 1e-6 * length)
    missed = moved.signal - model.implied(moved, model.moments(moved))[1]
    # of the solution's length and of the one that the equations ask for
    assert model.residual(moved)[1] == pytest.approx(missed / (np.sqrt(2) * length), rel=1e-3)


@pytest.mark.parametrize("fitted", [False, True])
def test_the_iteration_contracts_towards_the_solution(fitted):
    """In signal and bias by Newton's method: as fast as the gain and the overlaps allow."""
    model = replace(student(), fitted_bias=fitted)
    stage, violation = solve_stage(model, 0.0)
    assert violation < 1e-12
    for signal, bias in ((1e-4, 0.0), (0.0, 1e-4), (1e-4, 1e-4)):
        moved = replace(stage, signal=stage.signal + signal, bias=stage.bias + bias * fitted)
        for _ in range(3):
            moved = model.improved(moved)
        gap = np.hypot(moved.signal - stage.signal, moved.bias - stage.bias)
        assert gap < 1e-3 * 1e-4
