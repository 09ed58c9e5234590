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
