"""Choosing a device, and the numerical settings that make its results repeatable."""

import contextlib
import os
from collections.abc import Iterator

import torch

__all__ = ["describe_device", "repeatable", "resolve_device"]


def resolve_device(name: str) -> torch.device:
    """Return the device called ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:<index>"``.

    ``"auto"`` is CUDA where there is one.  Asking for CUDA where there is none is an error, never
    a silent fall-back.

    >>> resolve_device("cpu")
    device(type='cpu')
    """
    available = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if available else "cpu")
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda") or (index and not (kind == "cuda" and index.isdecimal())):
        raise ValueError(f"device must be auto, cpu, cuda or cuda:<index>; got {name!r}")
    if kind == "cuda" and not available:
        found = f"PyTorch {torch.__version__} finds no CUDA device"
        raise ValueError(f"device {name!r} was asked for, but {found}; use --device cpu")
    if index and int(index) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise ValueError(f"device {name!r} was asked for, but there are {count} CUDA devices")
    return torch.device(name)


def describe_device(device: torch.device) -> str:
    """Return the device in words, for the provenance of a result."""
    return "cpu" if device.type == "cpu" else f"cuda ({torch.cuda.get_device_name(device)})"


@contextlib.contextmanager
def repeatable(device: torch.device) -> Iterator[None]:
    """Run a block with one CPU thread, without TF32, and with deterministic CUDA kernels.

    The order of a floating-point sum depends on the number of threads; with one, a result is the
    same in the main process, in any number of workers and on a cluster of equal machines.
    """
    threads = torch.get_num_threads()
    matmul, convolution = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if device.type == "cuda":
        # Read by cuBLAS when its first handle is made; without it deterministic mode refuses bmm.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.backends.cuda.matmul.allow_tf32 = matmul
        torch.backends.cudnn.allow_tf32 = convolution
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
