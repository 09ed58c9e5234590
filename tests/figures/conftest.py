"""A collection of figures for the command to draw, and runs that are stopped midway."""

import pytest
from toy_figures import spec

from figures import __main__ as command
from tests.processes import start, wait_for


@pytest.fixture
def collection(monkeypatch):
    """Replace the published figures; return the dictionary to fill."""
    specs = {"nobody.line": spec()}
    monkeypatch.setattr(command, "published", lambda: specs)
    return specs


@pytest.fixture
def stop(tmp_path):
    """Return a function that signals a script once it has made `started`: its status and errors."""

    def run(script, sent):
        process = start("-c", script, tmp_path, text=True)
        wait_for((tmp_path / "started").exists, process)
        process.send_signal(sent)
        err = process.communicate(timeout=30)[1]
        return process.returncode, err

    return run
