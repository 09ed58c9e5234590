"""Self-training on fresh features: reference numbers, simulation, and the estimate of its risk."""

import numpy as np
import pytest
from backends import BACKENDS

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


def test_risk_is_u_shaped_between_forgetting_and_denoising():
    got = self_training(ProportionalProblem(*PROBLEM), 0.1, 8)
    assert np.all(np.diff(got.systematic) > 0)
    assert np.all(np.diff(got.stochastic) < 0)
    signs = np.sign(np.diff(got.risk))
    assert signs[0] < 0 < signs[-1]
    assert np.all(np.diff(signs) >= 0)


def simulate(rng, p, n, lam, rounds):
    s = np.where(np.arange(p) < p // 30, 25.0, 1.0)
    beta = np.where(np.arange(p) < p // 30, 0.3, 0.0)
    beta[p // 30 : p // 5] = 0.05
    beta = beta * np.sqrt(300 / p)
    risks, estimates, traces, product = [], [], [], np.eye(p)
    for t in range(rounds + 1):
        x = rng.normal(size=(n, p)) * np.sqrt(s)
        if t == 0:
            first, y = x, x @ beta + rng.normal(size=n)
        target = y if t == 0 else x @ estimates[-1]
        smooth = np.linalg.inv(x.T @ x + n * lam * np.eye(p)) @ x.T
        estimates.append(smooth @ target)
        product = smooth @ x @ product
        traces.append(np.trace(product))
        risks.append((estimates[-1] - beta) ** 2 @ s)
    return s, beta**2, risks, iterated_gcv(first, y, np.array(estimates), np.array(traces), lam)


@pytest.mark.slow
def test_limit_and_estimate_against_simulation(rng):
    p, n, lam, rounds, runs = 300, 150, 0.05, 3, 30
    drawn = [simulate(rng, p, n, lam, rounds) for _ in range(runs)]
    s, energy = drawn[0][:2]
    limit = self_training(ProportionalProblem(s, energy, p / n, 1.0), lam, rounds).risk
    risks = np.array([d[2] for d in drawn])
    error = risks.std(axis=0, ddof=1) / runs**0.5
    assert np.all(error < 0.05 * limit)
    assert np.all(np.abs(risks.mean(axis=0) - limit) < 4 * error + 2 * limit / n)
    # The estimate, with noise of new labels, has the mean of the risk.
    gaps = np.array([d[3] for d in drawn]) - 1 - risks
    spread = gaps.std(axis=0, ddof=1) / runs**0.5
    assert np.all(spread < 0.15 * limit)
    assert np.all(np.abs(gaps.mean(axis=0)) < 4 * spread)


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
