"""The fixed-error variant: every round misses its target by the tolerance, until it collapses."""

import numpy as np
import pytest

from sdtheory import kernel_ridge


@pytest.mark.parametrize("tolerance", [0.05, 0.002])
def test_every_round_misses_by_the_tolerance(toy, tolerance):
    found = kernel_ridge.constrained_penalties(toy.fit, tolerance)
    assert found.collapsed
    target = toy.y
    for lam, norm in zip(found.lam, found.norms, strict=True):
        assert np.linalg.norm(target) == pytest.approx(norm, rel=1e-11)
        fitted = toy.kernel @ np.linalg.solve(toy.kernel + lam * np.eye(11), target)
        assert np.mean((fitted - target) ** 2) == pytest.approx(tolerance, rel=1e-10)
        target = fitted
    assert np.mean(target**2) <= tolerance
    assert np.all(np.diff(found.lam) > 0)
    low, high = kernel_ridge.collapse_bounds(toy.y, tolerance)
    assert low <= found.rounds <= high


def test_fifty_digit_penalties_of_three_modes():
    d, z, tolerance = np.array([0.1, 1.0, 3.0]), np.array([1.0, 2.0, 2.0]), 0.5
    found = kernel_ridge.constrained_penalties(kernel_ridge.fit(np.diag(d), z), tolerance)
    np.testing.assert_allclose(found.lam, [0.650718180140853523, 2.95175459737560866], rtol=1e-13)
    assert (found.rounds, found.collapsed) == (2, True)
    kept = np.cumprod(d / (d + found.lam[:, None]), axis=0)
    want = [
        [0.13320577900649415, 0.60579692647152609, 0.82175611810283662],
        [0.0043648915650375684, 0.1532982151457078, 0.4142086697249842],
    ]
    np.testing.assert_allclose(kept, want, rtol=1e-12)
    # Without knowing the kernel's condition number two bounds hold; with it, a third.
    low, high = kernel_ridge.collapse_bounds(z, tolerance)
    assert low <= found.rounds <= high
    conditioned = (np.linalg.norm(z) / np.sqrt(3 * tolerance) - 1) * d.min() / d.max()
    assert conditioned == pytest.approx(0.0483163247594392670, rel=1e-14)
    assert conditioned <= low


def test_the_chain_is_a_pure_student(toy):
    found = kernel_ridge.constrained_penalties(toy.fit, 0.01, most=4)
    assert not found.collapsed
    assert found.rounds == 4
    fitted = toy.fit.fitted(found.lam, np.ones(3))
    again = kernel_ridge.constrained_penalties(toy.fit, 0.01, most=5)
    assert np.linalg.norm(fitted) == pytest.approx(again.norms[-1], rel=1e-11)


def test_large_tolerance_collapses_at_once(toy):
    found = kernel_ridge.constrained_penalties(toy.fit, 10.0)
    assert (found.rounds, found.collapsed) == (0, True)


def test_what_the_kernel_cannot_fit_is_refused(rng):
    half = rng.normal(size=(6, 2))
    fit = kernel_ridge.fit(half @ half.T, rng.normal(size=6))
    with pytest.raises(ValueError, match="tolerance must exceed"):
        kernel_ridge.constrained_penalties(fit, 1e-6)
    outside = np.sum((fit.y - half @ np.linalg.lstsq(half, fit.y)[0]) ** 2) / 6
    found = kernel_ridge.constrained_penalties(fit, 1.01 * outside, most=1)
    missed = fit.fitted(found.lam[0], steps=0) - fit.y
    assert np.mean(missed**2) == pytest.approx(1.01 * outside, rel=1e-10)


def test_wrong_arguments_are_named(toy):
    with pytest.raises(ValueError, match="fit must have one output"):
        kernel_ridge.constrained_penalties(kernel_ridge.fit(toy.kernel, toy.kernel), 0.1)
    with pytest.raises(ValueError, match="tolerance must be greater than 0"):
        kernel_ridge.constrained_penalties(toy.fit, 0.0)


