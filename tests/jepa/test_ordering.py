import numpy as np
import pytest

from sdtheory import jepa
from sdtheory.jepa import Mode

LADDER = np.array([0.7, 0.8, 0.9, 1.0])


@pytest.mark.parametrize(
    ("depth", "scale", "times", "mae"),
    [
        (
            1,
            1e-3,
            [704.54965, 804.68336, 904.80128, 1004.9068],
            [4.3260777, 4.9975014, 5.6751915, 6.3584486],
        ),
        (
            10,
            2e-3,
            [260484.02, 198325.25, 173970.02, 164331.35],
            [209.99251, 239.89716, 269.79570, 299.68934],
        ),
        (10, 1e-4, [37032209, 35473270, 35472120, 36205882], None),
    ],
)
def test_inversion_table(depth, scale, times, mae):
    """Covariance 1/rho: high rho first only for a large scale^(1/L)."""
    mode = Mode.from_rho(1 / LADDER, LADDER)
    found = jepa.learned_order(mode, depth, scale)
    np.testing.assert_allclose(found.times, times, rtol=1e-7)
    np.testing.assert_array_equal(found.order, np.argsort(times))
    if mae is not None:
        np.testing.assert_allclose(
            jepa.learned_order(mode, depth, scale, objective="mae").times, mae, rtol=1e-7
        )


def test_gaps_and_never_learned_features():
    mode = Mode([0.1, 1.0, 0.05, 0.9], np.ones(4))
    found = jepa.learned_order(mode, 5, 1e-2)
    assert found.order[:2].tolist() == [1, 3]
    assert np.isinf(found.times[[0, 2]]).all()
    first, second = found.times[[1, 3]]
    np.testing.assert_allclose(found.gaps[0], (second - first) / first)
    assert found.gaps[1] == np.inf
    assert found.gaps[2] == 0.0
    assert found.tolerated_misalignment == 1.0  # high rho first: nothing to overwrite


def test_tolerated_misalignment_is_where_the_swap_comes_first():
    """Whole matrix flow with the tolerated misalignment raised and lowered."""
    mode = Mode.from_rho([1.5, 0.8], [0.4, 0.9])
    limit = jepa.learned_order(mode, 1, 0.03).tolerated_misalignment
    later = jepa.critical_time(mode, 1, 0.03)[1]
    arrivals = []
    for delta in (limit * 1e-3, min(limit * 1e3, 0.3)):
        world = jepa.Views.from_modes(mode)
        net = jepa.aligned_network(mode, 1, 0.03)
        tilt = np.eye(2) + delta * np.array([[0.0, 1.0], [0.0, 0.0]])
        start = jepa.Network((net.layers[0] @ tilt,), net.predictor)
        times = np.linspace(0, 1.2 * later, 600)
        path = jepa.matrix_flow(world, start, times)
        arrivals.append(jepa.retention_times(path, mode)[1] / later)
    assert abs(arrivals[0] - 1) < 0.05
    assert arrivals[1] < 0.97


def test_tolerated_misalignment_is_growth_between_the_critical_times():
    """Raw times: exp of minus the largest rate times waiting, over all later and earlier pairs."""
    mode, depth, scale = Mode.from_rho([1.5, 0.9, 0.7], [0.5, 0.6, 0.8]), 3, 0.01
    found = jepa.learned_order(mode, depth, scale)
    assert found.order.tolist() == [0, 1, 2]
    raw, rho = found.times / depth, mode.rho
    growth = [
        rho[k] ** (2 * depth - 1) * mode.variance[j] * (rho[j] - rho[k]) * (raw[j] - raw[k])
        for k, j in ((0, 1), (0, 2), (1, 2))
    ]
    np.testing.assert_allclose(found.tolerated_misalignment, np.exp(-max(growth)), rtol=1e-10)
    assert 0 < found.tolerated_misalignment < 1


def test_retention_order():
    mode = Mode.from_rho([2.0, 0.5, 1.0], [0.3, 0.9, 0.7])
    assert jepa.retention_order(mode).tolist() == [1, 2, 0]
    assert jepa.retention_order(mode, "mae").tolist() == [2, 0, 1]
