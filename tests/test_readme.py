"""What the README says about papers, claims and its figure is what the package holds."""

import csv
import re
from fnmatch import filter as matching
from functools import reduce
from pathlib import Path

import numpy as np
import pytest

import sdtheory
from sdtheory import claims

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIGURE = re.search(r"!\[[^]]+\]\((docs/images/(\S+)\.png)\)", README)
REDRAW = (
    f"python -m figures {FIGURE[2]} "
    f"&& cp build/figures/{FIGURE[2]}.png build/figures/{FIGURE[2]}.csv docs/images/"
)


def table(*header):
    """Return the rows of the README's table with this header, as lists of cells."""
    lines = README.splitlines()
    start = lines.index(f"| {' | '.join(header)} |") + 2
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def names(cell):
    return re.findall(r"`([^`]+)`", cell)


PAPERS = table("paper", "functions", "figures", "claims")
FINDS = table("as told", "source", "what is true", "ID")


@pytest.mark.parametrize("row", PAPERS, ids=lambda row: row[0])
def test_functions_claims_and_figures_of_a_paper_exist(row):
    registry = pytest.importorskip("figures.registry")
    paper, functions, figures, stated = row
    assert names(functions)
    for name in names(functions):
        assert callable(reduce(getattr, name.split("."), sdtheory)), name
    prefixes = {glob.removesuffix(".*") for glob in names(stated)}
    drawn = {glob.removesuffix(".*") for glob in names(figures)}
    here = {key.split(".")[0] for key in registry.published()}
    assert drawn == prefixes & here
    for glob in names(stated):
        found = [claims.get(key) for key in matching(claims.published(), glob)]
        assert found
        assert paper == "results of our own" or {claim.paper for claim in found} == {paper}


def test_no_paper_is_missing():
    listed = {glob.split(".")[0] for row in PAPERS for glob in names(row[-1])}
    assert listed == {key.split(".")[0] for key in claims.published()}


@pytest.mark.parametrize("row", FINDS, ids=lambda row: row[-1].strip("`"))
def test_a_find_is_registered_with_its_source_and_verdict(row):
    claim = claims.get(row[-1].strip("`"))
    assert claim.source == row[1].replace(" ", "_")
    assert claim.verdict in ("fails", "holds_with_condition")
    assert claims.measure(claim).agrees


def test_every_paper_whose_code_fails_is_among_the_finds():
    listed = {row[-1].strip("`").split(".")[0] for row in FINDS}
    code = {key: c for key, c in claims.published().items() if c.source == "code"}
    assert {key.split(".")[0] for key, c in code.items() if c.verdict == "fails"} <= listed


@pytest.fixture(scope="module")
def redrawn(tmp_path_factory):
    """Draw the README's figure again."""
    command = pytest.importorskip("figures.__main__")
    folder = tmp_path_factory.mktemp("figure")
    assert command.main([FIGURE[2], "--out", str(folder)]) == 0
    return folder


def test_the_command_under_the_figure_draws_it():
    assert f"`python -m figures {FIGURE[2]}`" in README


def numbers(path):
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    labels = [row[:3] for row in rows]
    return labels, np.array([[float(x or "nan") for x in row[3:]] for row in rows[1:]])


def test_the_figure_shows_the_numbers_of_the_registered_one(redrawn):
    stored = (ROOT / FIGURE[1]).with_suffix(".csv")
    (labels, shown), (expected_labels, expected) = map(numbers, (stored, redrawn / stored.name))
    assert labels == expected_labels, REDRAW
    np.testing.assert_allclose(shown, expected, rtol=1e-9, atol=1e-12, err_msg=REDRAW)


def test_the_figure_is_the_registered_one(redrawn):
    matplotlib = pytest.importorskip("matplotlib")
    image = pytest.importorskip("matplotlib.image")
    pins = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    if f"matplotlib=={matplotlib.__version__}\n" not in pins:
        pytest.skip("text is set differently by other versions of matplotlib")
    stored, drawn = (image.imread(p) for p in (ROOT / FIGURE[1], redrawn / f"{FIGURE[2]}.png"))
    assert stored.shape == drawn.shape, REDRAW
    # Antialiasing may round differently; a moved line changes far more.
    assert np.mean(np.abs(stored - drawn)) < 1e-3, REDRAW
