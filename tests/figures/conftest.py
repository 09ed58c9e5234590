"""A collection of figures for the command to draw."""

import pytest
from toy_figures import spec

from figures import __main__ as command


@pytest.fixture
def collection(monkeypatch):
    """Replace the published figures; return the dictionary to fill."""
    specs = {"nobody.line": spec()}
    monkeypatch.setattr(command, "published", lambda: specs)
    return specs
