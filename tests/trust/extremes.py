"""Compare numeric functions with 50-digit arithmetic over extremes of every argument.

    python -m tests.trust.extremes [--instances 300] [topic ...]

A case draws arguments, computes in float64 and again in mpmath (`tests/reference`, independent
code), and compares every number. The error allowed to a number is 1e-12 of it or, if that is
larger, what a change of `ULPS` units in the last place of each argument does to it; that is
computed, by changing each argument in turn in mpmath. Arguments that enter a factorisation as a
whole (matrices) change by units of their largest entry instead.
"""

from __future__ import annotations

import argparse
import importlib
import math
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import mpmath
import numpy as np

from . import record

TOPICS = ("spectral", "label_noise", "kernel_ridge", "gp", "logistic", "jepa")
TARGET = 1e-12
ULPS = 16
DIGITS = 50
ULP = 2.0**-52
TINY = 1e-290  # numbers below lose digits to gradual underflow
HUGE = 1e300


@dataclass(frozen=True)
class Least:
    """A minimum below `scale`: the rounding of one number already lifts it off the ground.

    Where a minimum of squares is (nearly) zero, a weight with a relative error of one unit gives
    the square of that unit times the value away from the minimum, `scale`.
    """

    value: Any
    scale: Any

    @property
    def size(self) -> Any:
        """What errors are relative to."""
        return max(abs(self.value), self.scale * (ULPS * ULP) ** 2 / TARGET)


class Draw:
    """Seeded arguments: log-uniform, with the ends of every range drawn often."""

    def __init__(self, seed: list[int]) -> None:
        self.rng = np.random.default_rng(seed)

    def log(self, low: float, high: float, size: int | None = None, zero: float = 0.0) -> Any:
        """Return positive numbers, exactly zero with the given probability."""
        if size is not None:
            return [self.log(low, high, zero=zero) for _ in range(size)]
        if self.rng.random() < zero:
            return 0.0
        if self.rng.random() < 0.1:
            return float(self.rng.choice([low, high]))
        return float(10 ** self.rng.uniform(math.log10(low), math.log10(high)))

    def signed(self, low: float, high: float, size: int | None = None, zero: float = 0.0) -> Any:
        """Return numbers of either sign."""
        if size is not None:
            return [self.signed(low, high, zero=zero) for _ in range(size)]
        return float(self.rng.choice([-1.0, 1.0])) * self.log(low, high, zero=zero)

    def uniform(self, low: float, high: float, size: int | None = None) -> Any:
        """Return numbers between two bounds."""
        drawn = self.rng.uniform(low, high, size)
        return float(drawn) if size is None else [float(v) for v in drawn]

    def integer(self, low: int, high: int) -> int:
        """Return an integer, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def choice(self, options: Any) -> Any:
        """Return one of several values."""
        return options[self.integer(0, len(options) - 1)]

    def matrix(self, rows: int, columns: int, condition: float) -> list[list[float]]:
        """Return a random matrix whose singular values fall from 1 to 1 / condition."""
        left = np.linalg.qr(self.rng.normal(size=(rows, rows)))[0]
        right = np.linalg.qr(self.rng.normal(size=(columns, columns)))[0]
        few = min(rows, columns)
        s = np.logspace(0.0, -math.log10(condition), few) if few > 1 else np.ones(1)
        return ((left[:, :few] * s) @ right[:few]).tolist()

    def kernel(self, size: int, condition: float) -> list[list[float]]:
        """Return a symmetric positive definite matrix."""
        vectors = np.linalg.qr(self.rng.normal(size=(size, size)))[0]
        kernel = (vectors * np.logspace(0.0, -math.log10(condition), size)) @ vectors.T
        return (0.5 * (kernel + kernel.T)).tolist()


@dataclass(frozen=True)
class Case:
    """One public function: its arguments, what it returns, and what it ought to return.

    `computed` and `exact` take the drawn arguments and return equally many numbers, nested in any
    way. Strings, integers and booleans are passed on; floats reach `exact` as mpmath numbers.
    """

    name: str
    draw: Callable[[Draw], dict[str, Any]]
    computed: Callable[..., Any]
    exact: Callable[..., Any]
    whole: tuple[str, ...] = ()
    """Arguments that change by units of their largest entry."""
    together: bool = False
    """Errors are relative to the largest of the returned numbers: one vector, not many numbers."""
    cost: int = 1
    """Instances are divided by this."""
    target: float = TARGET
    """What is reached, where that is more than it should be."""
    why: str = ""
    """The reason for that."""


@dataclass
class Outcome:
    """The worst of many instances."""

    instances: int = 0
    error: float = 0.0
    error_well: float = 0.0
    """Worst error among numbers that their arguments determine to the target."""
    ratio: float = 0.0
    """Worst error in units of the allowed one."""
    loss: float = 0.0
    """Worst change by one unit in the last place of each argument."""
    complaints: list[str] = field(default_factory=list)


def flat(values: Any) -> Iterator[Any]:
    """Yield the numbers of a nested structure."""
    if isinstance(values, dict):
        values = list(values.values())
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, mpmath.matrix):
        values = list(values)
    if isinstance(values, list | tuple):
        for value in values:
            yield from flat(value)
    else:
        yield values


def exactly(value: Any) -> Any:
    """Return arguments with floats as mpmath numbers."""
    if isinstance(value, list | tuple):
        return [exactly(v) for v in value]
    return mpmath.mpf(value) if isinstance(value, float) else value


def changed(arguments: dict[str, Any], whole: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yield the arguments with one float changed by a unit in the last place, for each float."""
    for name, value in arguments.items():
        leaves = [v for v in flat(value) if isinstance(v, float)]
        largest = max((abs(v) for v in leaves), default=0.0)
        for path in _paths(value):
            here = _get(value, path)
            size = largest if name in whole else abs(here)
            if size == 0.0:
                continue
            exact = exactly(value)
            step = mpmath.mpf(size) * ULP
            exact = _with(exact, path, mpmath.mpf(here) + step)
            symmetric = name in whole and len(path) == 2 and _is_symmetric(value)
            if symmetric and path[0] > path[1]:
                continue
            if symmetric:
                exact = _with(exact, path[::-1], mpmath.mpf(here) + step)
            yield {**{k: exactly(v) for k, v in arguments.items()}, name: exact}


