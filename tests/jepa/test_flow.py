import numpy as np
import pytest
from scipy.integrate import solve_ivp

from sdtheory import jepa
from sdtheory.jepa import Mode

EPS = np.finfo(float).eps
MODE = Mode.from_rho([1.5, 1.0, 0.8, 0.6], [0.9, 0.75, 0.6, 0.45])


def loss_and_target(views, net, objective):
    """The population loss up to E|y|^2 terms, with the target held fixed."""
    frozen = net.encoder if objective == "jepa" else np.eye(views.s_xx.shape[0])

    def loss(weights):
        now = net.like(weights)
        product = now.predictor @ now.encoder
        return 0.5 * np.trace(product @ views.s_xx @ product.T) - np.trace(
            product.T @ frozen @ views.s_yx
        )

    return loss


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_field_is_minus_the_gradient_of_the_stopped_loss(objective, depth, rng):
    a = rng.normal(size=(3, 3))
    views = jepa.Views(a @ a.T + np.eye(3), rng.normal(size=(3, 3)))
    net = jepa.random_network(3, depth, 0.5, rng, objective, width=2)
    loss, point = loss_and_target(views, net, objective), net.flat()
    step = EPS ** (1 / 3)
    slope = [
        (loss(point + step * e) - loss(point - step * e)) / (2 * step) for e in np.eye(point.size)
    ]
    field = jepa.flow_field(views, net, objective).flat()
    np.testing.assert_allclose(field, -np.array(slope), atol=100 * step**2 * np.abs(field).max())


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_field_is_torch_autograd_of_the_true_loss(objective, depth, rng):
    torch = pytest.importorskip("torch")
    x, y = rng.normal(size=(2, 50, 3))
    y = y + x
    views = jepa.Views.from_samples(x, y)
    net = jepa.random_network(3, depth, 0.5, rng, objective)
    parts = [torch.tensor(m, requires_grad=True) for m in (*net.layers, net.predictor)]

    def encode(z):
        for layer in parts[:-1]:
            z = z @ layer.T
        return z

    target = encode(torch.tensor(y)).detach() if objective == "jepa" else torch.tensor(y)
    error = encode(torch.tensor(x)) @ parts[-1].T - target
    (0.5 * (error**2).sum() / 50).backward()
    field = jepa.flow_field(views, net, objective)
    for part, want in zip(parts, (*field.layers, field.predictor), strict=True):
        np.testing.assert_allclose(-part.grad.numpy(), want, atol=1e-13)


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize(("depth", "width"), [(1, None), (2, None), (3, None), (5, None), (2, 7)])
def test_aligned_flow_is_the_closed_form(objective, depth, width, rng):
    """J2: hitting sizes of the whole network within 1e-7 of the mode law, hidden eigenbasis."""
    basis, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    views = jepa.Views.from_modes(MODE, basis)
    net = jepa.aligned_network(MODE, depth, 0.02, objective, width=width, rng=rng)
    last = float(np.max(jepa.critical_time(MODE, depth, 0.02, 0.9, objective)))
    # rounding tilts the network by eps, and J27 amplifies the tilt
    times = np.linspace(0.0, min(last, 250.0), 7)
    sizes = jepa.matrix_flow(views, net, times, objective).amplitudes(basis)
    want = jepa.trajectory(MODE, depth, 0.02, times, objective)
    np.testing.assert_allclose(sizes, want, rtol=1e-7)


def test_diagonal_networks_stay_aligned_for_ever():
    views, net = jepa.Views.from_modes(MODE), jepa.aligned_network(MODE, 2, 0.02)
    last = float(np.max(jepa.critical_time(MODE, 2, 0.02, 0.9)))
    path = jepa.matrix_flow(views, net, np.linspace(0, last, 5))
    np.testing.assert_allclose(
        path.amplitudes(), jepa.trajectory(MODE, 2, 0.02, path.times), rtol=1e-7
    )
    assert all(
        np.count_nonzero(n.encoder - np.diag(np.diag(n.encoder))) == 0 for n in path.networks
    )


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("memory", [None, 0.7])
def test_balance_is_conserved_for_any_data(objective, memory, rng):
    """J1: random covariances, rectangular layers, moving-average target."""
    a = rng.normal(size=(4, 4))
    views = jepa.Views(a @ a.T / 4 + np.eye(4), rng.normal(size=(4, 4)))
    net = jepa.random_network(4, 3, 0.3, rng, objective, width=3)
    memory = memory if objective == "jepa" else None
    path = jepa.matrix_flow(views, net, [0.0, 5.0], objective, memory=memory, rtol=1e-11)
    moved = np.abs(path.networks[1].encoder - net.encoder).max()
    assert moved > 0.02
    for before, after in zip(*map(jepa.balance_defects, path.networks), strict=True):
        assert np.abs(after - before).max() < 1e-9


