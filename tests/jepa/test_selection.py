import numpy as np
import pytest
from scipy import linalg
from scipy.integrate import solve_ivp

from sdtheory import jepa
from sdtheory.jepa import Mode

EPS = np.finfo(float).eps


def test_kept_subspace_of_commuting_features():
    mode = Mode.from_rho([2.0, 1.0, 0.5, 0.3], [0.5, 0.7, 0.9, 0.2])
    views = jepa.Views.from_modes(mode)
    by_rho, by_energy = np.argsort(-mode.rho), np.argsort(-mode.rho * mode.covariance)
    assert by_rho[0] != by_energy[0]
    for k in (1, 2, 3):
        for objective, order in (("jepa", by_rho), ("mae", by_energy)):
            want = np.eye(4)[:, order[:k]]
            assert jepa.principal_sine(jepa.kept_subspace(views, k, objective), want) < 100 * EPS


def test_kept_subspace_without_commuting(rng):
    a = rng.normal(size=(5, 5))
    s_xx, s_yx = a @ a.T + np.eye(5), rng.normal(size=(5, 5))
    s_yx = s_yx + s_yx.T
    views = jepa.Views(s_xx, s_yx)
    _, vectors = linalg.eigh(s_yx, s_xx)  # symmetric pencil, ascending
    top = jepa.kept_subspace(views, 2)
    assert jepa.principal_sine(top, vectors[:, -2:]) < 1e5 * EPS
    # reduced-rank regression: the best rank-2 map, found by alternating least squares
    low = rng.normal(size=(2, 5))
    for _ in range(3000):
        left = s_yx @ low.T @ np.linalg.inv(low @ s_xx @ low.T)
        low = np.linalg.solve(left.T @ left, left.T @ views.regression)
    assert jepa.principal_sine(jepa.kept_subspace(views, 2, "mae"), low.T) < 1e-6


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("commuting", [True, False])
def test_narrow_encoders_keep_the_predicted_subspace(objective, commuting):
    """J29 from random small initialisation."""
    for seed in range(3):
        rng = np.random.default_rng([seed, commuting])
        rho = np.array([0.9, 0.7, 0.5, 0.35])
        mode = Mode.from_rho(rng.permutation([0.7, 1.0, 1.4, 2.0]), rho)
        views = jepa.Views.from_modes(mode)
        if not commuting:
            mix = np.eye(4) + 0.3 * rng.normal(size=(4, 4))
            views = jepa.Views(mix @ views.s_xx @ mix.T, mix @ views.s_yx @ mix.T)
        net = jepa.random_network(4, 1, 0.02, rng, objective, width=2)
        end = jepa.matrix_flow(views, net, [0.0, 4e4], objective, rtol=1e-9).networks[-1]
        want = jepa.kept_subspace(views, 2, objective)
        assert jepa.principal_sine(jepa.predicted_rows(end, 2), want) < 1e-5
        if objective == "jepa":
            kept = np.sort(np.linalg.eigvals(end.predictor).real)[::-1]
            np.testing.assert_allclose(kept, views.rho()[:2], rtol=1e-6)


def test_complex_pairs_are_kept_together():
    views = jepa.Views(np.eye(3), np.array([[0.5, -0.4, 0], [0.4, 0.5, 0], [0, 0, 0.3]]))
    assert jepa.kept_subspace(views, 2).shape == (3, 2)
    assert jepa.principal_sine(jepa.kept_subspace(views, 2), np.eye(3)[:, :2]) < 100 * EPS
    with pytest.raises(ValueError, match="width must not split a complex pair, got 1"):
        jepa.kept_subspace(views, 1)


def test_full_rank_predictor_is_an_equilibrium(rng):
    a = rng.normal(size=(4, 4))
    views = jepa.Views(a @ a.T + np.eye(4), rng.normal(size=(4, 4)))
    wbar = rng.normal(size=(4, 4))
    predictor = jepa.full_rank_predictor(views, wbar)
    field = jepa.flow_field(views, jepa.Network((wbar,), predictor))
    cond = np.linalg.cond(wbar) ** 2 * np.linalg.cond(views.s_xx)
    assert np.abs(field.flat()).max() < 50 * EPS * cond * np.linalg.norm(views.s_yx) * 10
    got, want = np.sort_complex(np.linalg.eigvals(predictor)), np.sort_complex(views.rho() + 0j)
    np.testing.assert_allclose(got, want, atol=1e3 * EPS * np.linalg.cond(wbar) ** 2)


def test_rank_one_flow_is_the_matrix_flow():
    mode = Mode.from_rho([1.5, 1.0, 0.8], [0.4, 0.7, 0.9])
    row = np.array([0.1, 0.08, 0.12])
    times = np.linspace(0, 60, 7)
    path = jepa.rank_one_flow(mode, 2, row, times)

    def field(_, r):
        v = np.linalg.norm(r)
        return v**3 * (mode.covariance - mode.variance * v) * r

    solved = solve_ivp(field, (0, 60), row, "DOP853", times, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(path.row, solved.y, rtol=1e-8)
    # balanced network of width 1: W_1 = r, every later layer and the predictor |r|
    v = np.linalg.norm(row)
    net = jepa.Network((row[None], np.array([[v]])), np.array([[v]]))
    flow = jepa.matrix_flow(jepa.Views.from_modes(mode), net, 2 * times)
    np.testing.assert_allclose([n.layers[0][0] for n in flow.networks], path.row.T, rtol=1e-7)


def test_winner_takes_all(rng):
    for _ in range(5):
        mode = Mode.from_rho(rng.uniform(0.5, 2, 4), rng.permutation([0.9, 0.7, 0.5, 0.3]))
        end = jepa.rank_one_flow(mode, 1, rng.uniform(0.05, 0.1, 4), [0.0, 5e4]).row[:, -1]
        assert np.argmax(end) == np.argmax(mode.rho)
        np.testing.assert_allclose(np.linalg.norm(end), mode.rho.max(), rtol=1e-6)


def test_mistaken_input_is_named():
    views = jepa.Views(np.eye(2), np.eye(2))
    with pytest.raises(ValueError, match="width must be at most 2, got 3"):
        jepa.kept_subspace(views, 3)
    with pytest.raises(ValueError, match="encoder must be a square matrix"):
        jepa.full_rank_predictor(views, np.ones((1, 2)))
