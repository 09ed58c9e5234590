"""Running the tasks of an experiment through an executor, resumably.

Every finished task is written at once, atomically, under the key of its content.  A later sweep
reads those back and runs only what is missing, so Ctrl-C or a kill loses the running tasks alone,
and the arrays that are stored in the end do not depend on how often that happened.
"""

import contextlib
import logging
import platform
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from experiments import archive, store
from experiments.engine.device import describe_device, repeatable
from experiments.registry import Experiment, Run, Task

__all__ = ["CACHE", "sweep"]

logger = logging.getLogger(__name__)
CACHE = Path(__file__).parents[2] / "build" / "experiments"
# The number of threads and the determinism of kernels are settings of a process: should an executor
# have several threads, their tasks take turns.
PROCESS = threading.Lock()
IN_FLIGHT = 256  # submitted and not yet collected; bounds the memory of waiting results


def perform(run: Run, task: Task, device: str) -> tuple[bytes, float]:
    """Run one task and return its arrays as bytes, and the seconds it took."""
    start = time.perf_counter()
    target = torch.device(device)
    with PROCESS, repeatable(target):
        arrays = {name: np.asarray(value) for name, value in run(task, target).items()}
    return archive.pack(arrays), time.perf_counter() - start


def cached(path: Path) -> bytes | None:
    """Return a stored task result; None if there is none or if it is damaged."""
    try:
        data = archive.read_sealed(path)
        archive.unpack(data)
    except FileNotFoundError:
        return None
    except archive.CorruptArchiveError as error:
        logger.warning("%s; running the task again", error)
        return None
    return data


def completed(
    futures: Iterator[tuple[Path, Future[tuple[bytes, float]]]],
) -> Iterator[tuple[Path, bytes, float]]:
    """Yield results as they come, taking new futures while fewer than `IN_FLIGHT` are pending."""
    pending: dict[Future[tuple[bytes, float]], Path] = {}
    exhausted = False
    while pending or not exhausted:
        if not exhausted and len(pending) < IN_FLIGHT:
            following = next(futures, None)
            if following is None:
                exhausted = True
            else:
                pending[following[1]] = following[0]
        blocked = exhausted or len(pending) >= IN_FLIGHT
        done, _ = wait(pending, None if blocked else 0, FIRST_COMPLETED)
        for future in done:
            yield pending.pop(future), *future.result()


def sweep(
    experiment: Experiment,
    preset: str,
    device: torch.device,
    executor: Executor,
    *,
    root: Path | None = None,
    cache: Path = CACHE,
) -> Path:
    """Run what is missing of a preset and store the whole; return the path of the arrays.

    Parameters
    ----------
    experiment : Experiment
        What to run.
    preset : str
        Which of its presets.
    device : torch.device
        Where tasks train.
    executor : concurrent.futures.Executor
        Where tasks run.
    root : Path, optional
        Folder of results (default: the committed ones).
    cache : Path, optional
        Folder of finished tasks.
    """
    started = datetime.now(UTC)
    clock = time.perf_counter()
    tasks = experiment.expand(preset)
    folder = make_cache(cache) / experiment.name
    files = [folder / f"{task.key(device.type)}.task" for task in tasks]
    results = {path: data for path in files if (data := cached(path)) is not None}
    missing = [(task, path) for task, path in zip(tasks, files, strict=True) if path not in results]
    seconds = 0.0

    def submitted() -> Iterator[tuple[Path, Future[tuple[bytes, float]]]]:
        for task, path in missing:
            yield path, executor.submit(perform, experiment.run, task, str(device))

    label = f"{experiment.name} {preset}"
    # disable=None: tqdm stays quiet when standard error is not a terminal.
    with tqdm(total=len(tasks), initial=len(results), desc=label, disable=None) as bar:
        for path, data, spent in completed(submitted()):
            archive.write_atomically(path, archive.seal(data))
            results[path] = data
            seconds += spent
            bar.update()
    arrays = stacked(experiment, tasks, [archive.unpack(results[path]) for path in files])
    record = provenance(experiment, preset, tasks, device) | {
        "started": started.isoformat(timespec="seconds"),
        "wall_seconds": round(time.perf_counter() - clock, 3),
        "task_seconds": round(seconds, 3),
        "tasks_run": len(missing),
    }
    return store.save(experiment.name, preset, experiment.version, arrays, record, root)


def make_cache(folder: Path) -> Path:
    """Create the folder of finished tasks, marked so that Git ignores it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    return folder


def stacked(
    experiment: Experiment, tasks: list[Task], results: list[dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Stack the results of all tasks along a new first axis."""
    shapes = [{k: (v.shape, v.dtype.str) for k, v in result.items()} for result in results]
    for task, shape in zip(tasks, shapes, strict=True):
        if shape != shapes[0]:
            message = f"tasks of {experiment.name} must return arrays of equal names and shapes"
            odd = f"{dict(task.config)} returned {shape}, the first task {shapes[0]}"
            raise ValueError(f"{message}; {odd}")
    return {name: np.stack([result[name] for result in results]) for name in results[0]}


def provenance(
    experiment: Experiment, preset: str, tasks: list[Task], device: torch.device
) -> dict[str, Any]:
    """Return what a reader needs to know about where a result comes from."""
    return {
        "settings": dict(experiment.presets[preset]),
        "tasks": [dict(task.config) for task in tasks],
        "seeds": {
            "rule": "numpy SeedSequence of SHA-256 of canonical JSON [experiment, label, config]",
            "example": [int(word) for word in tasks[0].seeds(1)],
        },
        "device": describe_device(device),
        "tf32": False,
        "threads_per_task": 1,
        "platform": f"{platform.system()} {platform.machine()}",
        "versions": versions(),
        **commit(),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide the numbers."""
    found = {"python": platform.python_version()}
    for package in ("numpy", "scipy", "scikit-learn", "torch"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def commit() -> dict[str, Any]:
    """Return the Git commit and whether the sources differ from it; unknown without Git."""

    def git(*arguments: str) -> str:
        here = Path(__file__).parent
        answer = subprocess.run(
            ["git", *arguments], cwd=here, capture_output=True, text=True, check=True, timeout=30
        )
        return answer.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "..")
        return {"commit": git("rev-parse", "HEAD"), "modified": bool(changed)}
    except (OSError, subprocess.SubprocessError):
        return {"commit": "unknown", "modified": None}
