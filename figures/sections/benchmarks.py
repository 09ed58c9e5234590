"""The speed ratios that the benchmarks wrote."""

from __future__ import annotations

from html import escape

from figures.html import Column, cells, number, parameters, table
from figures.sections.parts import Record, section

__all__ = ["benchmarks"]

_COLUMNS = (
    Column("Work"),
    Column("Topic"),
    Column("Against"),
    Column("Ratio", numeric=True),
    Column("Promised"),
    Column("Seconds", numeric=True),
)


def benchmarks(run: Record | None) -> str:
    """Return the table of ratios that the benchmarks wrote, with the machine."""
    if run is None or not run.get("rows"):
        return ""
    rows = []
    for record in run["rows"]:
        ratio, low, high = (record[key] for key in ("ratio", "low", "high"))
        wanted = ""
        if record.get("wanted") is not None:
            sign = "\N{GREATER-THAN OR EQUAL TO}" if record["kind"] == "peer" else "\u2264"
            wanted = f"{sign} {number(record['wanted'])}, {'met' if record['met'] else 'missed'}"
        contents = [
            f"{escape(record['case'])} <small>{escape(record['note'])}</small>",
            escape(record["topic"]),
            escape(f"{record['kind']}: {record['against']}"),
            f"{number(ratio)} ({number(low)} to {number(high)})",
            wanted,
            number(record["seconds"]) if record["seconds"] == record["seconds"] else "",
        ]
        keys = [None, None, None, float(ratio), None, float(record["seconds"])]
        rows.append(f"<tr role='row'>{cells(_COLUMNS, contents, keys)}</tr>")
    caption = (
        "Times faster than a peer, or times the cost of a limit or budget; exponent of a growth. "
        f"Measured on: {escape(parameters(run['machine']))}."
    )
    found = table("benchmarks-table", caption, _COLUMNS, rows)
    return section("benchmarks", "Benchmarks", found)
