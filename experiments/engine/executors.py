"""Executors for sweeps: in this process, in worker processes, or on a Dask cluster."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

import torch

from sdtheory import _checks

__all__ = ["Inline", "open_executor"]

EXECUTORS = ("processes", "inline", "dask")
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Inline(Executor):
    """Runs each task in the calling thread as it is submitted."""

    def submit(
        self,
        fn: Callable[Parameters, Result],
        /,
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Future[Result]:
        """Run ``fn`` and return a finished future.  Interrupts pass through."""
        future: Future[Result] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def end_with_parent(lifeline: Connection) -> None:
    """Make a worker end as soon as the other end of ``lifeline`` is closed.

    The parent closes it on Ctrl-C; the system closes it when the parent is killed.  The terminal's
    own Ctrl-C is left to the parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        with contextlib.suppress(EOFError, OSError):
            lifeline.recv()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """Yield a pool of freshly started processes that never outlive this one."""
    context = multiprocessing.get_context("spawn")  # fork is unsafe once PyTorch has threads
    lifeline, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=end_with_parent, initargs=(lifeline,)
    )
    try:
        yield pool
    except BaseException:
        ours.close()  # ends the running tasks; waiting for them could take hours
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    else:
        pool.shutdown(wait=True)
    finally:
        ours.close()
        lifeline.close()


@contextlib.contextmanager
def dask(scheduler: str) -> Iterator[Executor]:
    """Yield an executor that submits to the Dask scheduler at an address."""
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError("executor dask needs dask[distributed]; install it") from error
    connect: Any = Client
    with connect(scheduler) as client:
        executor = client.get_executor(pure=False, retries=0)
        try:
            yield executor
        except BaseException:
            executor.shutdown(wait=False)  # cancels what the cluster has not finished
            raise
        executor.shutdown(wait=True)


def open_executor(
    kind: str, device: torch.device, workers: int | None = None, scheduler: str | None = None
) -> contextlib.AbstractContextManager[Executor]:
    """Return a context manager that yields an executor.

    Parameters
    ----------
    kind : {"processes", "inline", "dask"}
        Where tasks run.
    device : torch.device
        With CUDA one worker process is the default: a batched task fills the device alone.
    workers : int, optional
        Number of worker processes (default: one for each CPU core).
    scheduler : str, optional
        Address of the Dask scheduler.
    """
    _checks.choice("executor", kind, EXECUTORS)
    if kind == "dask":
        if scheduler is None:
            raise ValueError("executor dask needs --scheduler ADDRESS")
        return dask(scheduler)
    if scheduler is not None:
        raise ValueError(f"scheduler belongs to executor dask, not to {kind!r}")
    if kind == "inline":
        return Inline()
    if workers is None:
        workers = 1 if device.type == "cuda" else os.cpu_count() or 1
    return processes(_checks.integer("workers", workers, at_least=1))
