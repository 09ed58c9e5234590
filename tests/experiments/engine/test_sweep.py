"""Sweeps are resumable, repeatable to the byte, and notice damage."""

import json
import signal
import sys

import numpy as np
import psutil
import pytest
import torch

from experiments import store
from experiments.engine.executors import Inline
from experiments.engine.sweep import sweep
from experiments.registry import Experiment
from tests import slow_sweeps
from tests.experiments.engine import slow_sweep
from tests.processes import wait_for

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """Return the bytes and the arrays of a sweep that nothing disturbed."""
    root = tmp_path_factory.mktemp("whole")
    path = slow_sweeps.finished(root)
    return path.read_bytes(), store.load("slow_sweep", "smoke", root=root, version=1)


def finished(cache):
    return sorted(cache.glob("slow_sweep/*.task"))


@pytest.mark.parametrize(
    ("kind", "stops"),
    [("inline", [signal.SIGKILL] * 2), ("processes", [signal.SIGKILL, signal.SIGINT])],
)
def test_stopped_twice_and_resumed_equals_uninterrupted(kind, stops, tmp_path, uninterrupted):
    cache, done = tmp_path / "cache", 0
    for stop in stops:
        process = slow_sweeps.started(kind, tmp_path)
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
        assert done + 1 < len(finished(cache)) < len(slow_sweep.SETTINGS["lam"])
        done = len(finished(cache))
        assert not (tmp_path / "slow_sweep" / "smoke.npz").exists()
    path = slow_sweeps.finished(tmp_path)
    result = store.load("slow_sweep", "smoke", root=tmp_path, version=1)
    assert result.provenance["tasks_run"] == len(slow_sweep.SETTINGS["lam"]) - done
    assert path.read_bytes() == uninterrupted[0]


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_damaged_task_is_run_again(damage, tmp_path, uninterrupted, caplog):
    cache = tmp_path / "cache"
    slow_sweeps.finished(tmp_path)
    victim = finished(cache)[3]
    content = victim.read_bytes()
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    victim.write_bytes({"flip": flipped, "cut": content[:100], "empty": b""}[damage])
    path = slow_sweeps.finished(tmp_path)
    assert "does not match its own checksum; running the task again" in caplog.text
    assert json.loads(path.with_suffix(".json").read_text())["tasks_run"] == 1
    assert victim.read_bytes() == content
    assert path.read_bytes() == uninterrupted[0]


def test_damaged_result_is_detected_and_recomputed(tmp_path, uninterrupted):
    path = slow_sweeps.finished(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)
    with pytest.raises(store.StaleResultError, match="python -m experiments slow_sweep --preset"):
        store.load("slow_sweep", "smoke", root=tmp_path, version=1)
    slow_sweeps.finished(tmp_path)
    assert path.read_bytes() == uninterrupted[0]
    store.load("slow_sweep", "smoke", root=tmp_path, version=1)


def test_a_new_version_or_setting_runs_anew(tmp_path):
    cache = tmp_path / "cache"
    slow_sweeps.finished(tmp_path)
    changed = {**slow_sweep.SETTINGS, "lam": [0.1, 7.0]}
    for version, settings, run_count in ((2, slow_sweep.SETTINGS, 8), (1, changed, 2)):
        other = Experiment(
            "slow_sweep", version, {"smoke": settings}, slow_sweep.QUICK.tasks, slow_sweep.QUICK.run
        )
        path = sweep(other, "smoke", CPU, Inline(), root=tmp_path, cache=cache)
        # The configuration of a task lists all seeds and weights, but its own penalty alone:
        # of the changed settings, lam = 0.1 is there already.
        ran = json.loads(path.with_suffix(".json").read_text())["tasks_run"]
        assert ran == (run_count if version == 2 else 1)


def test_provenance_is_complete(uninterrupted):
    record = uninterrupted[1].provenance
    assert record["settings"] == slow_sweep.SETTINGS
    assert [task["lam"] for task in record["tasks"]] == slow_sweep.SETTINGS["lam"]
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


def test_dask_cluster_gives_the_same_store(tmp_path, uninterrupted):
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
        path = sweep(
            slow_sweep.QUICK, "smoke", CPU, executor, root=tmp_path, cache=tmp_path / "cache"
        )
    assert path.read_bytes() == uninterrupted[0]


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_shows_on_a_terminal_only(terminal, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    slow_sweeps.finished(tmp_path)
    shown = capsys.readouterr().err
    assert ("slow_sweep smoke: 100%" in shown) == terminal
    assert terminal or not shown
