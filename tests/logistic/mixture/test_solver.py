"""The path of penalties reaches the same solution as the direct attempt."""

import numpy as np
import pytest

from sdtheory.logistic import GaussianMixture, mixture_stages
from sdtheory.logistic.mixture import solver
from sdtheory.logistic.mixture.chain import Schedule, _stage_model
from sdtheory.logistic.mixture.points import smooth_rule
from sdtheory.logistic.mixture.stage import Past, full_response


@pytest.mark.parametrize("balance", [0.5, 0.3])
def test_the_fallback_finds_the_same_teacher(balance):
    problem = GaussianMixture(1.3, 0.2, 0.25, balance)
    bias = 0.0 if balance == 0.5 else None
    schedule = Schedule(np.array([1e-3]), np.ones(1), np.ones(1), bias=bias)
    rule = smooth_rule(2.0)
    model = _stage_model(problem, Past.start(problem), schedule, 0, rule, full_response)
    direct, violation = solver.solve_stage(model, 0.0)
    path, along = solver._follow(model, 0.0)
    assert max(violation, along) < 1e-12
    np.testing.assert_allclose(model.pack(path), model.pack(direct), rtol=0, atol=1e-10)


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
