"""The sections of the report: each turns one kind of result into HTML, or into nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

__all__ = ["benchmarks", "claims", "experiments", "figures"]

_VERDICTS = {"holds": "holds", "holds_with_condition": "holds with a condition", "fails": "fails"}
_SOURCES = {
    "paper": "stated in the paper",
    "derived": "derived here",
    "recalled": "recalled",
    "code": "read off the published code",
    "third_party": "stated by others",
}
_ORIGINS = {"ours": "our parameters", "paper": "the paper's parameters", "guess": "guessed"}


def claims(path: Path) -> str:
    """Return the table of claims, by paper, from the JSON file of the paper checks."""
    if not path.exists():
        return ""
    run = json.loads(path.read_text(encoding="utf-8"))
    records = run["claims"]
    agreeing = sum(record["agrees"] for record in records)
    sample = "each claim's own number of" if run["samples"] is None else str(run["samples"])
    if run["at_most"] is not None:
        sample = f"each claim's own number, but at most {run['at_most']},"
    intro = (
        f"<p>{agreeing} of {len(records)} verdicts are the registered ones. Sample: {sample} "
        f"instances, seed {run['seed']}. The ratio is worst residual over tolerance: at most 1 "
        "where a claim holds.</p>"
    )
    parts = [_claims_of(paper, list(group)) for paper, group in groupby(records, _paper)]
    return _section("claims", "Claims", intro + "".join(parts))


def _paper(record: Mapping[str, Any]) -> str:
    return str(record["paper"])


def _claims_of(paper: str, records: Sequence[Mapping[str, Any]]) -> str:
    header = ("claim", "statement", "verdict", "worst", "tolerance", "ratio", "instances", "s")
    rows = []
    for record in records:
        verdict = _VERDICTS.get(record["verdict"], record["verdict"])
        if not record["agrees"]:
            expected = _VERDICTS[record["registered"]]
            verdict += f" (registered: {expected}) {record['error']}"
        numbers = [_short(record.get(key)) for key in ("residual", "tolerance", "ratio")]
        numbers += [str(record.get("instances", "")), _short(record.get("seconds"))]
        cells = [
            f"<td id='{escape(record['id'])}'><code>{escape(record['id'])}</code></td>",
            f"<td>{_statement(record)}</td>",
            f"<td class='{'ok' if record['agrees'] else 'wrong'}'>{escape(verdict)}</td>",
            *(f"<td class='number'>{escape(number)}</td>" for number in numbers),
        ]
        rows.append("".join(cells))
    return f"<h3>{escape(paper)}</h3>" + _table(header, rows)


def _statement(record: Mapping[str, Any]) -> str:
    text = escape(record["says"])
    if record["condition"]:
        text += f" <b>Condition:</b> {escape(record['condition'])}"
    source = _SOURCES.get(record["source"], record["source"])
    text += (
        f" <small>{escape(record['where'])}, {escape(source)}, {escape(record['kind'])}.</small>"
    )
    for key, title in (("counterexample", "counterexample"), ("worst_instance", "worst instance")):
        if record.get(key):
            text += (
                f"<details><summary>{title}</summary><code>{escape(record[key])}</code></details>"
            )
    return text


def figures(folder: Path) -> str:
    """Return all figures of a folder's manifest, inlined, with captions and parameters."""
    manifest = folder / "manifest.json"
    if not manifest.exists():
        return ""
    records = json.loads(manifest.read_text(encoding="utf-8"))
    return _section("figures", "Figures", "".join(_figure(folder, r) for r in records))


def _figure(folder: Path, record: Mapping[str, Any]) -> str:
    name = record["id"]
    image = base64.b64encode((folder / f"{name}.png").read_bytes()).decode()
    notes = [_ORIGINS[record["origin"]] + ": " + _settings(record["parameters"])]
    if record["experiment"]:
        notes.append(f"experiment {record['experiment']}")
    notes.append(f"{record['numbers']} plotted numbers")
    return (
        f"<figure id='figure-{escape(name)}'>"
        f"<img src='data:image/png;base64,{image}' alt='{escape(record['caption'], quote=True)}'>"
        f"<figcaption><code>{escape(name)}</code> {escape(record['caption'])} "
        f"<small>{escape('; '.join(notes))}.</small></figcaption></figure>"
    )


def experiments(folder: Path) -> str:
    """Return the provenance of every stored result below a folder."""
    rows = []
    for path in sorted(folder.glob("*/*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        shown = {
            "experiment": f"{path.parent.name} ({path.stem})",
            "device": record.get("device"),
            "seconds": record.get("wall_seconds"),
            "tasks": len(record.get("tasks", ())),
            "settings": record.get("settings"),
            "command": record.get("command"),
        }
        rows.append("".join(f"<td>{escape(_plain(value))}</td>" for value in shown.values()))
    if not rows:
        return ""
    header = ("experiment", "device", "seconds", "tasks", "settings", "command")
    return _section("experiments", "Experiments", _table(header, rows))


def benchmarks(path: Path) -> str:
    """Return the rows that the benchmarks wrote, a list of records with the same keys."""
    if not path.exists():
        return ""
    records = json.loads(path.read_text(encoding="utf-8"))
    header = list(records[0]) if records else []
    rows = ["".join(f"<td>{escape(_plain(r[key]))}</td>" for key in header) for r in records]
    body = _table([name.replace("_", " ") for name in header], rows) if records else ""
    return _section("benchmarks", "Benchmarks", body)


def _section(anchor: str, title: str, body: str) -> str:
    return f"<section id='{anchor}'><h2>{title}</h2>{body}</section>" if body else ""


def _table(header: Iterable[str], rows: Iterable[str]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _settings(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in parameters.items())


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return _settings(value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _short(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value:.1e}" if value and not 0.01 <= abs(value) < 1000 else f"{value:.2f}"
