"""Quadrature rules on integrals known in closed form."""

import numpy as np
import pytest
from scipy.special import expit, ndtr

from sdtheory.logistic import GaussianMixture
from sdtheory.logistic.mixture import points
from sdtheory.logistic.mixture.points import Points, smooth_rule, split_rule


def test_smooth_rule_integrates_moments_and_symmetric_sigmoids():
    for steepness in (0.3, 1.0, 6.0):
        zeta, weight = smooth_rule(steepness, 1.0)
        assert np.sum(weight) == pytest.approx(1, abs=1e-14)
        assert np.sum(weight * zeta**4) == pytest.approx(3, abs=1e-12)
        assert np.sum(weight * expit(steepness * zeta)) == pytest.approx(0.5, abs=1e-14)
        np.testing.assert_array_equal(zeta, -zeta[:, ::-1])


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


def test_points_are_the_product_of_groups_and_noises():
    problem = GaussianMixture(1.0, 1.0, 0.2, 0.3)
    stages = Points.start(problem)
    assert stages.zeta.shape == stages.dual.shape == (4, 0)
    for t in range(2):
        zeta, weight = smooth_rule(1.0, 1.0)
        dual = stages.sign[:, None] * zeta
        stages = stages.extended(zeta, weight, dual, t + stages.label[:, None] + dual)
    for sign, label, share in zip(*problem.groups(), strict=True):
        group = (stages.sign == sign) & (stages.label == label)
        mass = np.where(group, stages.weight, 0.0)
        # Points below 1e-18 are left out, 1e-13 of the others' weight in all at most.
        second = stages.zeta.T @ (mass[:, None] * stages.zeta)
        np.testing.assert_allclose(mass.sum(), share, rtol=1e-13)
        np.testing.assert_allclose(second, share * np.eye(2), rtol=0, atol=1e-12)
        np.testing.assert_array_equal(stages.dual[group], sign * stages.zeta[group])
        np.testing.assert_array_equal(stages.logit[group], 1 + label + stages.dual[group, 1])


def test_impossible_grids_are_refused():
    start = Points.start(GaussianMixture(1.0, 1.0, 0.2))
    weight = np.full((4, 1_000_001), 1e-6)
    weight[:3, 0] = 0.0  # what is left are four million points and one
    with pytest.raises(ValueError, match="temperature"):
        start.extended(weight, weight, weight, weight)


def test_the_largest_possible_grids_are_not_refused(monkeypatch):
    start = Points.start(GaussianMixture(1.0, 1.0, 0.2))
    monkeypatch.setattr(points, "_MOST", 8)
    two = np.full((4, 2), 0.5)
    assert start.extended(two, two, two, two).weight.size == 8
    # 8.8 standard deviations in steps of 0.7
    monkeypatch.setattr(points, "_MOST", 8.8 / 0.7 / 4)
    assert smooth_rule(1e-3, 1.0)[0].size == 2 * 13 + 1


def test_a_rule_has_sixteen_million_steps_on_either_side_at_most():
    with pytest.raises(ValueError, match="sharpness must be lower"):
        smooth_rule((1 + 1e-9) * 16e6 * np.pi / (8 * 8.8), 1.0)


def test_impossible_groups_are_dropped():
    assert len(Points.start(GaussianMixture(1.0, 1.0, 0.0)).weight) == 2
