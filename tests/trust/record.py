"""The measured figures of docs/trust.md: each command writes its own section of one JSON file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "docs" / "trust.json"
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.json")


def load() -> dict[str, Any]:
    """Return all sections."""
    return json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}


def update(section: str, content: dict[str, Any], merge: bool = False) -> None:
    """Replace a section (or only the given keys of it), in one atomic step."""
    figures = load()
    figures[section] = {**figures.get(section, {}), **content} if merge else content
    draft = FIGURES.with_suffix(".draft")
    draft.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    draft.replace(FIGURES)


def equivalent_mutants() -> dict[str, str]:
    """Return the mutants that no test can kill, each with the reason."""
    return json.loads(EQUIVALENT.read_text(encoding="utf-8")) if EQUIVALENT.exists() else {}
