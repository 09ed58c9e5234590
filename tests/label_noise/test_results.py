"""Every result of the derivation page has a claim, or a line that says why it has none."""

import re
from pathlib import Path

from sdtheory import claims

PAGE = Path(__file__).parents[2] / "docs" / "label_noise.md"
# Checked by claims that carry the labels of other pages, or not checked at all: see the page.
ELSEWHERE = {"R44", "R45", "R52"}


def numbers(text):
    """Return the results that a text names, ranges included."""
    found = set()
    for first, last in re.findall(r"\bR(\d+)(?: to R(\d+))?\b", text):
        found |= {f"R{k}" for k in range(int(first), int(last or first) + 1)}
    return found


def test_every_result_has_a_claim_or_a_reason():
    claimed = set().union(*(numbers(made.where) for made in claims.published().values()))
    assert {f"R{k}" for k in range(1, 53)} - claimed == ELSEWHERE


def test_the_page_accounts_for_every_result():
    table = PAGE.read_text(encoding="utf-8").partition("## Where each result is checked")[2]
    rows = [row for row in table.splitlines() if row.startswith("| R")]
    stated = [numbers(row.split("|")[1]) for row in rows]
    assert set().union(*stated) == {f"R{k}" for k in range(1, 53)}
    assert sum(map(len, stated)) == 52, "one row for each result"
    alone = set().union(*(group for group in stated if group <= ELSEWHERE))
    assert alone == ELSEWHERE
