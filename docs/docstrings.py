"""What docstrings need on their way into the reference.

They write absolute values as |x|, which reStructuredText takes for a substitution; and a page of
many names should start with what can be called.
"""

import inspect
import re

__all__ = ["escape_bars", "list_functions"]

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
            lines[number] = _escaped(line)
            if text.endswith("::"):
                literal_indent = indent


def _escaped(text):
    return _BAR.sub(lambda m: "\\|" if m[0] == "|" else m[0], text)


def list_functions(_app, what, name, thing, _options, lines):
    """Append a table of the module's functions, with links, to the module's docstring."""
    if what != "module":
        return
    found = {key: getattr(thing, key) for key in thing.__all__}
    functions = {key: value for key, value in found.items() if inspect.isfunction(value)}
    if len(functions) < 2:
        return
    lines += ["", ".. list-table::", "   :widths: auto", ""]
    for key, function in functions.items():
        summary = inspect.getdoc(function).partition("\n\n")[0].replace("\n", " ")
        lines += [f"   * - :py:func:`~{name}.{key}`", f"     - {_escaped(summary)}"]
    lines.append("")
