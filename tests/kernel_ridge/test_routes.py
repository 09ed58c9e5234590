"""Every route yields the same chain, says which one it took, and keeps its promises on errors."""

import numpy as np
import pytest
import scipy.linalg
from backends import BACKENDS

from sdtheory import kernel_ridge
from sdtheory._array import to_numpy
from sdtheory.kernel_ridge import routes
from sdtheory.kernel_ridge._lanczos import Krylov

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
    assert (many.route, many.why) == ("eigh", "12 distinct penalties, or not NumPy")
    for route in ("cholesky", "eigh", "lanczos"):
        asked = kernel_ridge.distil(kernel, y, 50.0, route=route)
        assert (asked.route, asked.why) == (route, "asked for")
        if route != "lanczos":
            assert (asked.products, asked.fitted_error, asked.norm_error) == (0, 0.0, 0.0)
    function = kernel_ridge.distil(lambda v: kernel @ v, y, 50.0)
    assert (function.route, function.why) == ("lanczos", "the kernel is a function")
    # A large kernel: products first, a factor where they would not do.
    monkeypatch.setattr(routes, "_LARGE", 100)
    monkeypatch.setattr(routes, "_PRODUCTS_PER_FACTOR", 0.25)
    easy = kernel_ridge.distil(kernel, y, 50.0, 1.0, tolerance=1e-3)
    assert (easy.route, easy.why) == ("lanczos", "n = 120 is large")
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


def test_the_defaults_are_one_pure_student(data):
    got = kernel_ridge.distil(data.kernel, data.y, 0.5)
    want = kernel_ridge.distil(data.kernel, data.y, 0.5, xi=1.0, steps=1)
    np.testing.assert_array_equal(got.fitted, want.fitted)
    two = kernel_ridge.distil(data.kernel, data.y, 0.5, [1.0, 0.5])
    last = two.predict(data.new)
    np.testing.assert_array_equal(last, data.new @ two.dual[2])
    for k in (-3, -1, 0, 2):
        np.testing.assert_array_equal(two.predict(data.new, k), data.new @ two.dual[k])
    for k, bound in ((-4, "least -3"), (3, "most 2")):
        with pytest.raises(ValueError, match=f"steps must be at {bound}, got {k}"):
            two.predict(data.new, k)


@pytest.mark.parametrize("lam", [1e-3, 1.0, 1e3])
def test_fitted_values_keep_their_digits_at_any_penalty(rng, lam):
    """lam w and the target agree to many digits where the penalty is large: K w has them all."""
    x = rng.normal(size=(20, 2))
    kernel = np.exp(-0.5 * ((x[:, None] - x) ** 2).sum(-1))
    y = rng.normal(size=20)
    chain = kernel_ridge.distil(kernel, y, lam, [0.5, 1.5])
    assert chain.route == "cholesky"
    want = [kernel_ridge.fit(kernel, y).fitted(lam, [0.5, 1.5][:k], k) for k in range(3)]
    for got, exact in zip(chain.fitted, want, strict=True):
        tolerance = 200 * EPS * (1 + 20 / lam) * np.abs(exact).max()
        np.testing.assert_allclose(got, exact, rtol=0, atol=tolerance)


def test_equal_penalties_are_factorised_once(data, monkeypatch):
    made = []
    plain = scipy.linalg.cho_factor

    def counted(matrix, **options):
        made.append(matrix[0, 0] - data.kernel[0, 0])
        return plain(matrix, **options)

    monkeypatch.setattr(scipy.linalg, "cho_factor", counted)
    before = data.kernel.copy()
    kernel_ridge.distil(data.kernel, data.y, [0.5, 2.0, 0.5, 2.0])
    np.testing.assert_allclose(made, [0.5, 2.0], rtol=8 * EPS)
    np.testing.assert_array_equal(data.kernel, before)


def test_what_cholesky_cannot_factorise_the_spectrum_can(rng):
    """A singular kernel whose penalty is lost in rounding; an indefinite one is named."""
    half, y = rng.normal(size=(12, 3)), rng.normal(size=12)
    kernel = 1e6 * half @ half.T
    chain = kernel_ridge.distil(kernel, y, 1e-12, 1.0)
    assert chain.route == "eigh"
    model = kernel_ridge.fit(kernel, y)
    for k in range(2):
        np.testing.assert_allclose(chain.fitted[k], model.fitted(1e-12, 1.0, k), rtol=1e-12)
        np.testing.assert_allclose(chain.dual[k], model.dual(1e-12, 1.0, k), rtol=1e-12)
    with pytest.raises(ValueError, match="kernel must be positive semi-definite"):
        kernel_ridge.distil(np.diag([1.0, -1.0]), np.ones(2), 1e-3)


