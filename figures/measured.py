"""``python -m figures.measured``: measure every claim that changed since it was last measured.

A claim's record is kept under a key of all sources and versions that it depends on, its sample and
its seed, and written as soon as it is measured: a run that was stopped goes on where it was. To
measure without any memory, use ``python -m paper_checks``.

Exit status: 1 if a verdict is not the registered one, 2 for bad usage, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from figures.sources import fingerprint
from sdtheory import claims
from sdtheory._archive import write_atomically
from sdtheory._console import Progress
from sdtheory._results import as_record, document, measure_one
from sdtheory.cli import Parser, guarded

__all__ = ["main", "records"]

FORMAT = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Bring the records of all claims up to date and write them to one file."""
    parser = Parser(prog="figures.measured", description="Measure the claims that changed.")
    parser.add_argument("--build", type=Path, default=Path("build"), metavar="FOLDER")
    parser.add_argument("--at-most", type=_count, metavar="N", help="instances a claim, at most")
    arguments = parser.parse_args(argv)
    return guarded(parser.prog, lambda: _run(arguments.build, arguments.at_most))


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be an integer above zero, got {text!r}")
    return value


def _run(build: Path, at_most: int | None) -> int:
    found, again = records(claims.published(), build / "measured", at_most)
    text = document(found, None, at_most, seed=0)
    write_atomically(build / "claims.json", text.encode())
    wrong = [record for record in found if not record["agrees"]]
    print(
        f"{len(found) - len(wrong)} of {len(found)} verdicts are the registered ones; "
        f"{again} measured now, {len(found) - again} unchanged since they were"
    )
    for record in wrong:
        complaint = record["error"] or (
            f"registered as {record['registered']}, measured {record['verdict']}; "
            f"worst: {record['worst_instance']}"
        )
        print(f"{record['id']}: {complaint}", file=sys.stderr)
    return 1 if wrong else 0


def records(
    chosen: dict[str, claims.Claim], folder: Path, at_most: int | None = None, seed: int = 0
) -> tuple[list[dict[str, Any]], int]:
    """Return the records of claims, and how many of them had to be measured."""
    counts = {key: min(c.samples, at_most or c.samples) for key, c in chosen.items()}
    found, again = [], 0
    with Progress(sum(counts.values())) as progress:
        for name, claim in chosen.items():
            path = folder / f"{name}.json"
            key = _key(claim, counts[name], seed)
            record = _kept(path, key)
            if record is None:
                result = measure_one(name, claim, counts[name], seed, progress.advance)
                record, again = as_record(result), again + 1
                if not result.error:  # an error may come from outside: try again next time
                    entry = {"key": key, "record": record, "digest": _digest(record)}
                    text = json.dumps(entry, indent=1) + "\n"
                    write_atomically(path, text.encode())
            else:
                progress.advance(name, counts[name])
            found.append(record)
    return found, again


def _key(claim: claims.Claim, samples: int, seed: int) -> str:
    depends = [FORMAT, fingerprint(claim.residual.__module__), claim.id, samples, seed]
    return hashlib.sha256(json.dumps(depends).encode()).hexdigest()


def _kept(path: Path, key: str) -> dict[str, Any] | None:
    """Return the record that is kept under this key, if there is one that can be read."""
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        whole = entry["key"] == key and entry["digest"] == _digest(entry["record"])
        return dict(entry["record"]) if whole else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _digest(record: dict[str, Any]) -> str:
    """Return what tells a damaged record: its numbers are not to be seen to be wrong."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
