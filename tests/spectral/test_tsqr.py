"""Streamed QR keeps the digits that a Gram matrix squares away."""

import mpmath
import numpy as np
import pytest

from sdtheory import filters
from sdtheory.spectral import GramAccumulator, QRAccumulator, Spectrum

EPS = np.finfo(float).eps


def chunks_of(x, y, count=5):
    return list(zip(np.array_split(x, count), np.array_split(y, count), strict=True))


@pytest.fixture
def ill(rng):
    """Forty samples of four features with condition number 1e10, to rounding."""
    left = np.linalg.qr(rng.normal(size=(40, 4)))[0]
    right = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    x = (left * [1.0, 1e-2, 1e-6, 1e-10]) @ right.T
    return x, x @ rng.normal(size=4) + 1e-8 * rng.normal(size=40)


def exact_eigenvalues(x):
    """Return the eigenvalues of X'X to 50 digits, as floats."""
    with mpmath.workdps(50):
        matrix = mpmath.matrix(x.tolist())
        values = mpmath.eigsy(matrix.T * matrix, eigvals_only=True)
        return np.array(sorted((float(v) for v in values), reverse=True))


def test_condition_1e10_keeps_its_digits_in_qr_and_loses_them_in_a_gram_matrix(ill):
    x, y = ill
    exact = exact_eigenvalues(x)
    by_qr, by_gram = QRAccumulator(), GramAccumulator()
    for chunk in chunks_of(x, y):
        by_qr.update(*chunk)
        by_gram.update(*chunk)
    found = by_qr.summary().spectrum.eigenvalues
    # An eigenvalue s**2 carries twice the relative error eps s_1 / s of s.
    allowed = 2 * 10 * EPS * np.sqrt(exact[0] / exact)
    assert np.all(np.abs(found / exact - 1) <= allowed)
    # Squared, the condition number is 1e20: the smallest eigenvalue is below the rounding error.
    squared = by_gram.summary().spectrum.eigenvalues
    assert squared.shape[0] == 3
    assert abs(squared[2] / exact[2] - 1) <= 10 * EPS * exact[0] / exact[2]
    assert abs(squared[2] / exact[2] - 1) > 100 * abs(found[2] / exact[2] - 1)


def test_students_of_ill_conditioned_data(ill):
    """At a penalty as small as the smallest eigenvalue every mode is told apart."""
    x, y = ill
    seen = QRAccumulator()
    for chunk in chunks_of(x, y):
        seen.update(*chunk)
    lam = 1e-20
    with mpmath.workdps(50):
        design, labels = mpmath.matrix(x.tolist()), mpmath.matrix(y.tolist())
        gram = design.T * design + mpmath.mpf(lam) * mpmath.eye(4)
        teacher = mpmath.lu_solve(gram, design.T * labels)
        target = mpmath.mpf("1.5") * (design * teacher) - mpmath.mpf("0.5") * labels
        exact = [float(v) for v in mpmath.lu_solve(gram, design.T * target)]
    summary = seen.summary()
    student = filters.distill(summary.spectrum.eigenvalues, lam, xi=1.5, steps=1)
    found = summary.coefficients(student)[0]
    held = Spectrum.from_design(x)
    own = filters.distill(held.eigenvalues, lam, xi=1.5, steps=1)
    at_once = held.parameters(own, held.project(y))
    # Perturbing the data by eps of their norm moves the coefficients by eps cond.
    allowed = 10 * EPS * 1e10 * np.linalg.norm(exact)
    assert np.linalg.norm(found - exact) <= allowed
    assert np.linalg.norm(at_once - exact) <= allowed


def test_the_triangle_has_the_gram_matrix_of_the_data(rng):
    x, y, w = rng.normal(size=(30, 3)), rng.normal(size=(30, 2)), rng.exponential(size=30)
    seen = QRAccumulator()
    for k in range(0, 30, 4):
        seen.update(x[k : k + 4], y[k : k + 4], w[k : k + 4])
    table = np.sqrt(w)[:, None] * np.hstack([np.ones((30, 1)), x, y])
    gram = table.T @ table
    assert seen.triangle.shape == (6, 6)
    gap = np.abs(seen.triangle.T @ seen.triangle - gram)
    assert gap.max() <= 50 * EPS * np.abs(gram).max()


def test_labels_that_only_lost_directions_explain_are_no_contradiction(ill):
    """X'y then lies outside the range that a Gram matrix still shows, by what it has lost."""
    x, _ = ill
    y = np.linalg.svd(x, full_matrices=False)[0][:, 3]
    seen = GramAccumulator()
    seen.update(x, y)
    summary = seen.summary()
    assert summary.spectrum.eigenvalues.shape == (3,)
    # The energy itself, of which nothing is explained.
    np.testing.assert_allclose(summary.targets.outside, 1.0, rtol=1e-6)


@pytest.mark.parametrize("seed", range(60))
def test_an_eigenvalue_barely_above_rounding_may_explain_too_much(seed):
    rng = np.random.default_rng(seed)
    left = np.linalg.qr(rng.normal(size=(40, 4)))[0]
    right = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    small = 1.2 * np.sqrt(4 * EPS)
    seen = GramAccumulator()
    seen.update((left * [1.0, 0.9, 0.8, small]) @ right.T, left[:, 3])
    targets = seen.summary().targets
    assert targets.outside >= 0
