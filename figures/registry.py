"""The registry of figures: an id, what it shows, and a function that draws it.

A figure function takes no arguments and returns a `matplotlib.figure.Figure`, drawn under the
style sheet ``figures/paper.mplstyle``. Its id is ``<paper>.<function name>``, the id of the claim
that it illustrates where there is one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import matplotlib as mpl
import matplotlib.style
from matplotlib.figure import Figure

__all__ = ["STYLE", "FigureSpec", "Origin", "figure", "published", "styled"]

Origin = Literal["ours", "paper", "guess"]

STYLE = Path(__file__).with_name("paper.mplstyle")
# Modules of this package that draw nothing.
_MACHINERY = {
    "agreement",
    "drawing",
    "explorer",
    "explorer_formulas",
    "html",
    "javascript",
    "measured",
    "plotted",
    "provenance",
    "registry",
    "report",
    "sections",
    "sources",
}
_REGISTRY: dict[str, FigureSpec] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSpec:
    """A figure that can be drawn."""

    id: str
    caption: str
    parameters: Mapping[str, Any]
    """What the figure depends on, to be printed with it."""
    origin: Origin
    """Whether the parameters are our choice, the paper's, or a guess at the paper's."""
    except_for: Mapping[str, Origin] = field(default_factory=dict)
    """The parameters whose origin is another one."""
    experiment: str | None
    """The stored experiment that it shows, if any."""
    function: Callable[[], Figure]

    def origin_of(self, parameter: str) -> Origin:
        """Return where the value of a parameter comes from."""
        return self.except_for.get(parameter, self.origin)

    def draw(self) -> Figure:
        """Draw the figure under the style sheet."""
        with styled():
            return self.function()


@contextmanager
def styled() -> Iterator[None]:
    """Use the style sheet on top of matplotlib's defaults, for drawing and for saving alike."""
    with mpl.rc_context():
        mpl.rcdefaults()
        matplotlib.style.use(STYLE)
        yield


def figure(
    id: str,  # noqa: A002 - the field's name
    *,
    caption: str,
    parameters: Mapping[str, Any],
    origin: Origin = "ours",
    except_for: Mapping[str, Origin] | None = None,
    experiment: str | None = None,
) -> Callable[[Callable[[], Figure]], Callable[[], Figure]]:
    """Register the decorated function as the figure `id`.

    `origin` says where the parameters come from; `except_for` names those that differ.
    """
    others = dict(except_for or {})

    def register(function: Callable[[], Figure]) -> Callable[[], Figure]:
        if id.count(".") != 1 or id.split(".")[1] != function.__name__:
            raise ValueError(
                f"id must be '<paper>.<function name>', got {id!r} for {function.__name__}()"
            )
        for where in (origin, *others.values()):
            if where not in get_args(Origin):
                raise ValueError(f"origin of {id} must be one of {get_args(Origin)}, got {where!r}")
        if unknown := set(others) - set(parameters):
            raise ValueError(f"except_for of {id} must name parameters, got {sorted(unknown)}")
        known = _REGISTRY.get(id)
        if known is not None and known.function.__module__ != function.__module__:
            raise ValueError(f"id {id!r} is registered twice")
        _REGISTRY[id] = FigureSpec(
            id=id,
            caption=" ".join(caption.split()),
            parameters=dict(parameters),
            origin=origin,
            except_for=others,
            experiment=experiment,
            function=function,
        )
        return function

    return register


def published() -> dict[str, FigureSpec]:
    """Return every figure of this package, by id, in the order of the modules."""
    package = __name__.rpartition(".")[0]
    names = (m.name for m in pkgutil.iter_modules([str(STYLE.parent)]))
    for name in sorted(n for n in names if n not in _MACHINERY and not n.startswith("_")):
        importlib.import_module(f"{package}.{name}")
    return {k: s for k, s in _REGISTRY.items() if s.function.__module__.startswith(package + ".")}
