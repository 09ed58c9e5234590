"""Every claim that holds is attacked: 200 examples in CI, 20,000 every night, a few otherwise.

A claim on a rate or a simulation is measured instead: one instance of it is a whole study. Dear
claims get fewer examples: the attack stops after a time.
"""

import os
import time

import hypothesis
import pytest

from sdtheory import claims

from .found import FOUND

NIGHTLY = hypothesis.settings().max_examples >= 20_000
EXAMPLES = 20_000 if NIGHTLY else 200 if os.environ.get("CI") else 20
SECONDS = 240 if NIGHTLY else 5
ATTACKED = [
    name
    for name, claim in claims.published().items()
    if claim.kind in ("identity", "inequality") and claim.verdict != "fails"
]


class EnoughError(Exception):
    """The time is up."""


@pytest.mark.parametrize("name", ATTACKED)
def test_no_counterexample_is_found(name):
    began = time.monotonic()

    def watch(_tried, _examples):
        if time.monotonic() - began > SECONDS:
            raise EnoughError

    try:
        # By day the same examples each time, by night new ones.
        found = claims.falsify(name, EXAMPLES, None if NIGHTLY else 0, watch)
    except EnoughError:
        return
    assert found is None, found.as_python()


@pytest.mark.parametrize(("name", "instance"), FOUND)
def test_what_was_found_once_stays_mended(name, instance):
    residual, tolerance, ratio = claims.load(name).ratio(instance)
    assert ratio <= 1, (residual, tolerance)
