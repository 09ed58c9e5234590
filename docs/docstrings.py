"""Docstrings write absolute values as |x|, which reStructuredText takes for a substitution."""

import re

__all__ = ["escape_bars"]

# A bar, or a piece in backticks, which is left alone.
_BAR = re.compile(r"`[^`]*`|\|")


def escape_bars(_app, _what, _name, _object, _options, lines):
    """Escape every bar outside backticks, doctests and literal blocks, in place."""
    literal_indent = None
    for number, line in enumerate(lines):
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        if literal_indent is not None and text and indent <= literal_indent:
            literal_indent = None
        if literal_indent is None and not text.startswith((">>>", "...")):
            lines[number] = _BAR.sub(lambda m: "\\|" if m[0] == "|" else m[0], line)
            if text.endswith("::"):
                literal_indent = indent
