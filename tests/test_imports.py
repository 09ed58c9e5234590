"""Importing is cheap, and each dependency enters at one place."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import sdtheory

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "sdtheory").rglob("*.py"))
BUDGET_SECONDS = 0.4
HEAVY = {"torch", "gpytorch", "matplotlib", "hypothesis", "pandas", "sklearn", "dask", "rich"}


def fresh(code):
    """Run code in a new interpreter at the repository's root; return what it prints as JSON."""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


IMPORT_SECONDS = """
import time; start = time.perf_counter()
import sdtheory
print(time.perf_counter() - start)
"""
COMMAND_BUDGET_SECONDS = 0.6
COMMAND_SECONDS = """
import contextlib, io, time
from sdtheory.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(["--help"])
print(time.process_time())
"""
LOADED = """
import json, sys
import sdtheory
for name in sdtheory.__all__:
    getattr(sdtheory, name)
import sdtheory.cli
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_import_takes_little_time():
    # The minimum is what the import costs; the rest is what else the machine was doing.
    assert min(fresh(IMPORT_SECONDS) for _ in range(4)) < BUDGET_SECONDS


def test_the_command_starts_in_little_time():
    # Processor time of the whole process: wall time would count what else the machine does.
    assert min(fresh(COMMAND_SECONDS) for _ in range(4)) < COMMAND_BUDGET_SECONDS


def test_no_public_module_imports_anything_heavy():
    loaded = set(fresh(LOADED))
    assert "numpy" in loaded
    assert not HEAVY & loaded


@pytest.mark.parametrize("name", sdtheory.__all__)
def test_every_public_name_exists(name):
    assert getattr(sdtheory, name) is not None
    assert name in dir(sdtheory)


# Some machines with a GPU have numpy, scikit-learn and torch, but nothing can be installed there.
WITHOUT_THE_ARRAY_API = """
import json, sys
sys.modules["array_api_compat"] = None
import numpy as np
from sdtheory import filters
print(json.dumps(filters.ridge(np.array([1.0, 3.0]), 1.0).tolist()))
"""


def test_a_checkout_needs_no_array_api_package():
    assert fresh(WITHOUT_THE_ARRAY_API) == [0.5, 0.75]


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'spectrums'"):
        sdtheory.spectrums  # noqa: B018


def importers(package):
    """Return the modules of sdtheory that import a package, anywhere in their source."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            if any(name.partition(".")[0] == package for name in names):
                found.add(path.relative_to(ROOT / "sdtheory").parts[0])
    return found


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("array_api_compat", {"_array.py"}),
        ("sklearn", {"estimators", "_array.py"}),
        ("torch", {"interop"}),
        ("gpytorch", {"interop"}),
        ("dask", {"interop"}),
        ("hypothesis", {"claims"}),
        ("rich", {"_console.py"}),
        ("matplotlib", {"_xi_command.py"}),
        ("pandas", set()),
    ],
)
def test_a_dependency_enters_at_one_place(package, allowed):
    assert importers(package) <= allowed
