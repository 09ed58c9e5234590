import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sdtheory import jepa
from sdtheory.jepa import Mode

EPS = np.finfo(float).eps


def test_unbalanced_fixtures():
    """F35, F36."""
    mode = Mode.from_rho(1.3, 0.7)
    np.testing.assert_allclose(
        jepa.unbalanced_time(mode, 3, 0.3, 0.0), 238.9750374050250524509399581529527, rtol=1e-12
    )
    np.testing.assert_allclose(
        jepa.unbalanced_fixed_point(mode, 3, 0.3, 0.0),
        0.4417148401401066805683618395751827,
        rtol=1e-12,
    )


def test_predictor_depth_fixture():
    """F34: raw time of JEPA under a predictor of three layers, w from 0.2 to 0.9 rho^(1/3)."""
    mode = Mode.from_rho(1.0, 0.5)
    time = jepa.hitting_time(mode, 2, 0.2**2, (0.9 * 0.5 ** (1 / 3)) ** 2, predictor_depth=3)
    np.testing.assert_allclose(time / 2, 650.0300359384987123215198620701055, rtol=1e-12)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize(
    ("layer", "predictor", "rate"), [(0.3, 0.0, 1.0), (0.3, -0.2, 2.0), (0.2, 0.25, 5.0)]
)
def test_unbalanced_against_the_flow(depth, layer, predictor, rate):
    mode, fraction = Mode.from_rho(1.1, 0.8), 0.9

    def field(_, z):
        w, v = z
        drive = mode.covariance - mode.variance * v
        return [w ** (2 * depth - 1) * v * drive, rate * w ** (2 * depth) * drive]

    def arrived(_, z):
        return z[1] - fraction * 0.8

    arrived.terminal = True
    solved = solve_ivp(
        field, (0, 1e5), [layer, predictor], "DOP853", events=arrived, rtol=1e-12, atol=1e-14
    )
    got = jepa.unbalanced_time(mode, depth, layer, predictor, fraction, rate)
    np.testing.assert_allclose(got, solved.t[-1], rtol=1e-9)
    after = solve_ivp(
        field, (0, 40 * solved.t[-1] + 400), [layer, predictor], "LSODA", rtol=1e-11, atol=1e-13
    )
    want = after.y[0, -1] ** depth
    np.testing.assert_allclose(
        jepa.unbalanced_fixed_point(mode, depth, layer, predictor, rate), want, rtol=1e-7
    )


def test_a_vanishing_layer_blocks_the_mode():
    """v0 so large that w reaches zero before v comes down to rho."""
    assert jepa.unbalanced_fixed_point(Mode(0.1, 1.0), 1, 0.1, 1.0) == 0.0
    # the layer would vanish at v = sqrt(0.24), which a larger rho stops short of
    for rho, square in ((0.6, 0.5**2 + 0.6**2 - 0.7**2), (0.5, 0.01), (0.48, 0.0), (0.3, 0.0)):
        got = jepa.unbalanced_fixed_point(Mode(rho, 1.0), 1, 0.5, 0.7)
        np.testing.assert_allclose(got, square**0.5 if square else 0.0, rtol=40 * EPS)
        fast = jepa.unbalanced_fixed_point(Mode(rho, 1.0), 2, 0.25, 0.7, predictor_rate=4.0)
        np.testing.assert_allclose(fast, square / 4, rtol=40 * EPS)
    # exactly balanced, it just arrives
    np.testing.assert_allclose(jepa.unbalanced_fixed_point(Mode(0.1, 1.0), 2, 1.0, 1.0), 0.01)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("lam", [0.5, 1.5])
def test_without_predictor(depth, lam):
    mode, scale = Mode(lam, 1.0), 0.3
    times = np.linspace(0, 1.5, 4)
    power = 2 * depth - 1  # dw/dt = w^(2L-1) (lambda - s^2)
    solved = solve_ivp(
        lambda t, w: w**power * (lam - 1.0),
        (0, 1.5),
        [scale ** (1 / depth)],
        "DOP853",
        times,
        rtol=1e-12,
        atol=1e-14,
    )
    np.testing.assert_allclose(
        jepa.without_predictor(mode, depth, scale, times), solved.y[0] ** depth, rtol=1e-9
    )


def test_without_predictor_blows_up():
    with pytest.raises(ValueError, match="times must be below the blow-up"):
        jepa.without_predictor(Mode(2.0, 1.0), 2, 0.5, 100.0)


def test_decay_fixtures():
    """F29, F30."""
    mode = Mode.from_rho(1.2, 0.7)
    np.testing.assert_allclose(jepa.critical_decay(mode, 2), 0.0434109375, rtol=1e-12)
    np.testing.assert_allclose(
        jepa.critical_decay(mode, 2, "mae"), 0.5034100239366285494705488480475056, rtol=1e-12
    )


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_critical_decay_is_the_brute_force_maximum(objective, depth):
    mode = Mode.from_rho([1.2, 0.4], [0.7, 1.3])
    w = np.linspace(0, 1.5, 400_001)[:, None]
    power, order = (2 * depth - 1, 1) if objective == "jepa" else (depth - 1, depth + 1)
    pull = w**power * (mode.covariance - mode.variance * w**order)
    # a grid maximum is low by at most its curvature times step^2
    np.testing.assert_allclose(
        jepa.critical_decay(mode, depth, objective), pull.max(axis=0), rtol=1e-9
    )


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_decay_equilibria(objective, depth):
    mode = Mode.from_rho([1.2, 0.4], [0.7, 1.3])
    limit = jepa.critical_decay(mode, depth, objective)
    for factor in (0.5, 1 - 1e-4):
        low, high = jepa.decay_equilibria(mode, depth, factor * float(limit[0]), objective)
        power, order = (2 * depth - 1, 1) if objective == "jepa" else (depth - 1, depth + 1)
        for w in (low, high):
            pull = w**power * (mode.covariance - mode.variance * w**order)
            check = (w[0] > 0) or (power > 0)
            if check and w[0] > 0:
                np.testing.assert_allclose(pull[0], factor * limit[0], rtol=1e-12)
    low, high = jepa.decay_equilibria(mode, depth, float(limit[0]) * (1 + 1e-9), objective)
    assert high[0] == 0.0
    assert low[0] == 0.0


def test_mistaken_input_is_named():
    mode = Mode(1.0, 1.0)
    for call, message in (
        (lambda: jepa.unbalanced_fixed_point(mode, 1, 0.1, -0.1), "predictor must exceed"),
        (lambda: jepa.unbalanced_time(mode, 1, 0.1, 0.95), "predictor must start below"),
        (lambda: jepa.critical_decay(Mode(-1.0, 1.0), 1), "covariance must be greater than 0"),
        (lambda: jepa.decay_equilibria(mode, 1, -0.1), "decay must be at least 0, got -0.1"),
    ):
        with pytest.raises(ValueError, match=message):
            call()
