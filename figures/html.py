"""Small pieces of HTML: escaped text, numbers, tables, and the frame of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

__all__ = ["Column", "asset", "cells", "frame", "number", "parameters", "prose", "table"]

# Nothing is ever fetched: the page holds all that it shows.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    numeric: bool = False
    sortable: bool = True


def asset(name: str) -> str:
    """Return the text of a style sheet or script of the pages."""
    return (Path(__file__).parent / "assets" / name).read_text(encoding="utf-8")


def frame(title: str, body: str, scripts: Sequence[str], here: str) -> str:
    """Return a whole page; `here` is its file name, which the navigation leaves unlinked."""
    pages = {"index.html": "Report", "explorer.html": "Explorer"}
    links = "".join(
        f"<a href='{name}'{' aria-current=page' if name == here else ''}>{text}</a>"
        for name, text in pages.items()
    )
    return (
        "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
        f"<title>{escape(title)}</title>\n<style>\n{asset('report.css')}</style>\n"
        f"<script>\n{asset('theme.js')}</script>\n</head>\n<body>\n"
        "<a class='skip' href='#main'>Skip to the content</a>\n"
        f"<header class='bar'><strong>sdtheory</strong><nav aria-label='Pages'>{links}</nav>"
        "<button type='button' id='theme' hidden>Dark</button></header>\n"
        f"{body}\n{''.join(f'<script>{chr(10)}{s}</script>{chr(10)}' for s in scripts)}"
        "</body>\n</html>\n"
    )


def prose(text: str) -> str:
    """Return escaped text with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def number(value: float | str | None) -> str:
    r"""Return a short text of a number; infinities come as strings from JSON.

    >>> [number(x) for x in (0.25, 1234.5, 2e-14, 0.0, "inf", None)]
    ['0.25', '1.2e+03', '2.0e-14', '0', '\u221e', '']
    """
    if value is None:
        return ""
    if isinstance(value, str):
        text = value.replace("inf", "\N{INFINITY}")
    elif value == 0:
        text = "0"
    else:
        small = abs(value) < 0.01 or abs(value) >= 1000
        text = f"{value:.1e}" if small else f"{value:.3g}"
    return "\N{MINUS SIGN}" + text[1:] if text.startswith("-") else text


def parameters(values: Mapping[str, Any]) -> str:
    """Return parameters as text: name = value, ..."""
    return ", ".join(f"{name} = {_plain(value)}" for name, value in values.items())


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "(" + ", ".join(_plain(entry) for entry in value) + ")"
    if isinstance(value, Mapping):
        return parameters(value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def table(name: str, caption: str, columns: Sequence[Column], rows: Iterable[str]) -> str:
    """Return a table whose rows are given as HTML; sortable columns get a button by script."""
    head = "".join(
        f"<th role='columnheader' scope='col'{' class=number' if c.numeric else ''}"
        f"{' data-sortable' if c.sortable else ''}>{escape(c.title)}</th>"
        for c in columns
    )
    # The roles stay where a narrow screen shows rows as cards.
    return (
        f"<div class='scroll cards'><table role='table' id='{escape(name)}'>"
        f"<caption>{caption}</caption>"
        f"<thead role='rowgroup'><tr role='row'>{head}</tr></thead>"
        f"<tbody role='rowgroup'>{''.join(rows)}</tbody></table></div>"
    )


def cells(columns: Sequence[Column], contents: Sequence[str], sort: Sequence[float | None]) -> str:
    """Return the cells of a row as HTML, the first as its header.

    `sort` holds the number to sort a cell by, or None where its text says enough.
    """
    parts = []
    for k, (column, content, key) in enumerate(zip(columns, contents, sort, strict=True)):
        order = "" if key is None else f" data-sort='{key!r}'"
        if k == 0:
            parts.append(f"<th role='rowheader' scope='row'{order}>{content}</th>")
        else:
            kind = " class='number'" if column.numeric else ""
            label = f" data-label='{escape(column.title)}'"
            parts.append(f"<td role='cell'{kind}{label}{order}>{content}</td>")
    return "".join(parts)
