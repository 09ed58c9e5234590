"""What the statistical tests notice, and how often they cry wolf.

    python -m tests.trust.power

A claim on a simulation holds if every mean lies within a number of standard errors of the formula.
The rate of false alarms is bounded by the sum of Student's tails over all means that are compared,
for a new seed; with the seed of the suite there is none, because the same numbers come out again.
The power is shown by multiplying the formula by 1.01 and by 0.99: the claim has to fail.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
from scipy import stats

from sdtheory import claims
from sdtheory.claims import residuals
from sdtheory.claims.audit import perturbed
from sdtheory.claims.measure import draw_instances

from . import record

OFF = 0.01


@contextlib.contextmanager
def counted() -> Iterator[list[tuple[int, int]]]:
    """Note how many means of how many draws are compared."""
    plain, seen = residuals.z_score, []

    def noting(draws: Any, want: Any, *args: Any, **kwargs: Any) -> float:
        seen.append((np.asarray(draws).shape[0], int(np.size(want))))
        return plain(draws, want, *args, **kwargs)

    places = [m for m in list(sys.modules.values()) if vars(m).get("z_score") is plain]
    for module in places:
        module.z_score = noting
    try:
        yield seen
    finally:
        for module in places:
            module.z_score = plain


def worst(claim: claims.Claim, instances: list[Any]) -> float:
    """Return the largest residual in units of its tolerance; a refusal counts as noticed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return max(claim.ratio(instance)[2] for instance in instances)
        except (ArithmeticError, ValueError):
            return float("inf")


def row(claim: claims.Claim) -> dict[str, Any]:
    """Return false alarms and power of one claim."""
    instances = [i for i in draw_instances(claim, claim.samples, 0) if i is not None]
    with counted() as seen:
        honest = worst(claim, instances)
    tolerance = float(claim.ratio(instances[0])[1])
    alarms = sum(2 * stats.t.sf(tolerance, draws - 1) * means for draws, means in seen)
    noticed = {}
    for guard in claim.guards:
        for sign in (1, -1):
            with perturbed(guard, sign * OFF):
                ratio = worst(claim, instances)
            noticed[f"{guard} {sign * OFF:+.0%}"] = round(min(ratio, 1e6), 2)
    return {
        "standard_errors": tolerance, "means": sum(m for _, m in seen),
        "draws": min(d for d, _ in seen) if seen else 0, "false_alarms": float(f"{alarms:.1e}"),
        "honest": round(honest, 3), "off_by_one_percent": noticed,
    }  # fmt: skip


def main() -> int:
    """Record the table."""
    rows = {}
    for name, claim in claims.published().items():
        if claim.kind == "statistical":
            rows[name] = row(claim)
            sys.stdout.write(f"{name} {rows[name]}\n")
            sys.stdout.flush()
    total = sum(r["false_alarms"] for r in rows.values())
    record.update(
        "power", {"date": date.today().isoformat(), "claims": rows, "false_alarms": total}
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
