"""All that is registered about one claim, as text, with its counterexample as Python."""

from __future__ import annotations

import textwrap

from sdtheory.claims import Claim, Counterexample

__all__ = ["card"]

_SOURCES = {
    "paper": "stated in the paper",
    "derived": "derived here",
    "recalled": "recalled, the text not at hand",
    "code": "read off published code",
    "third_party": "stated by others",
}


def card(target: str, claim: Claim) -> str:
    """Return the claim's card; what is not Python in it is a comment, so all of it runs.

    >>> from sdtheory import claims
    >>> text = card("borup2021.twicing", claims.get("borup2021.twicing"))
    >>> print(text.splitlines()[0])
    # borup2021.twicing: Borup & Andersen 2021, K20 (derived here)
    """
    source = _SOURCES[claim.source]
    lines = [f"# {target}: {claim.paper}, {claim.where} ({source})", *_comment(claim.says)]
    lines += _comment(f"Verdict: {claim.verdict.replace('_', ' ')} ({claim.kind}).")
    if claim.condition:
        lines += _comment(f"Condition: {claim.condition}")
    lines += _comment(f"Guards: {', '.join(claim.guards)}")
    if claim.counterexample is not None:
        residual, tolerance, _ = claim.ratio(claim.counterexample)
        known = Counterexample(target, claim.counterexample, residual, tolerance)
        without = " without the condition" if claim.condition else ""
        lines += ["#", f"# A counterexample{without}: the residual exceeds the tolerance."]
        lines.append(known.as_python().rstrip())
    return "\n".join(lines)


def _comment(text: str) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        width=98,
        initial_indent="# ",
        subsequent_indent="#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )
