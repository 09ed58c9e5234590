import numpy as np
import pytest

from sdtheory import jepa
from sdtheory.jepa import Mode, Network

EPS = np.finfo(float).eps


def random_views(d, rng):
    a = rng.normal(size=(d, d))
    return jepa.Views(a @ a.T / d + 0.5 * np.eye(d), rng.normal(size=(d, d)))


def test_quasi_static_predictor_freezes_a_full_rank_encoder(rng):
    views = random_views(4, rng)
    for width, frozen in ((4, True), (2, False)):
        net = jepa.random_network(4, 2, 0.5, rng, width=width)
        best = jepa.quasi_static_predictor(views, net.encoder)
        gap = best @ net.encoder @ views.s_xx - net.encoder @ views.s_yx
        relative = np.linalg.norm(gap) / np.linalg.norm(net.encoder @ views.s_yx)
        cond = np.linalg.cond(net.encoder) ** 2 * np.linalg.cond(views.s_xx)
        assert relative < 10 * EPS * cond if frozen else relative > 0.1


def test_quasi_static_predictor_minimises_the_loss(rng):
    views = random_views(4, rng)
    net = Network((rng.normal(size=(2, 4)),), np.eye(2))
    best = jepa.quasi_static_predictor(views, net.encoder)
    field = jepa.flow_field(views, Network(net.layers, best))
    assert np.abs(field.predictor).max() < 100 * EPS * np.linalg.norm(net.encoder @ views.s_yx) * 10


def test_fast_predictor_freezes_at_rate_one_over_eta():
    mode = Mode.from_rho([1.0, 0.7], [0.9, 0.6])
    for eta in (10.0, 100.0):
        net = jepa.aligned_network(mode, 2, 0.04)
        path = jepa.matrix_flow(
            jepa.Views.from_modes(mode), net, [0.0, 3e5 * 2], predictor_rate=eta, rtol=1e-9
        )
        want = jepa.unbalanced_fixed_point(mode, 2, 0.2, 0.2, eta)
        np.testing.assert_allclose(path.amplitudes()[:, -1], want, rtol=1e-5)


@pytest.mark.parametrize("objective", ["jepa", "mae"])
def test_determinant_obstruction_loses_a_feature(objective):
    """Square, balanced, Haar predictors: all features if and only if there is no obstruction."""
    mode = Mode.from_rho([1.0, 0.9], [0.9, 0.8])
    views = jepa.Views.from_modes(mode)
    outcomes = set()
    for seed in range(8):
        rng = np.random.default_rng(seed)
        layer, turn = (np.linalg.qr(rng.normal(size=(2, 2)))[0] for _ in range(2))
        turn[:, 0] *= 1 if seed % 2 else -1
        net = Network((0.1 * layer,), 0.1 * turn)
        blocked = jepa.determinant_obstruction(views, net, objective)
        # long enough to learn, too short for integration errors to break the balance
        horizon = 4000.0 if objective == "jepa" else 15.0
        end = jepa.matrix_flow(views, net, [0.0, horizon], objective, rtol=1e-9).networks[-1]
        rank = int(np.sum(np.linalg.svd(end.encoder, compute_uv=False) > 0.2))
        assert (rank == 2) != blocked, seed
        outcomes.add(blocked)
    assert outcomes == {True, False}


def test_gaussian_predictors_as_large_as_the_encoder_lose_features():
    """J20: with V(0) = 0 instead, nothing is lost."""
    mode = Mode.from_rho([1.0, 0.95, 0.9, 0.85], [0.9, 0.85, 0.8, 0.75])
    views, counts = jepa.Views.from_modes(mode), []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        layer, predictor = 0.1 * rng.standard_normal((2, 4, 4)) / 2
        for start in (predictor, np.zeros((4, 4))):
            end = jepa.matrix_flow(views, Network((layer,), start), [3e4], rtol=1e-8).networks[-1]
            values = np.linalg.eigvals(end.predictor)
            counts.append(sum(np.abs(values - rho).min() < 1e-2 for rho in mode.rho))
    with_gaussian, with_zero = counts[::2], counts[1::2]
    assert with_zero == [4] * 6
    assert min(with_gaussian) < 4


def test_floor_holds_along_the_flow(rng):
    for _ in range(5):
        views = random_views(3, rng)
        net = jepa.random_network(3, 2, 0.3, rng, misalignment=0.2, predictor=0.4)
        floor = jepa.collapse_floor(net)
        assert floor > 0
        path = jepa.matrix_flow(views, net, np.linspace(0.0, 4.0, 20))
        smallest = [np.linalg.svd(n.layers[-1], compute_uv=False)[-1] ** 2 for n in path.networks]
        assert min(smallest) >= floor * (1 - 1e-9)


def test_floor_is_attained_when_the_predictor_dies():
    """v0 = -w0 / 2 on the way to rho > 0 passes zero, where w^2 = w0^2 - v0^2 exactly."""
    mode = Mode.from_rho([1.0], [0.9])
    net = Network((np.array([[0.2]]),), np.array([[-0.1]]))
    path = jepa.matrix_flow(jepa.Views.from_modes(mode), net, np.linspace(0, 40, 4001))
    smallest = path.amplitudes()[0].min() ** 2
    np.testing.assert_allclose(smallest, jepa.collapse_floor(net), rtol=1e-4)


def test_complex_path_is_the_matrix_flow(rng):
    theta, size, depth, b = 2.0, 0.8, 2, 0.3
    turn = np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])
    views = jepa.Views(1.3 * np.eye(2), 1.3 * size * turn)
    net = Network((b * np.eye(2),) * depth, b * np.eye(2))
    raw = np.linspace(0, 150, 6)
    path = jepa.matrix_flow(views, net, depth * raw)
    v = jepa.complex_path(size * np.exp(1j * theta), 1.3, depth, b, raw)
    for state, want in zip(path.networks, v, strict=True):
        got = state.predictor[0, 0] + 1j * state.predictor[1, 0]
        assert abs(got - want) < 1e-7
        singular = np.linalg.svd(state.encoder, compute_uv=False)
        np.testing.assert_allclose(singular, abs(want) ** depth, rtol=1e-6)
    segment = (v - size * np.exp(1j * theta)) / (b - size * np.exp(1j * theta))
    assert np.abs(segment.imag).max() < 20 * EPS


def test_mistaken_input_is_named():
    views = jepa.Views(np.eye(2), np.eye(2))
    tall = Network((np.ones((3, 2)),), np.eye(3))
    with pytest.raises(ValueError, match="last layer of full row rank"):
        jepa.collapse_floor(tall)
    with pytest.raises(ValueError, match="predictor must be a square matrix"):
        jepa.determinant_obstruction(views, Network((np.ones((1, 2)),), np.ones((2, 1))), "mae")
    with pytest.raises(ValueError, match="layer must be greater than 0, got 0"):
        jepa.complex_path(0.5j, 1.0, 1, 0.0, [1.0])
