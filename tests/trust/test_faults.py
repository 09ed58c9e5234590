"""Sweeps under kill -9, full disks, folders that cannot be written, damage, and rivals.

Nothing finished is lost, nothing half-written is read, and the store is the same to the byte.
`FAULTS=50 pytest tests/trust/test_faults.py` kills at fifty random moments instead of two.
"""

import importlib.util
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from experiments import store
from experiments.engine.executors import Inline
from experiments.engine.sweep import sweep

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "experiments" / "engine" / "slow_sweep.py"
CPU = torch.device("cpu")
KILLS = int(os.environ.get("FAULTS", "2"))


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("slow_sweep", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def undisturbed(script, tmp_path_factory):
    root = tmp_path_factory.mktemp("undisturbed")
    return finish(script, root).read_bytes()


def finish(script, root):
    return sweep(script.QUICK, "smoke", CPU, Inline(), root=root, cache=root / "cache")


def start(root, limit=None):
    def prepare():
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(SCRIPT), "inline", str(root), str(root / "cache")]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, preexec_fn=prepare
    )


def tasks(root):
    return {path.name: path.read_bytes() for path in (root / "cache").glob("slow_sweep/*.task")}


def test_killed_at_random_moments(script, undisturbed, tmp_path, rng):
    """Each run is killed somewhere between its start and its end, and the next goes on."""
    began = time.monotonic()
    process = start(tmp_path / "whole")
    process.communicate(timeout=300)
    whole = time.monotonic() - began
    root, kills = tmp_path / "killed", 0
    while kills < KILLS:
        before = tasks(root)
        process = start(root)
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
    assert finish(script, root).read_bytes() == undisturbed
    store.load("slow_sweep", "smoke", root=root, version=1)


@pytest.mark.parametrize("limit", [10, 700])
def test_a_file_that_may_not_grow(script, undisturbed, tmp_path, limit):
    """As on a full disk, a write stops in the middle: no such file is ever read."""
    process = start(tmp_path, limit)
    _, errors = process.communicate(timeout=300)
    assert process.returncode != 0
    assert b"OSError" in errors
    assert not (tmp_path / "slow_sweep" / "smoke.json").exists()
    for content in tasks(tmp_path).values():
        assert len(content) <= limit  # whole ones alone have their names
    path = finish(script, tmp_path)
    assert path.read_bytes() == undisturbed
    left = [p.name for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".task"]
    assert sorted(left) == [".gitignore", "smoke.json", "smoke.npz"]


def test_a_full_disk(script, undisturbed, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24k", "tmpfs", str(disk)], capture_output=True
    )
    if made.returncode:
        pytest.skip("mounting takes root")
    try:
        with pytest.raises(OSError, match="No space left"):
            finish(script, disk)
        assert not (disk / "slow_sweep" / "smoke.json").exists()
        kept = tasks(disk)
        subprocess.run(["mount", "-o", "remount,size=10m", str(disk)], check=True)
        assert finish(script, disk).read_bytes() == undisturbed
        assert kept.items() <= tasks(disk).items()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_folder_that_cannot_be_written(script, tmp_path):
    """A file stands where the folder should be (permissions do not stop root)."""
    (tmp_path / "cache").write_text("here already")
    with pytest.raises(OSError, match="cache"):
        finish(script, tmp_path)
    assert (tmp_path / "cache").read_text() == "here already"
    (tmp_path / "cache").unlink()
    (tmp_path / "slow_sweep").write_text("here already")
    with pytest.raises(OSError, match="slow_sweep"):
        finish(script, tmp_path)
    assert (tmp_path / "slow_sweep").read_text() == "here already"
    assert len(tasks(tmp_path)) == len(script.SETTINGS["lam"])  # nothing finished is lost


def test_a_read_only_disk(script, undisturbed, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("mounting takes root")
    try:
        path = finish(script, disk)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(OSError, match="Read-only"):
            finish(script, disk)
        assert path.read_bytes() == undisturbed
        store.load("slow_sweep", "smoke", root=disk, version=1)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_any_damaged_byte_of_a_store_is_noticed(script, undisturbed, tmp_path, rng):
    path = finish(script, tmp_path)
    original = path.read_bytes()
    for at in rng.integers(0, len(original), 60):
        path.write_bytes(original[:at] + bytes([original[at] ^ 0x20]) + original[at + 1 :])
        with pytest.raises(store.StaleResultError):
            store.load("slow_sweep", "smoke", root=tmp_path, version=1)
    for cached in sorted((tmp_path / "cache").glob("slow_sweep/*.task")):
        content = bytearray(cached.read_bytes())
        content[int(rng.integers(len(content)))] ^= 0x20
        cached.write_bytes(content)
    assert finish(script, tmp_path).read_bytes() == undisturbed


def test_two_runs_at_once_on_one_store(script, undisturbed, tmp_path):
    rivals = [start(tmp_path), start(tmp_path)]
    for rival in rivals:
        _, errors = rival.communicate(timeout=300)
        assert rival.returncode == 0, errors
    path = tmp_path / "slow_sweep" / "smoke.npz"
    assert path.read_bytes() == undisturbed
    store.load("slow_sweep", "smoke", root=tmp_path, version=1)
    assert len(tasks(tmp_path)) == len(script.SETTINGS["lam"])
