import numpy as np
import pytest

from sdtheory import jepa
from sdtheory.jepa import Mode

EPS = np.finfo(float).eps
MODE, SCALE = Mode.from_rho(1.0, 0.8), 0.05


def layer_time(depth, memory, fraction=0.8, of="layer"):
    base = float(jepa.hitting_time(MODE, depth, SCALE, (fraction * 0.8) ** depth)) / depth
    span = base + (depth + 1) * memory * 6
    path = jepa.ema_path(MODE, depth, SCALE, memory, np.linspace(0, 1.2 * span, 40_001))
    values = path.layer if of == "layer" else path.target
    return base, float(np.interp(fraction * 0.8, values, path.times))


def extrapolated(values):
    """Return the limit of c h + d h^2 + O(h^3), from values at 4 h, 2 h and h."""
    return (values[0] - 6 * values[1] + 8 * values[2]) / 3


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_short_memory_delays_by_the_first_order(depth):
    base, _ = layer_time(depth, 1e-3)
    ratios = []
    for factor in (4e-3, 2e-3, 1e-3):
        memory = factor * base
        _, late = layer_time(depth, memory)
        ratios.append((late - base) / float(jepa.ema_delay(MODE, depth, SCALE, 0.8, memory)) - 1)
    # relative to the first order what is left is c memory + d memory^2 + ..., of which both go here
    assert 0.9 < ratios[0] / ratios[2] / 4 < 1
    assert abs(extrapolated(ratios)) < 0.01 * abs(ratios[2]) < 5e-5


@pytest.mark.parametrize("depth", [1, 2])
def test_long_memory_forgets_the_covariance(depth):
    base, _ = layer_time(depth, 1e-3)
    excess = []
    for factor in (20, 40, 80):
        memory = factor * base
        _, hit = layer_time(depth, memory, of="target")
        excess.append(hit / float(jepa.slow_ema_time(MODE, depth, SCALE, 0.8, memory)) - 1)
    assert 0 < excess[2] < 0.005
    assert 0.98 < excess[0] / excess[2] / 4 < 1  # at rate 1 / memory, with a second order
    assert abs(extrapolated(excess)) < 1e-3 * excess[2]


@pytest.mark.parametrize("memory", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("depth", [1, 3])
def test_rates_are_the_eigenvalues_at_the_fixed_point(memory, depth):
    rates = jepa.ema_rates(MODE, depth, memory)
    k = float(MODE.variance * MODE.rho ** (2 * depth))
    matrix = np.array([[-(depth + 1) * k, depth * k], [1 / memory, -1 / memory]])
    values = np.linalg.eigvals(matrix)  # complex arrays since NumPy 2.5
    assert not np.any(values.imag)
    want = np.sort(values.real)
    cond = np.abs(want).max() / np.abs(want).min()
    np.testing.assert_allclose(np.sort(rates), want, rtol=20 * EPS * cond)


def test_path_ends_at_the_same_fixed_point():
    path = jepa.ema_path(MODE, 2, SCALE, 3.0, [0.0, 4000.0])
    np.testing.assert_allclose([path.layer[-1], path.target[-1]], 0.8, rtol=1e-8)


def test_arrays_of_modes_are_integrated_one_by_one():
    mode, times = Mode.from_rho([1.0, 0.7], [0.8, 0.5]), [0.0, 10.0, 60.0]
    both = jepa.ema_path(mode, 2, SCALE, 3.0, times)
    assert both.layer.shape == both.target.shape == (2, 3)
    second = jepa.ema_path(Mode.from_rho(0.7, 0.5), 2, SCALE, 3.0, times)
    np.testing.assert_array_equal(both.target[1], second.target)
    np.testing.assert_array_equal(both.layer[1], second.layer)


def test_mistaken_input_is_named():
    with pytest.raises(ValueError, match="memory must be greater than 0, got 0"):
        jepa.ema_path(MODE, 1, 0.1, 0.0, [0.0, 1.0])
    with pytest.raises(ValueError, match="scale must start below"):
        jepa.ema_delay(MODE, 1, 0.7, 0.8, 1.0)
    with pytest.raises(ValueError, match="scale must start below"):
        jepa.slow_ema_time(MODE, 1, 0.7, 0.8, 1.0)
