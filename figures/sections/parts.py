"""What all sections are made of: damaged files told, a frame, controls that filter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

__all__ = ["Record", "choices", "controls", "read", "section"]

Record = Mapping[str, Any]


def read(path: Path, kind: type) -> Any:
    """Return what a JSON file holds, of the kind expected, or None if there is no such file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); delete it and build again") from error
    if not isinstance(content, kind):
        raise ValueError(f"{path} is damaged (no {kind.__name__}); delete it and build again")
    return content


def choices(values: Iterable[str]) -> dict[str, str]:
    """Return values that stand for themselves in a control, each once, in order."""
    return {value: value for value in sorted(set(values))}


def controls(target: str, selects: Mapping[str, Mapping[str, str]]) -> str:
    """Return a form that filters the items below the element `target`."""
    fields = [
        "<label class='grow'>Search<input type='search' name='text' autocomplete='off'></label>"
    ]
    for name, options in selects.items():
        listed = "".join(
            f"<option value='{escape(value)}'>{escape(text)}</option>"
            for value, text in options.items()
        )
        fields.append(
            f"<label>{name.capitalize()}<select name='{name}'><option value=''>all</option>"
            f"{listed}</select></label>"
        )
    return (
        f"<form class='controls' role='search' data-for='{target}'>{''.join(fields)}"
        "<button type='reset'>Clear</button><output aria-live='polite'></output></form>"
    )


def section(anchor: str, title: str, body: str) -> str:
    """Return a section with its heading."""
    return (
        f"<section id='{anchor}' aria-labelledby='{anchor}-title'>"
        f"<h2 id='{anchor}-title'>{title}</h2>{body}</section>"
    )
