"""Devices, and one PyTorch thread as in a sweep."""

import pytest
import torch

from experiments.engine.device import repeatable


@pytest.fixture(autouse=True)
def one_thread():
    """Train with one thread as tasks do: small matrices gain nothing from more, and can lose."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request):
    """Run a test on the CPU and, where there is one, on CUDA; deterministic either way."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    target = torch.device(request.param)
    with repeatable(target):
        yield target
