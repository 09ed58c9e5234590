"""Reading ``.npz`` files without loading them: ``numpy.load`` maps ``.npy`` files only.

An uncompressed zip member is a run of bytes in the archive, so the array in it can be mapped like
any file once its offset is known.
"""

import math
import struct
import zipfile
from pathlib import Path

import numpy as np

__all__ = ["map_npz"]

LOCAL_HEADER = struct.Struct("<4s5H3L2H")  # signature, ..., length of name, length of extra field


def map_npz(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an ``.npz`` file, read-only and mapped where they are uncompressed."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            return {info.filename[:-4]: open_member(path, archive, info) for info in members}
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is not an .npz file: {error}") from error


def open_member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    """Return one array of the archive, mapped if possible."""
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(member)
        elif version == (2, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(member)
        else:
            raise ValueError(f"{info.filename} in {path} has .npy version {version}, not 1 or 2")
        if dtype.hasobject:
            raise ValueError(f"{info.filename} in {path} holds Python objects, which are refused")
        header = member.tell()
    if info.compress_type != zipfile.ZIP_STORED or 0 in shape:
        with archive.open(info) as member:
            return np.asarray(np.lib.format.read_array(member, allow_pickle=False))
    with path.open("rb") as file:
        file.seek(info.header_offset)
        *_, name, extra = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
    offset = info.header_offset + LOCAL_HEADER.size + name + extra + header
    flat = np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=(math.prod(shape),))
    return np.asarray(flat).reshape(shape, order="F" if fortran else "C")
