"""One factorisation against dense solves, rank deficiency, and matrices that are refused."""

import numpy as np
import pytest
from backends import BACKENDS
from hypothesis import given
from hypothesis import strategies as st
from strategies import penalties, spectra

from sdtheory import Spectrum, filters, problems
from sdtheory._array import to_numpy

EPS = np.finfo(float).eps


def dense(design, y, lam):
    """Ridge coefficients by an augmented least-squares problem (no normal equations)."""
    p = design.shape[1]
    stacked = np.vstack([design, np.sqrt(lam) * np.eye(p)])
    return np.linalg.lstsq(stacked, np.concatenate([y, np.zeros((p, *y.shape[1:]))]), rcond=None)[0]


@given(spectra(max_size=6), penalties, st.integers(0, 2**16), st.sampled_from([(), (2,)]))
def test_kernel_design_and_gram_are_one_model(d, lam, seed, outputs):
    rng = np.random.default_rng(seed)
    design, _ = problems.random_design(d, n=d.size + 3, p=d.size + 1, rng=rng)
    y, new = rng.normal(size=(d.size + 3, *outputs)), rng.normal(size=(4, d.size + 1))
    want = dense(design, y, lam)
    by_design = Spectrum.from_design(design)
    by_kernel = Spectrum.from_kernel(design @ design.T)
    energy = np.sum(y**2, axis=0)
    by_gram = Spectrum.from_gram(design.T @ design, design.T @ y, energy, d.size + 3)
    size = np.linalg.norm(y) * (1 + np.sqrt(d.max())) * (1 + 1 / np.sqrt(lam))
    backward = 200 * EPS * size * np.sqrt(max(d.max() / lam, 1.0))
    # Rounding in a kernel or Gram matrix is relative to its largest eigenvalue; it turns the vector
    # of a small one by eps d_max / d, which costs eps d_max / sqrt(d) of the prediction.
    turned = 200 * EPS * d.max() / lam * np.linalg.norm(y)
    for spectrum, inputs in ((by_design, new), (by_kernel, new @ design.T), (by_gram, new)):
        smallest = np.sqrt(spectrum.eigenvalues[-1])
        slack = backward + (0.0 if spectrum is by_design else turned / smallest)
        targets = spectrum.targets if spectrum.targets is not None else spectrum.project(y)
        profile = filters.distill(spectrum.eigenvalues, lam, 0.0, steps=0)
        got = spectrum.predict(spectrum.projection(inputs), profile, targets)
        np.testing.assert_allclose(got, new @ want, rtol=0, atol=slack * np.abs(new).max() * 3)
        if spectrum is not by_kernel:
            np.testing.assert_allclose(
                spectrum.parameters(profile, targets), want, rtol=0, atol=slack
            )
        if spectrum is not by_gram:
            fitted = spectrum.fitted(profile, targets)
            np.testing.assert_allclose(fitted, design @ want, rtol=0, atol=slack * size)
            total = targets.outside + np.sum(targets.projected**2, axis=0)
            np.testing.assert_allclose(total, energy, rtol=64 * EPS)


def test_rank_is_cut_at_rounding(rng):
    d = problems.spectrum("rank_deficient", 6)
    design, _ = problems.random_design(d, 9, 7, rng)
    for spectrum in (Spectrum.from_design(design), Spectrum.from_kernel(design @ design.T)):
        assert spectrum.eigenvalues.shape == (3,)
        np.testing.assert_allclose(spectrum.eigenvalues, d[:3], rtol=64 * EPS)


def test_zero_kernel_predicts_zero():
    spectrum = Spectrum.from_kernel(np.zeros((3, 3)))
    targets = spectrum.project(np.array([1.0, 2.0, 2.0]))
    profile = filters.distill(np.ones(1), 1.0, 0.0, 0)
    assert spectrum.eigenvalues.shape == (0,)
    assert float(targets.outside) == 9.0
    assert spectrum.projection(np.zeros((2, 3))).shape == (2, 0)
    assert profile.kept.shape == (1,)


def test_indefinite_kernel_is_refused_with_its_eigenvalue():
    with pytest.raises(
        ValueError, match="kernel must be positive semi-definite, got eigenvalue -1 "
    ):
        Spectrum.from_kernel([[1.0, 2.0], [2.0, 1.0]])
    barely = np.diag([1.0, -1e-12])
    assert Spectrum.from_kernel(barely).eigenvalues.shape == (1,)


