"""``python -m figures.report``: one self-contained page from whatever results exist.

Reads the records of the measured claims, the manifest of drawn figures, the stored experiments and
the benchmarks; a section appears when its input does. The explorer is written beside it.

Exit status: 0, or 2 if there is nothing to report or a file is damaged, 130 after Ctrl-C.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from html import escape
from os.path import relpath
from pathlib import Path
from typing import Any

import sdtheory
from figures import explorer, provenance, sections
from figures.html import asset, frame
from sdtheory._archive import write_atomically
from sdtheory.cli import Parser, guarded

__all__ = ["derivations", "main", "page"]

ROOT = Path(__file__).parents[1]


def page(build: Path, results: Path, docs: Path = ROOT / "docs") -> str:
    """Return the report as HTML.

    Parameters
    ----------
    build : Path
        Folder with ``claims.json``, ``figures/`` and ``bench.json``, each of them optional.
    results : Path
        Folder of stored experiments.
    docs : Path
        Folder of the derivations, as Markdown.
    """
    run = sections.read(build / "claims.json", dict)
    drawn = sections.read(build / "figures" / "manifest.json", list) or []
    claims = [] if run is None else run["claims"]
    papers = {record["id"].partition(".")[0]: record["paper"] for record in claims}
    papers["sdtheory"] = "Results of this package"
    found = {
        "Claims": sections.claims(
            run, derivations(build, docs), {record["id"] for record in drawn}
        ),
        "Figures": sections.figures(drawn, build / "figures", papers),
        "Theory against trained models": sections.networks(results),
        "Benchmarks": sections.benchmarks(sections.read(build / "bench.json", dict)),
    }
    present = {title: html for title, html in found.items() if html}
    if not present:
        raise LookupError("there are no results to report yet; 'make report' makes them")
    anchors = {"Theory against trained models": "networks"}
    links = "".join(
        f"<li><a href='#{anchors.get(title, title.lower())}'>{title}</a></li>"
        for title in [*present, "Versions"]
    )
    body = (
        f"<main id='main' tabindex='-1'><h1>What is established, and how it was checked</h1>"
        f"<p>Every claim of the collection was measured and every figure drawn by the code of this "
        f"commit, <code>{escape(provenance.commit(ROOT))}</code>. The "
        f"<a href='explorer.html'>explorer</a> computes best weights, thresholds and learning "
        f"orders for a problem of your own.</p>{sections.tallies(run)}"
        f"<nav aria-label='Contents'><ul class='contents'>{links}</ul></nav>"
        f"{''.join(present.values())}{_versions(run)}</main>"
    )
    return frame(
        f"sdtheory {sdtheory.__version__}: report", body, [asset("report.js")], "index.html"
    )


def derivations(build: Path, docs: Path) -> dict[str, tuple[str, str]]:
    """Return the address, seen from the report, and the name of each claim's derivation.

    A page of the documentation site where it has been built, else its Markdown source.
    """
    found = {}
    for source in sorted(docs.glob("*.md")):
        built = build / "docs" / f"{source.stem}.html"
        target = relpath(built if built.exists() else source, build / "report")
        text = source.read_text(encoding="utf-8")
        for name in re.findall(r"^\((\w+\.\w+)\)=$", text, re.MULTILINE):
            anchor = "#" + re.sub(r"[^a-z0-9]+", "-", name.lower()) if built.exists() else ""
            found[name] = (target + anchor, source.stem.replace("_", " "))
    return found


def _versions(run: Mapping[str, Any] | None) -> str:
    facts = {"commit": provenance.commit(ROOT)} | provenance.versions()
    if run is not None:
        facts["seed of the claims' samples"] = str(run["seed"])
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts.items())
    return (
        "<section id='versions' aria-labelledby='versions-title'>"
        f"<h2 id='versions-title'>Versions</h2><dl class='facts'>{rows}</dl></section>"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Write report and explorer below the build folder and print where they are."""
    parser = Parser(prog="figures.report", description="Write the report and the explorer.")
    parser.add_argument("--build", type=Path, default=Path("build"), metavar="FOLDER")
    parser.add_argument("--results", type=Path, default=ROOT / "experiments" / "results")
    arguments = parser.parse_args(argv)
    return guarded(parser.prog, lambda: _write(arguments.build, arguments.results))


def _write(build: Path, results: Path) -> int:
    pages = {"explorer.html": explorer.page(), "index.html": page(build, results)}
    for name, html in pages.items():
        target = build / "report" / name
        write_atomically(target, html.encode())
        print(f"{target} ({len(html.encode()) / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
