"""Quadrature rules on integrals known in closed form."""

import numpy as np
import pytest
from scipy.special import expit, ndtr

from sdtheory.logistic import GaussianMixture
from sdtheory.logistic.mixture.points import Points, smooth_rule, split_rule


def test_smooth_rule_integrates_moments_and_symmetric_sigmoids():
    for steepness in (0.3, 1.0, 6.0):
        zeta, weight = smooth_rule(steepness)
        assert np.sum(weight) == pytest.approx(1, abs=1e-14)
        assert np.sum(weight * zeta**4) == pytest.approx(3, abs=1e-12)
        assert np.sum(weight * expit(steepness * zeta)) == pytest.approx(0.5, abs=1e-14)


def test_a_finer_rule_agrees_on_a_steep_function():
    values = []
    for refine in (1.0, 3.0):
        zeta, weight = smooth_rule(4.0, refine)
        values.append(np.sum(weight * expit(4 * zeta + 1) ** 2))
    assert values[0] == pytest.approx(values[1], abs=1e-14)


def test_split_rule_integrates_steps_exactly():
    at = np.array([-30.0, -2.0, 0.0, 1.3, 30.0])
    zeta, weight = split_rule(at)
    np.testing.assert_allclose(np.sum(weight * (zeta > at[:, None]), axis=1), ndtr(-at), atol=1e-14)
    np.testing.assert_allclose(np.sum(weight * zeta**2, axis=1), 1, atol=1e-13)


def test_impossible_grids_are_refused():
    points = Points.start(GaussianMixture(1.0, 1.0, 0.2))
    zeta, weight = smooth_rule(3e5)
    wide = np.broadcast_to(zeta, (4, zeta.size))
    with pytest.raises(ValueError, match="temperature"):
        points.extended(zeta, weight, wide, wide)


def test_a_rule_has_sixteen_million_steps_on_either_side_at_most():
    with pytest.raises(ValueError, match="sharpness must be lower"):
        smooth_rule(1.01 * 16e6 * np.pi / (8 * 8.8))


def test_impossible_groups_are_dropped():
    assert len(Points.start(GaussianMixture(1.0, 1.0, 0.0)).weight) == 2
