"""``python -m figures.report``: one self-contained page from whatever results exist.

Reads the figures of the paper checks, the manifest of drawn figures, the provenance of stored
experiments and the benchmarks; a section appears when its input does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import sdtheory
from figures import sections

__all__ = ["main", "page"]

_CSS = Path(__file__).with_name("report.css")


def page(build: Path, results: Path) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    build : Path
        Folder with ``claims.json``, ``figures/`` and ``bench.json``, each of them optional.
    results : Path
        Folder of stored experiments.
    """
    found = {
        "Claims": sections.claims(build / "claims.json"),
        "Figures": sections.figures(build / "figures"),
        "Experiments": sections.experiments(results),
        "Benchmarks": sections.benchmarks(build / "bench.json"),
    }
    present = {title: html for title, html in found.items() if html}
    links = " ".join(f"<a href='#{title.lower()}'>{title}</a>" for title in present)
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>sdtheory report</title><style>{_CSS.read_text(encoding='utf-8')}</style></head>"
        f"<body><h1>sdtheory {sdtheory.__version__}</h1><nav>{links}</nav>"
        f"{''.join(present.values())}</body></html>\n"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Write ``report/index.html`` below the build folder and print its path."""
    parser = argparse.ArgumentParser(prog="figures.report", description="Write the report.")
    parser.add_argument("--build", type=Path, default=Path("build"), metavar="FOLDER")
    parser.add_argument("--results", type=Path, default=Path("experiments/results"))
    arguments = parser.parse_args(argv)
    html = page(arguments.build, arguments.results)
    if "<section" not in html:
        print("figures.report: there are no results to report yet", file=sys.stderr)
        return 1
    target = arguments.build / "report" / "index.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(html, encoding="utf-8")
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
