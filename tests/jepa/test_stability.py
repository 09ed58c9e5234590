import numpy as np
import pytest

from sdtheory import jepa
from sdtheory.jepa import Mode

EPS = np.finfo(float).eps


def test_step_fixtures():
    """F31, F32."""
    mode = Mode.from_rho([1.5, 1.0, 0.6], [0.4, 0.7, 0.95])
    np.testing.assert_allclose(
        jepa.largest_step(mode, 2), 0.9183428216800651594439129296212195, rtol=1e-12
    )
    np.testing.assert_allclose(
        jepa.largest_step(mode, 2, "mae"), 0.3041968172121676510548782560776260, rtol=1e-12
    )


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_curvatures_are_the_jacobian_spectrum(objective, depth, rng):
    """Against central differences of the matrix flow at the equilibrium."""
    mode = Mode.from_rho([1.5, 1.0, 0.6], [0.4, 0.7, 0.95])
    world = jepa.Views.from_modes(mode)
    net = jepa.aligned_network(mode, depth, 1.0, objective)  # right shapes; sizes set below
    w = jepa.fixed_point(mode, depth, objective) ** (1 / depth)
    predictor = np.diag(mode.rho if objective == "jepa" else w)
    point = jepa.Network(tuple(np.diag(w) for _ in net.layers), predictor)
    jacobian = jepa.flow_jacobian(world, point, objective)
    rates = np.sort(-np.linalg.eigvals(jacobian).real)[::-1]
    want = np.sort(jepa.curvatures(mode, depth, objective).ravel())[::-1]
    # central differences with step eps^(1/3)
    np.testing.assert_allclose(rates[: want.size], want, atol=3e4 * EPS ** (2 / 3) * want[0])
    assert np.abs(rates[want.size :]).max() < 1e-6 * want[0]


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_overwriting_rate_is_the_top_jacobian_eigenvalue(objective, depth):
    """One hidden unit that has learned feature k, the other direction at zero."""
    for lam, rho in (((1.5, 0.8), (0.4, 0.9)), ((1.0, 1.2), (0.9, 0.5))):
        mode = Mode.from_rho(lam, rho)
        world = jepa.Views.from_modes(mode)
        v = rho[0] if objective == "jepa" else rho[0] ** (1 / (depth + 1))
        row = np.array([[v, 0.0]])
        layers = (row,) + (np.array([[v]]),) * (depth - 1)
        predictor = np.array([[v]]) if objective == "jepa" else np.array([[v], [0.0]])
        jacobian = jepa.flow_jacobian(world, jepa.Network(layers, predictor), objective)
        top = np.linalg.eigvals(jacobian).real.max()
        one, two = (Mode(mode.covariance[i], mode.variance[i]) for i in (0, 1))
        rate = float(jepa.overwriting_rate(one, two, depth, objective))
        if rate > 0:
            np.testing.assert_allclose(rate, top, rtol=1e-7)
        else:
            assert top < 1e-7  # nothing grows where the formula is negative


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("other", [0.3, 0.6, 0.9, 1.5, 1.7])
def test_a_learned_plane_is_overwritten_by_the_stated_condition(depth, other):
    """J21: growth rates s_j^2 |rho_k|^(2L-2) (conj(rho_k) rho_j - |rho_k|^2), for either owner."""
    rho, s2 = 0.8 * np.exp(1j * np.pi / 3), 1.3
    turn = np.array([[rho.real, -rho.imag], [rho.imag, rho.real]])
    s_yx = np.zeros((3, 3))
    s_yx[:2, :2], s_yx[2, 2] = turn, s2 * other
    world = jepa.Views(np.diag([1.0, 1.0, s2]), s_yx)
    first = np.hstack([0.8 * np.eye(2), np.zeros((2, 1))])
    plane = jepa.Network((first, *(0.8 * np.eye(2),) * (depth - 1)), turn)
    rates = np.linalg.eigvals(jepa.flow_jacobian(world, plane))
    want = s2 * 0.8 ** (2 * depth - 2) * (rho.conjugate() * other - 0.8**2)
    assert np.abs(rates - want).min() < 1e-9
    assert (rates.real.max() > 1e-6) == (other * np.cos(np.pi / 3) > 0.8)
    row = np.array([[0.0, 0.0, other]])
    real = jepa.Network((row, *(other * np.eye(1),) * (depth - 1)), other * np.eye(1))
    rates = np.linalg.eigvals(jepa.flow_jacobian(world, real))
    want = other ** (2 * depth - 2) * (other * rho - other**2)
    assert np.abs(rates - want).min() < 1e-9
    assert (rates.real.max() > 1e-6) == (rho.real > other)


def test_overwriting_sign_is_the_stated_condition(rng):
    one = Mode(rng.uniform(0.1, 2, 500), rng.uniform(0.1, 2, 500))
    two = Mode(rng.uniform(0.1, 2, 500), rng.uniform(0.1, 2, 500))
    for depth in (1, 3):
        jepa_rate = jepa.overwriting_rate(one, two, depth)
        assert ((jepa_rate > 0) == (two.rho > one.rho)).all()
        mae_rate = jepa.overwriting_rate(one, two, depth, "mae")
        stated = two.covariance * two.rho > one.covariance * one.rho
        assert ((mae_rate > 0) == stated).all()


def test_shift_fixture():
    """F37."""
    got = jepa.descent_shift(Mode.from_rho(1.0, 0.9), 2, 0.05, 0.5)
    np.testing.assert_allclose(got, 1.620700571152068198758500402124303, rtol=1e-12)


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_descent_is_late_by_the_predicted_shift(objective, depth):
    mode, scale = Mode.from_rho([1.0, 0.7], [0.9, 0.6]), 0.1
    flow = jepa.critical_time(mode, depth, scale, 0.5, objective) / depth
    shift = jepa.descent_shift(mode, depth, scale, 0.5, objective)
    errors = []
    for step in (0.04, 0.02, 0.01):
        late = (jepa.descent_times(mode, depth, scale, 0.5, step, objective) - flow) / step
        errors.append(late - shift)
    # what is left, curvature and the interpolation inside one step, is of order step
    assert (np.abs(errors[0]) < 0.2 * np.abs(shift)).all()
    assert (np.abs(errors[2]) < 0.05 * np.abs(shift)).all()


def test_descent_times_of_modes_that_do_not_grow():
    mode = Mode([0.05, -1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 2.0])
    times = jepa.descent_times(mode, 1, 0.3, 0.5, 0.1, steps=10_000)
    assert np.isinf(times[:2]).all()
    assert 0 < times[2] < np.inf
    assert times[3] == 0.0  # starts above half its fixed point


def test_swap_time_edges():
    low, high = Mode.from_rho(1.5, 0.4), Mode.from_rho(0.8, 0.9)
    assert jepa.swap_time(high, low, 1, 1e-3, 1e-6) == np.inf
    slow = jepa.swap_time(low, high, 1, 1e-3, [1e-12, 1e-6])
    rate = jepa.overwriting_rate(low, high, 1)
    np.testing.assert_allclose(slow[0] - slow[1], np.log(1e6) / rate, rtol=20 * EPS)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: jepa.curvatures(m, 1), "covariance must have 1 dimensions"),
        (lambda m: jepa.descent_shift(m, 1, 0.4, 0.5), "scale must lie below the fraction"),
        (lambda m: jepa.descent_times(m, 1, 0.1, 0.5, 0.0), "step must be greater than 0, got 0"),
        (lambda m: jepa.swap_time(m, m, 1, 0.1, 1.0), "misalignment must be less than 1, got 1"),
    ],
)
def test_mistaken_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(Mode(1.0, 2.0))
