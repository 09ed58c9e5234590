"""The explorer: a page that computes weights, thresholds and orders for a problem of one's own.

Its numbers come from a script that is translated from `figures.explorer_formulas`, the file that
the tests compare with the functions of the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import sdtheory
from figures import explorer_formulas
from figures.html import asset, frame
from figures.javascript import translate

__all__ = ["page", "script"]


@dataclass(frozen=True, slots=True)
class _Choice:
    """A control with a few named values; the first is the one at the start."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]

    def html(self, panel: str) -> str:
        """Return the labelled control."""
        key = f"{panel}-set-{self.name}"
        options = "".join(
            f"<option value='{v}'>{escape(text)}</option>" for v, text in self.options
        )
        return _field(self.label, key, f"<select id='{key}' name='{self.name}'>{options}</select>")


@dataclass(frozen=True, slots=True)
class _Slider:
    """A control with a range of numbers; `log` sliders move their exponent of ten."""

    name: str
    label: str
    low: float
    high: float
    step: float
    start: float
    log: bool = False

    def html(self, panel: str) -> str:
        """Return the labelled control with its value beside it."""
        key = f"{panel}-set-{self.name}"
        log = " data-log" if self.log else ""
        return _field(
            self.label,
            key,
            f"<output for='{key}'></output><input type='range' id='{key}' name='{self.name}' "
            f"min='{self.low:g}' max='{self.high:g}' step='{self.step:g}' "
            f"value='{self.start:g}'{log}>",
        )


def _field(label: str, key: str, control: str) -> str:
    # Not inside the label: that would name the output, which stands first.
    return f"<div class='field'><label for='{key}'>{label}</label>{control}</div>"


@dataclass(frozen=True, slots=True)
class _Panel:
    """One problem: its controls, and where script puts numbers and charts."""

    name: str
    title: str
    text: str
    controls: tuple[_Choice | _Slider, ...]
    charts: tuple[str, ...]

    def html(self) -> str:
        """Return the section of the panel."""
        controls = "".join(control.html(self.name) for control in self.controls)
        charts = "".join(
            f"<figure class='chart' id='{self.name}-{chart}'></figure>" for chart in self.charts
        )
        return (
            f"<section id='{self.name}' class='panel' aria-labelledby='{self.name}-title'>"
            f"<h2 id='{self.name}-title'>{self.title}</h2><p>{self.text}</p>"
            f"<form class='sliders' aria-label='{self.title}: the problem'>{controls}</form>"
            f"<p class='unseen' role='status' id='{self.name}-status'></p>"
            f"<div class='answers' id='{self.name}-numbers'></div>"
            f"<div class='charts'>{charts}</div></section>"
        )


_RIDGE = _Panel(
    "ridge",
    "Ridge regression with noisy labels: which weight on the teacher?",
    "A student is fitted to <code>xi teacher + (1 - xi) labels</code>, with the teacher's penalty. "
    "The largest eigenvalue is 1 and the signal has energy 1. Any real weight is legal: above 1 the"
    " student moves away from the labels, below 0 away from its teacher.",
    (
        _Choice(
            "spectrum",
            "Spectrum",
            (
                ("power_law", "power law"),
                ("exponential", "exponential"),
                ("spiked", "one in ten large"),
                ("clustered", "three levels"),
                ("linear", "linear"),
                ("equal", "all equal"),
            ),
        ),
        _Slider("condition", "Largest over smallest eigenvalue", 0.0, 6.0, 0.1, 3.0, log=True),
        _Slider("size", "Modes", 2, 100, 1, 40),
        _Choice(
            "signal",
            "Signal",
            (
                ("isotropic", "in all modes alike"),
                ("top", "in the large eigenvalues"),
                ("bottom", "in the small eigenvalues"),
                ("sparse", "one mode in the middle"),
            ),
        ),
        _Choice(
            "metric",
            "Error of",
            (("parameter", "the coefficients"), ("in_sample", "the training predictions")),
        ),
        _Slider("noise", "Noise variance", -6.0, 2.0, 0.05, -2.0, log=True),
        _Slider("lam", "Penalty lam", -6.0, 2.0, 0.05, -2.0, log=True),
    ),
    ("weights", "penalties", "noise"),
)
_JEPA = _Panel(
    "jepa",
    "Deep linear JEPA: which feature is learned first?",
    "Features with regression coefficients rho between the two views, evenly spaced, and covariance"
    " <code>rho^c</code>: for c below 0 the two disagree about which feature comes first. Aligned "
    "training from a small encoder; times are those of gradient flow times the depth. A learned "
    "feature can later be overwritten by one with larger rho; the times say when each first comes.",
    (
        _Slider("features", "Features", 2, 8, 1, 4),
        _Slider("low", "Smallest rho", 0.2, 0.9, 0.01, 0.6),
        _Slider("high", "Largest rho", 0.5, 1.0, 0.01, 0.95),
        _Slider("power", "Exponent c of the covariance", -3.0, 2.0, 0.05, -1.0),
        _Slider("depth", "Layers of the encoder", 1, 12, 1, 3),
        _Slider("scale", "Size of the encoder at the start", -6.0, -1.0, 0.05, -2.5, log=True),
        _Slider("fraction", "Learned at this part of the final size", 0.05, 0.95, 0.01, 0.5),
    ),
    ("curves", "times", "order"),
)
_LOGISTIC = _Panel(
    "logistic",
    "Logistic loss with flipped labels: who repairs them?",
    "Two balanced classes of unit vectors, with one inner product inside a class and another "
    "across. Below its threshold a model classifies every training point, flipped ones included, "
    "as its true class. Between the thresholds of teacher and student, the student does and the "
    "teacher does not.",
    (
        _Slider("n", "Points per class", 2, 500, 1, 20),
        _Slider("same", "Inner product inside a class", 0.05, 0.95, 0.01, 0.3),
        _Slider("cross", "Inner product across classes", -0.3, 0.9, 0.01, 0.0),
        _Slider("penalty", "Penalty, beside the mean loss", -4.0, 0.0, 0.05, -2.0, log=True),
        _Slider("flipped", "Fraction of flipped labels", 0.01, 0.49, 0.01, 0.3),
    ),
    ("thresholds",),
)
PANELS = (_RIDGE, _JEPA, _LOGISTIC)


def script() -> str:
    """Return the translated formulas, as the object `theory`."""
    source = Path(explorer_formulas.__file__).read_text(encoding="utf-8")
    return translate(source, "theory")


def page(panels: Sequence[_Panel] = PANELS) -> str:
    """Return the explorer as HTML."""
    links = "".join(f"<li><a href='#{panel.name}'>{panel.title}</a></li>" for panel in panels)
    body = (
        "<main id='main' tabindex='-1'><h1>Explorer</h1><p>Move a control: everything is computed "
        "here and now, by formulas that the tests compare with the functions of the package. "
        f"<code>sdtheory {sdtheory.__version__}</code></p>"
        "<noscript><p class='wrong'>The explorer computes in this page and needs its script to "
        "run.</p></noscript>"
        f"<nav aria-label='Contents'><ul class='contents'>{links}</ul></nav>"
        f"{''.join(panel.html() for panel in panels)}</main>"
    )
    scripts = [script(), asset("charts.js"), asset("explorer.js")]
    title = f"sdtheory {sdtheory.__version__}: explorer"
    return frame(title, body, scripts, "explorer.html")
