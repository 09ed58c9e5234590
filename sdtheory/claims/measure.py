"""Measuring a claim: the worst residual on a seeded sample, and the verdict that follows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from sdtheory import _checks
from sdtheory.claims.claim import Claim, Verdict
from sdtheory.claims.collection import find
from sdtheory.claims.draws import Instance, Rejected, SampledDraw

__all__ = ["Measurement", "draw_instances", "measure"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What measuring a claim found."""

    id: str
    verdict: Verdict
    """The verdict that the sample supports."""
    registered: Verdict
    residual: float
    """The worst residual, in the sense of the largest ratio to its tolerance."""
    tolerance: float
    ratio: float
    instances: int
    """How many instances were measured."""
    rejected: int
    """How many draws were rejected on the way."""
    worst_instance: Instance = field(compare=False)
    seconds: float = field(compare=False)

    @property
    def agrees(self) -> bool:
        """Whether the measured verdict is the registered one."""
        return self.verdict == self.registered


def draw_instances(claim: Claim, samples: int, seed: int) -> Iterator[Instance | None]:
    """Yield `samples` seeded instances, with a None for each rejected draw before them."""
    # The id is part of the seed: a claim's sample does not depend on which others are measured.
    rng = np.random.default_rng([seed, *claim.id.encode()])
    found, tries = 0, 0
    while found < samples:
        tries += 1
        if tries > 100 + 20 * samples:
            raise RuntimeError(f"instances of {claim.id} rejects nearly every draw")
        try:
            instance = claim.instances(SampledDraw(rng))
        except Rejected:
            yield None
            continue
        if not isinstance(instance, Mapping):
            raise TypeError(
                f"instances of {claim.id} must return a mapping, got {type(instance).__name__}"
            )
        found += 1
        yield instance


def measure(
    claim: str | Claim,
    samples: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Measurement:
    """Measure a claim on a seeded sample of its instances.

    Parameters
    ----------
    claim : str or Claim
        A published id, `module:name`, `file.py:name`, or a claim.
    samples : int, optional
        How many instances to draw; the claim says how many by default.
    seed : int
        The same seed gives the same bits.
    progress : callable, optional
        Called with (done, total) after each instance.

    Returns
    -------
    Measurement
        The verdict is `fails` if an instance violates (of a claim registered as failing: if its
        counterexample does), `holds_with_condition` if none does but the registered counterexample
        outside the condition does, and `holds` otherwise.

    Examples
    --------
    >>> found = measure("das2023.xi_exceeds_one", samples=10)
    >>> found.verdict, found.agrees, found.instances
    ('holds_with_condition', True, 10)
    """
    made = find("claim", claim)
    total = made.samples if samples is None else _checks.integer("samples", samples, at_least=1)
    seed = _checks.integer("seed", seed)
    if progress is not None:
        _checks.function("progress", progress)
    start = time.perf_counter()
    worst: tuple[float, float, float, Instance] = (-math.inf, math.nan, math.nan, {})
    done = rejected = 0
    for instance in draw_instances(made, total, seed):
        if instance is None:
            rejected += 1
            continue
        worst = _worse(worst, made, instance)
        done += 1
        if progress is not None:
            progress(done, total)
    if made.verdict == "fails" and made.counterexample is not None:
        worst = _worse(worst, made, made.counterexample)
        done += 1
    ratio, residual, tolerance, where = worst
    return Measurement(
        id=made.id,
        verdict=_verdict(made, ratio),
        registered=made.verdict,
        residual=residual,
        tolerance=tolerance,
        ratio=ratio,
        instances=done,
        rejected=rejected,
        worst_instance=where,
        seconds=time.perf_counter() - start,
    )


def _worse(
    worst: tuple[float, float, float, Instance], claim: Claim, instance: Instance
) -> tuple[float, float, float, Instance]:
    try:
        residual, tolerance, ratio = claim.ratio(instance)
    except Exception as error:
        error.add_note(f"while measuring {claim.id} on {dict(instance)!r}")
        raise
    # The first instance counts even if it is satisfied without bound.
    return (ratio, residual, tolerance, instance) if ratio > worst[0] or not worst[3] else worst


def _verdict(claim: Claim, worst_ratio: float) -> Verdict:
    if claim.counterexample is None:
        return "fails" if worst_ratio > 1 else "holds"
    # A counterexample must be one by itself, whatever else the sample holds.
    violated = claim.violated(claim.counterexample)
    if claim.verdict == "fails":
        return "fails" if violated else "holds"
    if worst_ratio > 1:
        return "fails"
    return "holds_with_condition" if violated else "holds"
