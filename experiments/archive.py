"""Arrays as bytes behind a checksum: a changed or missing byte is noticed on reading."""

import hashlib
from pathlib import Path

from sdtheory._archive import CorruptArchiveError, pack, unpack, write_atomically

__all__ = ["CorruptArchiveError", "pack", "read_sealed", "seal", "unpack", "write_atomically"]

DIGEST_BYTES = hashlib.sha256().digest_size


def seal(data: bytes) -> bytes:
    """Return ``data`` behind its own SHA-256, so that any changed bit is noticed on reading."""
    return hashlib.sha256(data).digest() + data


def read_sealed(path: Path) -> bytes:
    """Return what `seal` protected; raise `CorruptArchiveError` if a byte is missing or changed."""
    content = path.read_bytes()
    data = content[DIGEST_BYTES:]
    if hashlib.sha256(data).digest() != content[:DIGEST_BYTES]:
        raise CorruptArchiveError(f"{path} does not match its own checksum")
    return data
