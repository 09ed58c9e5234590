"""The path of penalties reaches the same solution as the direct attempt."""

import numpy as np
import pytest

from sdtheory.logistic import GaussianMixture
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
