"""docs/trust.md shows the figures of docs/trust.json, and nothing typed in."""

from tests.trust import extremes, page, record


def test_the_tables_are_those_of_the_figures():
    text = page.PAGE.read_text(encoding="utf-8")
    assert text == page.rendered(text), "run python -m tests.trust.page"


def test_every_comparison_has_been_measured_and_none_fails():
    figures = record.load()["extremes"]
    for topic in extremes.TOPICS:
        measured = figures[topic]["functions"]
        assert set(measured) == {case.name for case in extremes.cases(topic)}
        assert all(row["complaints"] == 0 for row in measured.values())


def test_every_topic_has_been_mutated():
    figures = record.load()["mutation"]
    assert set(figures) == set(extremes.TOPICS)
    assert all(entry["sampled"] >= 40 for entry in figures.values())