def test_predictor_rate_and_weight_decay_change_the_balance(rng):
    views = jepa.Views.from_modes(MODE)
    net = jepa.random_network(4, 2, 0.3, rng)
    path = jepa.matrix_flow(views, net, [0.0, 6.0], predictor_rate=3.0, rtol=1e-11)
    start, end = (jepa.balance_defects(n, 3.0) for n in path.networks)
    assert max(np.abs(x - y).max() for x, y in zip(start, end, strict=True)) < 1e-9
    decayed = jepa.matrix_flow(views, net, [0.0, 6.0], weight_decay=0.1, rtol=1e-11)
    start, end = (jepa.balance_defects(n) for n in decayed.networks)
    for before, after in zip(start, end, strict=True):  # raw time 3, rate 2 gamma
        np.testing.assert_allclose(after, before * np.exp(-2 * 0.1 * 3.0), atol=1e-9)


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_weight_decay_threshold_in_the_flow(objective, factor):
    mode = Mode.from_rho([1.2], [0.7])
    gamma = factor * float(jepa.critical_decay(mode, 2, objective)[0])
    end = float(jepa.fixed_point(mode, 2, objective)[0])
    net = jepa.aligned_network(mode, 2, end, objective)
    sizes = jepa.matrix_flow(
        jepa.Views.from_modes(mode), net, [0.0, 4000.0], objective, weight_decay=gamma
    ).amplitudes()
    kept = jepa.decay_equilibria(mode, 2, gamma, objective)[1][0] ** 2
    assert (kept > 0) == (factor < 1)
    np.testing.assert_allclose(sizes[0, -1], kept, atol=1e-6)


def test_ema_flow_is_the_scalar_path():
    mode = Mode.from_rho([1.0], [0.8])
    net = jepa.aligned_network(mode, 2, 0.1)
    raw = np.linspace(0, 60, 6)
    path = jepa.matrix_flow(jepa.Views.from_modes(mode), net, 2 * raw, memory=2.0)
    want = jepa.ema_path(Mode.from_rho(1.0, 0.8), 2, 0.1, 2.0, raw).layer ** 2
    np.testing.assert_allclose(path.amplitudes()[0], want, rtol=1e-7)