@pytest.mark.parametrize("more", [0, 1, 5])
def test_a_chain_that_ends_with_its_last_round_has_collapsed(toy, more):
    whole = kernel_ridge.constrained_penalties(toy.fit, 0.05)
    again = kernel_ridge.constrained_penalties(toy.fit, 0.05, most=whole.rounds + more)
    assert (again.rounds, again.collapsed) == (whole.rounds, True)
    short = kernel_ridge.constrained_penalties(toy.fit, 0.05, most=whole.rounds - 1)
    assert (short.rounds, short.collapsed) == (whole.rounds - 1, False)


def test_targets_exactly_at_the_tolerance():
    # |y|^2 / n is the tolerance: zero is near enough, and no penalty is infinite.
    one = kernel_ridge.fit([[2.0]], [3.0])
    found = kernel_ridge.constrained_penalties(one, 9.0)
    assert (found.rounds, found.collapsed) == (0, True)
    # The part outside the range is the tolerance: no fit reaches it, and no penalty is zero.
    half = kernel_ridge.fit(np.diag([1.0, 0.0]), [1.0, 1.0])
    with pytest.raises(ValueError, match=r"tolerance must exceed 0\.5"):
        kernel_ridge.constrained_penalties(half, 0.5)
    found = kernel_ridge.constrained_penalties(half, 0.75)
    # (lam / (1 + lam))^2 + 1 = 1.5, and the next target is in the range.
    lam = 0.5**0.5 / (1 - 0.5**0.5)
    np.testing.assert_allclose(found.lam, [lam], rtol=1e-12)
    np.testing.assert_allclose(found.norms, [2**0.5], rtol=1e-15)


def test_null_directions_are_told_from_small_eigenvalues():
    """Below rounding an eigenvalue is none; above, a small penalty fits along it."""
    eps = np.finfo(float).eps
    for d, reachable in ((1e3 * eps, True), (0.9 * 2 * eps, False)):
        fit = kernel_ridge.fit(np.diag([1.0, d]), [0.0, 1.0])
        if reachable:
            found = kernel_ridge.constrained_penalties(fit, 0.125, most=1)
            np.testing.assert_allclose(found.lam, [d], rtol=1e-12)
        else:
            with pytest.raises(ValueError, match="tolerance must exceed"):
                kernel_ridge.constrained_penalties(fit, 0.125, most=1)


def test_bounds_on_the_collapse():
    assert kernel_ridge.collapse_bounds([3.0, 4.0], 0.5) == (4.0, 25.0)
    assert kernel_ridge.collapse_bounds([0.5], 1.0) == (0.0, 0.25)
    with pytest.raises(ValueError, match="tolerance must be greater than 0"):
        kernel_ridge.collapse_bounds([3.0], 0.0)
    with pytest.raises(ValueError, match="y must have 1 dimensions"):
        kernel_ridge.collapse_bounds([[3.0]], 1.0)


def test_noise_levels_have_no_common_error(toy):
    noisy = kernel_ridge.fit(toy.kernel, toy.y, np.ones(11))
    with pytest.raises(ValueError, match="fit must have one output and equal noise levels"):
        kernel_ridge.constrained_penalties(noisy, 0.1)
    with pytest.raises(ValueError, match="most must be at least 1"):
        kernel_ridge.constrained_penalties(toy.fit, 0.1, most=0)


@pytest.mark.parametrize("d", [[1e12, 1.0], [1.0, 1e-12], [1e12, 1e6], [1e-6, 1e-12]])
@pytest.mark.parametrize("along", [0, 1])
def test_targets_along_one_eigenvector(d, along):
    """Two thirds of the target may be missed: an end of the bracket is the root."""
    y = np.zeros(2)
    y[along] = 3.0
    found = kernel_ridge.constrained_penalties(kernel_ridge.fit(np.diag(d), y), 2.0, most=1)
    np.testing.assert_allclose(found.lam, [2 * d[along]], rtol=1e-12)
