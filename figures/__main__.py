"""``python -m figures [NAME...]``: draw figures as PDF, PNG and WebP, with their numbers as CSV.

Names are ids or globs; all figures if none. What is there and has not changed is left alone: see
`figures.drawing`. A manifest in the output folder lists the records of all figures that are there.

Exit status: 1 if a figure could not be drawn, 2 for bad usage, 130 after Ctrl-C.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from experiments.store import MissingResultError, StaleResultError
from figures.drawing import draw, kept, recorded
from figures.registry import FigureSpec, published
from sdtheory._archive import write_atomically
from sdtheory._console import Progress
from sdtheory._results import headline
from sdtheory.cli import Parser, guarded

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Draw the named figures and update the manifest."""
    parser = Parser(prog="figures", description="Draw figures.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="ids or globs; all if none")
    parser.add_argument("--out", type=Path, default=Path("build/figures"), metavar="FOLDER")
    parser.add_argument("--list", action="store_true", help="list the figures and stop")
    parser.add_argument("--fresh", action="store_true", help="draw what has not changed, too")
    arguments = parser.parse_args(argv)

    def run() -> int:
        chosen = _select(arguments.names)
        if arguments.list:
            for spec in chosen:
                print(f"{spec.id}\t{spec.caption}")
            return 0
        return _draw_all(chosen, arguments.out, arguments.fresh)

    return guarded(parser.prog, run)


def _select(names: Sequence[str]) -> list[FigureSpec]:
    everything = published()
    for name in names:
        if not any(fnmatchcase(key, name) for key in everything):
            raise ValueError(f"no figure is called {name!r}; 'python -m figures --list' lists them")
    wanted = names or ["*"]
    return [spec for key, spec in everything.items() if any(fnmatchcase(key, n) for n in wanted)]


def _draw_all(chosen: Sequence[FigureSpec], folder: Path, fresh: bool) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    failed: list[str] = []
    drawn = 0
    try:
        with Progress(len(chosen)) as progress:
            for spec in chosen:
                if fresh or kept(spec, folder) is None:
                    try:
                        draw(spec, folder)
                    except (MissingResultError, StaleResultError) as error:
                        failed.append(f"{spec.id}: {error}")  # names the command to run
                    except OSError:
                        raise  # the folder cannot be written: no other figure will fare better
                    except Exception as error:
                        failed.append(f"{spec.id}: {headline(error)}")
                    else:
                        drawn += 1
                        if not sys.stderr.isatty():  # no bar there
                            print(folder / f"{spec.id}.pdf", flush=True)
                progress.advance(spec.id)
    finally:
        _write_manifest(folder)
    for line in failed:
        print(line, file=sys.stderr)
    unchanged = len(chosen) - drawn - len(failed)
    print(f"{drawn} of {len(chosen)} figures drawn, {unchanged} unchanged: {folder}")
    return 1 if failed else 0


def _write_manifest(folder: Path) -> None:
    """List the records that are there; figures that no longer exist leave the list."""
    # A record that is not there or damaged belongs to a figure that is drawn another time.
    found = [recorded(spec, folder) for spec in published().values()]
    records = [record for record in found if record is not None]
    write_atomically(folder / "manifest.json", (json.dumps(records, indent=1) + "\n").encode())


if __name__ == "__main__":
    sys.exit(main())
