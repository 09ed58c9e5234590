"""Dask arrays: the reductions of streamed ridge regression on every worker of a cluster."""

from __future__ import annotations

import copy
from typing import Any, Protocol, TypeVar

import dask.array as da
from dask.delayed import delayed

from sdtheory import _checks
from sdtheory.spectral.streams import check_accumulator

__all__ = ["accumulate"]


class Mergeable(Protocol):
    """An accumulator of `sdtheory.spectral`."""

    rows: int

    def update(self, design: Any, y: Any, sample_weight: Any = None) -> None:
        """Add a chunk."""

    def merge(self, other: Any) -> None:
        """Add what another one has seen."""


Kind = TypeVar("Kind", bound=Mergeable)


def accumulate(empty: Kind, design: Any, y: Any, sample_weight: Any = None) -> Kind:
    """Return an accumulator that has seen all rows of Dask arrays.

    Runs on the active scheduler: threads by default, a cluster where a `distributed.Client` is
    open. Blocks never leave their worker; accumulators, of p**2 numbers, are merged pairwise.

    Parameters
    ----------
    empty : GramAccumulator, QRAccumulator or LeftOutAccumulator
        Without samples; it is not changed.
    design : dask.array (n, p)
        In any chunks; those of features are joined.
    y : dask.array (n,) or (n, q)
    sample_weight : dask.array (n,), optional

    Examples
    --------
    >>> import dask.array as da, numpy as np
    >>> from sdtheory.spectral import GramAccumulator
    >>> x, y = da.ones((6, 2), chunks=(2, 1)), da.arange(6.0, chunks=3)
    >>> accumulate(GramAccumulator(), x, y).y_mean
    array([2.5])
    """
    check_accumulator("empty", empty, "rows", "update", "merge")
    if empty.rows:
        raise ValueError(f"empty must be without samples, got one that has seen {empty.rows}")
    for name, value in (("design", design), ("y", y), ("sample_weight", sample_weight)):
        optional = name == "sample_weight" and value is None
        if not optional and not isinstance(value, da.Array):
            raise TypeError(f"{name} must be a Dask array, got {_checks.show(value)}")
    if y.shape[0] != design.shape[0]:
        raise ValueError(
            "y and design must have the same length, "
            f"got shapes {tuple(y.shape)} and {tuple(design.shape)}"
        )
    given = [design, y] if sample_weight is None else [design, y, sample_weight]
    arrays = [
        value.rechunk({0: design.chunks[0], **dict.fromkeys(range(1, value.ndim), -1)})
        for value in given
    ]
    start = delayed(empty, traverse=False)
    blocks = zip(*(value.to_delayed().ravel() for value in arrays), strict=True)
    parts = [delayed(_part)(start, *block) for block in blocks]
    while len(parts) > 1:
        pairs = [parts[k : k + 2] for k in range(0, len(parts), 2)]
        parts = [delayed(_merged)(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    found: Kind = parts[0].compute()
    return found


def _part(empty: Kind, *block: Any) -> Kind:
    made = copy.copy(empty)  # arrays are replaced, never changed
    made.update(*block)
    return made


def _merged(one: Kind, other: Kind) -> Kind:
    made = copy.copy(one)
    made.merge(other)
    return made
