"""The bounds on Lanczos' errors hold where rounding rules: tiny penalties, few digits, clusters."""

import numpy as np
import pytest

from sdtheory import kernel_ridge
from sdtheory.kernel_ridge._lanczos import Krylov

N, STEPS = 100, 4
HALVES = [np.ones(N // 2), np.full(N // 2, 1e-6)]
ONE_LARGE = np.r_[1.0, np.geomspace(1e-7, 1e-9, N - 1)]
CASES = {
    "even": (np.linspace(0, 1, N), 1.0, 0.7),
    "decaying": (np.geomspace(1, 1e-12, N), 1e-3, 0.7),
    "away from the teacher": (np.geomspace(1, 1e-6, N), 1e-3, -3.0),
    "beyond the teacher": (np.geomspace(1, 1e-6, N), 1e-3, 2.0),
    "small penalty": (np.geomspace(1, 1e-12, N), 1e-8, 0.7),
    "penalty lost in rounding": (np.geomspace(1, 1e-16, N), 1e-14, 0.7),
    "two clusters": (np.concatenate(HALVES), 1e-6, 0.7),
    "hardly a signal": (ONE_LARGE, 1.0, 0.7),
    "zero after a few rounds": (np.linspace(1e-3, 0, N), 1.0, 1.0),
}


def instance(rng, eigenvalues, dtype):
    vectors = np.linalg.qr(rng.normal(size=(N, N)))[0]
    kernel = (vectors * eigenvalues) @ vectors.T
    labels = rng.normal(size=N)
    if eigenvalues is ONE_LARGE:
        labels -= (1 - 1e-6) * vectors[:, 0] * (vectors[:, 0] @ labels)
    return (0.5 * (kernel + kernel.T)).astype(dtype), labels.astype(dtype)


def refined(kernel, y, lam, xi):
    """Return dual weights and fitted values of every round, by solves refined in long doubles."""
    kernel, y = kernel.astype(np.longdouble), y.astype(np.longdouble)
    shifted = kernel.astype(float) + lam * np.eye(N)
    duals, fits = [], []
    for k in range(STEPS + 1):
        target = y if k == 0 else xi * fits[-1] + (1 - xi) * y
        dual = np.zeros_like(y)
        for _ in range(20):
            missing = target - kernel @ dual - np.longdouble(lam) * dual
            dual = dual + np.linalg.solve(shifted, missing.astype(float))
        duals.append(dual)
        fits.append(kernel @ dual)
    return duals, fits


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("tolerance", [1e-3, 1e-8, 1e-15])
def test_errors_with_all_their_rounding_stay_below_the_bounds(rng, case, dtype, tolerance):
    eigenvalues, lam, xi = CASES[case]
    kernel, y = instance(rng, eigenvalues, dtype)
    if dtype == np.float32 and eigenvalues[-1] < 1e-7:  # rounding makes it indefinite
        kernel += 1e-6 * np.eye(N, dtype=dtype)
    chain = kernel_ridge.distil(
        kernel, y, lam, xi, STEPS, route="lanczos", tolerance=tolerance, products=N
    )
    duals, fits = refined(kernel, y, lam, xi)
    for k in range(STEPS + 1):
        error = float(np.linalg.norm(chain.fitted[k] - fits[k]))
        assert error <= chain.fitted_error * np.linalg.norm(chain.fitted[k].astype(float))
        gap = chain.dual[k] - duals[k]
        assert float(gap @ (kernel.astype(np.longdouble) @ gap)) <= chain.norm_error**2
    eps = float(np.finfo(dtype).eps)
    # Where neither conditioning nor a vanishing fit magnifies rounding, the bound says so.
    if case in ("even", "decaying"):
        magnified = 1 + eigenvalues[0] / lam
        assert chain.fitted_error <= max(2 * tolerance, 1e3 * eps * magnified)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_space_ends_where_only_rounding_is_left(rng, dtype):
    """Two eigenvalues need two products; a third vector would be noise, not orthogonal to them."""
    for _ in range(20):
        kernel, y = instance(rng, np.concatenate(HALVES), dtype)
        space = Krylov(lambda v, kernel=kernel: kernel @ v, y)
        space.grow(N)
        assert space.products == 2


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_bounds_scale_with_the_kernel(rng, scale):
    kernel, y = instance(rng, np.geomspace(1, 1e-8, N), np.float64)
    options = {"route": "lanczos", "tolerance": 1e-6}
    plain = kernel_ridge.distil(kernel, y, 1e-3, 0.7, STEPS, **options)
    other = kernel_ridge.distil(scale * kernel, y, scale * 1e-3, 0.7, STEPS, **options)
    assert other.products == plain.products
    # The bound is a last component: right to rounding of the whole, of a size of 1e3 here.
    assert other.fitted_error == pytest.approx(plain.fitted_error, rel=1e-6)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_rounding_of_every_round_is_that_of_its_products_and_of_what_it_passes_on(rng, size):
    """Of the identity: the equation is off by eps |K| |dual|, the fit by eps |fit|."""
    y = rng.normal(size=16)
    lams, xis = [0.5 * size, 2.0 * size, 0.1 * size], [0.5, -1.5]
    space = Krylov(lambda v: size * v, y)
    space.grow(1)
    found = space.chain(lams, xis)
    unit = 2 * np.finfo(float).eps * 4 * np.linalg.norm(y)  # 4 is the root of 16 samples
    passed, kept = 0.0, 1.0
    for k, lam in enumerate(lams):
        xi = 0.0 if k == 0 else xis[k - 1]
        kept = size / (size + lam) * (1 - xi + xi * kept)
        before = abs(xi) * passed
        passed = size / (size + lam) * before + unit * abs(kept)
        assert found.rounding[k] == pytest.approx(passed + unit * abs(kept), rel=1e-12, abs=0)
        norm = 0.5 * (before + unit * abs(kept)) / lam**0.5 + unit * abs(kept) / size**0.5
        assert found.rounding_norm[k] == pytest.approx(norm, rel=1e-12, abs=0)
