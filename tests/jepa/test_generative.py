import numpy as np
import pytest

from sdtheory import jepa
from sdtheory.claims import SCORE_LIMIT, z_score
from sdtheory.jepa.generative import real_fourier_basis

EPS = np.finfo(float).eps
SPECTRUM = [3.0, 1.5, 1.5, 0.7, 0.7, 0.2]
WORLDS = {
    "mask, full": jepa.MaskedSignal(SPECTRUM, 0.6),
    "mask, complement": jepa.MaskedSignal(SPECTRUM, 0.6, "complement"),
    "mask, independent": jepa.MaskedSignal(SPECTRUM, 0.6, "independent", 0.3),
    "two views": jepa.TwoViews([2.0, 1.0, 0.5], [0.5, 1.0, 0.0]),
    "autoregression": jepa.Autoregression([2.0, 1.0], [0.9, -0.4], 0.5, 0.3, lag=2),
}


def score(world, s_xx, s_yx, rng):
    """How unlikely the second moments of three million numbers are if they have these means."""
    d, batches = len(s_xx), 300
    size = np.sqrt(np.diag(s_xx))
    scale = np.outer(size, size)
    draws = []
    for _ in range(batches):
        x, y = world.sample(3_000_000 // (batches * d), rng)
        found = np.stack([x.T @ x / len(x) - s_xx, y.T @ x / len(x) - s_yx]) / scale
        # All features together know the scale better than each does.
        pooled = np.trace(found, axis1=1, axis2=2) / d
        draws.append(np.concatenate([found.ravel(), pooled]))
    return z_score(draws, np.zeros(2 * d * d + 2), precision=0.01, scale=1.0)


@pytest.mark.statistical(
    "sdtheory.jepa.MaskedSignal.mode", "sdtheory.jepa.TwoViews.mode",
    "sdtheory.jepa.Autoregression.mode",
)  # fmt: skip
@pytest.mark.parametrize("name", WORLDS)
def test_samples_have_the_stated_modes(name, rng):
    """Every entry of both covariance matrices."""
    mode = WORLDS[name].mode()
    found = score(WORLDS[name], np.diag(mode.variance), np.diag(mode.covariance), rng)
    assert found < SCORE_LIMIT


def test_masked_modes_by_enumeration():
    """Exact second moments from all masks of four coordinates."""
    sigma = np.array([2.0, 1.0, 1.0, 0.4])
    world = jepa.MaskedSignal(sigma, 0.7, "complement")
    basis = real_fourier_basis(4)
    cov = basis @ np.diag(sigma) @ basis.T
    s_xx, s_yx = np.zeros((4, 4)), np.zeros((4, 4))
    for bits in range(16):
        m = np.array([bits >> i & 1 for i in range(4)], float)
        p = np.prod(np.where(m == 1, 0.7, 0.3))
        s_xx += p * cov * np.outer(m, m)
        s_yx += p * cov * np.outer(1 - m, m)
    mode = world.mode()
    np.testing.assert_allclose(basis.T @ s_xx @ basis, np.diag(mode.variance), atol=30 * EPS)
    np.testing.assert_allclose(basis.T @ s_yx @ basis, np.diag(mode.covariance), atol=30 * EPS)


def test_masking_never_separates_covariance_from_rho(rng):
    for target in ("full", "complement", "independent"):
        sigma = np.sort(rng.uniform(0.1, 3, 1 + 2 * 3))[::-1]
        sigma[2::2] = sigma[1::2]
        mode = jepa.MaskedSignal(sigma, 0.4, target).mode()
        assert (np.argsort(mode.covariance) == np.argsort(mode.rho)).all()


@pytest.mark.parametrize("d", [1, 2, 5, 8])
def test_basis_is_orthogonal(d):
    basis = real_fourier_basis(d)
    np.testing.assert_allclose(basis.T @ basis, np.eye(d), atol=20 * d * EPS)


@pytest.mark.statistical("sdtheory.jepa.Oscillators.covariances")
def test_oscillators(rng):
    world = jepa.Oscillators([1.0, 2.0], [0.9, 0.5], [0.4, 2.0], [0.3, 0.0])
    s_xx, s_yx = world.covariances()
    eigenvalues = np.linalg.eigvals(s_yx @ np.linalg.inv(s_xx))
    rho = world.rho()
    both = np.concatenate([rho, rho.conj()])
    np.testing.assert_allclose(np.sort_complex(eigenvalues), np.sort_complex(both), atol=30 * EPS)
    assert score(world, s_xx, s_yx, rng) < SCORE_LIMIT


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: jepa.MaskedSignal([1.0, 2.0, 1.0], 0.5), "the cosine and the sine"),
        (lambda: jepa.MaskedSignal([1.0], 0.0), "keep must be greater than 0, got 0"),
        (lambda: jepa.MaskedSignal([1.0], 0.5, "none"), "target must be one of"),
        (lambda: jepa.TwoViews([1.0], [-1.0]), "noise must be at least 0, got -1"),
        (lambda: jepa.Autoregression([1.0], [1.0], 0.0), "memory must be less than 1, got 1"),
        (lambda: jepa.Oscillators([1.0], [0.0], 0.0, 0.0), "memory must be greater than 0, got 0"),
    ],
)
def test_mistaken_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
