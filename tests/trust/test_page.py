"""docs/trust.md shows the figures of docs/trust.json, and nothing typed in."""

import ast

from tests.trust import extremes, page, power, record


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


def test_false_alarms_and_missed_errors_are_below_one_in_a_million():
    figures = record.load()["power"]
    assert set(figures["claims"]) == set(power.statistical_claims())
    assert figures["false_alarms"] < 1e-6
    assert figures["missed"] < 1e-6


def test_every_comparison_of_a_simulation_is_counted():
    """A test that scores draws is marked, and its false alarms and power are on the page."""
    marked, scoring = set(), set()
    for path in sorted((record.ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef) or not function.name.startswith("test_"):
                continue
            name = f"{path.relative_to(record.ROOT).as_posix()}::{function.name}"
            if {"z_score", "deviate"} & set(_names(function)):
                scoring.add(name)
            if any("statistical" in _names(mark) for mark in function.decorator_list):
                marked.add(name)
    # Its draws are fixed: it tests the score, not a formula.
    scoring = {name for name in scoring if not name.startswith("tests/claims/test_residuals.py")}
    assert scoring <= marked
    assert marked == set(record.load()["power"]["tests"])


def _names(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
