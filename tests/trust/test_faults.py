"""Sweeps under kill -9, full disks, folders that cannot be written, damage, and rivals.

Nothing finished is lost, nothing half-written is read, and the store is the same to the byte.
`FAULTS=50 pytest tests/trust/test_faults.py` kills at fifty random moments instead of two.
"""

import os
import signal
import time

import pytest

from experiments import store
from tests.processes import mounted, remounted, unmounted
from tests.slow_sweeps import TASKS, finished, started, tasks

KILLS = int(os.environ.get("FAULTS", "2"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("undisturbed")).read_bytes()


def test_killed_at_random_moments(undisturbed, tmp_path, rng, record_property):
    """Each run is killed somewhere between its start and its end, and the next goes on."""
    began = time.monotonic()
    process = started("inline", tmp_path / "whole")
    process.communicate(timeout=300)
    whole = time.monotonic() - began
    root, kills = tmp_path / "killed", 0
    while kills < KILLS:
        before = tasks(root)
        process = started("inline", root)
        time.sleep(rng.uniform(0.3, 1.0) * whole)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        after = tasks(root)
        # What was finished is there still, and is the same.
        assert before.items() <= after.items()
        kills += 1
        if (root / "slow_sweep" / "smoke.json").exists():
            store.load("slow_sweep", "smoke", root=root, version=1)
            assert (root / "slow_sweep" / "smoke.npz").read_bytes() == undisturbed
            root = tmp_path / f"killed after {kills}"
    assert finished(root).read_bytes() == undisturbed
    store.load("slow_sweep", "smoke", root=root, version=1)
    record_property("kills of sweeps", kills)


@pytest.mark.parametrize("limit", [10, 700])
def test_a_file_that_may_not_grow(undisturbed, tmp_path, limit):
    """As on a full disk, a write stops in the middle: no such file is ever read."""
    process = started("inline", tmp_path, limit)
    _, errors = process.communicate(timeout=300)
    assert process.returncode != 0
    assert b"OSError" in errors
    assert not (tmp_path / "slow_sweep" / "smoke.json").exists()
    for content in tasks(tmp_path).values():
        assert len(content) <= limit  # whole ones alone have their names
    path = finished(tmp_path)
    assert path.read_bytes() == undisturbed
    left = [p.name for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".task"]
    assert sorted(left) == [".gitignore", "smoke.json", "smoke.npz"]


def test_a_full_disk(undisturbed, tmp_path):
    disk = tmp_path / "disk"
    if not mounted(disk, "size=24k"):
        pytest.skip("mounting takes root")
    try:
        with pytest.raises(OSError, match="No space left"):
            finished(disk)
        assert not (disk / "slow_sweep" / "smoke.json").exists()
        kept = tasks(disk)
        remounted(disk, "size=10m")
        assert finished(disk).read_bytes() == undisturbed
        assert kept.items() <= tasks(disk).items()
    finally:
        unmounted(disk)


def test_a_folder_that_cannot_be_written(tmp_path):
    """A file stands where the folder should be (permissions do not stop root)."""
    (tmp_path / "cache").write_text("here already")
    with pytest.raises(OSError, match="cache"):
        finished(tmp_path)
    assert (tmp_path / "cache").read_text() == "here already"
    (tmp_path / "cache").unlink()
    (tmp_path / "slow_sweep").write_text("here already")
    with pytest.raises(OSError, match="slow_sweep"):
        finished(tmp_path)
    assert (tmp_path / "slow_sweep").read_text() == "here already"
    assert len(tasks(tmp_path)) == TASKS  # nothing finished is lost


def test_a_read_only_disk(undisturbed, tmp_path):
    disk = tmp_path / "disk"
    if not mounted(disk, "size=10m"):
        pytest.skip("mounting takes root")
    try:
        path = finished(disk)
        remounted(disk, "ro")
        with pytest.raises(OSError, match="Read-only"):
            finished(disk)
        assert path.read_bytes() == undisturbed
        store.load("slow_sweep", "smoke", root=disk, version=1)
    finally:
        unmounted(disk)


def test_any_damaged_byte_of_a_store_is_noticed(undisturbed, tmp_path, rng):
    path = finished(tmp_path)
    original = path.read_bytes()
    for at in rng.integers(0, len(original), 60):
        path.write_bytes(original[:at] + bytes([original[at] ^ 0x20]) + original[at + 1 :])
        with pytest.raises(store.StaleResultError):
            store.load("slow_sweep", "smoke", root=tmp_path, version=1)
    for cached in sorted((tmp_path / "cache").glob("slow_sweep/*.task")):
        content = bytearray(cached.read_bytes())
        content[int(rng.integers(len(content)))] ^= 0x20
        cached.write_bytes(content)
    assert finished(tmp_path).read_bytes() == undisturbed


def test_two_runs_at_once_on_one_store(undisturbed, tmp_path):
    rivals = [started("inline", tmp_path) for _ in range(2)]
    for rival in rivals:
        _, errors = rival.communicate(timeout=300)
        assert rival.returncode == 0, errors
    path = tmp_path / "slow_sweep" / "smoke.npz"
    assert path.read_bytes() == undisturbed
    store.load("slow_sweep", "smoke", root=tmp_path, version=1)
    assert len(tasks(tmp_path)) == TASKS
