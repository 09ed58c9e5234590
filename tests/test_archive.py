"""Deterministic bytes and atomic replacement."""

import io

import numpy as np
import pytest

from sdtheory import _archive as archive


@pytest.fixture
def arrays(rng):
    return {"b": rng.normal(size=(3, 4)), "a": np.arange(5), "flag": np.array(True)}


def test_bytes_depend_on_content_alone(arrays):
    backwards = {name: arrays[name].copy() for name in reversed(arrays)}
    assert archive.pack(arrays) == archive.pack(backwards)
    arrays["b"][0, 0] = np.nextafter(arrays["b"][0, 0], np.inf)
    assert archive.pack(arrays) != archive.pack(backwards)


def test_numpy_reads_what_was_packed(arrays):
    with np.load(io.BytesIO(archive.pack(arrays))) as read:
        assert sorted(read.files) == sorted(arrays)
        for name, value in arrays.items():
            np.testing.assert_array_equal(read[name], value)
            assert read[name].dtype == value.dtype


def test_objects_are_refused():
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        archive.pack({"a": np.array([{}], dtype=object)})


def test_unreadable_bytes_are_reported():
    with pytest.raises(archive.CorruptArchiveError):
        archive.unpack(b"PK\x03\x04 and nothing more")


def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "folder" / "result"
    archive.write_atomically(path, b"old")

    def full_disk(_):
        raise OSError("no space left on device")

    monkeypatch.setattr(archive.os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        archive.write_atomically(path, b"new and longer")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]
