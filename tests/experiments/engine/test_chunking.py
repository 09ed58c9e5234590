"""Chunks cover all runs in order, and shrink when memory runs out."""

import pytest
import torch

from experiments.engine.chunking import in_chunks, is_out_of_memory, planned_chunk

CPU_MESSAGE = "[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory"


@pytest.mark.parametrize(
    "error",
    [torch.cuda.OutOfMemoryError("CUDA out of memory."), RuntimeError(CPU_MESSAGE), MemoryError()],
)
def test_halves_and_goes_on(error, caplog):
    seen = []

    def train(rows):
        seen.append((rows.start, rows.stop))
        if rows.stop - rows.start > 3:
            raise error
        return list(range(rows.start, rows.stop))

    parts = in_chunks(train, 20, 13)
    assert [run for part in parts for run in part] == list(range(20))
    assert seen[:4] == [(0, 13), (0, 7), (0, 4), (0, 2)]
    assert all(stop - start <= 2 for start, stop in seen[3:])
    assert "out of memory with 13 runs; going on with 7" in caplog.text


def test_one_run_that_does_not_fit_is_an_error():
    def train(rows):
        raise RuntimeError(CPU_MESSAGE)

    with pytest.raises(MemoryError, match="one run alone does not fit"):
        in_chunks(train, 4, 4)


def test_other_errors_pass_through():
    def train(rows):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        in_chunks(train, 4, 4)
    assert not is_out_of_memory(RuntimeError("something else"))


def test_a_real_allocation_failure_is_recognised():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 50, dtype=torch.float64)
    assert is_out_of_memory(caught.value)


def test_plan_is_at_least_one_run():
    assert planned_chunk(1 << 40, torch.device("cpu")) == 1
    assert planned_chunk(0, torch.device("cpu"), budget=5) == 5
    assert planned_chunk(10, torch.device("cuda")) > planned_chunk(10, torch.device("cpu"))
