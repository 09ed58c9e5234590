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


@pytest.mark.parametrize("single", [False, True])
def test_triangles_are_merged_whatever_came_first(rng, single):
    x, y = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
    y = y[:, 0] if single else y
    once, left, right, into = (QRAccumulator() for _ in range(4))
    once.update(x, y)
    left.update(x[:7], y[:7])
    right.update(x[7:], y[7:])
    into.merge(QRAccumulator())
    assert (into.rows, into.total, into.triangle) == (0, 0.0, None)
    for other in (right, QRAccumulator(), left):
        into.merge(other)
    assert (into.rows, into.outputs, into.single) == (12, 1 if single else 2, single)
    assert into.total == pytest.approx(12.0, rel=16 * EPS)
    for intercept in (False, True):
        a, b = into.summary(intercept), once.summary(intercept)
        np.testing.assert_allclose(a.spectrum.eigenvalues, b.spectrum.eigenvalues, rtol=100 * EPS)
        student = filters.distill(a.spectrum.eigenvalues, 0.5, 1.5)
        for got, want in zip(a.coefficients(student), b.coefficients(student), strict=True):
            assert np.shape(got) == np.shape(want)
            np.testing.assert_allclose(got, want, rtol=0, atol=1e3 * EPS)
    other = QRAccumulator()
    other.update(x, y[:, None] if single else y[:, 0])
    with pytest.raises(ValueError, match="other must have 3 features and"):
        into.merge(other)
    assert into.rows == 12


@pytest.mark.parametrize("intercept", [False, True])
def test_a_few_weighted_samples(rng, intercept):
    """One, two and three rows of three features: every shape a triangle starts with."""
    for rows in (1, 2, 3):
        x, y, w = rng.normal(size=(rows, 3)), rng.normal(size=rows), rng.exponential(size=rows)
        seen = QRAccumulator()
        seen.update(x, y, w)
        mean = (w @ x / w.sum(), w @ y / w.sum()) if intercept else (np.zeros(3), 0.0)
        a, b = np.sqrt(w)[:, None] * (x - mean[0]), np.sqrt(w) * (y - mean[1])
        slopes = a.T @ np.linalg.solve(a @ a.T + 0.5 * np.eye(rows), b)
        summary = seen.summary(intercept)
        assert summary.spectrum.n == rows
        assert summary.spectrum.eigenvalues.shape == (rows - intercept,)
        teacher = filters.distill(summary.spectrum.eigenvalues, 0.5, [], 0)
        got, constant = summary.coefficients(teacher)
        np.testing.assert_allclose(got, slopes, rtol=0, atol=1e3 * EPS)
        assert float(constant) == pytest.approx(mean[1] - mean[0] @ slopes, abs=1e3 * EPS)
        fitted = b - a @ np.linalg.pinv(a) @ b
        assert float(summary.targets.outside) == pytest.approx(fitted @ fitted, abs=1e3 * EPS)
        assert bool(summary.intercept) == intercept


def test_constants_beside_features_of_any_size(rng):
    """Only what varies by rounding is dropped; means of zero and columns of zeros are columns."""
    x = np.column_stack([np.full(50, 3.0), 1e-8 * rng.normal(size=50), np.zeros(50)])
    seen = QRAccumulator()
    seen.update(x, np.full(50, 2.0))
    summary = seen.summary(intercept=True)
    want = np.sum((x[:, 1] - x[:, 1].mean()) ** 2)
    np.testing.assert_allclose(summary.spectrum.eigenvalues, [want], rtol=1e3 * EPS)
    np.testing.assert_allclose(summary.x_mean, x.mean(axis=0), rtol=0, atol=16 * EPS)
    assert float(summary.targets.outside) == 0.0
    assert float(summary.y_mean) == pytest.approx(2.0, rel=16 * EPS)


def test_triangles_are_saved_and_loaded(rng, tmp_path):
    seen = QRAccumulator()
    seen.update(rng.normal(size=(6, 3)), rng.normal(size=(6, 2)))
    seen.save(tmp_path / "seen.npz")
    back = QRAccumulator.load(tmp_path / "seen.npz")
    assert (back.rows, back.outputs, back.single) == (6, 2, False)
    np.testing.assert_array_equal(back.triangle, seen.triangle)
    with pytest.raises(ValueError, match="3 features and 2 outputs, as before, got 2 features"):
        back.update(np.ones((1, 2)), np.ones((1, 2)))
    with pytest.raises(ValueError, match="positive weight, got 0 rows"):
        QRAccumulator().summary()
