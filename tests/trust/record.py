"""The measured figures of docs/trust.md: each command writes its own section of one JSON file."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "docs" / "trust.json"
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.json")


LOCK = ROOT / "build" / "trust.lock"


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Keep other commands that record figures waiting: what one adds, another must not undo."""
    import fcntl  # absent on Windows, where the page is read but nothing is recorded

    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file closes, or the process dies
        yield


def write(path: Path, text: str) -> None:
    """Replace a file in one step: a reader sees the old text or the new one."""
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def load() -> dict[str, Any]:
    """Return all sections."""
    return json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}


def update(section: str, content: dict[str, Any], merge: bool = False) -> None:
    """Replace a section (or only the given keys of it), and nothing that others record."""
    with alone():
        figures = load()
        figures[section] = {**figures.get(section, {}), **content} if merge else content
        write(FIGURES, json.dumps(figures, indent=1, sort_keys=True) + "\n")


def equivalent_mutants() -> dict[str, str]:
    """Return the mutants that no test can kill, each with the reason."""
    return json.loads(EQUIVALENT.read_text(encoding="utf-8")) if EQUIVALENT.exists() else {}
