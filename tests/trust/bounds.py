"""Bounds on time and memory: a call that takes too much of either is stopped and found."""

import contextlib
import resource
import signal
from pathlib import Path

SECONDS = 60
ROOM = 2 << 30


@contextlib.contextmanager
def bounded_memory():
    """Let this process take so much more memory, and make its alarms raise TimeoutError."""

    def stop(*_):
        raise TimeoutError(f"the call took more than {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + ROOM, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def bounded_time():
    """Raise TimeoutError after so many seconds."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