@pytest.mark.parametrize("put", BACKENDS)
def test_backend_is_kept(put, rng):
    design, y = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    want = design @ dense(design, y, 0.5)
    x, targets = put(design), put(y)
    for spectrum in (Spectrum.from_design(x), Spectrum.from_kernel(put(design @ design.T))):
        projected = spectrum.project(targets)
        profile = filters.distill(spectrum.eigenvalues, 0.5, 0.0, 0)
        fitted = spectrum.fitted(profile, projected)
        assert put.owns(fitted)
        assert put.owns(projected.outside)
        np.testing.assert_allclose(to_numpy(fitted), want, rtol=0, atol=200 * put.eps)
    gram = Spectrum.from_gram(put(design.T @ design), put(design.T @ y), put((y**2).sum(0)), 7)
    assert put.owns(gram.parameters(profile, gram.targets))


def test_one_mode_from_a_gram_matrix():
    for energy, outside in ((1.5, 0.5), (1.0, 0.0), (1.0 - 1e-12, 0.0), (4.0, 3.0)):
        spectrum = Spectrum.from_gram([[4.0]], [2.0], energy, 1)
        np.testing.assert_array_equal(spectrum.eigenvalues, [4.0])
        np.testing.assert_array_equal(spectrum.targets.projected, [1.0])
        np.testing.assert_allclose(spectrum.targets.outside, outside, rtol=4 * EPS)
    with pytest.raises(ValueError, match="energy must be at least what cross and gram explain"):
        Spectrum.from_gram([[4.0]], [2.0], 1.0 - 1e-6, 1)


def test_no_mode_from_a_gram_matrix():
    spectrum = Spectrum.from_gram([[0.0]], [0.0], 2.0, 1)
    assert spectrum.eigenvalues.shape == (0,)
    assert (spectrum.n, float(spectrum.targets.outside)) == (1, 2.0)
    several = Spectrum.from_gram(np.zeros((2, 2)), np.zeros((2, 3)), [1.0, 0.0, 2.0], 4)
    np.testing.assert_array_equal(several.targets.outside, [1.0, 0.0, 2.0])
    assert several.targets.projected.shape == (0, 3)


def test_what_squaring_hides_is_no_contradiction():
    # A feature of size 1e-9 is lost beside one of size 1, and may explain all of the labels.
    gram = np.diag([1.0, 1e-18])
    spectrum = Spectrum.from_gram(gram, [0.0, 1e-9], 1.0, 2)
    assert spectrum.eigenvalues.shape == (1,)
    assert float(spectrum.targets.outside) == 1.0
    # No labels of length 1 have a product of 1e-7 with it.
    with pytest.raises(ValueError, match="a part of length 1e-07 outside"):
        Spectrum.from_gram(gram, [0.0, 1e-7], 1.0, 2)
    # Beside a larger part, half of the digits are forgiven.
    repeated = np.full((2, 2), 3.0)
    for gap, accepted in ((1e-9, True), (1e-6, False)):
        cross = [1.0, 1.0 + gap]
        if accepted:
            found = Spectrum.from_gram(repeated, cross, 5.0, 3)
            np.testing.assert_allclose(abs(found.targets.projected), [3**-0.5], rtol=1e-8)
        else:
            with pytest.raises(ValueError, match="cross must lie in the range of gram"):
                Spectrum.from_gram(repeated, cross, 5.0, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.eye(2), np.ones(3), 9.0, 3), "cross and gram must have the same length"),
        ((np.eye(2), np.ones((2, 3)), np.full(2, 9.0), 3), "one entry per output, got 2 for 3"),
        ((np.eye(2), np.ones((2, 3)), 9.0, 3), "energy must have 1 dimensions"),
        ((np.eye(2), np.ones(2), -1.0, 3), "energy must be at least 0"),
        ((np.eye(2), np.ones(2), 9.0, 1), "n must be at least 2"),
        ((np.zeros((2, 2)), np.zeros(2), 9.0, 0), "n must be at least 1"),
        ((np.ones((2, 3)), np.ones(2), 9.0, 3), "gram must be a square matrix"),
        ((np.diag([1.0, -1.0]), np.ones(2), 9.0, 3), "gram must be positive semi-definite"),
        ((np.eye(2), np.ones((2, 1, 1)), 9.0, 3), "cross must have 1 or 2 dimensions"),
    ],
)
def test_wrong_moments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Spectrum.from_gram(*arguments)


