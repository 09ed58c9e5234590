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
