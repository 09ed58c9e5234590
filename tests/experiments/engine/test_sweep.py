"""Sweeps are resumable, repeatable to the byte, and notice damage."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from experiments import store
from experiments.engine.executors import Inline
from experiments.engine.sweep import sweep
from experiments.registry import Experiment

SCRIPT = Path(__file__).with_name("slow_sweep.py")
ROOT = Path(__file__).parents[3]
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def slow():
    spec = importlib.util.spec_from_file_location("slow_sweep", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def uninterrupted(slow, tmp_path_factory):
    """Return the bytes and the arrays of a sweep that nothing disturbed."""
    root = tmp_path_factory.mktemp("whole")
    path = sweep(slow.QUICK, "smoke", CPU, Inline(), root=root, cache=root / "cache")
    return path.read_bytes(), store.load("slow_sweep", "smoke", root=root, version=1)


def finished(cache):
    return sorted(cache.glob("slow_sweep/*.task"))


def start(kind, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2"}
    command = [sys.executable, str(SCRIPT), kind, str(tmp_path), str(tmp_path / "cache")]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        # A job in the background of a script is started with SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for(condition, seconds=300):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "the sweep made no progress"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("kind", "stops"),
    [("inline", [signal.SIGKILL] * 2), ("processes", [signal.SIGKILL, signal.SIGINT])],
)
def test_stopped_twice_and_resumed_equals_uninterrupted(kind, stops, tmp_path, slow, uninterrupted):
    cache, done = tmp_path / "cache", 0
    for stop in stops:
        process = start(kind, tmp_path)
        wait_for(lambda done=done: len(finished(cache)) > done + 1)
        workers = psutil.Process(process.pid).children(recursive=True)
        assert bool(workers) == (kind == "processes")
        process.send_signal(stop)
        _, errors = process.communicate(timeout=120)
        assert process.returncode != 0
        assert (b"KeyboardInterrupt" in errors) == (stop == signal.SIGINT)
        # Workers end with the process that started them: nothing is left running.
        _, alive = psutil.wait_procs(workers, timeout=60)
        assert not alive
        assert done + 1 < len(finished(cache)) < len(slow.SETTINGS["lam"])
        done = len(finished(cache))
        assert not (tmp_path / "slow_sweep" / "smoke.npz").exists()
    path = sweep(slow.QUICK, "smoke", CPU, Inline(), root=tmp_path, cache=cache)
    result = store.load("slow_sweep", "smoke", root=tmp_path, version=1)
    assert result.provenance["tasks_run"] == len(slow.SETTINGS["lam"]) - done
    assert path.read_bytes() == uninterrupted[0]


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_damaged_task_is_run_again(damage, tmp_path, slow, uninterrupted, caplog):
    cache = tmp_path / "cache"
    sweep(slow.QUICK, "smoke", CPU, Inline(), root=tmp_path, cache=cache)
    victim = finished(cache)[3]
    content = victim.read_bytes()
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    victim.write_bytes({"flip": flipped, "cut": content[:100], "empty": b""}[damage])
    path = sweep(slow.QUICK, "smoke", CPU, Inline(), root=tmp_path, cache=cache)
    assert "does not match its own checksum; running the task again" in caplog.text
    assert json.loads(path.with_suffix(".json").read_text())["tasks_run"] == 1
    assert victim.read_bytes() == content
    assert path.read_bytes() == uninterrupted[0]


def test_damaged_result_is_detected_and_recomputed(tmp_path, slow, uninterrupted):
    path = sweep(slow.QUICK, "smoke", CPU, Inline(), root=tmp_path, cache=tmp_path / "cache")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)
    with pytest.raises(store.StaleResultError, match="python -m experiments slow_sweep --preset"):
        store.load("slow_sweep", "smoke", root=tmp_path, version=1)
    sweep(slow.QUICK, "smoke", CPU, Inline(), root=tmp_path, cache=tmp_path / "cache")
    assert path.read_bytes() == uninterrupted[0]
    store.load("slow_sweep", "smoke", root=tmp_path, version=1)


def test_a_new_version_or_setting_runs_anew(tmp_path, slow):
    cache = tmp_path / "cache"
    sweep(slow.QUICK, "smoke", CPU, Inline(), root=tmp_path, cache=cache)
    changed = {**slow.SETTINGS, "lam": [0.1, 7.0]}
    for version, settings, run_count in ((2, slow.SETTINGS, 8), (1, changed, 2)):
        other = Experiment(
            "slow_sweep", version, {"smoke": settings}, slow.QUICK.tasks, slow.QUICK.run
        )
        path = sweep(other, "smoke", CPU, Inline(), root=tmp_path, cache=cache)
        # The configuration of a task lists all seeds and weights, but its own penalty alone:
        # of the changed settings, lam = 0.1 is there already.
        ran = json.loads(path.with_suffix(".json").read_text())["tasks_run"]
        assert ran == (run_count if version == 2 else 1)


def test_provenance_is_complete(uninterrupted, slow):
    record = uninterrupted[1].provenance
    assert record["settings"] == slow.SETTINGS
    assert [task["lam"] for task in record["tasks"]] == slow.SETTINGS["lam"]
    assert record["device"] == "cpu"
    assert record["versions"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert len(record["commit"]) in (7, 40)
    assert record["wall_seconds"] >= 0
    assert uninterrupted[1]["risk"].shape == (8, 2, 3, 2)


def uneven(task, device):
    return {"a": np.zeros(int(task.config["n"]))}


def failing(task, device):
    if task.config["n"] == 2:
        raise ZeroDivisionError("task two fails")
    return {"a": np.zeros(1)}


def counting(settings):
    return [{"n": n} for n in (1, 2, 3)]


def test_uneven_results_are_refused_by_name(tmp_path):
    experiment = Experiment("uneven", 1, {"smoke": {}}, counting, uneven)
    with pytest.raises(ValueError, match=r"equal names and shapes; \{'n': 2\} returned"):
        sweep(experiment, "smoke", CPU, Inline(), root=tmp_path, cache=tmp_path)


def test_a_failing_task_stops_the_sweep_and_keeps_the_others(tmp_path):
    experiment = Experiment("failing", 1, {"smoke": {}}, counting, failing)
    with pytest.raises(ZeroDivisionError, match="task two fails"):
        sweep(experiment, "smoke", CPU, Inline(), root=tmp_path, cache=tmp_path)
    assert len(list(tmp_path.glob("failing/*.task"))) == 1


def test_dask_cluster_gives_the_same_store(tmp_path, slow, uninterrupted):
    distributed = pytest.importorskip("distributed")
    from experiments.engine.executors import open_executor

    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=2,
        processes=True,
        dashboard_address=None,
        host="127.0.0.1",
        protocol="tcp",
    )
    with cluster, open_executor("dask", CPU, scheduler=cluster.scheduler_address) as executor:
        path = sweep(slow.QUICK, "smoke", CPU, executor, root=tmp_path, cache=tmp_path / "cache")
    assert path.read_bytes() == uninterrupted[0]


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_shows_on_a_terminal_only(terminal, tmp_path, slow, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    sweep(slow.QUICK, "smoke", CPU, Inline(), root=tmp_path, cache=tmp_path / "cache")
    shown = capsys.readouterr().err
    assert ("slow_sweep smoke: 100%" in shown) == terminal
    assert terminal or not shown
