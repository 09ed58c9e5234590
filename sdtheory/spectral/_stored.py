"""Accumulators on disk: the fields of a dataclass as an ``.npz`` file without pickle."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from sdtheory._archive import CorruptArchiveError, pack, unpack, write_atomically
from sdtheory._array import is_array, to_numpy

__all__ = ["load", "save"]


def save(accumulator: Any, path: Path) -> None:
    """Write the fields that are set; the file is replaced whole or not at all."""
    held = {field.name: getattr(accumulator, field.name) for field in fields(accumulator)}
    arrays = {
        name: to_numpy(value) if is_array(value) else np.asarray(value)
        for name, value in held.items()
        if value is not None
    }
    arrays["kind"] = np.asarray(type(accumulator).__name__)
    write_atomically(path, pack(arrays))


def load(cls: type, path: Path) -> Any:
    """Return an accumulator of type `cls`."""
    arrays = unpack(path.read_bytes())
    kind = str(arrays.pop("kind", "something else"))
    known = {field.name for field in fields(cls)}
    if kind != cls.__name__ or not set(arrays) <= known:
        raise CorruptArchiveError(f"{path} must hold a {cls.__name__}, got {kind}")
    return cls(**{name: a.item() if a.ndim == 0 else a for name, a in arrays.items()})
