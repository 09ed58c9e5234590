"""The same seed gives the same bits: in another process, with other executors, in any number.

Threads of the linear algebra library are the exception. They change the order of sums, and so a
result by its conditioning times rounding: `n` eps times the condition number of what is solved.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from experiments.engine.executors import Inline, open_executor
from experiments.engine.sweep import sweep

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")
SCRIPT = ROOT / "tests" / "experiments" / "engine" / "slow_sweep.py"

MEASURED = """
import json
from sdtheory import claims
names = ["borup2021.infinite_limit", "das2023.xi_exceeds_one", "littwin2024.fixed_points"]
found = [claims.measure(n, samples=8, seed=3) for n in names if n in claims.published()]
print(json.dumps([[m.residual.hex(), repr(m.worst_instance)] for m in found]))
"""
SOLVED = """
import sys
import numpy as np
from sdtheory import kernel_ridge, label_noise
rng = np.random.default_rng(0)
x, y = rng.normal(size=(400, 60)), rng.normal(size=400)
xi = [float(label_noise.tune_xi(x, y, lam).xi) for lam in (0.1, 10.0, 1000.0)]
kernel = np.exp(-0.05 * np.sum((x[:, None, :4] - x[None, :, :4]) ** 2, axis=2))
fitted = kernel_ridge.fit(kernel, y).fitted(1e-3, 0.5, 5)
np.save(sys.argv[1], np.concatenate([xi, fitted]))
"""


def python(text, *arguments, **environment):
    answer = subprocess.run(
        [sys.executable, "-c", text, *arguments], cwd=ROOT, env=os.environ | environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return answer.stdout


def test_measurements_are_the_same_bits_in_every_process():
    first, second = (python(MEASURED, PYTHONHASHSEED=seed) for seed in ("0", "1"))
    assert first == second
    assert json.loads(first)


def test_every_executor_stores_the_same_bytes(tmp_path):
    spec = importlib.util.spec_from_file_location("slow_sweep", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    sys.modules["slow_sweep"] = script  # tasks are pickled by name
    spec.loader.exec_module(script)
    digests = set()
    root = tmp_path / "inline"
    path = sweep(script.QUICK, "smoke", CPU, Inline(), root=root, cache=root / "cache")
    digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    for kind, count in (("processes", 1), ("processes", 2)):
        root = tmp_path / f"{kind}{count}"
        with open_executor(kind, CPU, count) as executor:
            path = sweep(script.QUICK, "smoke", CPU, executor, root=root, cache=root / "cache")
        digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize("threads", ["1", "2"])
def test_threads_of_linear_algebra_change_rounding_only(tmp_path, threads):
    files = [tmp_path / "one.npy", tmp_path / "other.npy"]
    python(SOLVED, str(files[0]), OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    python(SOLVED, str(files[1]), OPENBLAS_NUM_THREADS=threads, OMP_NUM_THREADS=threads)
    one, other = (np.load(f) for f in files)
    if threads == "1":
        np.testing.assert_array_equal(one, other)
    # The kernel has eigenvalues up to 400 beside a penalty of 1e-3.
    tolerance = 400 * np.finfo(float).eps * (400 / 1e-3)
    np.testing.assert_allclose(other, one, rtol=tolerance, atol=tolerance * np.abs(one).max())
