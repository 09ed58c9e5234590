"""Tables and progress bars for the terminal; plain text when the output goes anywhere else."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Sequence
from typing import TextIO

__all__ = ["Progress", "print_table"]

_WIDTH = 30
_REDRAW_SECONDS = 0.1


def print_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], out: TextIO | None = None
) -> None:
    """Print aligned columns; drawn by rich where it is installed and `out` is a terminal."""
    out = out or sys.stdout
    if out.isatty() and importlib.util.find_spec("rich") is not None:
        _print_rich(header, rows, out)
        return
    widths = [max(len(row[k]) for row in (header, *rows)) for k in range(len(header))]
    for row in (header, ["-" * width for width in widths], *rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(line.rstrip(), file=out)


def _print_rich(header: Sequence[str], rows: Sequence[Sequence[str]], out: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        # Text, not str: square brackets in a cell are no markup.
        table.add_row(*(Text(cell) for cell in row))
    Console(file=out).print(table)


class Progress:
    """A one-line bar on standard error; silent unless that is a terminal.

    >>> with Progress(2) as progress:
    ...     progress.advance("first")
    """

    def __init__(self, total: int, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._total, self._done, self._drawn_at = max(total, 1), 0, 0.0
        self._shown = self._out.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def advance(self, label: str, by: int = 1) -> None:
        """Count `by` more units as done and redraw, at most ten times a second."""
        self._done += by
        now = time.monotonic()
        if not self._shown or now - self._drawn_at < _REDRAW_SECONDS:
            return
        self._drawn_at = now
        share = min(self._done / self._total, 1.0)
        bar = "#" * round(share * _WIDTH)
        self._out.write(f"\r\x1b[K[{bar:<{_WIDTH}}] {share:4.0%} {label}")
        self._out.flush()
