"""What an installed user gets: the package, the published claims in it, and nothing else."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import sdtheory
from sdtheory import claims

ROOT = Path(__file__).parents[1]
VERSION = sdtheory.__version__


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel, as a user's package index would hold it."""
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return a function that runs the installed command far from the checkout."""
    site = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(site)

    def run(*arguments, code="import sys; from sdtheory.cli import main; sys.exit(main())"):
        return subprocess.run(
            [sys.executable, "-P", "-c", code, *arguments],
            cwd=site,
            # The collection of a checkout must not stand in for the wheel's.
            env={**os.environ, "PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_wheel_holds_the_package_and_the_claims_only(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"sdtheory", f"sdtheory-{VERSION}.dist-info"}
    here = {f"sdtheory/{p.relative_to(ROOT)}" for p in (ROOT / "paper_checks").glob("*.py")}
    assert here <= set(names)
    assert "sdtheory/py.typed" in names
    assert [name for name in names if "__pycache__" in name] == []


def test_wheel_requires_bounds_from_below_only(wheel):
    archive = zipfile.ZipFile(wheel)
    metadata = archive.read(f"sdtheory-{VERSION}.dist-info/METADATA").decode()
    assert f"\nVersion: {VERSION}\n" in metadata
    required = re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE)
    assert required
    assert [line for line in required if re.search("<|==|~=", line.partition(";")[0])] == []


def test_installed_user_lists_every_published_claim(installed):
    done = installed("claims")
    assert (done.returncode, done.stderr) == (0, "")
    listed = [line.split()[0] for line in done.stdout.splitlines()[2:]]
    assert sorted(listed) == sorted(claims.published())


def test_installed_user_measures_and_falsifies(installed):
    name = next(key for key, c in claims.published().items() if c.kind == "identity")
    assert installed("measure", name, "--samples", "2").returncode == 0
    done = installed("falsify", name, "--examples", "5", "--seed", "0")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_wheel_is_what_was_tested(installed):
    code = "import sdtheory, sdtheory.paper_checks as c; print(sdtheory.__file__, c.__file__)"
    done = installed(code=code)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(ROOT) not in done.stdout


def test_one_version_everywhere():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.*)$", citation, re.MULTILINE)[1] == VERSION
    assert f"\n## {VERSION}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_pins_satisfy_the_bounds_and_leave_torch_to_its_own_file():
    requirements = pytest.importorskip("packaging.requirements")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = {}
    for name in ("torch", "dev"):
        lines = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        found = dict(line.split("==") for line in lines if line and not line.startswith("#"))
        assert not pins.keys() & found.keys()
        pins |= {key.lower().replace("_", "-"): value for key, value in found.items()}
    extras = project["optional-dependencies"]
    bounds = project["dependencies"] + [b for k, v in extras.items() if k != "all" for b in v]
    for bound in map(requirements.Requirement, bounds):
        assert bound.specifier.contains(pins[bound.name]), bound
