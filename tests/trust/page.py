"""The tables of docs/trust.md, from the measured figures.

    python -m tests.trust.page

Everything between the two marks of a section is written anew; the rest of the page stays.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

from . import record
from .not_compared import NOT_COMPARED

PAGE = record.ROOT / "docs" / "trust.md"


def extremes(figures: dict[str, Any]) -> str:
    """Return the worst errors of every function."""
    lines = [
        "| function | instances | worst error | where determined | one ulp of all arguments |",
        "|---|---|---|---|---|",
    ]
    notes = []
    for topic, entry in figures.items():
        for name, row in entry["functions"].items():
            mark = ""
            if row["why"]:
                notes.append(f"`{topic}.{name}` reaches {row['target']:.0e}: {row['why']}.")
                mark = f" ({len(notes)})"
            change = f"{row['ulp_change']:.1e}" if row["ulp_change"] else ""
            lines.append(
                f"| `{topic}.{name}`{mark} | {row['instances']} | {row['worst']:.1e} | "
                f"{row['worst_well']:.1e} | {change} |"
            )
    dates = ", ".join(sorted({entry["date"] for entry in figures.values()}))
    count = sum(len(entry["functions"]) for entry in figures.values())
    beyond = sum(r["complaints"] for e in figures.values() for r in e["functions"].values())
    head = f"{count} comparisons, of {dates}; {beyond} numbers beyond what is allowed."
    return "\n".join([head, "", *lines, "", *(f"{i}. {note}" for i, note in enumerate(notes, 1))])


def left_out(_figures: dict[str, Any]) -> str:
    """Return what is not compared, by reason."""
    reasons: dict[str, list[str]] = {}
    for name, reason in NOT_COMPARED.items():
        reasons.setdefault(reason, []).append(f"`{name}`")
    return "\n".join(f"- {', '.join(names)}: {reason}." for reason, names in reasons.items())


def mutation(figures: dict[str, Any]) -> str:
    """Return the scores, and the survivors."""
    lines = [
        (
            "| topic | date | mutants | sampled | killed by mirrored tests | by claims "
            "| by importers | by extremes | by time | equivalent | survived | score |"
        ),
        "|" + "---|" * 12,
    ]
    names = []
    for topic, entry in figures.items():
        fates = entry["fates"]
        cells = [
            str(fates.get(k, 0))
            for k in (
                "tests",
                "claims",
                "importers",
                "extremes",
                "timeout",
                "equivalent",
                "survived",
            )
        ]
        lines.append(
            f"| {topic} | {entry['date']} | {entry['mutants']} | {entry['sampled']} | "
            f"{' | '.join(cells)} | {entry['score']:.0%} |"
        )
        names += entry["survivors"]
    shown = [f"- `{name}`" for name in names]
    return "\n".join([*lines, "", "Survivors, none of them excused:" if shown else "", "", *shown])


def equivalents(_figures: dict[str, Any]) -> str:
    """Return the mutants that change nothing that could be tested."""
    known = record.equivalent_mutants().items()
    return "\n".join(f"- `{name}`: {reason}." for name, reason in known)


def power(figures: dict[str, Any]) -> str:
    """Return false alarms and power of the statistical claims."""
    lines = [
        "| claim | allowed | means | draws of each | false alarms | honest | off by +1% | by -1% |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, row in figures["claims"].items():
        up, down = (
            min(v for k, v in row["off_by_one_percent"].items() if k.endswith(f"{sign}1%"))
            for sign in "+-"
        )
        lines.append(
            f"| `{name}` | {row['standard_errors']:g} | {row['means']} | {row['draws']} | "
            f"{row['false_alarms']:.1e} | {row['honest']:.2f} | {up:.2f} | {down:.2f} |"
        )
    total = f"The rates add up to at most {figures['false_alarms']:.1e} for a new seed."
    return "\n".join([*lines, "", total])


SECTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "extremes": extremes,
    "left out": left_out,
    "mutation": mutation,
    "equivalents": equivalents,
    "power": power,
}


def rendered(text: str) -> str:
    """Return the page with the sections that its marks name written anew."""
    figures = record.load()

    def fill(match: re.Match[str]) -> str:
        name = match["name"]
        body = SECTIONS[name](figures.get(name, {}))
        return f"<!-- {name} -->\n\n{body.strip()}\n\n<!-- end of {name} -->"

    mark = re.compile(r"<!-- (?P<name>[a-z ]+) -->\n.*?<!-- end of (?P=name) -->", re.DOTALL)
    return mark.sub(fill, text)


def main() -> int:
    """Write the page."""
    PAGE.write_text(rendered(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
