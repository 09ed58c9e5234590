"""Splitting a stack of runs into chunks that fit memory, and going on with half when one does not.

The planned size depends on nothing but the problem and a fixed budget, so equal tasks are split
equally on equal machines and give equal bits.  Only running out of memory changes the split.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

import torch

__all__ = ["BUDGET", "in_chunks", "is_out_of_memory", "planned_chunk"]

# Bytes that one chunk plans to use.  A CPU trains fastest when a chunk stays in its cache; a GPU
# wants as many runs at once as it can hold.
BUDGET = {"cpu": 16 << 20, "cuda": 16 << 30}
Result = TypeVar("Result")
logger = logging.getLogger(__name__)


def planned_chunk(bytes_per_run: int, device: torch.device, budget: int | None = None) -> int:
    """Return how many runs to train at once, at least one.

    >>> planned_chunk(1 << 20, torch.device("cpu"), budget=10 << 20)
    10
    """
    return max(1, (BUDGET[device.type] if budget is None else budget) // max(1, bytes_per_run))


def is_out_of_memory(error: RuntimeError | MemoryError) -> bool:
    """Return whether an error means that memory ran out, on the device or on the host."""
    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError):
        return True
    text = str(error).lower()
    return "allocate memory" in text or "out of memory" in text


def in_chunks(train: Callable[[slice], Result], runs: int, chunk: int) -> list[Result]:
    """Call ``train`` on consecutive slices of ``range(runs)`` and return the results in order.

    Parameters
    ----------
    train : callable
        Trains the runs of a slice.  It may be called again with a shorter slice.
    runs : int
        Number of runs.
    chunk : int
        Most runs in a slice; halved, for good, whenever ``train`` runs out of memory.

    Raises
    ------
    MemoryError
        If a single run does not fit.
    """
    results: list[Result] = []
    start = 0
    while start < runs:
        stop = min(start + chunk, runs)
        try:
            results.append(train(slice(start, stop)))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if stop - start == 1:
                message = "one run alone does not fit into memory; use a smaller model or batch"
                raise MemoryError(message) from error
            chunk = (stop - start + 1) // 2
        else:
            start = stop
            continue
        # Outside the handler, where the error no longer holds the failed chunk's tensors.
        logger.warning("out of memory with %d runs; going on with %d", stop - start, chunk)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return results
