"""Saddle points: reference numbers, quadrature, simulation, edge cases and bad arguments."""

import json
from pathlib import Path

import numpy as np
import pytest
from control_variates import extrapolated

from paper_checks._simulated_mixture import simulate
from sdtheory.claims import SCORE_LIMIT, z_score
from sdtheory.logistic import GaussianMixture, mixture_stages
from sdtheory.logistic.mixture import chain
from sdtheory.logistic.mixture.chain import Schedule, solve_chain

NUMBERS = json.loads((Path(__file__).parents[1] / "reference_numbers.json").read_text())


def reference(label, width):
    return np.reshape([float(text) for text in NUMBERS[label]], (-1, width))


@pytest.mark.parametrize(("row", "alpha"), list(enumerate([0.5, 1, 2, 4, 8])))
def test_teacher_reference_numbers(row, alpha):
    found = mixture_stages(GaussianMixture(alpha, 0.5, 0.2), 0.5)
    got = [found.signal[0], found.overlap[0, 0], found.error[0]]
    np.testing.assert_allclose(got, reference("20", 3)[row], rtol=1e-12)
    assert found.residual < 1e-12
    assert found.error.shape == (1,)


@pytest.mark.parametrize(("row", "alpha"), list(enumerate([1, 2, 4])))
def test_student_reference_numbers(row, alpha):
    found = mixture_stages(GaussianMixture(alpha, 0.5, 0.2), 0.5, 1)
    got = [found.signal[1], found.overlap[0, 1], found.overlap[1, 1], found.error[1]]
    np.testing.assert_allclose(got, reference("21", 4)[row], rtol=1e-12)


@pytest.mark.parametrize(("row", "alpha"), list(enumerate([0.5, 1, 1.5, 2, 3, 4, 6, 8])))
def test_curves_to_their_thirteen_digits(row, alpha):
    problem = GaussianMixture(alpha, 0.5, 0.2)
    plain = mixture_stages(problem, 0.5, 1)
    got = [
        *plain.error,
        mixture_stages(problem, 0.5, 1, hard=True).error[1],
        mixture_stages(problem, 0.5, 1, xi=1.5).error[1],
    ]
    np.testing.assert_allclose(got, reference("22", 4)[row], rtol=0, atol=1e-13)


