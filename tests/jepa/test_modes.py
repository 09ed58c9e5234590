import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from sdtheory import jepa
from sdtheory.jepa import Mode

EPS = np.finfo(float).eps


def test_rho_is_the_regression_coefficient(rng):
    x = rng.normal(size=(500, 1)) * 1.7
    y = 0.4 * x + rng.normal(size=(500, 1))
    mode = Mode((x * y).mean(), (x * x).mean())
    slope = np.linalg.lstsq(x, y, rcond=None)[0].item()
    np.testing.assert_allclose(mode.rho, slope, rtol=500 * EPS)


def test_from_rho_inverts_rho():
    mode = Mode.from_rho([1.0, -0.8], [0.5, -0.5])
    np.testing.assert_array_equal(mode.variance, [2.0, 1.6])
    assert mode.shape == (2,)


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("depth", [1, 2, 7])
def test_velocity_vanishes_at_the_fixed_point(objective, layers, depth):
    mode = Mode([1.2, 0.3, 2.0], [1.0, 0.9, 1.7])
    end = jepa.fixed_point(mode, depth, objective, layers)
    drive = mode.covariance * end  # the size of the two terms that cancel
    still = jepa.velocity(mode, depth, end, objective, layers)
    np.testing.assert_array_less(np.abs(still), 40 * depth * EPS * drive)
    # attracting from both sides
    assert (jepa.velocity(mode, depth, end * 0.99, objective, layers) > 0).all()
    assert (jepa.velocity(mode, depth, end * 1.01, objective, layers) < 0).all()


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_velocity_is_gradient_flow_of_a_product_of_layers(objective, depth):
    """Step the actual layers and predictor of a one-dimensional network."""
    mode, layer = Mode(1.3, 0.9), 0.7
    w = np.full(depth, layer)
    product = w.prod()
    target = product if objective == "jepa" else 1.0
    residual = target * mode.covariance - layer * product * mode.variance
    raw = residual * layer * product / w  # dw_a/dt; the predictor has the same size
    size_rate = np.sum(raw * product / w) / depth  # paper time is L times raw time
    np.testing.assert_allclose(
        jepa.velocity(mode, depth, product, objective), size_rate, rtol=1e-13
    )


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_relaxation_rate_is_the_slope_of_the_raw_velocity(objective, depth):
    mode = Mode([0.5, 1.1], [1.0, 0.8])
    end = jepa.fixed_point(mode, depth, objective)
    step = 1e-6  # central difference: error step^2 plus eps / step
    slope = (
        depth
        * (  # raw time is paper time / L
            jepa.velocity(mode, depth, end * (1 + step), objective)
            - jepa.velocity(mode, depth, end * (1 - step), objective)
        )
        / (2 * step * end)
    )
    np.testing.assert_allclose(
        jepa.relaxation_rate(mode, depth, objective), -slope, rtol=100 * (step**2 + EPS / step)
    )


@pytest.mark.parametrize("objective", ["jepa", "mae"])
def test_learnable_if_and_only_if_the_size_grows(objective):
    depth, scale = 4, 1e-3
    edge = scale ** (1 / depth) if objective == "jepa" else scale ** (5 / depth)
    rho = edge * np.array([1 - 1e-9, 1 + 1e-9])
    mode = Mode(rho, [1.0, 1.0])
    assert jepa.learnable(mode, depth, scale, objective).tolist() == [False, True]
    assert (jepa.velocity(mode, depth, scale, objective) > 0).tolist() == [False, True]


def test_critical_depth_is_where_the_initial_velocity_changes_sign():
    mode = Mode([0.9, 0.5, 0.2], [1.0, 1.0, 1.0])
    want = [
        brentq(lambda depth, r=rho: r - 1e-3 ** (1 / depth), 1e-3, 1e4, xtol=1e-12, rtol=4 * EPS)
        for rho in mode.rho
    ]
    np.testing.assert_allclose(jepa.critical_depth(mode, 1e-3), want, rtol=1e-12)
    ends = jepa.critical_depth(Mode([1.0, 2.0, 0.0, -1.0], np.ones(4)), 1e-3)
    assert ends.tolist() == [np.inf, np.inf, 0.0, 0.0]
    assert jepa.critical_depth(Mode(0.5, 1.0), 1e-3) == jepa.critical_depth(mode, 1e-3)[1]


@pytest.mark.parametrize("layers", [1, 2, 4])
@pytest.mark.parametrize("objective", ["jepa", "mae"])
def test_law_matches_the_velocity(objective, layers):
    depth, mode, size = 3, Mode(1.3, 0.9), 0.3
    rule = jepa.law(depth, objective, layers)
    v = size ** (1 / rule.size_power)
    rate = v ** (1 + rule.exponent) * (mode.covariance - mode.variance * v)
    # d size / dt = (size / v) size_power dv/dtau dtau/dt
    np.testing.assert_allclose(
        jepa.velocity(mode, depth, size, objective, layers),
        size / v * rule.size_power * rule.pace * rate,
        rtol=20 * EPS,
    )


def test_fixed_point_is_where_a_solver_ends():
    mode = Mode(0.9, 1.2)
    end = solve_ivp(
        lambda t, y: jepa.velocity(mode, 2, np.maximum(y, 0)),
        (0, 500),
        [0.2],
        rtol=1e-10,
        atol=1e-13,
    ).y[0, -1]
    np.testing.assert_allclose(jepa.fixed_point(mode, 2), end, rtol=1e-8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Mode(1.0, 0.0), "variance must be greater than 0, got 0"),
        (lambda: Mode(1.0, [1.0, -2.0]), "variance must be greater than 0, got -2"),
        (lambda: Mode([1.0, 2.0], [1.0, 2.0, 3.0]), "same shape"),
        (lambda: Mode.from_rho(1.0, -0.5), "rho must be nonzero with the sign of covariance"),
        (lambda: jepa.law(0), "depth must be at least 1, got 0"),
        (lambda: jepa.law(1, "mse"), "objective must be one of"),
        (lambda: jepa.law(1, predictor_depth=0), "predictor_depth must be at least 1, got 0"),
        (lambda: jepa.velocity(Mode(1.0, 1.0), 1, -1.0), "size must be at least 0, got -1"),
        (lambda: jepa.learnable(Mode(1.0, 1.0), 1, 0.0), "scale must be greater than 0, got 0"),
        (lambda: jepa.critical_depth(Mode(1.0, 1.0), 1.0), "scale must be less than 1, got 1"),
    ],
)
def test_mistaken_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
