"""The card of a claim tells all that is registered, and all of it runs as Python."""

import pytest

from sdtheory import claims
from sdtheory._claim_card import card


@pytest.mark.parametrize(
    "name", ["das2023.xi_exceeds_one", "borup2021.published_table", "littwin2024.order_inversion"]
)
def test_a_card_holds_all_that_is_registered_and_runs_as_python(name):
    claim = claims.get(name)
    text = card(name, claim)
    words = " ".join(text.replace("\n#", " ").split())
    assert claim.says in words
    assert claim.condition in words
    assert f"Verdict: {claim.verdict.replace('_', ' ')} ({claim.kind})." in words
    assert all(guard in words for guard in claim.guards)
    assert ("without the condition" in words) == bool(claim.condition)
    scope = {}
    code, _, last = text.rpartition("claim(\n")
    exec(code, scope)
    residual, tolerance, _ = claim.ratio(claim.counterexample)
    assert eval(f"claim({last}", scope) == residual > tolerance


def test_a_card_of_a_true_claim_has_no_counterexample():
    text = card("borup2021.twicing", claims.get("borup2021.twicing"))
    assert "counterexample" not in text
    assert all(line.startswith("# ") for line in text.splitlines())
