"""Figures of nobody's, that tests can draw in no time."""

from matplotlib.figure import Figure

from experiments.store import MissingResultError
from figures.registry import FigureSpec


def line():
    drawn = Figure(figsize=(3.4, 2.4))
    axes = drawn.add_subplot()
    axes.plot([0.0, 1.0], [2.0, 3.0])
    axes.set(xlabel="x", ylabel="y")
    return drawn


def missing():
    raise MissingResultError("no stored result; run: python -m experiments probe --preset cpu")


def spec(function=line, **changes):
    """Return a figure that no paper has."""
    fields = {
        "id": f"nobody.{function.__name__}",
        "caption": "A line. It rises.",
        "parameters": {"n": 2, "seed": 0},
        "origin": "guess",
        "except_for": {"seed": "ours"},
        "experiment": None,
        "function": function,
    }
    return FigureSpec(**fields | changes)
