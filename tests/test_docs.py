"""Every Python block of the README and the documentation runs, and the claims page is complete."""

import doctest
import re
import sys
from pathlib import Path

import pytest

from sdtheory import claims
from sdtheory.claims import claim as claim_module

ROOT = Path(__file__).parents[1]
PAGES = [
    path
    for path in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
    if path != ROOT / "docs" / "claims.md"
]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL
)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def blocks(path):
    """Return the Python blocks of a page as (line number, source)."""
    text = path.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        if match["language"] in ("python", "pycon"):
            indent = len(match["indent"])
            source = "".join(line[indent:] or "\n" for line in match["body"].splitlines(True))
            found.append((text.count("\n", 0, match.start()) + 1, source))
    return found


RUNNABLE = {str(path.relative_to(ROOT)): path for path in PAGES if blocks(path)}


@pytest.fixture
def registry(monkeypatch):
    """Let a page register claims without leaving them behind."""
    module = sys.modules[claim_module.__module__]
    monkeypatch.setattr(module, "_REGISTRY", dict(module._REGISTRY))


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("path", RUNNABLE.values(), ids=RUNNABLE)
def test_blocks_of_a_page_run_in_order(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scope = {"__name__": "page"}
    for line, source in blocks(path):
        if ">>> " in source:
            example = doctest.DocTestParser().get_doctest(source, scope, path.name, str(path), line)
            runner = doctest.DocTestRunner(optionflags=FLAGS)
            runner.run(example, clear_globs=False)
            assert runner.failures == 0, f"{path}:{line}"
            scope.update(example.globs)
        else:
            exec(compile("\n" * line + source, str(path), "exec", dont_inherit=True), scope)


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
