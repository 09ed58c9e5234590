"""The source of the explorer's script agrees with the functions of the package."""

import numpy as np
import pytest
import scipy.stats
from explorer_calls import calls

from figures import explorer_formulas as formulas


def test_formulas_agree_with_the_package(rng):
    made = calls(rng, 25)
    assert {name for name, _, _ in made} >= {"optimal_xi", "critical_time", "repaired_below"}
    for name, arguments, wanted in made:
        got = getattr(formulas, name)(*arguments)
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=0, err_msg=f"{name}{arguments}")


def test_a_wrong_formula_would_be_noticed(rng, monkeypatch):
    right = formulas.risk
    monkeypatch.setattr(formulas, "risk", lambda *given: right(*given) * (1 + 1e-8))
    with pytest.raises(AssertionError, match="risk"):
        test_formulas_agree_with_the_package(rng)


def test_rank_agreement_is_kendalls_without_ties(rng):
    for _ in range(20):
        times, rank = rng.normal(size=6), rng.normal(size=6)
        tau = scipy.stats.kendalltau(-times, rank).statistic
        assert formulas.rank_agreement(times.tolist(), rank.tolist()) == pytest.approx(tau)


@pytest.mark.parametrize(
    ("times", "wanted"),
    [
        ([1.0, 1.0], 0.0),
        ([np.inf, np.inf], 0.0),
        ([1.0, np.inf], 1.0),
        ([2.0, 1.0, 1.0], -1.0),
        ([1.0, 0.0], 0.0),
    ],
)
def test_what_is_learned_at_once_never_or_from_the_start_does_not_count(times, wanted):
    assert formulas.rank_agreement(times, [3.0, 2.0, 1.0][: len(times)]) == wanted
