import numpy as np
import pytest

from sdtheory import jepa
from sdtheory.jepa import Mode

EPS = np.finfo(float).eps


@pytest.mark.parametrize("objective", ["jepa", "mae"])
@pytest.mark.parametrize("width", [None, 7])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_aligned_networks_are_balanced_and_of_the_stated_size(objective, width, depth, rng):
    mode = Mode(rng.uniform(0.5, 1, 4), np.ones(4))
    net = jepa.aligned_network(mode, depth, 1e-3, objective, width=width, rng=rng)
    np.testing.assert_allclose(
        np.linalg.svd(net.encoder, compute_uv=False), 1e-3, rtol=40 * depth * EPS
    )
    b = 1e-3 ** (1 / depth)
    product = net.predictor @ net.encoder
    if objective == "mae":  # V Wbar = b^(L+1) I
        np.testing.assert_allclose(product, b ** (depth + 1) * np.eye(4), atol=40 * b**depth * EPS)
        defects = jepa.balance_defects(net)[:-1]
    else:
        defects = jepa.balance_defects(net)[:-1] if width else jepa.balance_defects(net)
    inner = defects[1:] if width else defects  # a tall first layer is only semi-orthogonal
    for defect in inner:
        assert np.abs(defect).max() < 40 * EPS * b**2


def test_flat_and_like_are_inverse(rng):
    net = jepa.random_network(4, 3, 1e-2, rng, "mae", width=2)
    again = net.like(net.flat())
    for one, two in zip(
        (*net.layers, net.predictor), (*again.layers, again.predictor), strict=True
    ):
        np.testing.assert_array_equal(one, two)
    product = net.layers[2] @ net.layers[1] @ net.layers[0]
    np.testing.assert_allclose(net.encoder, product, rtol=1e-12)
    assert net.depth == 3
    assert net.predictor.shape == (4, 2)


def test_random_networks_have_the_stated_tilt():
    rng = np.random.default_rng(0)
    straight = jepa.random_network(40, 1, 0.1, rng, misalignment=0.0)
    np.testing.assert_allclose(np.linalg.svd(straight.encoder, compute_uv=False), 0.1, rtol=1e-12)
    tilted = jepa.random_network(40, 1, 0.1, np.random.default_rng(1), misalignment=1e-3)
    base = jepa.random_network(40, 1, 0.1, np.random.default_rng(1), misalignment=0.0)
    gap = np.linalg.norm(tilted.encoder - base.encoder) / np.linalg.norm(base.encoder)
    assert 0.9e-3 < gap < 1.1e-3
    np.testing.assert_array_equal(base.predictor, 0.05 * np.eye(40))


def test_views(rng):
    x = rng.normal(size=(300, 3))
    y = x @ rng.normal(size=(3, 3)) + rng.normal(size=(300, 3))
    views = jepa.Views.from_samples(x, y)
    np.testing.assert_allclose(views.regression, np.linalg.lstsq(x, y, rcond=None)[0].T, rtol=1e-10)
    basis, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    mode = Mode([1.0, -0.2, 0.4], [2.0, 1.0, 0.5])
    commuting = jepa.Views.from_modes(mode, basis)
    np.testing.assert_allclose(commuting.rho(), [0.8, 0.5, -0.2], atol=30 * EPS)
    rotation = jepa.Views(np.eye(2), 0.5 * np.array([[0.0, -1.0], [1.0, 0.0]]))
    np.testing.assert_allclose(np.abs(rotation.rho()), 0.5)
    assert np.iscomplexobj(rotation.rho())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jepa.Views(-np.eye(2), np.eye(2)), "s_xx must be positive definite"),
        (lambda: jepa.Views(np.eye(2), np.ones((2, 3))), "s_yx must be a square matrix"),
        (
            lambda: jepa.Views(np.array([[1.0, 0.5], [0.0, 1.0]]), np.eye(2)),
            "s_xx must be symmetric",
        ),
        (
            lambda: jepa.aligned_network(Mode([1.0, 1.0], [1.0, 1.0]), 1, 0.1, width=1),
            "width must be at",
        ),
        (lambda: jepa.random_network(2, 1, 0.0, np.random.default_rng(0)), "scale must be greater"),
    ],
)
def test_mistaken_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
