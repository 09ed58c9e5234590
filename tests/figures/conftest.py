"""A collection of figures for the command to draw, and runs that are stopped midway."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy_figures import spec

from figures import __main__ as command

ROOT = Path(__file__).parents[2]


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
        process = subprocess.Popen(
            [sys.executable, "-c", script, tmp_path],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A job in the background of a script is started with SIGINT ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        while not (tmp_path / "started").exists():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        process.send_signal(sent)
        err = process.communicate(timeout=30)[1]
        return process.returncode, err

    return run
