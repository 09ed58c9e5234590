"""What an installed user gets: the package, the published claims in it, and nothing else."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import sdtheory
from sdtheory import claims

ROOT = Path(__file__).parents[1]
VERSION = sdtheory.__version__


def build(kind, source, folder):
    """Build a wheel or an sdist, as a user's package index would hold it."""
    pytest.importorskip("hatchling")
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """Install the wheel into an environment of its own; return the folder of its commands."""
    pytest.importorskip("pip")
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    commands = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", str(commands / "python"), "install"]
    options = ["--no-deps", "--no-index", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, *options, str(wheel)], check=True, cwd=folder)
    return commands


@pytest.fixture(scope="module")
def installed(environment, tmp_path_factory):
    """Return a function that runs a command of that environment, far from the checkout."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    # The dependencies are those of this environment; its own copy of the package is a checkout,
    # which is on the path through a .pth file only, and those are not read here.
    dependencies = sysconfig.get_paths()["purelib"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}

    def run(command, *arguments):
        return subprocess.run(
            [str(environment / command), *arguments],
            cwd=elsewhere,
            env={**clean, "PYTHONPATH": dependencies},
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


def test_sdist_builds_the_same_wheel(wheel, tmp_path_factory):
    source, again = (tmp_path_factory.mktemp(name) for name in ("sdist", "again"))
    with tarfile.open(build("sdist", ROOT, source)) as archive:
        archive.extractall(again, filter="data")
    (unpacked,) = again.iterdir()
    rebuilt = build("wheel", unpacked, tmp_path_factory.mktemp("rebuilt"))
    assert rebuilt.name == wheel.name
    first, second = (
        {name: file.read(name) for file in [zipfile.ZipFile(path)] for name in file.namelist()}
        for path in (wheel, rebuilt)
    )
    assert first == second
    assert {"tests", "docs", "figures", "experiments", "Makefile", "LICENSE"} <= {
        path.name for path in unpacked.iterdir()
    }
    assert not {"build", ".venv", ".git"} & {path.name for path in unpacked.iterdir()}


def test_installed_user_lists_every_published_claim(installed):
    done = installed("sdtheory", "claims")
    assert (done.returncode, done.stderr) == (0, "")
    listed = [line.split()[0] for line in done.stdout.splitlines()[2:]]
    assert sorted(listed) == sorted(claims.published())


def test_installed_user_measures_and_falsifies(installed):
    name = next(key for key, c in claims.published().items() if c.kind == "identity")
    assert installed("sdtheory", "measure", name, "--samples", "2").returncode == 0
    done = installed("sdtheory", "falsify", name, "--examples", "5", "--seed", "0")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_installed_is_the_wheel_and_typed(installed, environment):
    code = (
        "import importlib.metadata, importlib.resources, sdtheory, sdtheory.paper_checks as c\n"
        "assert importlib.resources.files('sdtheory').joinpath('py.typed').is_file()\n"
        "assert importlib.metadata.version('sdtheory') == sdtheory.__version__\n"
        "print(sdtheory.__file__)\nprint(c.__file__)"
    )
    done = installed("python", "-c", code)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(line.startswith(str(environment.parent)) for line in done.stdout.splitlines())
    assert done.stdout.count("\n") == 2


@pytest.mark.parametrize("name", ["paper_checks", "experiments", "figures", "tests"])
def test_nothing_else_is_installed(installed, name):
    assert installed("python", "-c", f"import {name}").returncode != 0


def test_an_extra_that_is_missing_is_named(installed):
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'hypothesis' else find(name, *a)\n"
        "from sdtheory.cli import main; sys.exit(main(['falsify', 'borup2021.twicing']))"
    )
    done = installed("python", "-c", code)
    assert done.returncode == 2
    assert done.stderr == "sdtheory: falsify needs hypothesis: pip install 'sdtheory[claims]'\n"


def test_one_version_everywhere():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.*)$", citation, re.MULTILINE)[1] == VERSION
    assert f"\n## {VERSION}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"  version = {{{VERSION}}},\n" in (ROOT / "README.md").read_text(encoding="utf-8")


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