@pytest.mark.parametrize(("gap", "accepted"), [(1e-10, True), (1e-6, False)])
def test_half_the_digits_of_symmetry_are_asked_for(gap, accepted):
    kernel = np.array([[2.0, 1.0 + gap], [1.0, 2.0]])
    if accepted:
        got = kernel_ridge.distil(kernel, np.ones(2), 1.0)
        np.testing.assert_allclose(got.fitted[0], [0.75, 0.75], rtol=2 * gap)
    else:
        with pytest.raises(ValueError, match="kernel must be symmetric"):
            kernel_ridge.distil(kernel, np.ones(2), 1.0)


@pytest.mark.parametrize("products", [1, 2, 5])
def test_the_bounds_follow_from_the_residuals_of_every_round(data, products):
    """The errors obey (K + lam) e_k = xi K e_{k-1} + residual: bound it, round by round."""
    y, lams, xis = data.y[:, 0], [1.0, 0.3, 0.5], [0.6, -1.5]
    space = Krylov(lambda v: data.kernel @ v, y)
    space.grow(products)
    assert space.products == products
    found = space.chain(lams, xis)
    duals = found.dual
    fitted_bound = norm_bound = 0.0
    for k, lam in enumerate(lams):
        xi, before = (0.0, 0 * y) if k == 0 else (xis[k - 1], duals[k - 1])
        missed = (data.kernel @ duals[k] + lam * duals[k]) - xi * data.kernel @ before
        size = np.linalg.norm(missed - (1 - xi) * y)
        fitted_bound = abs(xi) * fitted_bound + size
        norm_bound = abs(xi) * norm_bound + 0.5 * size / lam**0.5
        assert found.missed[k] == pytest.approx(fitted_bound, abs=1e4 * EPS)
        assert found.missed_norm[k] == pytest.approx(norm_bound, abs=1e4 * EPS)


def test_an_exhausted_space_is_exact():
    kernel = np.diag([1.0, 1.0, 4.0])
    chain = kernel_ridge.distil(kernel, np.ones(3), 0.1, [0.5, 2.0], route="lanczos")
    assert chain.products == 2
    assert max(chain.fitted_error, chain.norm_error) < 200 * EPS  # rounding alone
    want = kernel_ridge.fit(kernel, np.ones(3)).fitted(0.1, [0.5, 2.0])
    np.testing.assert_allclose(chain.fitted[-1], want, rtol=50 * EPS)
    with pytest.raises(ValueError, match="products must be larger"):
        kernel_ridge.distil(kernel, [1.0, 2.0, 3.0], 1e-3, route="lanczos", products=1)
    # So is that of an eigenvector, of whatever length.
    for size in (1.0, 3.0):
        one = kernel_ridge.distil(kernel, [size, 0.0, 0.0], 1.0, 0.5, route="lanczos")
        assert one.products == 1
        np.testing.assert_allclose(one.fitted[0], [0.5 * size, 0.0, 0.0], rtol=4 * EPS)
    # A zero kernel is exhausted by one product, however small the labels.
    zero = kernel_ridge.distil(np.zeros((3, 3)), np.full(3, 1e-100), 1.0, route="lanczos")
    assert (zero.products, zero.fitted_error) == (1, 0.0)
    assert not zero.fitted.any()


@pytest.mark.parametrize("scale", [1e-100, 1e100])
def test_exhaustion_does_not_depend_on_the_scale(scale):
    kernel = scale * np.diag([1.0, 2.0, 4.0, 4.0])
    chain = kernel_ridge.distil(kernel, np.ones(4), scale, 0.5, 2, route="lanczos")
    assert chain.products == 3
    want = kernel_ridge.fit(kernel, np.ones(4)).fitted(scale, 0.5, 2)
    np.testing.assert_allclose(chain.fitted[-1], want, rtol=200 * EPS)


def test_outputs_share_one_schedule_and_add_up_their_products(data):
    y = np.column_stack([data.y[:, 0], np.zeros(30), data.y[:, 1]])
    both = kernel_ridge.distil(data.kernel, y, LAMS, XIS, route="lanczos", tolerance=1e-6)
    runs = [
        kernel_ridge.distil(data.kernel, y[:, k], LAMS, XIS, route="lanczos", tolerance=1e-6)
        for k in range(3)
    ]
    assert both.products == sum(run.products for run in runs)
    assert both.fitted_error == max(run.fitted_error for run in runs)
    assert both.norm_error == max(run.norm_error for run in runs)
    for k, run in enumerate(runs):
        np.testing.assert_array_equal(both.dual[..., k], run.dual)
        np.testing.assert_array_equal(both.fitted[..., k], run.fitted)


