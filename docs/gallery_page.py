"""Writes the gallery from the registry of figures; draws those that changed since the last time."""

from itertools import groupby
from pathlib import Path

from figures.__main__ import main as draw
from figures.registry import FigureSpec, published
from sdtheory import claims

INTRODUCTION = """\
# Gallery

Each figure is drawn by the command below it, which also writes its numbers as CSV. Theory is computed
on the spot; what networks did is read from stored results, never trained while drawing.
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
    settings = ", ".join(f"{key} = {value}" for key, value in spec.parameters.items())
    lines = [
        f"### {spec.id.split('.')[1].replace('_', ' ')}\n",
        f"![{spec.id}](gallery/{spec.id}.png)\n",
        f"{_literal(spec.caption)}\n",
        f"`python -m figures {spec.id}`",
        f"**Parameters** ({ORIGINS[spec.origin]}): {_literal(settings)}.",
    ]
    if spec.experiment:
        lines.append(f"**Networks:** `python -m experiments {spec.experiment} --preset cpu`.")
    if claimed:
        lines.append(f"**Claim:** [{spec.id}](#{spec.id}).")
    return "\n".join(lines) + "\n"


def _literal(text: str) -> str:
    """Return text in which Markdown sees no markup."""
    return "".join(f"\\{letter}" if letter in r"\`*_[]<>$|{}" else letter for letter in text)


def write(path: Path, folder: Path) -> None:
    """Write the page, with images from `folder`, in which what is missing or stale is drawn."""
    if draw(["--out", str(folder)]):
        raise RuntimeError("some figures could not be drawn; see the messages above")
    images = path.parent / "gallery"
    images.mkdir(exist_ok=True)
    figures = published()
    for name in figures:
        _replace(images / f"{name}.png", (folder / f"{name}.png").read_bytes())
    for stray in {p.stem for p in images.glob("*.png")} - set(figures):
        (images / f"{stray}.png").unlink()
    _replace(path, render(figures, claims.published()).encode())


def _replace(path: Path, content: bytes) -> None:
    # Sphinx reads again what has a new date.
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