def _is_symmetric(value: Any) -> bool:
    square = len(value) == len(value[0])
    return square and all(value[i][j] == value[j][i] for i in range(len(value)) for j in range(i))


def _paths(value: Any) -> Iterator[tuple[int, ...]]:
    if isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            for path in _paths(inner):
                yield (i, *path)
    elif isinstance(value, float):
        yield ()


def _get(value: Any, path: tuple[int, ...]) -> Any:
    for i in path:
        value = value[i]
    return value


def _with(value: Any, path: tuple[int, ...], new: Any) -> Any:
    if not path:
        return new
    return [_with(v, path[1:], new) if i == path[0] else v for i, v in enumerate(value)]


def compare(case: Case, arguments: dict[str, Any], outcome: Outcome) -> None:
    """Compare one instance, and keep the worst."""
    outcome.instances += 1
    with warnings.catch_warnings(), np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("error")
        try:
            got = [float(v) for v in flat(case.computed(*arguments.values()))]
        except Exception as problem:
            outcome.complaints.append(f"{type(problem).__name__}: {problem} {arguments}")
            return
    with mpmath.workdps(DIGITS):
        want = list(flat(case.exact(*(exactly(v) for v in arguments.values()))))
        if len(got) != len(want):
            outcome.complaints.append(f"{len(got)} numbers for {len(want)} {arguments}")
            return
        changes: list[Any] | None = None
        sizes = [w.size if isinstance(w, Least) else abs(w) for w in want]
        want = [w.value if isinstance(w, Least) else w for w in want]
        scale = max(sizes, default=0) if case.together else None
        for i, (computed, exact) in enumerate(zip(got, want, strict=True)):
            size = sizes[i] if scale is None else scale
            if mpmath.isinf(exact) or size > HUGE:
                fine = computed == exact or abs(computed) > 0.99 * HUGE
                error = 0.0 if fine else math.inf
            elif not math.isfinite(computed):
                error = math.inf
            elif size < TINY:
                error = 0.0 if abs(computed) <= 4 * TINY else math.inf
                size = mpmath.mpf(TINY)
            else:
                error = float(abs(computed - exact) / size)
            allowed = case.target
            if error > 0.03 * TARGET and size > 0:
                if changes is None:
                    changes = _changes(case, arguments, want)
                loss = float(min(changes[i] / size, mpmath.mpf(1e300)))
                outcome.loss = max(outcome.loss, loss)
                allowed = max(case.target, ULPS * loss)
            if allowed == case.target:
                outcome.error_well = max(outcome.error_well, error)
            outcome.error = max(outcome.error, error)
            outcome.ratio = max(outcome.ratio, error / allowed)
            if error > allowed:
                outcome.complaints.append(
                    f"number {i}: {computed!r} for {mpmath.nstr(exact, 17)}, error {error:.2g}, "
                    f"allowed {allowed:.2g} {arguments}"
                )


