"""Leave-one-out with an intercept at penalties far beyond the data: two routes, or a refusal."""

import numpy as np
import pytest

from sdtheory.label_noise import tune_path, tune_xi


@pytest.mark.parametrize(("dtype", "lams"), [(float, [1e12, 1e40, 1e60]), (np.float32, [1e3, 1e6])])
def test_an_intercept_at_huge_penalties(rng, dtype, lams):
    x, y = rng.normal(size=(30, 4)), rng.normal(size=30)
    for lam in lams:
        got = tune_xi(x.astype(dtype), y.astype(dtype), lam, intercept=True)
        path = tune_path(x, y, [lam], intercept=True)
        slack = 1e4 * float(np.finfo(dtype).eps)
        assert got.xi == pytest.approx(path.xi[0], rel=slack)
        assert got.risk == pytest.approx(path.risk[0], rel=slack)
    with pytest.raises(ValueError, match="lam must be closer to the squared singular values"):
        tune_xi(x.astype(dtype), y.astype(dtype), 1e3 * lams[-1] ** 1.2, intercept=True)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_an_intercept_up_to_the_largest_penalty_and_not_beyond(rng, scale):
    """The square of the eigenvalue that stands for the intercept's must be a float."""
    x, y = scale * rng.normal(size=(12, 3)), rng.normal(size=12)
    smallest = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)[-1] ** 2
    eps, largest = np.finfo(float).eps, np.finfo(float).max
    limit = (eps * largest**0.5 / 4 * smallest) ** 0.5
    for lam in (1e-3 * limit, 0.99 * limit):
        got, path = tune_xi(x, y, lam, intercept=True), tune_path(x, y, [lam], intercept=True)
        assert got.xi == pytest.approx(path.xi[0], rel=1e4 * eps)
        assert got.risk == pytest.approx(path.risk[0], rel=1e4 * eps)
    with pytest.raises(ValueError, match="lam must be closer to the squared singular values"):
        tune_xi(x, y, 1.01 * limit, intercept=True)


def test_an_intercept_alone_is_the_mean_of_the_others(rng):
    """Constant features leave no spectrum: each sample is predicted by the mean of the rest."""
    y = rng.normal(size=6)
    for weight in (None, rng.uniform(0.5, 2.0, size=6)):
        w = np.ones(6) if weight is None else weight
        got = tune_xi(np.ones((6, 2)), y, 1.0, intercept=True, sample_weight=weight)
        errors = [
            y[i] - np.delete(w, i) @ np.delete(y, i) / np.delete(w, i).sum() for i in range(6)
        ]
        assert got.risk == pytest.approx(w @ np.square(errors) / w.sum(), rel=1e-12)
        assert got.degenerate
