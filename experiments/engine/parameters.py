"""Stacked parameters: named tensors with a leading axis of runs, and the same as one matrix.

Optimisers work on a matrix with one row a run; models work on named tensors.  `Layout` maps one
to the other without copying on the way to the model.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

__all__ = ["Layout", "Params", "PerRun", "column", "concatenate", "rows_of", "take_rows"]

Params = dict[str, Tensor]  # each of shape (runs, ...)
PerRun = float | np.ndarray | Tensor  # one value for all runs, or one for each


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each trained parameter lies in a row of the stacked matrix."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, params: Params, frozen: Collection[str] = ()) -> "Layout":
        """Return the layout of the parameters that are not frozen."""
        names = tuple(name for name in params if name not in frozen)
        return cls(names, tuple(tuple(params[name].shape[1:]) for name in names))

    @property
    def sizes(self) -> list[int]:
        """Number of entries of each parameter in one run."""
        return [math.prod(shape) for shape in self.shapes]

    def flatten(self, params: Params) -> Tensor:
        """Return a new matrix of shape ``(runs, entries)``."""
        return torch.cat([params[name].flatten(start_dim=1) for name in self.names], dim=1)

    def unflatten(self, theta: Tensor) -> Params:
        """Return the named tensors as views of a stacked matrix."""
        # A single parameter needs no split, whose gradient would be one more copy.
        whole = len(self.names) == 1
        parts = (theta,) if whole else torch.split(theta, self.sizes, dim=1)
        named = zip(self.names, parts, self.shapes, strict=True)
        return {name: part.reshape(len(theta), *shape) for name, part, shape in named}


def take_rows(value: PerRun, rows: slice) -> PerRun:
    """Return the rows of a per-run quantity; a single value for all runs stays as it is."""
    return value if isinstance(value, int | float) or value.ndim == 0 else value[rows]


def column(value: PerRun, like: Tensor) -> Tensor:
    """Return a per-run quantity as a tensor that multiplies rows: shape ``(runs or 1, 1)``."""
    return torch.as_tensor(value, dtype=like.dtype, device=like.device).reshape(-1, 1)


def rows_of(params: Params, rows: slice) -> Params:
    """Return the parameters of some runs."""
    return {name: value[rows] for name, value in params.items()}


def concatenate(parts: Sequence[Params]) -> Params:
    """Join parameters of consecutive chunks along the axis of runs."""
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
