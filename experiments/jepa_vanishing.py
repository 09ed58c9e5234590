"""Vanishing initialisation at depths 1 to 4: when the order of learning becomes that of rho.

The exact gradient flow of whole networks by a stiff integrator: plateaus grow like scale^-(2L-1)/L,
far beyond what descent with a fixed step could wait for.  Layers start orthogonal with a relative
Gaussian tilt, or Gaussian altogether, in an eigenbasis that is hidden by a rotation.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from experiments._jepa import kendall
from experiments.registry import Config, Experiment, Task
from sdtheory import jepa as theory

VERSION = 1
RHO = np.array([0.95, 0.75, 0.55, 0.35])
COVARIANCE = np.array([0.5, 0.8, 1.1, 1.4])  # shuffled for each seed
TILT, RECORDS = 0.1, 1500
SHALLOW = {"1": [3e-2, 3e-3, 3e-4], "2": [3e-2, 1e-2, 3e-3, 1e-3]}
DEEP = {"3": [3e-2, 1e-2, 3e-3, 1e-3, 3e-4], "4": [3e-2, 1e-2, 3e-3]}
PRESETS: dict[str, dict[str, Any]] = {
    "smoke": {"scales": {"1": [3e-2]}, "gaussian": [], "seeds": 2},
    "cpu": {"scales": SHALLOW | DEEP, "gaussian": [3], "seeds": 20},
    "paper": {"scales": SHALLOW | DEEP, "gaussian": [1, 2, 3, 4], "seeds": 200},
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a (depth, scale, start)."""
    for depth, scales in settings["scales"].items():
        starts = ["tilted"] + ["gaussian"] * (int(depth) in settings["gaussian"])
        for scale in scales:
            for start in starts:
                yield {
                    "depth": int(depth),
                    "scale": scale,
                    "start": start,
                    "seeds": settings["seeds"],
                }


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Follow the flow of every seed (on the CPU, whatever the device).

    Returns
    -------
    mapping
        ``tau``: rank agreement of retention and of first visits with rho and with the covariance,
        (seeds, 2, 2); ``kept``: retention times over the slowest aligned critical time, by falling
        rho, (seeds, 4); ``sizes``: last sizes over fixed points, (seeds, 4).
    """
    del device  # the integrator is SciPy's
    config: Mapping[str, Any] = task.config
    depth, scale = config["depth"], config["scale"]
    tilt = TILT if config["start"] == "tilted" else None
    rows: list[tuple[np.ndarray, ...]] = []
    for entropy in np.random.SeedSequence.spawn(
        task.entropy("runs", of=("seeds",)), config["seeds"]
    ):
        rng = np.random.default_rng(entropy)
        mode = theory.Mode.from_rho(rng.permutation(COVARIANCE), RHO)
        basis = np.linalg.qr(rng.normal(size=(RHO.size, RHO.size)))[0]
        net = theory.random_network(RHO.size, depth, scale, rng, misalignment=tilt)
        critical = theory.critical_time(mode, depth, scale)
        last = float(critical[np.isfinite(critical)].max())
        times = np.concatenate([[0.0], np.geomspace(last / 1e3, 6 * last, RECORDS)])
        views = theory.Views.from_modes(mode, basis)
        path = theory.matrix_flow(views, net, times, rtol=1e-8)
        end = theory.fixed_point(mode, depth)
        kept = theory.retention_times(path, mode, basis)
        first = theory.crossing_times(path, 0.5 * end, basis)
        tau = [[kendall(t[None], r)[0] for r in (RHO, mode.covariance)] for t in (kept, first)]
        sizes = path.amplitudes(basis)[:, -1] / end
        rows.append((np.array(tau), kept / last, sizes))
    names = ("tau", "kept", "sizes")
    return {
        name: np.stack(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }


EXPERIMENT = Experiment("jepa_vanishing", VERSION, PRESETS, tasks, run)
