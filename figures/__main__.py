"""``python -m figures [NAME...]``: draw figures as PDF and PNG, with the plotted numbers as CSV.

Names are ids or globs; all figures if none. A manifest in the output folder lists what was drawn.
Exit status: 1 if a figure could not be drawn, 2 for bad usage.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from experiments.store import MissingResultError, StaleResultError
from figures.plotted import write_csv
from figures.registry import FigureSpec, published

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Draw the named figures and update the manifest."""
    parser = argparse.ArgumentParser(prog="figures", description="Draw figures.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="ids or globs; all if none")
    parser.add_argument("--out", type=Path, default=Path("build/figures"), metavar="FOLDER")
    parser.add_argument("--list", action="store_true", help="list the figures and stop")
    arguments = parser.parse_args(argv)
    chosen = _select(arguments.names)
    if isinstance(chosen, str):
        print(f"figures: {chosen}", file=sys.stderr)
        return 2
    if arguments.list:
        for spec in chosen:
            print(f"{spec.id}\t{spec.caption}")
        return 0
    arguments.out.mkdir(parents=True, exist_ok=True)
    records, status = [], 0
    for spec in chosen:
        try:
            records.append(save(spec, arguments.out))
        except (
            MissingResultError,
            StaleResultError,
        ) as error:  # the message names the command to run
            print(f"{spec.id}: {error}", file=sys.stderr)
            status = 1
        else:
            print(f"{arguments.out / spec.id}.pdf")
    _update_manifest(arguments.out / "manifest.json", records)
    return status


def _select(names: Sequence[str]) -> list[FigureSpec] | str:
    everything = published()
    for name in names:
        if not any(fnmatchcase(key, name) for key in everything):
            return f"no figure is called {name!r}; 'python -m figures --list' lists them"
    wanted = names or ["*"]
    return [spec for key, spec in everything.items() if any(fnmatchcase(key, n) for n in wanted)]


def save(spec: FigureSpec, folder: Path) -> dict[str, Any]:
    """Draw one figure into `folder`; return its record for the manifest."""
    start = time.perf_counter()
    drawn = spec.draw()
    # Without dates and versions in the files, the same numbers give the same bytes.
    drawn.savefig(folder / f"{spec.id}.pdf", metadata={"CreationDate": None, "Producer": None})
    drawn.savefig(folder / f"{spec.id}.png", metadata={"Software": None})
    numbers = write_csv(drawn, folder / f"{spec.id}.csv")
    return {
        "id": spec.id,
        "caption": spec.caption,
        "parameters": dict(spec.parameters),
        "origin": spec.origin,
        "experiment": spec.experiment,
        "numbers": numbers,
        "seconds": round(time.perf_counter() - start, 3),
    }


def _update_manifest(path: Path, records: Sequence[dict[str, Any]]) -> None:
    """Merge new records into the manifest; figures that no longer exist leave it."""
    known = published()
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    by_id = {r["id"]: r for r in [*old, *records]}
    kept = [by_id[key] for key in known if key in by_id]
    path.write_text(json.dumps(kept, indent=1, default=str) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
