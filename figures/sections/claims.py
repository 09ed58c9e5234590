"""The table of claims, and how many have each verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from figures.html import Column, cells, number, prose, table
from figures.sections.parts import Record, choices, controls, section

__all__ = ["VERDICTS", "claims", "tallies"]

VERDICTS = {
    "holds": ("\N{CHECK MARK}", "holds"),
    "holds_with_condition": ("\N{CIRCLE WITH LEFT HALF BLACK}", "holds with a condition"),
    "fails": ("\N{BALLOT X}", "fails as commonly told"),
    "error": ("\N{WARNING SIGN}", "could not be measured"),
}
SOURCES = {
    "paper": "stated in the paper",
    "derived": "derived here",
    "recalled": "recalled",
    "code": "read off the published code",
    "third_party": "stated by others",
}
KINDS = {
    "identity": "relative error",
    "inequality": "signed violation",
    "asymptotic": "fitted rate",
    "statistical": "normal deviates",
}
_COLUMNS = (
    Column("Claim"),
    Column("Paper"),
    Column("Verdict"),
    Column("Worst residual", numeric=True),
    Column("Tolerance", numeric=True),
    Column("Ratio", numeric=True),
    Column("Instances", numeric=True),
    Column("Derivation"),
)


def claims(run: Record | None, derivations: Mapping[str, tuple[str, str]], drawn: set[str]) -> str:
    """Return the table of claims from the records of a run.

    `derivations` holds the address and the name of each claim's derivation, `drawn` the ids of the
    figures in the report.
    """
    if run is None or not run["claims"]:
        return ""
    records = run["claims"]
    agreeing = sum(record["agrees"] for record in records)
    sample = "each claim's own number of"
    if run["at_most"] is not None:
        sample += f", but at most {run['at_most']},"
    caption = (
        f"{agreeing} of {len(records)} verdicts are the registered ones. Sample: {sample} instances"
        f", seed {run['seed']}. The ratio is the worst residual over its tolerance: at most 1 where"
        " a claim holds, above 1 where it fails."
    )
    rows = [_claim(record, derivations.get(record["id"]), drawn) for record in records]
    form = controls(
        "claims-table",
        {"paper": choices(r["paper"] for r in records)}
        | {"verdict": {key: VERDICTS[key][1] for key in VERDICTS if _counts(records)[key]}},
    )
    return section("claims", "Claims", form + table("claims-table", caption, _COLUMNS, rows))


def _counts(records: Sequence[Record]) -> Counter[str]:
    return Counter(str(record["verdict"]) for record in records)


def tallies(run: Record | None) -> str:
    """Return how many claims have each verdict, as buttons that show them."""
    if run is None or not run["claims"]:
        return ""
    counts = _counts(run["claims"])
    wrong = sum(not record["agrees"] for record in run["claims"])
    items = [
        f"<li><button type='button' data-show='{key}' class='{key}'><b>{counts[key]}</b> "
        f"{mark} {text}</button></li>"
        for key, (mark, text) in VERDICTS.items()
        if counts[key]
    ]
    state = f"<b>{wrong}</b> not as registered" if wrong else "<b>All</b> as registered"
    items.append(f"<li class='{'wrong' if wrong else 'holds'}'>{state}</li>")
    return f"<ul class='tallies' aria-label='Verdicts'>{''.join(items)}</ul>"


def _claim(record: Record, derivation: tuple[str, str] | None, drawn: set[str]) -> str:
    name, verdict = record["id"], record["verdict"]
    mark, text = VERDICTS[verdict]
    shown = f"{mark} {text}"
    if not record["agrees"]:
        expected = VERDICTS[record["registered"]][1]
        shown += f" (registered: {expected}) {record['error']}"
    links = ""
    if derivation is not None:
        links = f"<a href='{escape(derivation[0])}'>{escape(derivation[1])}</a>"
    numbers = [record.get(key) for key in ("residual", "tolerance", "ratio", "instances")]
    contents = [
        _statement(record, drawn),
        escape(record["paper"]),
        f"<span class='verdict {verdict if record['agrees'] else 'wrong'}'>{escape(shown)}</span>",
        number(numbers[0]),
        number(numbers[1]),
        f"<span class='share' style='--part:{_part(numbers[2]):.0f}%'>{number(numbers[2])}</span>",
        str(record.get("instances", "")),
        links,
    ]
    keys = [None, None, None, *(_key(value) for value in numbers), None]
    data = f"data-item data-paper='{escape(record['paper'])}' data-verdict='{verdict}'"
    row = cells(_COLUMNS, contents, keys)
    return f"<tr role='row' id='{escape(name)}' {data}>{row}</tr>"


def _key(value: float | str | None) -> float:
    return math.nan if value is None else float(value)


def _part(ratio: float | str | None) -> float:
    """Return how much of its tolerance a claim uses, in percent of four decades."""
    value = _key(ratio)
    if not value > 0:
        return 0.0
    return min(max(100 + 25 * math.log10(value), 2.0), 100.0) if math.isfinite(value) else 100.0


def _statement(record: Record, drawn: set[str]) -> str:
    name = record["id"]
    text = f"<a href='#{escape(name)}'><code>{escape(name)}</code></a>"
    text += f"<span class='says'>{prose(record['says'])}</span>"
    if record["condition"]:
        text += f"<span class='says'><b>Condition:</b> {prose(record['condition'])}</span>"
    source = SOURCES.get(record["source"], record["source"])
    text += (
        f"<small>{escape(record['where'])}, {source}; residual: {KINDS[record['kind']]}.</small>"
    )
    if name in drawn:
        text += f" <small><a href='#figure-{escape(name)}'>Figure</a></small>"
    for key, title in (("counterexample", "Counterexample"), ("worst_instance", "Worst instance")):
        if record.get(key):
            text += (
                f"<details><summary>{title}</summary><code>{escape(record[key])}</code></details>"
            )
    command = f"sdtheory falsify {name}"
    return f"{text}<details><summary>Attack it</summary><code>{escape(command)}</code></details>"
