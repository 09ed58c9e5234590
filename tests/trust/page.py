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
from .power import INFINITE, INSENSITIVE

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
    """Return the mutants that change nothing that could be tested, by module and reason."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for name, reason in record.equivalent_mutants().items():
        path, _, change = name.partition(":")
        reasons.setdefault((path, reason), []).append(f"`{change}`")
    lines = [
        f"- `{path}`, {reason}: {', '.join(names)}." for (path, reason), names in reasons.items()
    ]
    return "\n".join(lines)


def power(figures: dict[str, Any]) -> str:
    """Return false alarms and power of the statistical claims and tests."""
    lines = [
        (
            "| claim or test | means | draws of each | false alarms | as it is "
            "| off by +1% | by -1% | sees |"
        ),
        "|" + "---|" * 8,
    ]
    notes = []
    rows = {**figures["claims"], **figures["tests"]}
    for name, row in rows.items():
        errors = [found["scores"] for found in row["errors"].values()]
        up, down = (
            _of_limit(min(scores["1%"][k] for scores in errors), figures["limit"]) if errors else ""
            for k in (0, 1)
        )
        sees = ""
        if errors:
            sees = max((_seen(scores, figures["limit"]) for scores in errors), key=_as_number)
        short = name.removeprefix("tests/")
        mark = ""
        if name in INSENSITIVE:
            notes.append(f"`{short}`: {INSENSITIVE[name]}.")
            mark = f" ({len(notes)})"
        lines.append(
            f"| `{short}`{mark} | {row['entries']} | {row['draws'] or ''} | "
            f"{row['false_alarms']:.0e} | {row['honest'] / figures['limit']:.2f} | "
            f"{up} | {down} | {sees} |"
        )
    comparisons = sum(row["comparisons"] for row in rows.values())
    total = (
        f"Of {figures['date']}. With a new seed the {comparisons} comparisons fail, one of them or "
        f"more, with a probability of at most {figures['false_alarms']:.1e}. That the audit of a "
        f"claim misses 1% has one of about {figures['missed']:.0e}."
    )
    return "\n".join([*lines, "", total, "", *(f"{i}. {n}" for i, n in enumerate(notes, 1))])


def _of_limit(score: float, limit: float) -> str:
    return "large" if score >= INFINITE else f"{score / limit:.1f}"


def _seen(scores: dict[str, list[float]], limit: float) -> str:
    return next((off for off, pair in scores.items() if min(pair) > limit), "more")


def _as_number(off: str) -> float:
    return float(off.rstrip("%")) if off != "more" else 1e3


def calibration(figures: dict[str, Any]) -> str:
    """Return how far the statistics of new seeds are from their stated distribution."""
    lines = [
        "| claim | seeds | means | largest distance | probability | root mean square | largest |",
        "|" + "---|" * 7,
    ]
    lines += [
        f"| `{name}` | {row['seeds']} | {row['entries']} | {row['distance']:.3f} | "
        f"{row['chance']:.2g} | {row['root_mean_square']:.3f} | {row['largest']:.2f} |"
        for name, row in sorted(figures.items())
    ]
    return "\n".join(lines)


def tried(figures: dict[str, Any]) -> str:
    """Return what the tests of bad input or of faults tried, and what came of it."""
    lines = ["| tests | date | tried | passed | failed | skipped |", "|---|---|---|---|---|---|"]
    for name, row in figures.items():
        what = ", ".join(f"{count:,} {kind}" for kind, count in row["tried"].items())
        lines.append(
            f"| `{name}` | {row['date']} | {what} | {row['passed']} | {row['failed']} | "
            f"{row['skipped']} |"
        )
    return "\n".join(lines)


SECTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "extremes": extremes,
    "left out": left_out,
    "mutation": mutation,
    "equivalents": equivalents,
    "power": power,
    "fuzz": tried,
    "faults": tried,
    "calibration": calibration,
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
