"""Which criterion finds the weight: selected weights over many draws of the noise, and their risk.

A sine with a slope on forty points, a Gaussian kernel and one round. For an under-regularised, a
good and an over-regularised penalty: the in-sample risk of the student whose weight was chosen by
leave-one-out, cross-validation or Stein's estimate, freely or in [0, 1], next to the weights that
know the truth.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import torch

from experiments.registry import Config, Experiment, Task
from sdtheory import kernel_ridge
from sdtheory.spectral import filters

VERSION = 1
SAMPLES, DEVIATION = 40, 0.5
WAYS = ("labels", "pure", "risk", "loo", "gcv", "sure", "clipped loo", "clipped gcv", "oracle")
PRESETS = {
    "smoke": {"lam": [0.3], "draws": 5},
    "cpu": {"lam": [0.03, 0.3, 3.0], "draws": 500},
    "paper": {"lam": [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0], "draws": 20000},
}


def tasks(settings: Config) -> Iterable[Config]:
    """Return one task a penalty."""
    return ({**settings, "lam": lam} for lam in settings["lam"])


def run(task: Task, device: torch.device) -> Mapping[str, np.ndarray]:
    """Select and evaluate on every draw; all penalties see the same draws. In closed form.

    Returns
    -------
    mapping
        ``xi`` and ``risk`` (mean squared distance from the truth at the inputs), (ways, draws), in
        the order of `WAYS`: no teacher, pure student, the best expected risk, three criteria, two
        of them within [0, 1], the best of this very draw.
    """
    del device
    lam = task.config["lam"]
    rng = task.rng("data", of=("draws",))
    x = np.sort(rng.uniform(-3, 3, SAMPLES))
    truth = np.sin(2 * x) + 0.3 * x
    kernel = np.exp(-((x[:, None] - x) ** 2))
    xi, risk = np.empty((2, len(WAYS), task.config["draws"]))
    for draw in range(xi.shape[1]):
        fit = kernel_ridge.fit(kernel, truth + DEVIATION * rng.normal(size=SAMPLES))
        teacher, pure = fit.fitted(lam, steps=0), fit.fitted(lam, 1.0, 1)
        chosen = {
            way: _weight(fit, lam, method, truth)
            for way, method in (("risk", "truth"), ("loo", "loo"), ("gcv", "gcv"), ("sure", "sure"))
        }
        best = kernel_ridge.optimal_xi(teacher_outputs=teacher, student_outputs=pure, targets=truth)
        chosen |= {f"clipped {way}": float(np.clip(chosen[way], 0, 1)) for way in ("loo", "gcv")}
        chosen |= {"labels": 0.0, "pure": 1.0, "oracle": float(best.xi)}
        xi[:, draw] = [chosen[way] for way in WAYS]
        students = [
            fit.smoother.fitted(filters.distill(fit.eigenvalues, lam, weight))
            for weight in xi[:, draw]
        ]
        risk[:, draw] = np.mean((np.array(students) - truth) ** 2, axis=1)
    return {"xi": xi, "risk": risk}


def _weight(fit: kernel_ridge.KernelRidge, lam: float, method: str, truth: np.ndarray) -> float:
    """Return the weight that a criterion selects; each uses of the truth what it is allowed to."""
    best = kernel_ridge.optimal_xi(fit, lam, method=method, noise_var=DEVIATION**2, truth=truth)
    return float(np.asarray(best.xi)[0])


EXPERIMENT = Experiment("kernel_ridge_selectors", VERSION, PRESETS, tasks, run)
