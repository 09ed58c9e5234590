"""The report shows what exists, escapes what it shows, and stands alone."""

import json
from html.parser import HTMLParser

import pytest
from matplotlib.figure import Figure

from figures import __main__ as command
from figures import report
from figures.registry import FigureSpec

CLAIM = {
    "id": "nobody.below",
    "paper": "Nobody & Sons 2000",
    "where": "N1",
    "source": "recalled",
    "says": "a < b",
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
VOID = {"img", "meta"}


class Outline(HTMLParser):
    """Collects ids and text, and checks that every tag is closed in order."""

    def __init__(self, html):
        super().__init__()
        self.open, self.ids, self.words, self.sources = [], [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids += [values["id"]] if "id" in values else []
        self.sources += [values[k] for k in ("src", "href") if k in values]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def build(tmp_path):
    """Return a function that writes inputs and returns the outline of the report."""

    def make(claims=None, experiments=(), bench=None):
        if claims is not None:
            run = {"claims": claims, "samples": None, "at_most": None, "seed": 0}
            (tmp_path / "claims.json").write_text(json.dumps(run))
        for name, record in experiments:
            (tmp_path / "results" / name).mkdir(parents=True)
            (tmp_path / "results" / name / "cpu.json").write_text(json.dumps(record))
        if bench is not None:
            (tmp_path / "bench.json").write_text(json.dumps(bench))
        return Outline(report.page(tmp_path, tmp_path / "results"))

    return make


def test_no_results_is_an_error(tmp_path, capsys):
    arguments = ["--build", str(tmp_path), "--results", str(tmp_path)]
    assert report.main(arguments) == 1
    assert "no results" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()


def test_claims_appear_with_their_figures(build):
    page = build([CLAIM])
    assert "nobody.below" in page.ids
    assert "1 of 1 verdicts are the registered ones" in page.text
    for shown in ("Nobody & Sons 2000", "a < b", "b > 1", "N1, recalled, inequality", "2.0e-14"):
        assert shown in page.text
    assert page.sources == ["#claims"]


def test_a_verdict_that_is_not_the_registered_one_says_so(build):
    page = build([CLAIM, CLAIM | {"id": "nobody.x", "verdict": "fails", "agrees": False}])
    assert "1 of 2 verdicts" in page.text
    assert "fails (registered: holds with a condition)" in page.text


def test_a_claim_that_crashed_has_no_numbers(build):
    lost = ("residual", "tolerance", "ratio", "instances", "seconds", "worst_instance")
    broken = {key: value for key, value in CLAIM.items() if key not in lost}
    page = build([broken | {"verdict": "error", "agrees": False, "error": "ValueError: no"}])
    assert "ValueError: no" in page.text


def test_experiments_and_benchmarks_appear_when_they_exist(build):
    stored = {"device": "cpu", "wall_seconds": 12.345, "tasks": [{}, {}], "settings": {"n": 5}}
    page = build([CLAIM], [("probe", stored)], [{"name": "sweep", "ratio": 12.0}])
    assert page.sources == ["#claims", "#experiments", "#benchmarks"]
    assert "probe (cpu) cpu 12.3 2 n = 5" in page.text
    assert "sweep 12" in page.text


def test_figures_are_inlined(build, tmp_path):
    def line():
        drawn = Figure()
        drawn.add_subplot().plot([0.0, 1.0], [2.0, 3.0])
        return drawn

    spec = FigureSpec(
        id="nobody.line", caption="x > 0 & y", parameters={"n": 2}, origin="paper",
        experiment="probe", function=line,
    )  # fmt: skip
    (tmp_path / "figures").mkdir()
    record = command.save(spec, tmp_path / "figures")
    (tmp_path / "figures" / "manifest.json").write_text(json.dumps([record]))
    page = build()
    assert "figure-nobody.line" in page.ids
    assert "x > 0 & y" in page.text
    assert "the paper's parameters: n = 2; experiment probe; 2 plotted numbers" in page.text
    assert all(source.startswith(("#", "data:")) for source in page.sources)
