"""What theory says beside what training gave, from the stored experiments."""

from __future__ import annotations

import math
from html import escape
from pathlib import Path

from experiments import catalogue, store
from figures import agreement
from figures.html import Column, cells, number, parameters, table
from figures.sections.parts import controls, section

__all__ = ["networks"]

_COLUMNS = (
    Column("Quantity"),
    Column("Experiment"),
    Column("Theory", numeric=True),
    Column("Trained", numeric=True),
    Column("Runs from \N{EN DASH} to", numeric=True, sortable=False),
    Column("Runs", numeric=True),
    Column("Seeds", numeric=True),
    Column("Device"),
)


def networks(folder: Path) -> str:
    """Return what theory says and what training gave, for every stored result below a folder."""
    rows, problems = [], []
    for path in sorted(folder.glob("*/*.json")):
        name, preset = path.parent.name, path.stem
        if preset == "smoke" or name not in catalogue.names():
            continue
        try:
            stored = store.load(name, preset, root=folder)
        except (store.MissingResultError, store.StaleResultError) as error:
            problems.append(f"<li>{escape(name)}: run <code>{escape(_remedy(error))}</code></li>")
            continue
        lines = agreement.ENTRIES[name](stored) if name in agreement.ENTRIES else [None]
        rows += [_line(line, stored) for line in lines]
    if not rows:
        return ""
    caption = (
        "What trained models did, beside what theory says: the median over runs, with the central "
        "90% of them. Deviations that should be rounding are given by the largest, with their "
        "median."
    )
    text = controls("networks-table", {}) + table("networks-table", caption, _COLUMNS, rows)
    if problems:
        why = "Not shown, because the stored result is not there or not current:"
        text += f"<p>{why}</p><ul>{''.join(problems)}</ul>"
    return section("networks", "Theory against trained models", text)


def _remedy(error: Exception) -> str:
    return str(error).rpartition("; run: ")[2]


def _line(line: agreement.Line | None, stored: store.Stored) -> str:
    """Return a comparison as a row; without one, what the experiment is about."""
    record = stored.provenance
    seeds = record["settings"].get("seeds", "")
    where = (
        f"<code>{escape(record['name'])}</code> ({escape(record['preset'])})<details>"
        f"<summary>How it was run</summary><code>{escape(record['command'])}\n"
        f"{escape(parameters(record['settings']))}\nseeds: {escape(record['seeds']['rule'])}\n"
        f"commit {escape(str(record['commit'])[:12])}, {record['wall_seconds']:.0f} s, "
        f"{escape(parameters(record['versions']))}</code></details>"
    )
    if line is None:
        about = f"{escape(catalogue.summary(record['name']))} <small>Compared in figures.</small>"
        contents = [about, where, "", "", "", "", str(seeds), escape(str(record["device"]))]
        keys = [None, None, math.nan, math.nan, None, math.nan, float(seeds or math.nan), None]
        return f"<tr role='row' data-item>{cells(_COLUMNS, contents, keys)}</tr>"
    contents = [
        escape(line.quantity),
        where,
        f"{line.theory:g}",
        _near(line.trained, line.theory),
        f"{_near(line.low, line.theory)} \N{EN DASH} {_near(line.high, line.theory)}",
        str(line.runs),
        str(seeds),
        escape(str(record["device"])),
    ]
    keys = [None, None, line.theory, line.trained, None, line.runs, float(seeds or math.nan), None]
    return f"<tr role='row' data-item>{cells(_COLUMNS, contents, keys)}</tr>"


def _near(value: float, theory: float) -> str:
    """Return a number with as many digits as it takes to tell it from theory."""
    if theory == 0 and abs(value) < 0.01:
        return number(value)
    gap = abs(value - theory)
    digits = 3 if gap == 0 else min(max(3, 1 - math.floor(math.log10(gap))), 12)
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")
