"""Every route yields the same chain, says which one it took, and keeps its promises on errors."""

import numpy as np
import pytest
from backends import BACKENDS

from sdtheory import kernel_ridge
from sdtheory._array import to_numpy
from sdtheory.kernel_ridge import routes

LAMS, XIS = [1.0, 0.3, 0.5], [0.6, -0.5]
EPS = np.finfo(float).eps


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("route", ["cholesky", "eigh", "lanczos"])
def test_routes_agree_with_solving(data, by_solving, route, outputs):
    y = data.y[:, 0] if outputs == 1 else data.y
    chain = kernel_ridge.distil(data.kernel, y, LAMS, XIS, route=route, tolerance=1e-13)
    assert chain.route == route
    want = by_solving(data.kernel, data.new, y, LAMS, XIS)
    tolerance = 1e3 * 30 * EPS * np.linalg.norm(data.kernel, 2) / min(LAMS)
    for k in range(3):
        np.testing.assert_allclose(chain.predict(data.new, k), want[k], rtol=0, atol=tolerance)
    fitted = by_solving(data.kernel, data.kernel, y, LAMS, XIS)
    np.testing.assert_allclose(chain.fitted, fitted, rtol=0, atol=tolerance)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-5, 1e-9])
def test_lanczos_errors_stay_below_their_bounds(rng, by_solving, tolerance):
    x = rng.normal(size=(200, 3))
    kernel = np.exp(-0.5 * ((x[:, None] - x) ** 2).sum(-1))
    y = np.sin(x[:, 0]) + rng.normal(size=200)
    new = np.exp(-0.5 * ((rng.normal(size=(50, 1, 3)) - x) ** 2).sum(-1))
    chain = kernel_ridge.distil(kernel, y, LAMS, XIS, route="lanczos", tolerance=tolerance)
    assert chain.fitted_error <= tolerance
    assert 0 < chain.products < 200
    predictions = by_solving(kernel, new, y, LAMS, XIS)
    fitted = by_solving(kernel, kernel, y, LAMS, XIS)
    for k in range(3):
        # k(x, x) = 1, so the bound in the function space is one on every prediction.
        assert np.abs(chain.predict(new, k) - predictions[k]).max() <= chain.norm_error
        error = np.linalg.norm(chain.fitted[k] - fitted[k])
        assert error <= chain.fitted_error * np.linalg.norm(chain.fitted[k])
    # A bound that is never near the error would be of no use.
    assert error >= 1e-4 * chain.fitted_error * np.linalg.norm(fitted[-1])


def test_lanczos_ends_when_the_space_is_exhausted():
    kernel = np.diag([1.0, 1.0, 4.0])
    chain = kernel_ridge.distil(kernel, np.ones(3), 0.1, 0.5, 2, route="lanczos", tolerance=1e-15)
    assert chain.products == 2
    np.testing.assert_allclose(
        chain.fitted[-1], kernel_ridge.fit(kernel, np.ones(3)).fitted(0.1, 0.5, 2), rtol=50 * EPS
    )


def test_zero_labels_need_no_product():
    chain = kernel_ridge.distil(np.eye(3), np.zeros(3), 0.1, 0.5, route="lanczos")
    assert chain.products == 0
    assert not chain.dual.any()


def test_a_kernel_of_products_is_never_a_matrix(data):
    calls = []

    def product(vector):
        assert vector.shape == (30,)
        calls.append(1)
        return data.kernel @ vector

    chain = kernel_ridge.distil(product, data.y, 0.5, [1.0, 0.3], tolerance=1e-10)
    assert (chain.route, chain.products) == ("lanczos", len(calls))
    np.testing.assert_allclose(
        chain.predict(data.new),
        kernel_ridge.fit(data.kernel, data.y).predict(data.new, 0.5, [1, 0.3]),
        rtol=0,
        atol=chain.norm_error + 1e-12,
    )
    with pytest.raises(ValueError, match="route must be 'lanczos'"):
        kernel_ridge.distil(product, data.y, 0.5, route="eigh")
    with pytest.raises(ValueError, match="products must be larger"):
        kernel_ridge.distil(product, data.y, 1e-6, products=10, tolerance=1e-12)


def test_automatic_routes(rng, monkeypatch):
    x = rng.normal(size=(120, 2))
    kernel = np.exp(-0.5 * ((x[:, None] - x) ** 2).sum(-1))
    y = rng.normal(size=120)
    one = kernel_ridge.distil(kernel, y, 0.5, 1.0, 5)
    assert (one.route, one.why) == ("cholesky", "1 distinct penalties")
    many = kernel_ridge.distil(kernel, y, np.geomspace(0.1, 1, 12))
    assert many.route == "eigh"
    # A large kernel: products first, a factor where they would not do.
    monkeypatch.setattr(routes, "_LARGE", 100)
    monkeypatch.setattr(routes, "_PRODUCTS_PER_FACTOR", 0.25)
    easy = kernel_ridge.distil(kernel, y, 50.0, 1.0, tolerance=1e-3)
    assert easy.route == "lanczos"
    hard = kernel_ridge.distil(kernel, y, 1e-4, 1.0, tolerance=1e-12)
    assert hard.route == "cholesky"


@pytest.mark.parametrize("put", BACKENDS)
def test_backend_is_kept(put, rng):
    x = rng.normal(size=(20, 2))
    kernel = np.exp(-0.5 * ((x[:, None] - x) ** 2).sum(-1))
    y = rng.normal(size=20)
    want = kernel_ridge.fit(kernel, y).fitted(LAMS, XIS)
    for route in ("auto", "lanczos"):
        chain = kernel_ridge.distil(
            put(kernel), put(y), LAMS, XIS, route=route, tolerance=100 * put.eps
        )
        assert put.owns(chain.fitted)
        np.testing.assert_allclose(
            to_numpy(chain.fitted)[-1], want, rtol=0, atol=2000 * put.eps * np.abs(y).max()
        )
    if put.library != "numpy":
        with pytest.raises(TypeError, match="route 'cholesky' needs NumPy"):
            kernel_ridge.distil(put(kernel), put(y), 1.0, route="cholesky")


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="kernel must be symmetric"):
        kernel_ridge.distil(np.array([[1.0, 2.0], [0.0, 1.0]]), np.ones(2), 1.0)
    with pytest.raises(ValueError, match="lam must be greater than 0"):
        kernel_ridge.distil(np.eye(2), np.ones(2), 0.0)
    with pytest.raises(ValueError, match="products must be larger"):
        kernel_ridge.distil(np.diag([1.0, 2.0, 9.0]), np.ones(3), 1e-3, route="lanczos", products=1)
    with pytest.raises(ValueError, match="steps must be at most 1"):
        kernel_ridge.distil(np.eye(2), np.ones(2), 1.0).predict(np.eye(2), 2)


@pytest.mark.parametrize(
    ("product", "message"),
    [
        (lambda v: v[:2], r"kernel must map a vector of shape \(5,\)"),
        (lambda v: np.nan * v, "to a finite one of the same shape"),
        (lambda v: -v, "kernel must be positive semi-definite"),
        (lambda v: np.array([3.0, 1.0, 0.0, -2.0, 1.0]) * v, "kernel must be positive semi"),
    ],
)
def test_products_that_are_no_kernel_are_named(product, message):
    with pytest.raises(ValueError, match=message):
        kernel_ridge.distil(product, np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 1.0)
