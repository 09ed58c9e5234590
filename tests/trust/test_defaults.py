"""No argument of anything public changes its name, place or default unnoticed."""

import json

import pytest

from tests.trust import defaults

KNOWN = json.loads(defaults.FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", defaults.MODULES, ids=lambda module: f"{module}.")
def test_arguments_and_their_defaults_are_the_known_ones(module):
    if module.startswith("interop."):
        pytest.importorskip(module.removeprefix("interop."))
    now = defaults.signatures(module)
    known = KNOWN[module]
    changed = {k: (known.get(k), now.get(k)) for k in known | now if known.get(k) != now.get(k)}
    assert changed == {}, "if this is meant, run: python -m tests.trust.defaults"
