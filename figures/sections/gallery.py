"""The figures, inlined, with what made them."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from figures.html import parameters, prose
from figures.sections.parts import Record, choices, controls, section

__all__ = ["figures"]

ORIGINS = {
    "paper": "the paper's",
    "ours": "ours",
    "guess": "our guess at the paper's",
}
# Pixels of a picture (220 an inch) to one of the page (96 an inch, and a little larger).
DENSITY = 2.0


def figures(records: Sequence[Record] | None, folder: Path, papers: Mapping[str, str]) -> str:
    """Return all figures of a manifest, inlined, with captions, commands and parameters.

    `papers` says what the prefix of an id is called.
    """
    if not records:
        return ""
    records = sorted(records, key=lambda record: _paper(record, papers))
    items = "".join(_figure(record, folder, _paper(record, papers)) for record in records)
    form = controls("gallery", {"paper": choices(_paper(r, papers) for r in records)})
    gallery = f"<div id='gallery' class='gallery'>{items}</div>"
    return section("figures", "Figures", form + gallery)


def _paper(record: Record, papers: Mapping[str, str]) -> str:
    prefix = str(record["id"]).partition(".")[0]
    return papers.get(prefix, prefix)


def _figure(record: Record, folder: Path, paper: str) -> str:
    name = record["id"]
    data = (folder / f"{name}.webp").read_bytes()
    width, height = _webp_size(data)
    facts = {"Command": f"<code>{escape(record['command'])}</code>"}
    for origin, title in ORIGINS.items():
        chosen = {
            key: value
            for key, value in record["parameters"].items()
            if record["origins"][key] == origin
        }
        if chosen:
            facts[f"Parameters, {title}"] = escape(parameters(chosen))
    if record["read"]:
        stored = sorted({f"{Path(p).parent.name} ({Path(p).stem})" for p in record["read"]})
        facts["Stored result"] = escape(", ".join(stored))
    facts["Plotted"] = f"{record['numbers']} numbers, in <code>{escape(name)}.csv</code>"
    listed = "".join(f"<dt>{title}</dt><dd>{value}</dd>" for title, value in facts.items())
    # The caption follows in full: the alternative is its first sentence.
    alternative = record["caption"].partition(". ")[0].rstrip(".") + "."
    return (
        f"<figure id='figure-{escape(name)}' class='{'wide' if width > 1000 else ''}' data-item"
        f" data-paper='{escape(paper)}'><div class='paper'>"
        f"<img src='data:image/webp;base64,{base64.b64encode(data).decode()}'"
        f" width='{round(width / DENSITY)}' height='{round(height / DENSITY)}' loading='lazy'"
        f" alt='{escape(alternative, quote=True)}'></div>"
        f"<figcaption><span class='muted'>{escape(paper)}</span>"
        f"<a href='#figure-{escape(name)}'><code>{escape(name)}</code></a>"
        f"<p>{prose(record['caption'])}</p><dl>{listed}</dl></figcaption></figure>"
    )


def _webp_size(data: bytes) -> tuple[int, int]:
    """Return width and height of a lossless WebP image, so that the page keeps its place for it."""
    start = data.index(b"VP8L") + 9
    (bits,) = struct.unpack("<I", data[start : start + 4])
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
