"""Every published claim: measured, audited, and named the same everywhere."""

import pytest

from sdtheory import claims

PUBLISHED = claims.published()


@pytest.mark.parametrize("name", PUBLISHED)
def test_verdict_is_the_registered_one(name):
    found = claims.measure(name)
    assert found.agrees, (found.verdict, found.residual, found.tolerance, found.worst_instance)


@pytest.mark.parametrize("name", PUBLISHED)
def test_claim_notices_a_wrong_formula(name):
    assert claims.audit(name).complaints == ()


@pytest.mark.parametrize("name", PUBLISHED)
def test_statement_is_complete(name):
    claim = PUBLISHED[name]
    assert claim.says.rstrip(")").endswith(".")
    assert claim.where
    assert claim.residual.__doc__, "the residual says what it returns"
    assert claim.paper == "sdtheory" or claim.paper[-4:].isdigit()
