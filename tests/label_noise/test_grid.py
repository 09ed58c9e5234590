"""The quadrature of the risk grid against the direct evaluation, mode by mode."""

import numpy as np
import pytest
from backends import BACKENDS
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import tasks

from sdtheory import label_noise
from sdtheory.label_noise import RidgeProblem

EPS = np.finfo(float).eps
LAMS = np.geomspace(1e-6, 1e6, 7)
XIS = np.array([-2.0, 0.0, 0.5, 1.0, 3.0])


def direct(problem, lams, xis, steps):
    return label_noise.expected_risk(
        problem, lams[:, None, None], xis[None, :, None] + 0 * lams[:, None, None], steps
    )


def amplified(problem, lams, xis, steps):
    """Return how much the risks (l, m) move for a unit of rounding in the quadrature.

    The rule is that of a measure with atoms at relative distance eps of the largest x and roots of
    masses at distance eps of the largest: more than eps for steep students and small masses.
    """
    d, v = problem.eigenvalues, problem.noise_var
    lam, xi = lams[:, None, None], np.abs(xis)[None, :, None]
    a, x = d / (d + lam), lam / (d + lam)
    powers = (xi * a)[..., None] ** np.arange(steps + 1)
    sums = powers.sum(axis=-1)
    total = 0.0
    for start, values, slopes in (
        (np.sqrt(problem.energy) * x, sums, xi * steps * sums),
        (np.sqrt(v * d) / (d + lam), (1 + 2 * xi) * sums, xi * (1 + 2 * xi) * steps * sums),
    ):
        size = np.sqrt(np.sum(start**2, axis=-1, keepdims=True))
        moved = start**2 * values * slopes * x.max(axis=-1, keepdims=True)
        total = total + np.sum(moved + start * size * values**2, axis=-1)
    return total


@example((np.ones(1), np.ones(1), 1.0), 13)
@example((np.array([32.0, 3e-13]), np.array([0.3, 0.1]), 33.0), 18)
@example((np.array([1e3, 20.0]), np.ones(2), 1.0), 18)
@given(tasks(max_size=40), st.integers(0, 20))
def test_quadrature_is_exact(task, steps):
    d, theta, noise_var = task
    problem = RidgeProblem(np.sqrt(d), theta, noise_var, null_energy=0.3)
    got = label_noise.risk_grid(problem, LAMS, XIS, steps)
    want = direct(problem, LAMS, XIS, steps)
    assert got.shape == (7, 5)
    rounding = want + 0.3
    if d.size > steps + 1:
        rounding = rounding + amplified(problem, LAMS, XIS, steps)
    assert np.all(np.abs(got - want) <= 20 * (steps + 1) * EPS * rounding)


def test_many_modes_in_few_nodes(rng):
    d = np.sort(rng.exponential(size=1000))
    problem = RidgeProblem(np.sqrt(d), rng.normal(size=1000), 0.5, "in_sample", n=1000)
    got = label_noise.risk_grid(problem, LAMS, XIS, 20)
    np.testing.assert_allclose(got, direct(problem, LAMS, XIS, 20), rtol=1e-9)


def test_as_many_modes_as_nodes_are_the_rule_themselves():
    """Then no node is computed, and nothing is lost however unequal the masses are."""
    d, theta = [0.055, 1.3e-3, 25.0, 590.0, 230.0], [1.4e-3, 7e-2, 5.8e-3, 1.6e-2, 5.6e-3]
    problem = RidgeProblem(np.sqrt(d), theta, 8.3)
    got = label_noise.risk_grid(problem, LAMS, XIS, 4)
    np.testing.assert_allclose(got, direct(problem, LAMS, XIS, 4), rtol=8 * EPS)


@pytest.mark.parametrize("backend", BACKENDS)
def test_results_stay_in_the_namespace_of_the_data(backend):
    problem = RidgeProblem(backend([2.0, 1.0, 0.5]), backend([1.0, -0.5, 2.0]), 0.5)
    got = label_noise.risk_grid(problem, backend([0.5, 1.0]), backend([0.0, 1.0]), 1)
    assert backend.owns(got)
    assert float(got[1, 1]) == pytest.approx(4.042275, rel=100 * backend.eps)


def test_the_metric_must_be_diagonal():
    problem = RidgeProblem([2.0, 1.0], [1.0, 1.0], 0.5, np.eye(2))
    with pytest.raises(ValueError, match="problem must have a metric that is diagonal"):
        label_noise.risk_grid(problem, [1.0], [1.0])
