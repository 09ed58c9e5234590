"""Lee et al. 2023: distillation towards initial weights, the simplified model."""

import numpy as np

from sdtheory import label_noise
from sdtheory.claims import claim, relative_error

PAPER = "Lee et al. 2023"


@claim(
    "lee2023.distance_falls_with_rounds",
    paper=PAPER,
    where="R49",
    source="paper",
    says="""Each round of distillation towards initial weights ends closer to them, so that
    norm-based bounds on the generalisation gap fall; the training error rises.""",
    kind="identity",
    instances=lambda draw: {"seed": draw.seed(), "lam": draw.log_uniform(0.1, 10.0)},
    tolerance=1e-9,
    guards=("sdtheory.label_noise.initial_weights.anchored_rounds",),
)
def distance_falls_with_rounds(seed: int, lam: float) -> float:
    """Return the error of distances and training errors against refits, and any rise or fall."""
    rng = np.random.default_rng(seed)
    x, y, start = rng.normal(size=(8, 4)), rng.normal(size=8), rng.normal(size=4)
    found = label_noise.anchored_rounds(x, y, start, lam, 3)
    target, distances, errors = y, [], []
    for _ in range(4):
        w = start + np.linalg.solve(x.T @ x + lam * np.eye(4), x.T @ (target - x @ start))
        target = x @ w
        distances.append(float(np.linalg.norm(w - start)))
        errors.append(float(np.mean((target - y) ** 2)))
    return max(
        relative_error(found.distance, distances),
        relative_error(found.training_error, errors),
        float(np.max(np.diff(found.distance))),
        -float(np.min(np.diff(found.training_error))),
    )


@claim(
    "lee2023.new_error_falls_with_rounds",
    paper=PAPER,
    where="R49",
    source="derived",
    says="""Because the distance to the initial weights falls with every round, so does the error on
    new data.""",
    kind="inequality",
    verdict="fails",
    counterexample={"truth": 1.0, "lam": 1.0},
    instances=lambda draw: {"truth": draw.uniform(0.5, 2.0), "lam": draw.log_uniform(0.5, 2.0)},
    tolerance=1e-6,
    guards=("sdtheory.label_noise.initial_weights.anchored_rounds",),
    samples=5,
)
def new_error_falls_with_rounds(truth: float, lam: float) -> float:
    """Return the rise of the error from teacher to student: noiseless labels, no pre-training."""
    found = label_noise.anchored_rounds(np.eye(1), [truth], [0.0], lam, 1)
    errors = (found.coefficients[:, 0] - truth) ** 2
    return float(errors[1] - errors[0])
