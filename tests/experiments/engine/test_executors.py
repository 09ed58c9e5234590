"""Where tasks run."""

import contextlib
import os

import pytest
import torch

from experiments.engine.executors import Inline, open_executor

CPU = torch.device("cpu")


def test_inline_runs_at_once_and_hands_on_errors():
    executor = Inline()
    assert executor.submit(divmod, 7, 2).result() == (3, 1)
    future = executor.submit(divmod, 7, 0)
    with pytest.raises(ZeroDivisionError):
        future.result()


def interrupt():
    raise KeyboardInterrupt


def test_inline_lets_interrupts_through():
    with pytest.raises(KeyboardInterrupt):
        Inline().submit(interrupt)


def test_processes_are_other_processes():
    with open_executor("processes", CPU, 1) as executor:
        assert executor.submit(os.getpid).result() != os.getpid()


@pytest.mark.parametrize("interrupted", [False, True])
def test_dask_waits_for_its_tasks_unless_interrupted(interrupted, monkeypatch):
    distributed = pytest.importorskip("distributed")
    calls = []

    class Client(contextlib.nullcontext):
        def __init__(self, address):
            calls.append(address)
            super().__init__(self)

        def get_executor(self, **options):
            return self

        def shutdown(self, *, wait):
            calls.append(wait)

    monkeypatch.setattr(distributed, "Client", Client)
    expected = pytest.raises(KeyboardInterrupt) if interrupted else contextlib.nullcontext()
    with expected, open_executor("dask", CPU, scheduler="tcp://host:8786"):
        if interrupted:
            interrupt()
    assert calls == ["tcp://host:8786", not interrupted]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("threads", CPU), r"executor must be one of .*, got 'threads'"),
        (("processes", CPU, 0), "workers must be at least 1, got 0"),
        (("dask", CPU), "needs --scheduler"),
        (("inline", CPU, None, "tcp://localhost:1"), "scheduler belongs to executor dask"),
    ],
)
def test_bad_requests_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        open_executor(*arguments)
