"""A checksum notices every change."""

import numpy as np
import pytest

from experiments import archive


def test_every_flipped_bit_and_every_cut_is_noticed(tmp_path):
    path = tmp_path / "result"
    sealed = archive.seal(archive.pack({"a": np.arange(3)}))
    path.write_bytes(sealed)
    assert archive.read_sealed(path) == sealed[archive.DIGEST_BYTES :]
    for position in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[position] ^= 1 << (position % 8)
        path.write_bytes(damaged)
        with pytest.raises(archive.CorruptArchiveError):
            archive.read_sealed(path)
    for length in (0, 10, archive.DIGEST_BYTES, len(sealed) - 1):
        path.write_bytes(sealed[:length])
        with pytest.raises(archive.CorruptArchiveError):
            archive.unpack(archive.read_sealed(path))