def _changes(case: Case, arguments: dict[str, Any], want: list[Any]) -> list[Any]:
    """Return how much each number changes if every argument moves by a unit in the last place."""
    total = [mpmath.mpf(0)] * len(want)
    for moved in changed(arguments, case.whole):
        other = [w.value if isinstance(w, Least) else w for w in flat(case.exact(*moved.values()))]
        total = [t + abs(a - b) for t, a, b in zip(total, other, want, strict=True)]
    return total


def examine(case: Case, instances: int, seed: int = 0) -> Outcome:
    """Compare seeded instances of a case."""
    outcome = Outcome()
    for k in range(max(1, instances // case.cost)):
        compare(case, case.draw(Draw([seed, k, *case.name.encode()])), outcome)
    return outcome


def cases(topic: str) -> list[Case]:
    """Return the cases of a topic."""
    found: list[Case] = importlib.import_module(f".cases_{topic}", __package__).CASES
    return found


def main(arguments: list[str] | None = None) -> int:
    """Compare everything, record the worst errors, and fail if one is larger than allowed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("topics", nargs="*", default=TOPICS)
    parser.add_argument("--instances", type=int, default=300)
    parser.add_argument("--only", default="", help="part of a name")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    status = 0
    for topic in options.topics or TOPICS:
        rows = {}
        for case in cases(topic):
            if options.only not in case.name:
                continue
            found = examine(case, options.instances, options.seed)
            rows[case.name] = {
                "instances": found.instances, "worst": found.error, "worst_well": found.error_well,
                "ulp_change": found.loss, "ratio": found.ratio, "target": case.target,
                "why": case.why, "complaints": len(found.complaints),
            }  # fmt: skip
            sys.stdout.write(
                f"{case.name:50} {found.instances:5} {found.error:9.2g} {found.error_well:9.2g} "
                f"{found.loss:9.2g} {found.ratio:8.3f}\n"
            )
            for line in found.complaints[:3]:
                sys.stdout.write(f"    {line[:1500]}\n")
            sys.stdout.flush()
            status |= bool(found.complaints)
        if not options.only:
            rounded = {
                name: {k: float(f"{v:.2g}") if isinstance(v, float) else v for k, v in row.items()}
                for name, row in rows.items()
            }
            entry = {"date": date.today().isoformat(), "functions": rounded}
            record.update("extremes", {topic: entry}, merge=True)
    return status


if __name__ == "__main__":
    # The cases import this module by its name: run that one, not a second copy.
    sys.exit(importlib.import_module("tests.trust.extremes").main())
