"""The benchmarks run, their ratios mean what the table says, and the table is the stored one."""

import itertools
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import harness, table
from benchmarks.__main__ import TOPICS
from benchmarks.harness import Options

ROOT = Path(__file__).parents[1]


class Clocked(Options):
    """Options whose clock is turned by the work itself."""

    now = 0.0

    def clock(self):
        return lambda: Clocked.now


def takes(seconds):
    """Return work that takes these times in turn."""
    times = itertools.cycle(np.atleast_1d(seconds).tolist())

    def work():
        Clocked.now += next(times)

    return work


@pytest.mark.slow
def test_every_benchmark_runs(tmp_path):
    target = tmp_path / "bench.json"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json", str(target)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    made = json.loads(target.read_text(encoding="utf-8"))
    assert len({row["topic"] for row in made["rows"]}) == len(TOPICS)
    assert made["machine"]["quick"]
    assert all(row["met"] is None for row in made["rows"])
    assert "Against peers" in run.stdout


def test_a_peer_is_so_many_times_slower_and_a_limit_so_many_times_faster():
    # A warm-up comes first; after it the rounds are 2 to 8, 4 to 8 and 2 to 2 seconds.
    ours, other = [9.0, 2.0, 4.0, 2.0], [9.0, 8.0, 8.0, 2.0]
    given = {"against": "it", "rounds": 3}
    peer = harness.compare("t", "c", takes(ours), takes(other), Clocked(), wanted=1.5, **given)
    assert (peer.ratio, peer.low, peer.high, peer.met) == (2.0, 1.0, 4.0, True)
    assert (peer.seconds, peer.against_seconds) == (2.0, 8.0)
    limit = harness.compare(
        "t", "c", takes(ours), takes(other), Clocked(), kind="limit", wanted=0.4, **given
    )
    assert (limit.ratio, limit.low, limit.high, limit.met) == (0.5, 0.25, 1.0, False)
    sampled = harness.compare("t", "c", takes(ours), takes(other), Clocked(), scale=10.0, **given)
    assert sampled.ratio == 20.0
    assert "1/10 of the work" in sampled.note


def test_contestants_take_turns_in_both_orders():
    seen = []
    works = {name: lambda name=name: seen.append(name) for name in "ab"}
    harness.interleaved(works, 3, Clocked())
    assert seen == [*"ab", *"ab", *"ba", *"ab"]


def test_growth_finds_the_exponent_and_its_interval():
    exact = harness.growth(
        "t", "c", "size", (1, 2, 4, 8), lambda n: takes(0.5 * n**1.7), Clocked(), wanted=1.5
    )
    assert math.isclose(exact.ratio, 1.7, rel_tol=1e-12)
    assert exact.met is False
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        noisy = harness.growth(
            "t", "c", "size", (1, 2, 4, 8),
            lambda n: takes(n**2 * np.exp(0.2 * rng.normal(size=6))), Clocked(), rounds=5,
        )  # fmt: skip
        covered += noisy.low <= 2.0 <= noisy.high
    assert abs(covered / 200 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 200)


def test_a_budget_is_a_share():
    row = harness.budget("t", "c", [1.0, 3.0, 2.0], 4.0, Options())
    assert (row.ratio, row.low, row.high, row.met) == (0.5, 0.25, 0.75, True)


def test_a_quick_run_promises_nothing_and_reports_every_row():
    reported = []
    row = harness.budget("t", "c", [9.0], 4.0, Options(quick=True, report=reported.append))
    assert row.met is None
    assert reported == [row]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234.5, "1,234"), (12.345, "12.3"), (1.0, "1.00"), (0.0123, "0.0123"), (1e-9, "1.0e-09"),
        (None, ""), (math.nan, ""), (math.inf, "inf"), (-0.02, "-0.0200"), (0.0, "0.0"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits(value, text):
    assert table.number(value) == text


def test_the_documentation_shows_the_stored_run():
    run = json.loads(table.KEPT.read_text(encoding="utf-8"))
    page = table.PAGE.read_text(encoding="utf-8")
    assert table.placed(page, run) == page, "run: python -m benchmarks.table --keep"
    assert not run["machine"]["quick"]
    assert {row["topic"] for row in run["rows"]} >= {"core", "streaming", "budgets"}
    for row in run["rows"]:
        for cell in table.cells(row):
            assert cell in page


def test_a_quick_run_is_not_kept():
    with pytest.raises(ValueError, match="a quick run measures nothing"):
        table.keep({"machine": {"quick": True}, "rows": []})


def test_both_units_of_a_page_survive(tmp_path):
    run = json.loads(table.KEPT.read_text(encoding="utf-8"))
    page = f"before\n{table.BEGIN}old\n{table.END}after\n"
    once = table.placed(page, run)
    assert once.startswith("before\n")
    assert once.endswith("after\n")
    assert "old" not in once
    assert table.placed(once, run) == once


def test_runs_of_one_machine_are_joined():
    def run(cores, case):
        row = {"topic": "core", "case": case, "against": "a peer"}
        machine = {"cores": cores, "minutes": 1.5, "bandwidth_gigabytes": cores + len(case)}
        return {"machine": machine, "rows": [row]}

    whole = table.joined([run(2, "one"), run(2, "another")])
    assert whole["machine"] == {"cores": 2, "minutes": 3.0, "bandwidth_gigabytes": 5}
    assert [row["case"] for row in whole["rows"]] == ["one", "another"]
    with pytest.raises(ValueError, match="of one machine"):
        table.joined([run(2, "one"), run(4, "another")])
    with pytest.raises(ValueError, match=r"got twice: \[\('core', 'one', 'a peer'\)\]"):
        table.joined([run(2, "one"), run(2, "one")])
