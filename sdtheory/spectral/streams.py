"""One pass over chunks of data, with a progress bar, and nothing lost when it is interrupted."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, Protocol

from sdtheory import _checks
from sdtheory._array import Array
from sdtheory._console import Progress

__all__ = ["Accumulator", "stream"]


class Accumulator(Protocol):
    """What chunks are fed to: `GramAccumulator`, `QRAccumulator`, `LeftOutAccumulator`."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    rows: int

    def update(self, design: Array, y: Array, sample_weight: Array | None = None) -> None:
        """Add a chunk."""


def check_accumulator(name: str, value: object, *members: str) -> None:
    """Raise, naming it, unless an argument is an object with these members."""
    for member in members:
        if isinstance(value, type) or not hasattr(value, member):
            raise TypeError(f"{name} must have {member}, got {_checks.show(value)}")


def stream(
    accumulator: Accumulator,
    chunks: Iterable[tuple[Array, ...]],
    rows: int = 0,
    *,
    save: str | Path | None = None,
    seconds: float = 60.0,
) -> None:
    """Feed an accumulator with chunks (features, labels) or (features, labels, weights).

    Parameters
    ----------
    accumulator : GramAccumulator, QRAccumulator or LeftOutAccumulator
    chunks : iterable
        Read once, one chunk in memory at a time.
    rows : int
        How many samples there are in all, for the progress bar.
    save : path, optional
        Where to save the accumulator every so many `seconds`, at the end, and when the pass is
        interrupted. To resume, load it and go on with the sample number `accumulator.rows`.
    seconds : float
        Time between saves.

    Examples
    --------
    >>> import numpy as np
    >>> from sdtheory.spectral import GramAccumulator
    >>> seen = GramAccumulator()
    >>> stream(seen, ((np.ones((2, 1)), np.full(2, k)) for k in (1.0, 2.0)), rows=4)
    >>> seen.rows, seen.y_mean
    (4, array([1.5]))
    """
    check_accumulator("accumulator", accumulator, "rows", "update")
    if save is not None:
        check_accumulator("accumulator", accumulator, "save")
        save = _checks.path("save", save)
    pause, saved_at = _checks.number("seconds", seconds, at_least=0), time.monotonic()
    whole = copy.copy(accumulator)  # what whole chunks led to: arrays are replaced, never changed
    with Progress(_checks.integer("rows", rows)) as progress:
        progress.advance(f"{accumulator.rows:,} rows", accumulator.rows)
        try:
            for chunk in _each(chunks):
                accumulator.update(*chunk)
                before, whole = whole.rows, copy.copy(accumulator)
                progress.advance(f"{whole.rows:,} rows", whole.rows - before)
                if save is not None and time.monotonic() - saved_at > pause:
                    whole.save(save)  # type: ignore[attr-defined]
                    saved_at = time.monotonic()
        finally:
            for field in fields(whole):
                setattr(accumulator, field.name, getattr(whole, field.name))
            if save is not None:
                whole.save(save)  # type: ignore[attr-defined]


def _each(chunks: Iterable[tuple[Array, ...]]) -> Iterator[tuple[Array, ...]]:
    try:
        each = iter(chunks)
    except TypeError:
        raise TypeError(
            f"chunks must be an iterable of chunks, got {_checks.show(chunks)}"
        ) from None
    for chunk in each:
        _checks.instance("chunks", chunk, tuple, list)
        if len(chunk) not in (2, 3):
            raise ValueError(
                "chunks must be (features, labels) or (features, labels, weights), got "
                f"{_checks.show(chunk)}"
            )
        yield tuple(chunk)
