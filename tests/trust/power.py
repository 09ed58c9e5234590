"""What the statistical tests notice, and how often they cry wolf.

    python -m tests.trust.power                   # every claim and test that simulates
    python -m tests.trust.power wu2026 digits     # those with a name like that
    python -m tests.trust.power --calibrate 100   # fresh seeds: do the statistics have their law?

A simulation is compared through a score: the normal deviate that is as rare as what was seen, by
Student's or an exact distribution and for all means that are compared. It may reach SCORE_LIMIT, so
a fair comparison fails once in 5e8, and the rates of all comparisons of a run add up. The power is
shown by multiplying each formula by 1.01 and by 0.99, and by more where that is not noticed.
"""

from __future__ import annotations

import argparse
import copy
import math
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sdtheory import claims
from sdtheory.claims import SCORE_LIMIT
from sdtheory.claims.audit import perturbed
from sdtheory.claims.measure import draw_instances

from . import record
from .comparisons import Comparison, compared

INFINITE = 1e3
OFFS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)

# Why a test sees no error of one percent, and what does.
INSENSITIVE = {
    "tests/experiments/test_logistic_mixture.py::test_a_small_run_agrees_with_the_limit": (
        "twelve data sets made by the experiment; `test_finite_samples_agree` makes more"
    ),
    "tests/label_noise/test_tuning.py::"
    "test_excess_risk_of_the_corrected_weight_falls_with_the_samples": (
        "compares sizes with one another; `sdtheory.corrected_gcv_is_consistent` sees the formula"
    ),
}


@dataclass(frozen=True)
class Trial:
    """What one run of a claim or a test came to."""

    noticed: bool
    seen: list[Comparison]

    @property
    def score(self) -> float:
        """The largest, or infinity where something other than a score failed."""
        largest = max((c.score for c in self.seen), default=0.0)
        return largest if self.noticed == (largest > SCORE_LIMIT) else math.inf


def trials(run: Callable[[], Trial], guards: tuple[str, ...]) -> dict[str, Any]:
    """Return how a claim or a test fares as it is and with each guarded formula off."""
    honest = run()
    errors: dict[str, dict[str, Any]] = {}
    for guard in guards:
        scores: dict[str, list[float]] = {}
        for off in OFFS:
            pair = []
            for sign in (1, -1):
                with perturbed(guard, sign * off) as calls:
                    pair.append(run())
            if not calls:
                break
            scores[f"{off:.0%}"] = [_number(t.score) for t in pair]
            if off == OFFS[0]:
                missed = max(math.prod(c.missed() for c in t.seen) for t in pair)
            if all(t.noticed for t in pair):
                break
        if scores:
            errors[guard] = {"scores": scores, "missed": missed}
    return {
        "comparisons": len(honest.seen),
        "entries": sum(c.entries for c in honest.seen),
        "draws": min((c.draws for c in honest.seen if c.draws), default=0),
        "false_alarms": sum(c.false_alarm for c in honest.seen),
        "honest": _number(honest.score),
        "errors": errors,
    }


def _number(score: float) -> float:
    return round(min(score, INFINITE), 2)


def of_claim(claim: claims.Claim) -> dict[str, Any]:
    """Return false alarms and power of one claim, on the instances that the suite measures."""
    instances = [i for i in draw_instances(claim, claim.samples, 0) if i is not None]

    def run() -> Trial:
        with compared() as seen, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ratio = max(claim.ratio(instance)[2] for instance in instances)
            except (ArithmeticError, ValueError):
                ratio = math.inf
        return Trial(ratio > 1, seen)

    return trials(run, claim.guards)