def test_moving_average_decay_and_predictor_rate_together():
    """Aligned modes under all three at once obey one scalar system of three variables."""
    mode, depth, b, gamma, eta, memory = Mode.from_rho([1.2, 0.8], [0.6, 0.9]), 2, 0.3, 2e-3, 2.0, 3
    times = np.linspace(0.0, 400.0, 9)
    path = jepa.matrix_flow(
        jepa.Views.from_modes(mode),
        jepa.aligned_network(mode, depth, b**depth),
        times,
        predictor_rate=eta,
        weight_decay=gamma,
        memory=memory,
    )
    for i in range(2):
        lam, s2 = mode.covariance[i], mode.variance[i]

        def rate(_, z, lam=lam, s2=s2):
            w, v, theta = z
            gap = theta**depth * lam - v * w**depth * s2
            layer = v * w ** (depth - 1) * gap - gamma * w
            return np.array([layer, eta * w**depth * gap - gamma * v, (w - theta) / memory]) / depth

        solved = solve_ivp(rate, (0, 400), [b] * 3, "DOP853", times, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(path.amplitudes()[i], solved.y[0] ** depth, rtol=1e-7)


@pytest.mark.parametrize("depth", [2, 3])
def test_a_predictor_that_starts_at_zero_changes_the_fixed_point(depth):
    """J18: (1 + w0^2 / rho^2)^(L/2) rho^L, not rho^L: 1.3 and 3.6 times larger at rho = 0.4."""
    mode, w0 = Mode.from_rho([1.0], [0.4]), {2: 0.22, 3: 0.46}[depth]
    net = jepa.Network((w0 * np.eye(1),) * depth, np.zeros((1, 1)))
    end = jepa.matrix_flow(jepa.Views.from_modes(mode), net, [3000.0]).amplitudes()[0, -1]
    want = float(jepa.unbalanced_fixed_point(Mode.from_rho(1.0, 0.4), depth, w0, 0.0))
    np.testing.assert_allclose(end, want, rtol=1e-8)
    assert want / 0.4**depth > 1.29


@pytest.mark.parametrize("objective", ["jepa", "mae"])
def test_jacobian_is_the_derivative_of_the_field(objective, rng):
    views = jepa.Views.from_modes(MODE)
    net = jepa.random_network(4, 2, 0.3, rng, objective)
    jacobian, direction = (
        jepa.flow_jacobian(views, net, objective),
        rng.normal(size=net.flat().size),
    )
    step = EPS ** (1 / 3)
    ends = [
        jepa.flow_field(views, net.like(net.flat() + s * step * direction), objective).flat()
        for s in (1, -1)
    ]
    slope = (ends[0] - ends[1]) / (2 * step)
    np.testing.assert_allclose(
        jacobian @ direction, slope, atol=1e3 * step**2 * np.abs(slope).max()
    )
    asymmetry = np.linalg.norm(jacobian - jacobian.T) / np.linalg.norm(jacobian)
    assert asymmetry > 0.05 if objective == "jepa" else asymmetry < 1e-14  # J32


def swap(mode, scale, delta):
    """Return when feature 0 is learned, when 1 replaces it, the prediction, and the path."""
    one, two = (Mode(mode.covariance[i], mode.variance[i]) for i in (0, 1))
    learned = float(jepa.critical_time(one, 1, scale))
    late = float(jepa.swap_time(one, two, 1, scale, delta))
    # an antisymmetric tilt would only rotate the hidden space, which is no misalignment
    tilt = np.eye(2) + delta * np.array([[0.0, 1.0], [1.0, 0.0]])
    start = jepa.Network((scale * tilt,), scale * np.eye(2))
    times = np.concatenate([[0.0], learned + late * np.linspace(0.0, 2.0, 4000)])
    path = jepa.matrix_flow(jepa.Views.from_modes(mode), start, times, rtol=1e-11)
    measured = float(jepa.retention_times(path, mode)[1])
    rate = float(jepa.overwriting_rate(one, two, 1))
    return learned, measured, rate * (measured - learned - late), path


@pytest.mark.parametrize(("low", "lam"), [(0.4, (1.5, 0.8)), (0.6, (1.5, 0.8)), (0.5, (1.5, 0.6))])
def test_swap_time_errs_by_a_bounded_term_only(low, lam):
    """J27: rate * (measured - predicted) tends to one number, at rate b + delta."""
    mode = Mode.from_rho(lam, [low, 0.9])
    coarse = [swap(mode, 1e-3, delta)[2] for delta in (1e-4, 1e-8)]
    fine = [swap(mode, 1e-4, delta)[2] for delta in (1e-5, 1e-9)]
    assert abs(coarse[1] - coarse[0]) < 1e-3 + 1e-4
    assert abs(fine[1] - fine[0]) < 1e-4 + 1e-5
    assert abs(coarse[1] - fine[1]) < 1e-3
    assert abs(fine[0]) < 2.0  # next to log(1 / delta) and log(1 / b)


def test_an_overwritten_feature_is_forgotten_and_learned_again():
    mode, scale = Mode.from_rho([1.5, 0.8], [0.4, 0.9]), 1e-3
    two = Mode(mode.covariance[1], mode.variance[1])
    _, measured, _, path = swap(mode, scale, 1e-6)
    assert measured < 0.9 * jepa.critical_time(two, 1, scale)
    assert jepa.crossing_times(path, 0.5 * mode.rho)[0] < measured  # the visitor came first
    forgotten = path.networks[-1]
    assert np.linalg.norm(forgotten.encoder[:, 0]) < 0.05 * 0.4
    last = 3 * float(np.max(jepa.critical_time(mode, 1, scale)))
    end = jepa.matrix_flow(jepa.Views.from_modes(mode), forgotten, [last]).amplitudes()[:, -1]
    np.testing.assert_allclose(end, mode.rho, rtol=1e-3)  # by another unit


def test_crossings_of_a_known_path():
    nets = [jepa.Network((np.array([[x]]),), np.eye(1)) for x in (0.1, 0.6, 0.2, 0.7, 0.8)]
    path = jepa.FlowPath(np.arange(5.0), tuple(nets))
    np.testing.assert_allclose(jepa.crossing_times(path, 0.35), [0.5])
    mode = Mode([0.7], [1.0])
    np.testing.assert_allclose(jepa.retention_times(path, mode), [2.3])
    assert jepa.crossing_times(path, 0.05)[0] == 0.0
    assert jepa.crossing_times(path, 0.9)[0] == np.inf
    assert jepa.retention_times(path, Mode([1.8], [1.0]))[0] == np.inf


def test_amplitudes_along_some_directions(rng):
    net = jepa.random_network(4, 2, 0.3, rng, width=3)
    path = jepa.FlowPath(np.array([0.0]), (net,))
    basis = np.linalg.qr(rng.normal(size=(4, 2)))[0]
    want = [np.linalg.norm(net.encoder @ column) for column in basis.T]
    np.testing.assert_allclose(path.amplitudes(basis)[:, 0], want, rtol=8 * EPS)
    np.testing.assert_allclose(path.amplitudes()[:, 0], np.linalg.norm(net.encoder, axis=0))
    for wrong in (basis.T, np.eye(3)):
        with pytest.raises(ValueError, match="directions must have 4 rows"):
            path.amplitudes(wrong)


def test_mistaken_input_is_named():
    views, net = jepa.Views.from_modes(MODE), jepa.aligned_network(MODE, 1, 0.1)
    with pytest.raises(ValueError, match="times must ascend"):
        jepa.matrix_flow(views, net, [1.0, 0.5])
    with pytest.raises(ValueError, match="objective must be one of"):
        jepa.flow_field(views, net, "mse")
    with pytest.raises(ValueError, match="predictor_rate must be greater than 0, got 0"):
        jepa.matrix_flow(views, net, [1.0], predictor_rate=0.0)
