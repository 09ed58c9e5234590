"""Searching for a counterexample with hypothesis, and printing the smallest one as Python."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from sdtheory import _checks
from sdtheory.claims.claim import Claim
from sdtheory.claims.collection import find
from sdtheory.claims.draws import Instance, search_strategy

__all__ = ["Counterexample", "as_literal", "falsify"]


@dataclass(frozen=True, slots=True)
class Counterexample:
    """An instance on which a claim is violated."""

    target: str
    """The claim: a published id, or `module:name`."""
    instance: Instance
    residual: float
    tolerance: float

    def as_python(self) -> str:
        """Return a few lines of Python that show the violation again."""
        arguments = "".join(f"    {k}={as_literal(v)},\n" for k, v in self.instance.items())
        return (
            "import numpy as np\n"
            "from sdtheory import claims\n\n"
            f"claim = claims.load({self.target!r})\n"
            f"claim(\n{arguments})  # {self.residual!r}, tolerance {self.tolerance!r}\n"
        )


def falsify(
    target: str | Claim,
    examples: int = 1000,
    seed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Counterexample | None:
    """Search for an instance that violates a claim; return the smallest found, or None.

    Parameters
    ----------
    target : str or Claim
        A published id, `module:name`, `file.py:name`, or a claim.
    examples : int
        How many instances to try before giving up.
    seed : int, optional
        Makes the search repeatable.
    progress : callable, optional
        Called with (tried, examples) after each instance; a counterexample is shrunk by trying
        more of them.

    Examples
    --------
    >>> falsify("borup2021.twicing", examples=20, seed=0) is None
    True
    >>> found = falsify("borup2021.published_table", seed=0)
    >>> found.residual > found.tolerance
    True
    >>> print(found.as_python().splitlines()[3])
    claim = claims.load('borup2021.published_table')
    """
    import hypothesis

    claim = find("target", target)
    examples = _checks.integer("examples", examples, at_least=1)
    seed = None if seed is None else _checks.integer("seed", seed)
    if progress is not None:
        _checks.function("progress", progress)
    settings = hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    tried = itertools.count(1)

    def violates(instance: Instance) -> bool:
        if progress is not None:
            progress(next(tried), examples)
        return _violates(claim, instance)

    try:
        instance = hypothesis.find(
            search_strategy(claim.instances),
            violates,
            settings=settings,
            random=None if seed is None else Random(seed),
        )
    except hypothesis.errors.NoSuchExample:
        return None
    except hypothesis.errors.Unsatisfiable:
        raise ValueError(f"instances of {claim.id} rejects nearly every draw") from None
    residual, tolerance, _ = claim.ratio(instance)
    return Counterexample(
        target if isinstance(target, str) else claim.id, instance, residual, tolerance
    )


def _violates(claim: Claim, instance: Instance) -> bool:
    try:
        return claim.ratio(instance)[2] > 1
    except Exception as error:
        error.add_note(f"while measuring {claim.id} on {dict(instance)!r}")
        raise


def as_literal(value: Any) -> str:
    """Return Python source that evaluates to `value` bit for bit."""
    if isinstance(value, np.ndarray):
        if value.size == 0:
            return f"np.zeros({value.shape})"
        return f"np.array({value.tolist()!r})"
    return repr(value.item() if isinstance(value, np.generic) else value)
