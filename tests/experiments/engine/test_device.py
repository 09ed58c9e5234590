"""Choosing a device, and what `repeatable` changes and restores."""

import pytest
import torch

from experiments.engine.device import describe_device, repeatable, resolve_device


@pytest.mark.parametrize("name", ["gpu", "cpu:1", "cuda:x", "cuda:-1", "", "mps"])
def test_unknown_names_are_refused(name):
    with pytest.raises(ValueError, match="device must be auto, cpu, cuda or cuda:<index>; got"):
        resolve_device(name)


def test_cuda_is_never_silently_replaced(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == torch.device("cpu")
    with pytest.raises(ValueError, match=r"'cuda' was asked for, but .* finds no CUDA device"):
        resolve_device("cuda")


def test_index_is_checked(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert resolve_device("auto") == torch.device("cuda")
    assert resolve_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(ValueError, match="there are 2 CUDA devices"):
        resolve_device("cuda:2")


def test_settings_are_restored():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = True
    try:
        with repeatable(torch.device("cpu")):
            assert torch.get_num_threads() == 1
            assert not torch.backends.cuda.matmul.allow_tf32
            assert not torch.backends.cudnn.allow_tf32
        assert torch.backends.cuda.matmul.allow_tf32
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def test_description():
    assert describe_device(torch.device("cpu")) == "cpu"
