"""Self-training on fresh features: reference numbers, simulation, and the estimate of its risk."""

import dataclasses

import mpmath
import numpy as np
import pytest
from backends import BACKENDS
from reference.label_noise_mp import rounds_with_new_data

from paper_checks._control_variates import controlled
from paper_checks._self_training_chains import error_on_a_draw, simulate
from sdtheory.claims import SCORE_LIMIT, z_score
from sdtheory.label_noise import ProportionalProblem, asymptotics, iterated_gcv, self_training

EPS = np.finfo(float).eps
PROBLEM = ([9.0] * 10 + [1.0] * 90, [0.05] * 10 + [0.002] * 90, 2.0, 1.0)


def test_reference_numbers():
    got = self_training(ProportionalProblem(*PROBLEM), 0.1, 5)
    np.testing.assert_allclose(
        got.risk,
        [1.13824729444144325588524, 1.027772308783907130313528, 1.135964849154939916698269,
         1.343752284660447658737204, 1.595760381250606443291853, 1.863547292191952445384282],
        rtol=1e-13,
    )  # fmt: skip
    np.testing.assert_allclose(got.systematic[[0, 5]], [0.140826919537454199, 1.67362570490897670],
                               rtol=1e-13)  # fmt: skip
    np.testing.assert_allclose(got.stochastic[[0, 5]], [0.997420374903989057, 0.189921587282975750],
                               rtol=1e-13)  # fmt: skip
    np.testing.assert_allclose(got.residual[[0, 5]], [2.13824729444144325588, 0.072023686609640743],
                               rtol=1e-13)  # fmt: skip


def test_first_entry_is_the_teacher():
    problem = ProportionalProblem(*PROBLEM)
    teacher = asymptotics(problem, 0.1).teacher_risk
    got = self_training(problem, 0.1, 0)
    assert got.risk[0] + 1 == pytest.approx(teacher, rel=1e-14)
    assert got.residual[0] == pytest.approx(teacher, rel=1e-14)


def test_every_round_has_its_own_penalty_and_sample():
    s, energy, masses, noise = [4.0, 1.0, 0.3], [0.7, 0.2, 0.1], [0.2, 0.3, 0.5], 0.6
    problem = ProportionalProblem(s, energy, 3.0, noise, masses)
    for ratios, lams in (
        ([0.5, 2.0, 0.9], [0.1, 2.0, 0.5]),
        (0.8, [1.0, 0.3, 0.2]),
        ([2.0, 0.4, 5.0], 0.3),
        (None, 0.3),
    ):
        with mpmath.workdps(40):
            want = rounds_with_new_data(s, energy, masses, ratios or 3.0, noise, lams, 2)
        got = self_training(problem, lams, 2, ratios)
        np.testing.assert_allclose(dataclasses.astuple(got), np.array(want, float), rtol=1e-13)


def test_risk_is_u_shaped_between_forgetting_and_denoising():
    got = self_training(ProportionalProblem(*PROBLEM), 0.1, 8)
    assert np.all(np.diff(got.systematic) > 0)
    assert np.all(np.diff(got.stochastic) < 0)
    signs = np.sign(np.diff(got.risk))
    assert signs[0] < 0 < signs[-1]
    assert np.all(np.diff(signs) >= 0)


@pytest.mark.statistical("sdtheory.label_noise.proportional.self_training.self_training")
def test_limit_and_estimate_against_simulation(rng):
    p, n, lam, rounds, runs = 60, 30, 0.05, 3, 800
    s = np.where(np.arange(p) < p // 30, 25.0, 1.0)
    energy = np.where(np.arange(p) < p // 30, 0.45, 0.0)
    energy[p // 30 : p // 5] = 0.0125
    chains = simulate(s, energy, n, lam, rounds, runs, int(rng.integers(2**32)))
    limit = self_training(ProportionalProblem(s, energy, p / n, 1.0), lam, rounds).risk
    risks = controlled(chains.risks, chains.controls)
    assert z_score(risks, limit, precision=0.01) < SCORE_LIMIT
    # The estimate is its definition on drawn labels; the claim on it compares its mean.
    for k in range(5):
        error = error_on_a_draw(chains, k, lam, rng)
        np.testing.assert_allclose(error, 0, rtol=0, atol=1e4 * EPS * limit.max())


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_stay_in_the_namespace_of_the_data(backend):
    problem = ProportionalProblem(backend(PROBLEM[0]), backend(PROBLEM[1]), 2.0, 1.0)
    got = self_training(problem, 0.1, 1)
    assert backend.owns(got.risk)
    assert float(got.risk[1]) == pytest.approx(1.027772308783907130, rel=100 * backend.eps)


def test_bad_input_is_named(rng):
    problem = ProportionalProblem(*PROBLEM)
    with pytest.raises(ValueError, match="lam_mean must have 3 entries for 2 rounds, got 2"):
        self_training(problem, [0.1, 0.1], 2)
    with pytest.raises(ValueError, match="smoothers and estimates"):
        iterated_gcv(rng.normal(size=(3, 2)), np.ones(3), np.ones((2, 2)), np.ones(3), 1.0)
    with pytest.raises(ValueError, match="estimates must have 2 columns, got 3"):
        iterated_gcv(rng.normal(size=(3, 2)), np.ones(3), np.ones((1, 3)), np.ones(1), 1.0)


def test_estimate_is_finite_where_the_teacher_fits_every_sample(rng):
    x, y = rng.normal(size=(3, 6)), rng.normal(size=3)
    beta = x.T @ np.linalg.solve(x @ x.T, y)
    # n minus the trace is a sum of lam / (d + lam), of which a subtraction leaves nothing.
    assert np.all(np.isfinite(iterated_gcv(x, y, beta[None], [3.0], 1e-20)))