def test_hard_labels_with_a_bias():
    found = mixture_stages(GaussianMixture(1.5, 0.5, 0.2, 0.3), (0.1, 0.3), hard=True)
    m, b, Q, E = found.signal, found.bias, found.overlap, found.error
    got = [m[0], b[0], Q[0, 0], E[0], m[1], b[1], Q[1, 1], Q[0, 1], E[1]]
    np.testing.assert_allclose(got, reference("24", 9)[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("row", "alpha"), list(enumerate([1.5, 3, 5])))
def test_three_stages_with_a_bias(row, alpha):
    problem = GaussianMixture(alpha, 0.5, 0.2, 0.4)
    found = mixture_stages(problem, (1.5, 0.5, 2.0), temperature=(1 / 0.8, 1 / 1.2))
    np.testing.assert_allclose(found.error, reference("25", 3)[row], rtol=0, atol=6e-9)


@pytest.mark.parametrize("hard", [False, True])
def test_a_finer_rule_changes_nothing(hard):
    problem = GaussianMixture(1.0, 0.8, 0.3, 0.4)
    sharp = np.array([1.0, np.inf if hard else 3.0])
    schedule = [Schedule(np.array([0.05, 0.4]), np.ones(2), sharp, refine=r) for r in (1.0, 2.0)]
    coarse, fine = (solve_chain(problem, s) for s in schedule)
    np.testing.assert_allclose(coarse.error, fine.error, rtol=0, atol=1e-13)
    np.testing.assert_allclose(coarse.overlap, fine.overlap, rtol=1e-12)


def test_a_student_that_stretches_its_teachers_noise_has_points_enough():
    problem = GaussianMixture(1.0, 0.8, 0.3)
    schedule = [
        Schedule(np.array([100.0, 0.01]), np.ones(2), np.ones(2), bias=0.0, refine=r)
        for r in (1.0, 1.7)
    ]
    coarse, fine = (solve_chain(problem, s) for s in schedule)
    np.testing.assert_allclose(coarse.overlap, fine.overlap, rtol=1e-12)


def test_points_are_split_where_the_next_stage_has_hard_labels(monkeypatch):
    split, plain = [], chain.split_rule

    def remembered(threshold):
        split.append(threshold.size)
        return plain(threshold)

    monkeypatch.setattr(chain, "split_rule", remembered)
    sharpness = np.array([1.0, np.inf, 2.0])
    schedule = Schedule(np.full(3, 5.0), np.ones(3), sharpness, squared=True, bias=0.0, refine=0.5)
    assert solve_chain(GaussianMixture(1.0, 0.3, 0.2), schedule).residual < 1e-11
    assert split == [4]


def test_probabilities_of_both_losses_and_of_hard_labels():
    logit = np.array([-1.5, 0.0, 0.4])
    got = [chain._probability(logit, *options) for options in ((2.0, True), (2.0, False))]
    want = [[-1.0, 0.5, 0.9], 1 / (1 + np.exp(-2.0 * logit))]
    np.testing.assert_allclose(got, want, rtol=1e-14)
    assert chain._probability(logit, np.inf, False).tolist() == [0, 0, 1]


def test_options_are_those_of_the_schedule():
    problem = GaussianMixture(1.5, 0.5, 0.2, 0.4)
    for lam, sharp, options in (
        ([0.5], [1.0], {"lam": 0.5}),
        ([0.5, 0.2], [1.0, 2.0], {"lam": (0.5, 0.2), "temperature": 0.5}),
        ([0.5, 0.5], [1.0, np.inf], {"lam": 0.5, "steps": 1, "hard": True}),
    ):
        xi = np.full(len(lam), 0.8)
        want = solve_chain(problem, Schedule(np.array(lam), xi, np.array(sharp)))
        got = mixture_stages(problem, xi=0.8, **options)
        np.testing.assert_array_equal(got.overlap, want.overlap)
        np.testing.assert_array_equal(got.bias, want.bias)


def test_biases_are_fitted_or_fixed():
    balanced, skewed = GaussianMixture(1.5, 0.5, 0.2), GaussianMixture(1.5, 0.5, 0.2, 0.3)
    assert np.all(mixture_stages(balanced, 0.5, 1).bias == 0)
    assert np.all(mixture_stages(skewed, 0.5, 1).bias < -0.1)
    for problem in (balanced, skewed):
        assert np.all(mixture_stages(problem, 0.5, 1, bias=0.3).bias == 0.3)
    with pytest.raises((TypeError, ValueError), match="bias"):
        mixture_stages(balanced, 0.5, bias="none")


@pytest.mark.parametrize(
    ("problem", "lam", "options"),
    [
        (GaussianMixture(2.0, 0.5, 0.2), (0.5, 0.5), {}),
        (GaussianMixture(2.0, 0.5, 0.3), (0.2, 0.2), {"xi": 1.5, "sharpness": (1.5,)}),
        (GaussianMixture(2.0, 0.5, 0.2, 0.4), (0.5, 0.5, 0.5), {"sharpness": (1.5, 2.0)}),
        (GaussianMixture(1.0, 0.5, 0.3), (0.1, 0.1, 0.1), {"sharpness": (2.0, 2.0)}),
        (GaussianMixture(1.5, 0.5, 0.2, 0.3), (0.5, 0.5), {"sharpness": (np.inf,)}),
        (GaussianMixture(1.5, 0.5, 0.2), (0.5, 0.5, 0.5), {"sharpness": (np.inf, np.inf)}),
        (
            GaussianMixture(2.0, 0.5, 0.2),
            (0.5, 0.3, 1.0),
            {"sharpness": (1.5, 2.0), "squared": True},
        ),
    ],
    ids=["plain", "xi", "bias", "three", "hard", "hard-three", "squared"],
)
@pytest.mark.statistical("sdtheory.logistic.mixture.chain.mixture_stages")
def test_finite_samples_agree(rng, problem, lam, options):
    draws = extrapolated(lambda d: simulate(problem, d, lam, rng, **options), 50, 400)
    sharpness = options.get("sharpness", ())
    hard = bool(sharpness) and np.isinf(sharpness[0])
    found = mixture_stages(
        problem,
        lam,
        xi=options.get("xi", 1.0),
        temperature=1.0 if hard or not sharpness else 1 / np.asarray(sharpness),
        hard=hard,
        loss="squared" if options.get("squared") else "logistic",
    )
    Q = found.overlap
    want = np.stack([found.signal, np.diag(Q), Q[0], found.error, found.bias], axis=1)
    scale = np.stack([np.sqrt(np.diag(Q)), np.diag(Q), np.diag(Q), found.error, 1 + 0 * found.bias])
    assert z_score(draws, want, precision=0.03, scale=scale.T) < SCORE_LIMIT


def test_robust_over_random_problems(rng):
    solved = 0
    for _ in range(6):
        problem = GaussianMixture(
            10 ** rng.uniform(-1, 2),
            10 ** rng.uniform(-1, 0.4),
            rng.uniform(0, 0.49),
            float(rng.choice([0.5, rng.uniform(0.1, 0.9)])),
        )
        lam = 10 ** rng.uniform(-3, 3, 2)
        found = mixture_stages(problem, lam, temperature=float(rng.choice([1, 0.2])))
        solved += found.residual < 1e-11
        # What a student's weights share with its teacher's obeys Cauchy and Schwarz.
        assert found.overlap[0, 1] ** 2 <= found.overlap[0, 0] * found.overlap[1, 1] * (1 + 1e-12)
        assert np.all(found.signal**2 <= np.diag(found.overlap) * (1 + 1e-12))
    assert solved == 6


def test_no_flips_and_strong_sharpness():
    clean = mixture_stages(GaussianMixture(2.0, 0.5, 0.0), 0.5, 1)
    noisy = mixture_stages(GaussianMixture(2.0, 0.5, 0.1), 0.5, 1)
    assert np.all(clean.error < noisy.error)
    problem = GaussianMixture(2.0, 0.5, 0.2)
    hard = mixture_stages(problem, 0.5, 1, hard=True).error[1]
    gaps = [
        abs(mixture_stages(problem, 0.5, 1, temperature=1 / beta).error[1] - hard)
        for beta in (40, 80)
    ]
    # Soft labels approach hard ones at the rate of the temperature.
    assert gaps[1] == pytest.approx(gaps[0] / 2, rel=0.15)


def test_agreeing_pseudo_labels_are_reported():
    problem = GaussianMixture(0.3, 2.0, 0.4, 0.05)
    with pytest.raises(ValueError, match="bias is infinite"):
        mixture_stages(problem, (50.0, 1.0), hard=True)
    assert np.isfinite(mixture_stages(problem, (50.0, 1.0), hard=True, bias=0.0).error).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lam": 0.0}, "lam"),
        ({"lam": (1.0, 1.0), "steps": 2}, "lam must be one number or 3"),
        ({"lam": 1.0, "steps": 1, "temperature": 0.0}, "temperature"),
        ({"lam": 1.0, "loss": "hinge"}, "loss"),
        ({"lam": 1.0, "steps": -1}, "steps"),
    ],
)
def test_bad_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        mixture_stages(GaussianMixture(1.0, 0.5, 0.2), **options)
