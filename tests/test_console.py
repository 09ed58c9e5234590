"""Plain text for pipes, rich and a bar for terminals, nothing else anywhere."""

import io

import pytest

from sdtheory._console import Progress, print_table

HEADER = ("id", "ratio")
ROWS = [["das2023.[bold]", "0.5"], ["x", "12"]]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_plain_table_is_aligned():
    out = io.StringIO()
    print_table(HEADER, ROWS, out)
    assert out.getvalue().splitlines() == [
        "id              ratio",
        "--------------  -----",
        "das2023.[bold]  0.5",
        "x               12",
    ]


def test_terminal_table_shows_every_cell_literally():
    pytest.importorskip("rich")
    out = Terminal()
    print_table(HEADER, ROWS, out)
    assert all(cell in out.getvalue() for row in ROWS for cell in row)


def test_progress_is_silent_in_a_pipe():
    out = io.StringIO()
    with Progress(2, out) as progress:
        progress.advance("first")
        progress.advance("second")
    assert out.getvalue() == ""


def test_progress_draws_and_clears_its_line():
    out = Terminal()
    with Progress(2, out) as progress:
        progress.advance("first")
    drawn = out.getvalue()
    assert " 50% first" in drawn
    assert drawn.endswith("\r\x1b[K")
