"""The report shows what exists, escapes what it shows, and stands alone."""

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from toy_figures import line, spec

from experiments import store
from figures import agreement, drawing, report
from figures.html import number
from figures.sections import VERDICTS

ROOT = Path(__file__).parents[2]
CLAIM = {
    "id": "nobody.below",
    "paper": "Nobody & Sons 2000",
    "where": "N1",
    "source": "recalled",
    "says": "a < b, see `f(x)`",
    "kind": "inequality",
    "condition": "b > 1",
    "registered": "holds_with_condition",
    "verdict": "holds_with_condition",
    "agrees": True,
    "error": "",
    "residual": 2e-14,
    "tolerance": 1e-13,
    "ratio": 0.2,
    "instances": 100,
    "seconds": 0.5,
    "worst_instance": "dict(a=1.0)",
    "counterexample": "dict(a=2.0)",
}
VOID = {"img", "meta", "input"}


class Outline(HTMLParser):
    """Collects ids and text, and checks that every tag is closed in order."""

    def __init__(self, html):
        super().__init__()
        self.open, self.ids, self.words, self.sources, self.tags = [], [], [], [], []
        self.feed(html)
        assert self.open == []
        assert len(set(self.ids)) == len(self.ids)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append((tag, values))
        self.ids += [values["id"]] if "id" in values else []
        self.sources += [values[k] for k in ("src", "href") if k in values]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"] and self.open[-1:] != ["script"]:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def build(tmp_path):
    """Return a function that writes inputs and returns the outline of the report."""

    def make(claims=None, experiments=(), bench=None, drawn=()):
        if claims is not None:
            run = {"claims": claims, "samples": None, "at_most": None, "seed": 0}
            (tmp_path / "claims.json").write_text(json.dumps(run))
        for name in experiments:
            shutil.copytree(store.RESULTS / name, tmp_path / "results" / name)
        if bench is not None:
            (tmp_path / "bench.json").write_text(json.dumps(bench))
        if drawn:
            records = [drawing.draw(figure, tmp_path / "figures") for figure in drawn]
            (tmp_path / "figures" / "manifest.json").write_text(json.dumps(records))
        return Outline(report.page(tmp_path, tmp_path / "results", tmp_path / "docs"))

    return make


def test_claims_appear_with_their_numbers(build):
    page = build([CLAIM])
    assert "nobody.below" in page.ids
    assert "1 of 1 verdicts are the registered ones" in page.text
    for shown in ("Nobody & Sons 2000", "a < b, see f(x)", "b > 1", "2.0e-14", "1.0e-13", "0.2"):
        assert shown in page.text
    assert "N1, recalled; residual: signed violation." in page.text


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_words(build, verdict):
    page = build([CLAIM | {"verdict": verdict, "agrees": verdict == CLAIM["registered"]}])
    assert VERDICTS[verdict][1] in page.text
    rows = [values for tag, values in page.tags if tag == "tr" and "data-verdict" in values]
    assert [row["data-verdict"] for row in rows] == [verdict]


def test_a_verdict_that_is_not_the_registered_one_says_so(build):
    page = build([CLAIM, CLAIM | {"id": "nobody.x", "verdict": "fails", "agrees": False}])
    assert "1 of 2 verdicts" in page.text
    assert "fails as commonly told (registered: holds with a condition)" in page.text
    assert "1 not as registered" in page.text


def test_a_claim_that_crashed_has_no_numbers(build):
    lost = ("residual", "tolerance", "ratio", "instances", "seconds", "worst_instance")
    broken = {key: value for key, value in CLAIM.items() if key not in lost}
    page = build([broken | {"verdict": "error", "agrees": False, "error": "ValueError: no"}])
    assert "ValueError: no" in page.text


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", 0.0, -3.0, 1e300])
def test_any_ratio_can_be_shown(build, value):
    page = build([CLAIM | {"ratio": value, "residual": value}])
    assert number(value) in page.text


def test_a_claim_links_to_its_derivation_and_its_figure(build, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "some_topic.md").write_text("# T\n\n(nobody.below)=\n\nProof.\n")
    page = build([CLAIM], drawn=[spec(line, id="nobody.below")])
    assert "../docs/some_topic.md" in page.sources
    assert "some topic" in page.text
    assert {"#figure-nobody.below", "#nobody.below"} <= set(page.sources)
    built = tmp_path / "build"
    (built / "docs").mkdir(parents=True)
    (built / "docs" / "some_topic.html").touch()
    found = report.derivations(built, tmp_path / "docs")
    assert found == {"nobody.below": ("../docs/some_topic.html#nobody-below", "some topic")}


def test_derivations_of_the_documentation_are_found():
    address, name = report.derivations(ROOT / "build", ROOT / "docs")["das2023.xi_exceeds_one"]
    assert address.startswith("../")
    assert name == "label noise"


def test_a_figure_shows_command_parameters_and_whose_they_are(build):
    page = build(drawn=[spec(caption="x > 0 & y. More of it."), spec(line, id="nobody.other")])
    assert {"figure-nobody.line", "figure-nobody.other"} <= set(page.ids)
    for shown in (
        "python -m figures nobody.line",
        "Parameters, our guess at the paper's n = 2",
        "Parameters, ours seed = 0",
        "2 numbers, in nobody.line.csv",
        "x > 0 & y. More of it.",
    ):
        assert shown in page.text
    images = [values for tag, values in page.tags if tag == "img"]
    assert images[0]["alt"] == "x > 0 & y."
    assert images[0]["src"].startswith("data:image/webp;base64,")
    # 3.4 x 2.4 inches with 220 pixels an inch, two of them to one of the page.
    assert (images[0]["width"], images[0]["height"]) == ("374", "264")


