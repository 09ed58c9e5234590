"""Every block of code in the README and the documentation runs; the claims page is complete."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sdtheory import claims
from sdtheory.claims import claim as claim_module

ROOT = Path(__file__).parents[1]
PAGES = [
    path
    for path in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
    if path not in (ROOT / "docs" / "claims.md", ROOT / "docs" / "gallery.md")
]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL
)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def blocks(path):
    """Return the code blocks of a page as (line number, language, source)."""
    text = path.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        if match["language"] in ("python", "pycon", "bash", "console"):
            indent = len(match["indent"])
            source = "".join(line[indent:] or "\n" for line in match["body"].splitlines(True))
            found.append((text.count("\n", 0, match.start()) + 1, match["language"], source))
    return found


RUNNABLE = {str(path.relative_to(ROOT)): path for path in PAGES if blocks(path)}


@pytest.fixture
def registry(monkeypatch):
    """Let a page register claims without leaving them behind."""
    claims.published()  # imported by a page, its modules would be forgotten with the page's claims
    module = sys.modules[claim_module.__module__]
    monkeypatch.setattr(module, "_REGISTRY", dict(module._REGISTRY))


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("path", RUNNABLE.values(), ids=RUNNABLE)
def test_blocks_of_a_page_run_in_order(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scope = {"__name__": "page"}
    for line, language, source in blocks(path):
        if language in ("bash", "console"):
            check_commands(source, language, f"{path}:{line}")
        elif ">>> " in source:
            example = doctest.DocTestParser().get_doctest(source, scope, path.name, str(path), line)
            runner = doctest.DocTestRunner(optionflags=FLAGS)
            runner.run(example, clear_globs=False)
            assert runner.failures == 0, f"{path}:{line}"
            scope.update(example.globs)
        elif file := re.match(r"# (\w+\.py)\n", source):
            # A block that starts with the name of a file is that file, for the commands after it.
            Path(file[1]).write_text(source, encoding="utf-8")
        else:
            exec(compile("\n" * line + source, str(path), "exec", dont_inherit=True), scope)


def check_commands(source, language, where):
    """Run every command of a block; a console's output is compared, bash must succeed."""
    if language == "console":
        parts = re.split(r"^\$ ", source, flags=re.MULTILINE)[1:]
        pairs = [part.partition("\n")[::2] for part in parts]
    else:
        pairs = [(line.partition("  #")[0].strip(), None) for line in source.splitlines()]
    for command, expected in pairs:
        if command.startswith("make "):
            done = shell(f"make --dry-run --directory {ROOT} {command.removeprefix('make ')}")
            assert done.returncode == 0, f"{where}: {command}: {done.stdout}"
        elif command and not command.startswith("#"):
            done = shell(command)
            if expected is None:
                assert done.returncode == 0, f"{where}: {command}: {done.stdout}"
            else:
                agrees = doctest.OutputChecker().check_output(expected, done.stdout, FLAGS)
                assert agrees, f"{where}: {command} printed\n{done.stdout}"


def shell(command):
    """Run a command line in the working directory, with this environment's commands first."""
    commands = str(Path(sys.executable).parent)
    path = os.pathsep.join([commands, os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_readme_has_an_example():
    assert "README.md" in RUNNABLE


@pytest.fixture
def claims_page(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    return pytest.importorskip("claims_page")


def test_claims_page_has_one_heading_a_claim(claims_page):
    page = claims_page.render(claims.published(), set())
    headings = re.findall(r"^### (\S+)$", page, re.MULTILINE)
    assert sorted(headings) == sorted(claims.published())
    papers = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert papers == sorted(set(papers))


def test_claims_page_tells_condition_and_source(claims_page):
    derived = claims_page.derivations(ROOT / "docs")
    page = claims_page.render(claims.published(), derived)
    for made in claims.published().values():
        assert made.says in page
        assert made.condition in page
        assert f"**Source:** {made.where} ({made.source.replace('_', ' ')})." in page


def test_every_claim_has_a_derivation(claims_page):
    missing = set(claims.published()) - claims_page.derivations(ROOT / "docs")
    assert not missing, f"pages of docs/ need the anchors {sorted(missing)}"


def test_every_derivation_has_its_claim(claims_page):
    stray = claims_page.derivations(ROOT / "docs") - set(claims.published())
    assert not stray


@pytest.fixture
def gallery_page(monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.syspath_prepend(ROOT / "docs")
    return pytest.importorskip("gallery_page")


def test_gallery_shows_every_figure_with_its_command_and_claim(gallery_page):
    drawn, stated = gallery_page.published(), claims.published()
    page = gallery_page.render(drawn, stated)
    assert re.findall(r"^!\[(\S+)\]", page, re.MULTILINE) == sorted(
        drawn, key=lambda name: name.split(".")[0]
    )
    for name, spec in drawn.items():
        assert f"`python -m figures {name}`" in page
        assert (f"[{name}](#{name})" in page) == (name in stated)
        assert spec.experiment is None or f"experiments {spec.experiment} " in page
    papers = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert len(papers) == len(set(papers))


def test_gallery_holds_the_pictures_that_are_up_to_date(gallery_page, monkeypatch, tmp_path):
    first, second = list(gallery_page.published().items())[:2]
    monkeypatch.setattr(gallery_page, "published", lambda: dict([first, second]))
    monkeypatch.setattr(gallery_page, "draw", lambda _: 1)
    monkeypatch.setattr(gallery_page, "kept", lambda spec, _: {} if spec is second[1] else {"": 0})
    folder, images = tmp_path / "figures", tmp_path / "docs" / "gallery"
    folder.mkdir()
    images.mkdir(parents=True)
    (folder / f"{first[0]}.webp").write_bytes(b"picture")
    (images / "nobody2000.gone.webp").touch()
    for _ in range(2):
        missing = gallery_page.write(tmp_path / "docs" / "gallery.md", folder)
        assert missing == [second[0]]
        assert {path.name for path in images.iterdir()} == {f"{first[0]}.webp"}
    assert (images / f"{first[0]}.webp").read_bytes() == b"picture"


def test_gallery_names_the_figures_that_are_missing(gallery_page, monkeypatch, tmp_path):
    monkeypatch.setattr(gallery_page, "draw", lambda _: 1)
    page = tmp_path / "gallery.md"
    assert gallery_page.write(page, tmp_path) == list(gallery_page.published())
    assert "![" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "escaped"),
    [
        ("Return |x|.", r"Return \|x\|."),
        ("`|x|` stays, |y| does not", r"`|x|` stays, \|y\| does not"),
        (">>> a | b", ">>> a | b"),
    ],
)
def test_bars_are_escaped_outside_code(monkeypatch, line, escaped):
    monkeypatch.syspath_prepend(ROOT / "docs")
    docstrings = pytest.importorskip("docstrings")
    lines = [line, "literal::", "", "    |x|", "", "|z|"]
    docstrings.escape_bars(None, None, None, None, None, lines)
    assert lines == [escaped, "literal::", "", "    |x|", "", r"\|z\|"]


def test_a_module_lists_its_functions_with_links(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    docstrings = pytest.importorskip("docstrings")
    lines = ["Claims."]
    docstrings.list_functions(None, "module", "sdtheory.claims", claims, None, lines)
    text = "\n".join(lines)
    assert "* - :py:func:`~sdtheory.claims.measure`\n     - Measure a claim on a" in text
    assert "Measurement`" not in text
    untouched = ["A class."]
    docstrings.list_functions(None, "class", "sdtheory.claims.Claim", claims.Claim, None, untouched)
    assert untouched == ["A class."]
