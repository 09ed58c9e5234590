"""Writes the gallery from the registry of figures; draws those that changed since the last time."""

from itertools import groupby
from pathlib import Path

from figures.__main__ import main as draw
from figures.drawing import command, kept
from figures.registry import FigureSpec, published
from sdtheory import claims

INTRODUCTION = """\
# Gallery

Each figure is drawn by the command below it, which also writes its numbers as CSV. Theory is
computed on the spot; what networks did is read from stored results, never trained while drawing.
"""
ORIGINS = {"ours": "ours", "paper": "the paper's", "guess": "guessed from the paper"}


def render(figures: dict[str, FigureSpec], stated: dict[str, claims.Claim]) -> str:
    """Return the page as Markdown."""
    papers = {claim.id.split(".")[0]: claim.paper for claim in stated.values()}
    parts = [INTRODUCTION]
    ordered = sorted(figures.values(), key=_paper)
    for paper, group in groupby(ordered, key=_paper):
        title = "Results of our own" if paper == "sdtheory" else papers.get(paper, paper)
        parts.append(f"## {title}\n")
        parts.extend(_entry(spec, spec.id in stated) for spec in group)
    return "\n".join(parts)


def _paper(spec: FigureSpec) -> str:
    return spec.id.split(".")[0]


def _entry(spec: FigureSpec, claimed: bool) -> str:
    lines = [
        f"### {spec.id.split('.')[1].replace('_', ' ')}\n",
        f"![{spec.id}](gallery/{spec.id}.webp)\n",
        f"{_literal(spec.caption)}\n",
        f"- **Command:** `{command(spec)}`",
        f"- **Parameters** ({ORIGINS[spec.origin]}): {_literal(_settings(spec))}",
    ]
    if spec.experiment:
        lines.append(f"- **Networks:** `python -m experiments {spec.experiment} --preset cpu`")
    if claimed:
        lines.append(f"- **Claim:** [{spec.id}](#{spec.id})")
    return "\n".join(lines) + "\n"


def _settings(spec: FigureSpec) -> str:
    """Return the parameters, each with its origin where that is not the figure's."""
    notes = {key: f" ({ORIGINS[origin]})" for key, origin in spec.except_for.items()}
    return ", ".join(
        f"{key} = {value}{notes.get(key, '')}" for key, value in spec.parameters.items()
    )


def _literal(text: str) -> str:
    """Return text in which Markdown sees no markup."""
    return "".join(f"\\{letter}" if letter in r"\`*_[]<>$|{}" else letter for letter in text)


def write(path: Path, folder: Path) -> list[str]:
    """Write the page, with images from `folder`, in which what is missing or stale is drawn.

    Returns the ids of figures that could not be drawn; why has been printed.
    """
    draw(["--out", str(folder)])
    images = path.parent / "gallery"
    images.mkdir(exist_ok=True)
    figures = published()
    there = {name: spec for name, spec in figures.items() if kept(spec, folder)}
    for name in there:
        _replace(images / f"{name}.webp", (folder / f"{name}.webp").read_bytes())
    for stray in {p.stem for p in images.glob("*.webp")} - set(there):
        (images / f"{stray}.webp").unlink()
    _replace(path, render(there, claims.published()).encode())
    return [name for name in figures if name not in there]


def _replace(path: Path, content: bytes) -> None:
    # Sphinx reads again what has a new date.
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