def test_networks_appear_beside_theory_with_device_and_seeds(build):
    page = build([CLAIM], ["ridge_probe"])
    assert "relative deviation of coefficients" in page.text
    assert "ridge_probe (cpu)" in page.text
    assert "python -m experiments ridge_probe --preset cpu" in page.text
    cells = {v["data-label"] for tag, v in page.tags if tag == "td" and "data-label" in v}
    assert {"Theory", "Trained", "Seeds", "Device"} <= cells


def test_a_damaged_result_is_named_and_the_rest_is_shown(build, tmp_path):
    (tmp_path / "results" / "logistic_gram").mkdir(parents=True)
    (tmp_path / "results" / "logistic_gram" / "cpu.json").write_text("{}")
    page = build([CLAIM], ["ridge_probe"])
    assert "logistic_gram: run python -m experiments logistic_gram --preset cpu" in page.text


@pytest.mark.parametrize("name", agreement.ENTRIES)
def test_every_entry_reads_its_stored_result(name):
    try:
        stored = store.load(name, "cpu")
    except (store.MissingResultError, store.StaleResultError) as error:
        pytest.skip(f"no current result: {error}")
    lines = agreement.ENTRIES[name](stored)
    assert lines
    for found in lines:
        assert found.low <= found.trained <= found.high or found.theory == 0
        assert found.runs > 0


def test_benchmarks_appear_when_they_exist(build):
    row = {
        "topic": "engine", "case": "a sweep", "kind": "peer", "against": "one by one", "note": "",
        "ratio": 12.0, "low": 11.0, "high": 14.0, "seconds": float("nan"), "wanted": 8.0,
        "met": True,
    }  # fmt: skip
    page = build([CLAIM], bench={"machine": {"cores": 2}, "rows": [row]})
    for shown in ("a sweep", "peer: one by one", "12 (11 to 14)", "\u2265 8, met", "cores = 2"):
        assert shown in page.text


def test_the_page_stands_alone(build):
    page = build([CLAIM], ["ridge_probe"], drawn=[spec()])
    assert all(s.startswith(("#", "data:", "explorer.html", "index.html")) for s in page.sources)
    assert "default-src 'none'" in next(
        values["content"] for tag, values in page.tags if values.get("http-equiv")
    )
    targets = {source[1:] for source in page.sources if source.startswith("#")}
    assert targets <= set(page.ids)


def test_columns_and_rows_have_headers_and_tables_captions(build):
    page = build([CLAIM], ["ridge_probe"])
    heads = [values for tag, values in page.tags if tag == "th"]
    assert {head["scope"] for head in heads} == {"col", "row"}
    count = sum(tag == "table" for tag, _ in page.tags)
    assert count == sum(tag == "caption" for tag, _ in page.tags) == 2


class TestCommand:
    def test_no_results_is_one_line_and_leaves_nothing(self, tmp_path, capsys):
        assert report.main(["--build", str(tmp_path), "--results", str(tmp_path)]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert "no results" in err
        assert "make report" in err
        assert not (tmp_path / "report").exists()

    @pytest.mark.parametrize("content", ["{", "", "\xff"])
    def test_a_damaged_file_is_named(self, tmp_path, capsys, content):
        (tmp_path / "claims.json").write_text(content, encoding="latin-1")
        assert report.main(["--build", str(tmp_path), "--results", str(tmp_path)]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert "claims.json is damaged" in err

    def test_a_file_of_something_else_is_named(self, tmp_path, capsys):
        (tmp_path / "claims.json").write_text("[1]")
        assert report.main(["--build", str(tmp_path), "--results", str(tmp_path)]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert "claims.json is damaged" in err

    def test_a_picture_that_is_gone_is_named(self, build, tmp_path, capsys):
        build(drawn=[spec()])
        (tmp_path / "figures" / "nobody.line.webp").unlink()
        assert report.main(["--build", str(tmp_path), "--results", str(tmp_path)]) == 2
        err = capsys.readouterr().err
        assert "nobody.line.webp" in err
        assert err.count("\n") == 1

    def test_a_folder_that_cannot_be_written_is_one_line(self, build, tmp_path, capsys):
        build([CLAIM])
        (tmp_path / "report").write_text("a file")
        assert report.main(["--build", str(tmp_path), "--results", str(tmp_path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1

    def test_ctrl_c_is_one_line_and_status_130(self, build, tmp_path, capsys, monkeypatch):
        build([CLAIM])
        (tmp_path / "report").mkdir()
        (tmp_path / "report" / "index.html").write_text("old")

        def interrupted(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(report, "page", interrupted)
        assert report.main(["--build", str(tmp_path), "--results", str(tmp_path)]) == 130
        assert capsys.readouterr().err == "figures.report: interrupted\n"
        assert (tmp_path / "report" / "index.html").read_text() == "old"

    def test_prints_where_the_pages_are_and_how_large(self, build, tmp_path, capsys):
        build([CLAIM])
        assert report.main(["--build", str(tmp_path), "--results", str(tmp_path)]) == 0
        out = capsys.readouterr().out.splitlines()
        assert [text.partition(" (")[0] for text in out] == [
            str(tmp_path / "report" / name) for name in ("explorer.html", "index.html")
        ]
        assert all(text.endswith(" MB)") for text in out)
