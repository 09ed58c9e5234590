"""The potential certifies teachers, and only them."""

from dataclasses import astuple, replace

import numpy as np
import pytest
from control_variates import extrapolated

from paper_checks._simulated_mixture import _fit, controls, sample
from sdtheory.claims import SCORE_LIMIT, z_score
from sdtheory.logistic import (
    GaussianMixture,
    SaddlePoint,
    mixture_stages,
    potential,
    saddle_gradient,
    teacher_saddle,
)

PROBLEMS = [
    (GaussianMixture(2.0, 0.5, 0.2), 0.5),
    (GaussianMixture(0.4, 1.5, 0.3, 0.3), 0.05),
    (GaussianMixture(20.0, 0.2, 0.45, 0.7), 3.0),
    (GaussianMixture(1.0, 1.0, 0.2), 1e-3),  # weights of length six
]


@pytest.mark.parametrize(("problem", "lam"), PROBLEMS)
def test_the_gradient_vanishes_at_the_teacher_and_nowhere_near(problem, lam):
    at = teacher_saddle(problem, mixture_stages(problem, lam))
    scale = abs(potential(problem, lam, at))
    assert saddle_gradient(problem, lam, at) < 1e-9 * max(1.0, scale)
    for name in ("signal", "length", "width", "tau"):
        moved = replace(at, **{name: getattr(at, name) * 1.001})
        assert saddle_gradient(problem, lam, moved) > 1e-6


@pytest.mark.parametrize(("problem", "lam"), PROBLEMS)
def test_convex_in_four_arguments_and_concave_in_the_last(problem, lam):
    at = astuple(teacher_saddle(problem, mixture_stages(problem, lam)))
    centre = potential(problem, lam, SaddlePoint(*at))
    for i in range(5):
        ends = []
        for factor in (-1, 1):
            moved = list(at)
            moved[i] += factor * 1e-2 * max(abs(at[i]), 0.1)
            ends.append(potential(problem, lam, SaddlePoint(*moved)))
        curvature = sum(ends) - 2 * centre
        assert curvature > 0 if i < 4 else curvature < 0


def test_a_huge_penalty_is_the_slope_in_the_length():
    problem, at = GaussianMixture(2.0, 0.5, 0.2), SaddlePoint(0.4, 0.7, 0.3, 0.1, 0.2)
    assert saddle_gradient(problem, 1e6, at) == pytest.approx(1e6 * 0.7, rel=1e-5)


@pytest.mark.statistical("sdtheory.logistic.mixture.potential.potential")
def test_its_value_is_the_training_objective(rng):
    problem, lam = PROBLEMS[0]

    def objective(d):
        X, sign, given, v = sample(problem, d, rng)
        w = _fit(X, given, lam, False, False)[0]
        f = X @ w
        value = (np.sum(np.logaddexp(0, f) - given * f) + lam / 2 * w @ w) / d
        return value, controls(problem, X, sign, given, v)

    want = potential(problem, lam, teacher_saddle(problem, mixture_stages(problem, lam)))
    assert z_score(extrapolated(objective, 50, 300), want, precision=0.005) < SCORE_LIMIT
