"""Closed forms of the averaging classifier against the full equations and simulation."""

import json
from pathlib import Path

import numpy as np
import pytest
from control_variates import extrapolated

from paper_checks._simulated_mixture import averaged
from sdtheory.claims import SCORE_LIMIT, z_score
from sdtheory.logistic import (
    GaussianMixture,
    averaging_errors,
    best_soft_averaging,
    mixture_stages,
    soft_averaging_error,
)

NUMBERS = json.loads((Path(__file__).parents[1] / "reference_numbers.json").read_text())


@pytest.mark.parametrize(("row", "alpha"), list(enumerate([0.5, 1, 2, 4, 8])))
def test_reference_numbers(row, alpha):
    found = averaging_errors(GaussianMixture(alpha, 0.5, 0.3))
    got = [found.teacher, found.pseudo_accuracy, found.retrained, found.consensus]
    want = np.reshape([float(text) for text in NUMBERS["23"]], (-1, 4))[row]
    np.testing.assert_allclose(got, want, rtol=1e-13)


def test_a_strong_penalty_approaches_the_closed_forms():
    problem = GaussianMixture(1.5, 0.5, 0.25)
    closed = averaging_errors(problem)
    soft = soft_averaging_error(problem, 2.0)
    gaps = []
    for lam in (1e3, 1e4):
        hard = mixture_stages(problem, lam, 1, hard=True).error
        warm = mixture_stages(problem, lam, 1, temperature=1 / (2.0 * lam)).error[1]
        gaps.append(np.abs([hard[0] - closed.teacher, hard[1] - closed.retrained, warm - soft]))
    # The corrections are of first order in 1 / lam.
    np.testing.assert_allclose(gaps[0] / gaps[1], 10, rtol=0.05)


@pytest.mark.statistical("sdtheory.logistic.mixture.averaging.averaging_errors")
def test_simulation(rng):
    problem = GaussianMixture(1.0, 0.5, 0.3)
    draws = extrapolated(lambda d: averaged(problem, d, rng), 60, 2000)
    found = averaging_errors(problem)
    want = [found.teacher, found.retrained, found.consensus]
    assert z_score(draws, want, precision=0.01) < SCORE_LIMIT


@pytest.mark.parametrize(
    ("alpha", "error", "sharpness"),
    [(0.5, 0.25150, 2.47), (1, 0.17878, 4.84), (2, 0.12705, 6.33), (8, 0.08885, 3.82)],
)
def test_best_soft_labels(alpha, error, sharpness):
    found = best_soft_averaging(GaussianMixture(alpha, 0.5, 0.3))
    assert found[1] == pytest.approx(error, abs=6e-6)
    assert found[0] == pytest.approx(sharpness, abs=6e-3)


@pytest.mark.parametrize("variance", [0.5, 8.0])
def test_very_sharp_soft_labels_are_hard(variance):
    problem = GaussianMixture(1.0, variance, 0.3)
    hard = averaging_errors(problem).retrained
    gaps = [hard - soft_averaging_error(problem, sharpness) for sharpness in (2e3, 4e3)]
    assert gaps[0] == pytest.approx(2 * gaps[1], rel=1e-2)
    assert 0 < gaps[0] < 1e-4


def test_the_best_sharpness_is_found_whatever_the_size_of_the_logits():
    for problem in (GaussianMixture(0.1, 0.5, 0.05), GaussianMixture(100.0, 0.5, 0.3)):
        sharpness, error = best_soft_averaging(problem)
        near = [soft_averaging_error(problem, sharpness * x) for x in (0.9, 1.1, 0.5, 2.0)]
        assert error < min(near[:2]) < min(near[2:])
    # Here labels are the better the softer they are.
    problem = GaussianMixture(10.0, 10.0, 0.45)
    sharpness, error = best_soft_averaging(problem)
    gaps = [soft_averaging_error(problem, sharpness / x) - error for x in (1, 2, 4)]
    assert max(np.abs(gaps)) < 1e-8
    assert soft_averaging_error(problem, 10 * sharpness) > error


def test_an_unbalanced_mixture_has_no_closed_form():
    with pytest.raises(ValueError, match="balance"):
        averaging_errors(GaussianMixture(1.0, 0.5, 0.3, 0.4))
