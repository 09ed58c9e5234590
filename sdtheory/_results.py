"""Measuring many claims: one result each, as a row of a table or a record of a JSON file."""

from __future__ import annotations

import json
import math
import platform
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

import sdtheory
from sdtheory._console import Progress
from sdtheory.claims import Claim, Measurement, measure
from sdtheory.claims.falsify import as_literal

__all__ = [
    "HEADER",
    "Result",
    "as_json",
    "as_record",
    "as_row",
    "document",
    "headline",
    "measure_each",
    "measure_one",
]

HEADER = ("id", "paper", "verdict", "worst", "tolerance", "ratio", "instances", "seconds")


@dataclass(frozen=True, slots=True)
class Result:
    """A claim with what measuring it found, or with the error that stopped the measurement."""

    id: str
    """The id or target under which the claim was asked for."""
    claim: Claim
    measured: Measurement | None
    error: str

    @property
    def agrees(self) -> bool:
        """Whether the measured verdict is the registered one."""
        return self.measured is not None and self.measured.agrees

    @property
    def verdict(self) -> str:
        """The measured verdict; `error` if there is none."""
        return "error" if self.measured is None else self.measured.verdict

    @property
    def complaint(self) -> str:
        """Why the result does not agree, in one line."""
        if self.measured is None:
            return self.error
        worst = instance_literal(self.measured.worst_instance)
        return f"registered as {self.claim.verdict}, measured {self.verdict}; worst: {worst}"


def measure_each(
    chosen: Mapping[str, Claim], counts: Mapping[str, int], seed: int
) -> Iterator[Result]:
    """Measure claims one after the other."""
    with Progress(sum(counts.values())) as progress:
        for key, claim in chosen.items():
            yield measure_one(key, claim, counts[key], seed, progress.advance)


def measure_one(
    key: str, claim: Claim, samples: int, seed: int, advance: Callable[[str], None]
) -> Result:
    """Measure a claim, calling `advance(key)` after each instance; an error is a result too."""
    try:
        measured = measure(
            claim, samples=samples, seed=seed, progress=lambda _done, _total: advance(key)
        )
    except Exception as error:
        return Result(key, claim, None, headline(error))
    return Result(key, claim, measured, "")


def as_row(result: Result) -> list[str]:
    """Return the cells of a result under `HEADER`."""
    verdict = result.verdict if result.agrees else f"{result.verdict} (!)"
    found = result.measured
    numbers = ["", "", "", "", ""]
    if found is not None:
        numbers = [f"{x:.1e}" for x in (found.residual, found.tolerance, found.ratio)]
        numbers += [str(found.instances), f"{found.seconds:.2f}"]
    return [result.id, result.claim.paper, verdict, *numbers]


def as_json(results: Sequence[Result], samples: int | None, at_most: int | None, seed: int) -> str:
    """Return every figure of a run as JSON (infinities as the strings "inf" and "-inf")."""
    return document([as_record(result) for result in results], samples, at_most, seed)


def document(
    records: Sequence[Mapping[str, Any]], samples: int | None, at_most: int | None, seed: int
) -> str:
    """Return the JSON of a run from its records, with what produced them."""
    content = {
        "sdtheory": sdtheory.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "machine": platform.machine(),
        "samples": samples,
        "at_most": at_most,
        "seed": seed,
        "claims": list(records),
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def as_record(result: Result) -> dict[str, Any]:
    """Return everything about a result as values of JSON."""
    claim, found = result.claim, result.measured
    record: dict[str, Any] = {
        "id": result.id,
        "paper": claim.paper,
        "where": claim.where,
        "source": claim.source,
        "says": claim.says,
        "kind": claim.kind,
        "condition": claim.condition,
        "guards": list(claim.guards),
        "registered": claim.verdict,
        "verdict": result.verdict,
        "agrees": result.agrees,
        "error": result.error,
    }
    if claim.counterexample is not None:
        record["counterexample"] = instance_literal(claim.counterexample)
    if found is not None:
        record |= {
            "residual": _finite(found.residual),
            "tolerance": _finite(found.tolerance),
            "ratio": _finite(found.ratio),
            "instances": found.instances,
            "rejected": found.rejected,
            "seconds": round(found.seconds, 4),
            "worst_instance": instance_literal(found.worst_instance),
        }
    return record


def _finite(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def instance_literal(instance: Mapping[str, Any]) -> str:
    """Return Python source for an instance.

    >>> instance_literal({"d": np.array([1.0, 2.0]), "steps": 3})
    'dict(d=np.array([1.0, 2.0]), steps=3)'
    """
    return f"dict({', '.join(f'{k}={as_literal(v)}' for k, v in instance.items())})"


def headline(error: BaseException) -> str:
    """Return an exception as one line; with type and place where the message may not suffice."""
    message = str(error)
    if isinstance(error, OSError) and error.filename is not None:
        message = f"{error.filename}: {error.strerror}"  # without the number
    parts = [message, *getattr(error, "__notes__", ())]
    frames = traceback.extract_tb(error.__traceback__)
    if frames and not isinstance(error, ValueError | ImportError | OSError):
        parts[0] = f"{type(error).__name__}: {parts[0]}"
        parts.append(f"at {frames[-1].filename}:{frames[-1].lineno}")
    return " ".join("; ".join(parts).split())
