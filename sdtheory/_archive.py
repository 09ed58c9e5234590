"""Arrays as bytes, and files that are replaced whole or not at all.

``numpy.savez`` leaves the time stamps and the order of the members to its environment. Here equal
arrays give equal bytes, so two stores can be compared with a checksum.
"""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["CorruptArchiveError", "pack", "unpack", "write_atomically"]

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time stamp that a zip file can carry


class CorruptArchiveError(ValueError):
    """The bytes are not the archive that was written."""


def pack(arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """Return `arrays` as the bytes of an ``.npz`` file that depend on nothing but the arrays.

    >>> pack({"a": np.ones(2), "b": np.zeros(1)}) == pack({"b": np.zeros(1), "a": np.ones(2)})
    True
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(arrays):
            member = zipfile.ZipInfo(f"{name}.npy", date_time=EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(arrays[name]), allow_pickle=False)
            archive.writestr(member, content.getvalue())
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays of an ``.npz`` file, or raise `CorruptArchiveError`.

    >>> unpack(pack({"a": np.arange(3)}))
    {'a': array([0, 1, 2])}
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:  # what a damaged archive may raise is nobody's promise
        raise CorruptArchiveError(f"not a readable .npz archive: {error}") from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` so that `path` holds either its old content or all of the new one.

    The bytes reach the disk under another name in the same folder and are then renamed: a killed
    process leaves at most a temporary file, never half a result.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # mkstemp's 0600 would lock out other readers of a shared store
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
