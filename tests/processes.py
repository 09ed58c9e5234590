"""Scripts that tests start, limit and stop."""

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def start(*arguments, limit=None, **options):
    """Start Python with these arguments in the checkout; it can be interrupted.

    No file that it writes may be longer than `limit` bytes, as if the disk were full there.
    """

    def prepare():
        # A job in the background of a script is started with SIGINT ignored.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ
        | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=prepare,
        **options,
    )


def wait_for(condition, process=None, seconds=300):
    """Wait until a condition holds, while the process runs."""
    limit = time.monotonic() + seconds
    while not condition():
        assert process is None or process.poll() is None, process.stderr.read()
        assert time.monotonic() < limit, "there was no progress"
        time.sleep(0.01)


def mounted(folder, options):
    """Mount a disk in memory on a new folder; say whether that was possible (it takes root)."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True).returncode == 0


def remounted(folder, options):
    """Change the options of a mounted disk."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def unmounted(folder):
    """Take a mounted disk away."""
    subprocess.run(["umount", str(folder)], check=True)
