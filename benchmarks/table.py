"""The table of ratios, from the JSON that a run of the benchmarks wrote.

    python -m benchmarks.table build/bench.json             # print it
    python -m benchmarks.table --keep build/bench.json      # put it into docs/performance.md

Several files of one machine are joined: topics may be measured on their own. The second form copies
the JSON to benchmarks/results.json, where a test compares the two.
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sdtheory._console import print_table

KEPT = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
Record = Mapping[str, Any]
TITLES = {
    "peer": ("Against peers", "times faster"),
    "limit": ("Against physical limits", "times the limit"),
    "growth": ("Growth", "exponent"),
    "memory": ("Memory", "share of what is allowed"),
    "budget": ("Budgets", "share of the budget"),
}


def number(value: float | None) -> str:
    """Return a number with three digits; nothing for what was not measured."""
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value) or value == 0:
        return str(value)
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}" if abs(value) >= 1e-3 else f"{value:.1e}"


def cells(row: Record) -> list[str]:
    """Return the line of one record."""
    wanted = ""
    if row["wanted"] is not None:
        sign = "≥" if row["kind"] == "peer" else "≤"
        wanted = f"{sign} {number(row['wanted'])} {'✓' if row['met'] else 'missed'}"
    return [
        row["topic"],
        row["case"],
        row["against"],
        f"{number(row['ratio'])} ({number(row['low'])} to {number(row['high'])})",
        wanted,
        number(row["seconds"]),
        row["note"],
    ]


def tables(records: Sequence[Record]) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return title, header and lines of each table that has any."""
    found = []
    for kind, (title, ratio) in TITLES.items():
        lines = [cells(row) for row in records if row["kind"] == kind]
        if lines:
            header = ["topic", "work", "against", ratio, "promised", "seconds", "note"]
            found.append((title, header, lines))
    return found


def machine_line(machine: Record) -> str:
    """Return the machine class as a sentence."""
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} thread of linear "
        f"algebra; {machine['device']}; clock: {machine['clock']}. One matrix product reaches "
        f"{number(machine['product_gigaflops'])} Gflop/s, memory "
        f"{number(machine['bandwidth_gigabytes'])} GB/s. Python {machine['python']}, {packages}."
    )


def markdown(run: Record) -> str:
    """Return all tables as Markdown."""
    lines = [machine_line(run["machine"]), ""]
    for title, header, rows in tables(run["rows"]):
        lines += [f"### {title}", "", "| " + " | ".join(header) + " |"]
        lines.append("|" + "---|" * len(header))
        lines += [
            "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows
        ]
        lines.append("")
    return "\n".join(lines)


def joined(runs: Sequence[Record]) -> Record:
    """Return runs of different topics on one machine as one, with the rates of the first."""
    measured = ("minutes", "product_gigaflops", "bandwidth_gigabytes")
    alike = [{k: v for k, v in run["machine"].items() if k not in measured} for run in runs]
    if any(machine != alike[0] for machine in alike):
        raise ValueError("the runs must be of one machine with the same packages")
    rows = [row for run in runs for row in run["rows"]]
    names = [(row["topic"], row["case"], row["against"]) for row in rows]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"each row must be in one run only, got twice: {twice}")
    minutes = round(sum(run["machine"]["minutes"] for run in runs), 1)
    return {"machine": {**runs[0]["machine"], "minutes": minutes}, "rows": rows}


def show(run: Record) -> None:
    """Print all tables."""
    print(machine_line(run["machine"]))
    for title, header, rows in tables(run["rows"]):
        print(f"\n{title}")
        print_table(header, rows)


def placed(page: str, run: Record) -> str:
    """Return the text of the page with the tables of a run."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{markdown(run)}\n{END}{after}"


def keep(run: Record) -> None:
    """Store a run and put its tables into the documentation."""
    if run["machine"]["quick"]:
        raise ValueError("a quick run measures nothing: run the benchmarks without --quick")
    KEPT.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(placed(PAGE.read_text(encoding="utf-8"), run), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, nargs="*", default=[KEPT])
    parser.add_argument("--keep", action="store_true", help="store it and write the documentation")
    options = parser.parse_args()
    run = joined([json.loads(path.read_text(encoding="utf-8")) for path in options.file])
    keep(run) if options.keep else show(run)
    return 0


if __name__ == "__main__":
    sys.exit(main())
