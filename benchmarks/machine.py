"""What a table was measured on, and how fast that can be at all."""

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Options, threads, timed

PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "gpytorch", "sdtheory")


def describe(options: Options) -> dict[str, Any]:
    """Return the machine class, versions and measured ceilings."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": threads(),
        "device": accelerator(options.device),
        "clock": "processor time" if options.clock().__name__ == "process_time" else "wall",
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES if installed(name)},
        "product_gigaflops": round(product_rate(options) / 1e9, 1),
        "bandwidth_gigabytes": round(bandwidth(options) / 1e9, 1),
        "quick": options.quick,
    }


def processor() -> str:
    """Return the model of the processor."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def accelerator(device: str) -> str:
    """Return the name of the GPU, or that everything ran on the processor."""
    if device == "cpu":
        return "processor only: no GPU was used"
    import torch

    return str(torch.cuda.get_device_name(device))


def installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def product_rate(options: Options) -> float:
    """Return operations per second of one float64 matrix product."""
    n = options.pick(100, 1200 if options.device == "cpu" else 8192)
    a = options.put(np.ones((n, n)))
    return 2.0 * n**3 / float(np.median(timed(lambda: a @ a, 3, options)))


def bandwidth(options: Options) -> float:
    """Return bytes per second of a sum of two arrays that no cache holds: two reads, one write."""
    n = options.pick(1000, 2**24 if options.device == "cpu" else 2**28)
    a, b = options.put(np.ones(n)), options.put(np.ones(n))
    if options.device == "cpu":
        out = np.empty(n)
        return 24.0 * n / float(np.median(timed(lambda: np.add(a, b, out=out), 5, options)))
    import torch

    out = torch.empty_like(a)
    return 24.0 * n / float(np.median(timed(lambda: torch.add(a, b, out=out), 5, options)))
