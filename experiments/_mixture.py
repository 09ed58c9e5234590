"""What the mixture experiments share: finite data sets, and a logistic or squared fit to them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from experiments.engine import LBFGS, Linear, Streams, minimise, to_tensor
from experiments.engine.chunking import planned_chunk
from experiments.engine.training import Penalty
from sdtheory.logistic import GaussianMixture

__all__ = ["Sample", "fit", "samples"]


@dataclass(frozen=True, slots=True)
class Sample:
    """A block of data sets: one a row of every field.

    Attributes
    ----------
    features : Tensor (sets, n, d), already divided by sqrt(d)
    labels : Tensor (sets, n, 1), the given 0 or 1
    direction : array (sets, d), the vector v with |v|^2 = d between the classes
    """

    features: Tensor
    labels: Tensor
    direction: np.ndarray

    def sizes(self, weights: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Return signal w.v/d and norm |w|^2/d of the weights, shape (sets, d)."""
        w = weights.cpu().numpy()
        d = w.shape[1]
        return np.einsum("sd,sd->s", w, self.direction) / d, np.einsum("sd,sd->s", w, w) / d


def samples(
    problem: GaussianMixture,
    d: int,
    sets: int,
    entropy: np.random.SeedSequence,
    device: torch.device,
) -> Iterator[Sample]:
    """Yield data sets in blocks that fit the engine's budget; each has its own random numbers."""
    count = round(problem.sample_ratio * d)
    children = entropy.spawn(sets)
    block = planned_chunk(8 * count * d, device)
    for start in range(0, sets, block):
        drawn = [_draw(problem, d, count, child) for child in children[start : start + block]]
        features, labels, direction = (np.stack(part) for part in zip(*drawn, strict=True))
        yield Sample(
            to_tensor(features, device, torch.float64),
            to_tensor(labels[:, :, None], device, torch.float64),
            direction,
        )


def _draw(
    problem: GaussianMixture, d: int, count: int, entropy: np.random.SeedSequence
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(entropy)
    sign = np.where(rng.random(count) < problem.balance, 1.0, -1.0)
    v = rng.normal(size=d)
    v *= np.sqrt(d) / np.linalg.norm(v)
    features = rng.normal(size=(count, d))
    features *= np.sqrt(problem.variance / d)
    features += np.outer(sign, v / d)
    flip = rng.random(count) < problem.flip_probability
    return features, np.where(flip, sign < 0, sign > 0).astype(float), v


def fit(
    sample: Sample, targets: Tensor, lam: float, *, squared: bool = False, bias: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Minimise ``sum loss + lam/2 |w|^2`` for every data set; the intercept is not penalised.

    Parameters
    ----------
    sample : Sample
    targets : Tensor (sets, n, 1), any real numbers
    lam : float
    squared : bool
        Loss ``(p - target)^2`` with p = (1 + logit) / 2 instead of cross-entropy.
    bias : bool
        Whether there is an intercept.

    Returns
    -------
    weights (sets, d), intercepts (sets,), logits of the samples (sets, n, 1)
    """
    x = sample.features
    model = Linear(x.shape[2], 1, bias=bias)

    def objective(params: dict[str, Tensor], _: object) -> Tensor:
        z = model(params, x)
        loss = ((1 + z) / 2 - targets).square() if squared else softplus(z) - targets * z
        return loss.sum(dim=(1, 2))

    found = minimise(
        objective,
        model.init(Streams.of(np.arange(len(x)), x.device), x.dtype),
        # In units of a sum over samples: weights are right to 1e-5 / lam.
        LBFGS(tolerance=1e-5),
        1000,
        penalty=Penalty(lam, names=("weight",)),
    ).params
    weights = found["weight"][:, :, 0]
    zero = weights.new_zeros(len(x))
    return weights, found["bias"][:, 0] if bias else zero, model(found, x)
