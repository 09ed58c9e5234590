"""Fingerprints see every source that matters, and no other."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from figures import sources

ROOT = Path(__file__).parents[2]


def test_a_topic_does_not_depend_on_the_others():
    found = sources.sources("paper_checks.das2023")
    assert {"paper_checks.das2023", "sdtheory.label_noise.one_round"} <= found
    assert {"sdtheory", "sdtheory.spectral.filters", "sdtheory._checks"} <= found
    assert not any(name.startswith(("sdtheory.jepa", "sdtheory.gp")) for name in found)


def test_relative_imports_and_helpers_are_followed():
    assert "paper_checks._instances" in sources.sources("paper_checks.das2023")


def test_a_name_that_a_package_hands_on_is_traced_to_its_home():
    found = sources.sources("figures.spectral")
    assert "sdtheory.spectral.filters" in found


def test_versions_of_foreign_packages_count():
    foreign = sources._closure("paper_checks.das2023")[1]
    assert {"numpy", "scipy"} <= set(sources.versions(foreign))


def test_an_unknown_module_is_an_error():
    with pytest.raises(ModuleNotFoundError, match=r"figures\.no_such"):
        sources.fingerprint("figures.no_such")


EXECUTED = """
import sys
from figures import wu2026

executed = set()

def note(frame, event, argument):
    if event == "call" and frame.f_code.co_name != "<module>":
        executed.add(frame.f_globals.get("__name__", ""))

sys.setprofile(note)
wu2026.u_shape()
sys.setprofile(None)
for name in executed:
    if name.split(".")[0] in ("sdtheory", "paper_checks", "experiments"):
        print(name)
"""


def test_whatever_a_figure_executes_is_in_its_sources():
    run = subprocess.run(
        [sys.executable, "-c", EXECUTED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    executed = set(run.stdout.split())
    assert "sdtheory.label_noise.proportional.self_training" in executed
    assert executed <= sources.sources("figures.wu2026")


@pytest.fixture
def copy(tmp_path):
    """Return a copy of the sources, and the fingerprint that a fresh process finds there."""
    for package in sources.FIRST_PARTY:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("results", "*.pyc")
        )

    def fingerprint(module):
        code = f"from figures.sources import fingerprint; print(fingerprint({module!r}))"
        run = subprocess.run(
            [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, '.'); {code}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout

    return tmp_path, fingerprint


def test_changing_a_formula_changes_what_depends_on_it_and_nothing_else(copy):
    folder, fingerprint = copy
    modules = ("paper_checks.das2023", "figures.das2023", "paper_checks.littwin2024")
    before = [fingerprint(module) for module in modules]
    assert before == [fingerprint(module) for module in modules]
    formula = folder / "sdtheory" / "spectral" / "filters.py"
    formula.write_text(formula.read_text() + "\nEXTRA = 1\n")
    ridge, figure, jepa = (fingerprint(module) for module in modules)
    assert ridge != before[0]
    assert figure != before[1]
    assert jepa == before[2]
