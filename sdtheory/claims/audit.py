"""The audit: a claim must notice when a function that it guards is wrong by a little.

Each guarded function has its output multiplied by 1 + sensitivity, everywhere it is imported, and
the claim is measured again: the verdict must change. A claim whose residual never moves, or whose
instances reject most draws, fails too.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sdtheory import _checks
from sdtheory._array import is_array, namespace
from sdtheory.claims.claim import Claim
from sdtheory.claims.collection import find
from sdtheory.claims.measure import Measurement, draw_instances, measure

__all__ = ["Audit", "audit", "perturbed"]

_NOTICED = (ArithmeticError, AssertionError, ValueError, np.linalg.LinAlgError, RuntimeWarning)


@dataclasses.dataclass(frozen=True, slots=True)
class Audit:
    """What the audit of a claim found."""

    id: str
    complaints: tuple[str, ...]
    """One sentence a defect; empty for a claim that passes."""

    @property
    def passed(self) -> bool:
        """Whether there is nothing to complain about."""
        return not self.complaints


def audit(claim: str | Claim, seed: int = 0) -> Audit:
    """Perturb every function that a claim guards and say where it does not notice.

    >>> audit("borup2021.twicing").passed
    True
    """
    made = find("claim", claim)
    seed = _checks.integer("seed", seed)
    honest = measure(made, seed=seed)
    complaints = []
    if honest.rejected > honest.instances:
        complaints.append(f"rejects {honest.rejected} draws for {honest.instances} instances")
    for guard in made.guards:
        noticed = []
        for relative in (made.sensitivity, -made.sensitivity):
            with perturbed(guard, relative) as calls:
                noticed.append(_notices(made, honest, seed))
        # An inequality at its boundary is violated on one side only.
        enough = any(noticed) if made.kind == "inequality" else all(noticed)
        if not calls:
            complaints.append(f"never calls {guard}")
        elif not enough:
            complaints.append(f"does not notice {guard} being off by {made.sensitivity:g}")
    return Audit(made.id, tuple(complaints))


def _notices(claim: Claim, honest: Measurement, seed: int) -> bool:
    try:
        if claim.verdict == "fails":
            # It is violated already; all that can be asked is that the violation moves.
            residual, _, ratio = claim.ratio(honest.worst_instance)
            moved = abs(ratio - honest.ratio) > 1e-6 * abs(honest.ratio)
            return math.isfinite(residual) and moved
        instances = draw_instances(claim, claim.samples, seed)
        return any(claim.ratio(i)[2] > 1 for i in instances if i is not None)
    except _NOTICED:
        return True


@contextmanager
def perturbed(guard: str, relative: float) -> Iterator[list[str]]:
    """Multiply what `guard` returns by 1 + relative inside the block; yield the list of calls.

    >>> from sdtheory import filters
    >>> with perturbed("sdtheory.spectral.filters.ridge", 0.5) as calls:
    ...     filters.ridge([1.0], 1.0), len(calls)
    (array([0.75]), 1)
    """
    owner, name = _owner(guard)
    # Through the class dictionary, so that class methods and properties keep their kind.
    original = vars(owner)[name]
    calls: list[str] = []

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            calls.append(guard)
            return _scaled(function(*args, **kwargs), 1.0 + relative, top=True)

        return wrapped

    if isinstance(original, property):
        replacement: Any = property(wrap(original.fget))  # type: ignore[arg-type]
    elif isinstance(original, classmethod | staticmethod):
        replacement = type(original)(wrap(original.__func__))
    else:
        replacement = wrap(original)
    places = [(owner, name)]
    if not isinstance(owner, type):
        places += [
            (module, key)
            for module in list(sys.modules.values())
            for key, value in list(getattr(module, "__dict__", {}).items())
            if value is original
        ]
    for where, key in places:
        setattr(where, key, replacement)
    try:
        yield calls
    finally:
        for where, key in places:
            setattr(where, key, original)


def _owner(guard: str) -> tuple[Any, str]:
    parts = guard.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:-1]:
            owner = getattr(owner, part, None)
        if parts[-1] in getattr(owner, "__dict__", {}):
            return owner, parts[-1]
        break
    raise ValueError(f"guard must be the dotted name of a function, got {guard!r}")


def _scaled(value: Any, factor: float, top: bool = False) -> Any:
    """Return `value` with every float in it multiplied; a bare bool is negated, a count raised."""
    if isinstance(value, bool | np.bool_):
        return not value if top else value
    if isinstance(value, int | np.integer):
        return value + 1 if top else value
    if isinstance(value, float | complex | np.inexact):
        return value * factor
    if is_array(value):
        if namespace(value).isdtype(value.dtype, ("real floating", "complex floating")):
            return value * factor
        return ~value if top and namespace(value).isdtype(value.dtype, "bool") else value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_scaled(v, factor) for v in value))
    if isinstance(value, tuple | list):
        return type(value)(_scaled(v, factor) for v in value)
    if isinstance(value, dict):
        return {k: _scaled(v, factor) for k, v in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
        return dataclasses.replace(value, **{k: _scaled(v, factor) for k, v in fields.items()})
    return value