@pytest.mark.parametrize("scale", [1e-120, 1e-20, 1.0, 1e20, 1e120])
def test_ranks_do_not_depend_on_the_scale(scale):
    half = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
    kernel = Spectrum.from_kernel(scale * half @ half.T)
    design = Spectrum.from_design(scale**0.5 * half)
    want = np.linalg.eigvalsh(half.T @ half)[::-1] * scale
    for spectrum in (kernel, design):
        assert (spectrum.n, spectrum.left.shape) == (3, (3, 2))
        np.testing.assert_allclose(spectrum.eigenvalues, want, rtol=32 * EPS)
    gram = Spectrum.from_gram(scale * half.T @ half, np.zeros(2), 0.0, 3)
    np.testing.assert_allclose(gram.eigenvalues, want, rtol=32 * EPS)


def test_squares_must_stay_in_range():
    for size in (1e200, 1e-200):
        with pytest.raises(ValueError, match="squares within the range of its dtype"):
            Spectrum.from_design([[size], [size]])
    assert Spectrum.from_design(np.zeros((2, 1))).eigenvalues.shape == (0,)


def test_half_of_the_digits_of_a_kernel_are_enough():
    gap = 2e-9
    for kernel in ([[2.0, 1.0 + gap], [1.0, 2.0]], [[2.0, 1.0], [1.0 + gap, 2.0]]):
        # Of a matrix that is not quite symmetric the mean with its transpose is taken.
        want = [3.0 + gap / 2, 1.0 - gap / 2]
        np.testing.assert_allclose(Spectrum.from_kernel(kernel).eigenvalues, want, rtol=8 * EPS)
    with pytest.raises(ValueError, match="kernel must be symmetric"):
        Spectrum.from_kernel([[2.0, 1.0 + 1e-6], [1.0, 2.0]])
    with pytest.raises(ValueError, match="positive semi-definite, got eigenvalue -1e-06"):
        Spectrum.from_kernel(np.diag([1.0, -1e-6]))
    # A matrix that is negative everywhere has no larger eigenvalue to hide behind.
    with pytest.raises(ValueError, match="positive semi-definite, got eigenvalue -1e-12"):
        Spectrum.from_kernel([[-1e-12]])


def test_what_a_spectrum_cannot_tell_is_named(rng):
    x, y = rng.normal(size=(5, 3)), rng.normal(size=5)
    design, kernel = Spectrum.from_design(x), Spectrum.from_kernel(x @ x.T)
    gram = Spectrum.from_gram(x.T @ x, x.T @ y, y @ y, 5)
    student, targets = filters.distill(design.eigenvalues, 1.0, 0.5), design.project(y)
    with pytest.raises(ValueError, match="made from a kernel has no feature coefficients"):
        kernel.parameters(student, targets)
    with pytest.raises(ValueError, match="targets need the data"):
        gram.project(y)
    with pytest.raises(ValueError, match="predictions at the training inputs need the data"):
        gram.fitted(student, targets)
    with pytest.raises(ValueError, match="y and the data must have the same length"):
        design.project(np.ones(4))
    for spectrum, columns in ((design, 3), (kernel, 5), (gram, 3)):
        with pytest.raises(ValueError, match=f"new must have {columns} columns"):
            spectrum.projection(np.ones((2, 4)))
    with pytest.raises(ValueError, match="filter and targets must have as many modes, got 2 and 3"):
        design.fitted(filters.distill([1.0, 2.0], 1.0, 0.5), targets)


def test_projections_are_looked_at(rng):
    x, y = rng.normal(size=(5, 3)), rng.normal(size=5)
    spectrum = Spectrum.from_design(x)
    student, targets = filters.distill(spectrum.eigenvalues, 1.0, 0.5), spectrum.project(y)
    projection = spectrum.projection(x[:2])
    want = spectrum.predict(projection, student, targets)
    np.testing.assert_allclose(
        spectrum.predict(projection.tolist(), student, targets), want, rtol=0, atol=4 * EPS
    )
    assert spectrum.predict(spectrum.projection(np.zeros((0, 3))), student, targets).shape == (0,)
    with pytest.raises(ValueError, match=r"projection must have 3 columns, got shape \(2, 2\)"):
        spectrum.predict(projection[:, :2], student, targets)
    with pytest.raises(ValueError, match="projection must have 2 dimensions"):
        spectrum.predict(projection[0], student, targets)
    projection[1, 2] = np.nan
    with pytest.raises(ValueError, match="projection must be finite"):
        spectrum.predict(projection, student, targets)
    with pytest.raises(ValueError, match="profile must have the 3 modes of the spectrum, got 2"):
        spectrum.parameters(filters.distill([1.0, 2.0], 1.0, 0.5), targets)
