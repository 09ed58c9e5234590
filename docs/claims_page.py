"""Writes the page of claims from the registry: one heading, and so one anchor, a claim."""

import re
from itertools import groupby
from pathlib import Path

from sdtheory import claims

INTRODUCTION = """\
# Claims

Every statement below is a function from an instance to a residual, and holds on that instance if
the residual is at most the tolerance. Measure one with `sdtheory measure ID`, and search for a
counterexample with `sdtheory falsify ID`. The source says whether the paper states it (*paper*),
it is derived here (*derived*), remembered without the text at hand (*recalled*), read off published
code (*code*), or stated by others (*third party*).
"""

KINDS = {
    "identity": "identity; the residual is a relative error",
    "inequality": "inequality; the residual is the signed violation",
    "asymptotic": "rate; the fitted exponent against the stated one",
    "statistical": "simulation; the residual is the normal deviate as unlikely as what was seen",
}
VERDICTS = {
    "holds": "holds",
    "holds_with_condition": "holds with a condition",
    "fails": "fails as commonly told",
}


def derivations(pages: Path) -> set[str]:
    """Return the claims that some page derives: it has the anchor ``(id)=``."""
    texts = [page.read_text(encoding="utf-8") for page in sorted(pages.glob("*.md"))]
    return {name for text in texts for name in re.findall(r"^\((\w+\.\w+)\)=$", text, re.MULTILINE)}


def render(published: dict[str, claims.Claim], derived: set[str]) -> str:
    """Return the page as Markdown."""
    parts = [INTRODUCTION]
    # A paper may have several modules, between which others come in the order of names.
    ordered = sorted(published.values(), key=lambda claim: claim.paper)
    for paper, group in groupby(ordered, key=lambda claim: claim.paper):
        parts.append(f"## {paper}\n")
        parts.extend(_entry(claim, claim.id in derived) for claim in group)
    return "\n".join(parts)


def _entry(claim: claims.Claim, derived: bool) -> str:
    lines = [
        f"### {claim.id}\n",
        f"{claim.says}\n",
        f"**Verdict:** {VERDICTS[claim.verdict]}.",
    ]
    if claim.condition:
        lines.append(f"**Condition:** {claim.condition}")
    source = claim.source.replace("_", " ")
    guards = ", ".join(f"`{guard}`" for guard in claim.guards)
    lines.append(f"**Source:** {claim.where} ({source}). **Kind:** {KINDS[claim.kind]}.")
    if derived:
        lines.append(f"**Derivation:** [{claim.where}](#{claim.id}).")
    lines.append(f"**Guards:** {guards}.\n")
    return "\n".join(lines)


def write(path: Path) -> None:
    """Write the page, unless it is there with the same words."""
    text = render(claims.published(), derivations(path.parent))
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