def test_products_are_made_a_few_at_a_time_and_never_beyond_the_budget(data):
    exact = kernel_ridge.distil(data.kernel, data.y[:, 0], 0.05, 1.0, route="cholesky")
    chain = kernel_ridge.distil(
        data.kernel, data.y[:, 0], 0.05, 1.0, route="lanczos", tolerance=1e-9, products=29
    )
    assert chain.products % 10 == 0 or chain.products == 29
    np.testing.assert_allclose(chain.fitted, exact.fitted, rtol=0, atol=1e-8)
    calls = []

    def counted(vector):
        calls.append(1)
        return data.kernel @ vector

    with pytest.raises(ValueError, match="15 products with the kernel do not reach"):
        kernel_ridge.distil(counted, data.y[:, 0], 1e-6, products=15, tolerance=1e-12)
    assert len(calls) == 15
    with pytest.raises(ValueError, match="6 products with the kernel do not reach"):
        kernel_ridge.distil(data.kernel, data.y[:, 0], 1e-6, route="lanczos", products=6)
    enough = kernel_ridge.distil(
        data.kernel, data.y[:, 0], 50.0, route="lanczos", tolerance=1e-3, products=6
    )
    assert enough.products == 6


@pytest.mark.parametrize(("smallest", "accepted"), [(-1e-10, True), (-1e-6, False)])
def test_eigenvalues_that_are_negative_by_rounding(smallest, accepted):
    """Half of the digits are forgiven in products, as they are in matrices."""
    d = np.array([1.0, smallest])
    if accepted:
        chain = kernel_ridge.distil(lambda v: d * v, np.ones(2), 1.0, 0.5)
        # What is forgiven is taken to be zero.
        np.testing.assert_allclose(chain.fitted[0], [0.5, 0.0], rtol=0, atol=1e-14)
    else:
        with pytest.raises(ValueError, match="positive semi-definite, got a Rayleigh quotient"):
            kernel_ridge.distil(lambda v: d * v, np.ones(2), 1.0, 0.5)


@pytest.mark.parametrize("route", ["cholesky", "eigh", "lanczos"])
def test_chains_beyond_the_range_of_floats_are_refused(route):
    with pytest.raises(ValueError, match="the chain has grown beyond the range"):
        kernel_ridge.distil(np.diag([1e6, 2e6]), np.ones(2), 1.0, [1e200, 1e200], route=route)


@pytest.mark.parametrize("route", ["cholesky", "eigh", "lanczos"])
def test_chains_of_which_only_fits_are_beyond_the_range_are_refused(route):
    kernel, y = 1e250 * np.eye(2), np.full(2, 1e140)
    with pytest.raises(ValueError, match="the chain has grown beyond the range"):
        kernel_ridge.distil(kernel, y, 1e250, [1e170], route=route)


@pytest.mark.parametrize("size", [2.0**-30, 2.0**30])  # which round nothing
def test_errors_are_relative_to_the_labels(data, size):
    options = {"route": "lanczos", "tolerance": 1e-4}
    plain = kernel_ridge.distil(data.kernel, data.y, LAMS, XIS, **options)
    other = kernel_ridge.distil(data.kernel, size * data.y, LAMS, XIS, **options)
    assert other.products == plain.products
    assert other.fitted_error == pytest.approx(plain.fitted_error, rel=1e-12)
    assert other.norm_error == pytest.approx(size * plain.norm_error, rel=1e-12, abs=0)


def test_new_points_of_another_width_are_named():
    chain = kernel_ridge.distil(np.eye(3), np.ones(3), 1.0)
    with pytest.raises(ValueError, match=r"new must have 3 columns, got shape \(3, 2\)"):
        chain.predict(np.ones((3, 2)))
    assert chain.predict(np.ones((0, 3))).shape == (0,)


@pytest.mark.parametrize("lam", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_rounding_is_reported_where_nothing_else_is_missed(rng, lam, size):
    """One product exhausts a multiple of the identity: what is left are a few units of rounding."""
    y, n = rng.normal(size=16), 16
    chain = kernel_ridge.distil(lambda v: size * v, y, lam * size, [0.5, -1.5, 2.0])
    assert chain.products == 1
    # Four units of n**0.5 eps for the teacher, and no more than that for what a round passes on.
    rounds = 1 + 0.5 + 1.5 * 1.5 + 2 * 3
    assert 4 * EPS * n**0.5 * (1 - 1e-9) <= chain.fitted_error <= 40 * EPS * n**0.5 * rounds
    assert chain.norm_error > 0
    exact = kernel_ridge.fit(size * np.eye(n), y).fitted(lam * size, [0.5, -1.5, 2.0])
    error = np.linalg.norm(chain.fitted[-1] - exact) / np.linalg.norm(exact)
    assert error <= chain.fitted_error
