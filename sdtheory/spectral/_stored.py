"""Accumulators on disk: the fields of a dataclass as an ``.npz`` file without pickle.

The archive checks the bytes of each member, but a damaged table of contents loses whole members
unseen, as fields that were never set. A digest of all of them tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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
    arrays["digest"] = np.asarray(_digest(arrays))
    write_atomically(path, pack(arrays))


def load(cls: type, path: Path) -> Any:
    """Return an accumulator of type `cls`."""
    arrays = unpack(path.read_bytes())
    kind = str(arrays.get("kind", "something else"))
    if kind != cls.__name__:
        raise CorruptArchiveError(f"{path} must hold a {cls.__name__}, got {kind}")
    digest = str(arrays.pop("digest", ""))
    if digest != _digest(arrays):
        raise CorruptArchiveError(f"{path} is damaged: its content is not what was saved")
    del arrays["kind"]
    unknown = set(arrays) - {field.name for field in fields(cls)}
    if unknown:
        raise CorruptArchiveError(f"{path} is of another version: it has {sorted(unknown)}")
    return cls(**{name: a.item() if a.ndim == 0 else a for name, a in arrays.items()})


def _digest(arrays: Mapping[str, np.ndarray[Any, Any]]) -> str:
    found = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        found.update(repr((name, array.dtype.str, array.shape)).encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()