class Repeating:
    """A pytest plugin that runs every test marked statistical several times, formulas off."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: Any) -> bool | None:
        """Run one test; what it came to replaces its verdict, unless it fails as it is."""
        mark = pyfuncitem.get_closest_marker("statistical")
        if mark is None:
            return None
        names = pyfuncitem._fixtureinfo.argnames

        def run() -> Trial:
            arguments = {name: copy.deepcopy(pyfuncitem.funcargs[name]) for name in names}
            with compared() as seen:
                try:
                    pyfuncitem.obj(**arguments)
                except Exception:
                    return Trial(True, seen)
            return Trial(False, seen)

        name = pyfuncitem.nodeid.split("[")[0]
        self.rows.setdefault(name, []).append(trials(run, mark.args))
        _show(pyfuncitem.nodeid, self.rows[name][-1])
        return True


def together(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one row of a test's cases: an error is noticed if one of them notices."""
    errors: dict[str, Any] = {}
    for row in rows:
        for guard, found in row["errors"].items():
            known = errors.setdefault(guard, {"scores": {}, "missed": 1.0})
            known["missed"] *= found["missed"]
            for off, pair in found["scores"].items():
                other = known["scores"].get(off, [0.0, 0.0])
                known["scores"][off] = [max(a, b) for a, b in zip(pair, other, strict=True)]
    return {
        **{k: sum(r[k] for r in rows) for k in ("comparisons", "entries", "false_alarms")},
        "draws": min((r["draws"] for r in rows if r["draws"]), default=0),
        "honest": max(r["honest"] for r in rows),
        "errors": errors,
    }


def calibrate(name: str, seeds: int) -> dict[str, Any] | None:
    """Return how far the statistics of fresh seeds are from Student's distribution.

    There is no answer for a claim that allows a bias, within which the statistics are zero.
    """
    claim = claims.get(name)
    found = []
    for instance in draw_instances(claim, seeds, seed=1):
        if instance is None:
            continue
        with compared() as seen:
            claim(**instance)
        deviations = [
            stats.norm.ppf(stats.t.cdf(c.statistics, c.draws - 1)) for c in seen if c.draws
        ]
        found.append(np.concatenate(deviations))
    normal = np.array(found)
    if np.any(np.median(np.abs(normal), axis=0) == 0):
        return None
    distances = [stats.kstest(column, "norm") for column in normal.T]
    chance = min(1.0, len(distances) * min(d.pvalue for d in distances))
    means = normal.mean(axis=0)
    return {
        "seeds": len(normal),
        "entries": len(distances),
        "distance": float(max(d.statistic for d in distances)),
        "chance": float(chance),
        "mean": float(means[np.argmax(np.abs(means))]),
        "root_mean_square": float(np.sqrt(np.mean(normal**2))),
        "largest": float(np.max(np.abs(normal))),
    }


def statistical_claims() -> tuple[str, ...]:
    """Return the names of the claims that simulate."""
    return tuple(n for n, c in claims.published().items() if c.kind == "statistical")


def _show(name: str, row: dict[str, Any]) -> None:
    (sys.__stdout__ or sys.stdout).write(f"{name} {row}\n")


def main() -> int:
    """Record the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", help="parts of names; the other rows stay")
    parser.add_argument("--calibrate", type=int, metavar="SEEDS")
    arguments = parser.parse_args()
    today = date.today().isoformat()
    chosen = [n for n in statistical_claims() if any(o in n for o in arguments.only or [""])]
    if arguments.calibrate:
        for name in chosen:
            holds = claims.get(name).verdict != "fails"
            if holds and (row := calibrate(name, arguments.calibrate)):
                record.update("calibration", {name: {"date": today, **row}}, merge=True)
                _show(name, row)
        return 0
    known = record.load().get("power", {}) if arguments.only else {}
    found = known.get("claims", {})
    for name in chosen:
        found[name] = of_claim(claims.get(name))
        _show(name, found[name])
    plugin = Repeating()
    selected = ["-k", " or ".join(arguments.only)] if arguments.only else []
    status = pytest.main(["-q", "-m", "statistical", "tests", *selected], [plugin])
    tests = known.get("tests", {}) | {n: together(rows) for n, rows in plugin.rows.items()}
    rows = [*found.values(), *tests.values()]
    record.update(
        "power",
        {
            "date": today,
            "limit": SCORE_LIMIT,
            "claims": dict(sorted(found.items())),
            "tests": dict(sorted(tests.items())),
            "false_alarms": sum(row["false_alarms"] for row in rows),
            "missed": sum(e["missed"] for row in found.values() for e in row["errors"].values()),
        },
    )
    return 0 if status in (0, 5) else int(status)


if __name__ == "__main__":
    sys.exit(main())
