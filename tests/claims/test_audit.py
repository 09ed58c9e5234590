"""The audit notices claims that would not notice."""

import dataclasses
from collections import namedtuple

import numpy as np
import pytest
import toys

from sdtheory import claims
from sdtheory.claims.audit import _scaled


@pytest.mark.parametrize(
    ("claim", "complaint"),
    [
        (toys.right, None),
        (toys.property, None),
        (toys.told_wrong, None),
        (toys.numb, "does not notice toys.square being off by 0.001"),
        (toys.one_sided, "does not notice toys.square"),
        (toys.absent, "never calls toys.square"),
        (toys.picky, "rejects"),
    ],
)
def test_complaints(claim, complaint):
    found = claims.audit(claim)
    assert found.passed == (complaint is None)
    if complaint:
        assert found.complaints[0].startswith(complaint)


def test_slack_inequality_is_not_sensitive():
    # Residuals stay far below the bound: an error of 1e-3 changes nothing.
    loose = dataclasses.replace(toys.conditional, instances=lambda d: {"x": d.uniform(0.5, 1.0)})
    assert not claims.audit(loose).passed


def test_perturbation_is_undone():
    with claims.perturbed("toys.square", 0.5) as calls:
        assert toys.square(2.0) == 6.0
        assert toys.Box(2.0).area == 6.0
    assert calls == ["toys.square"] * 2
    assert toys.square(2.0) == 4.0


def test_perturbation_reaches_names_imported_elsewhere():
    from sdtheory.claims import residuals

    with claims.perturbed("sdtheory.claims.residuals.relative_error", 1.0):
        assert claims.relative_error(1.0, 2.0) == residuals.relative_error(1.0, 2.0) == 1.0
    assert claims.relative_error(1.0, 2.0) == 0.5


@pytest.mark.parametrize("guard", ["toys.nothing", "toys.Box.nothing", "nowhere.at_all", "square"])
def test_unknown_guard(guard):
    with (
        pytest.raises(ValueError, match="guard must be the dotted name"),
        claims.perturbed(guard, 0.1),
    ):
        pass


@dataclasses.dataclass(frozen=True)
class Result:
    value: float
    steps: int
    flag: bool
    parts: tuple


def test_every_float_is_scaled_and_nothing_else():
    pair = namedtuple("pair", "a b")
    got = _scaled(Result(2.0, 3, True, (np.ones(2), [4.0, "x"])), 1.5, top=True)
    assert (got.value, got.steps, got.flag) == (3.0, 3, True)
    assert got.parts[0].tolist() == [1.5, 1.5]
    assert got.parts[1] == [6.0, "x"]
    assert _scaled(pair(1.0, 2), 2.0) == pair(2.0, 2)
    assert _scaled({"k": 1.0}, 2.0) == {"k": 2.0}
    assert _scaled(1j, 2.0) == 2j
    assert _scaled(np.array([1j]), 2.0).tolist() == [2j]
    assert _scaled(True, 2.0, top=True) is False
    assert _scaled(7, 2.0, top=True) == 8
    assert _scaled(np.array([True, False]), 2.0, top=True).tolist() == [False, True]
    assert _scaled(None, 2.0, top=True) is None
