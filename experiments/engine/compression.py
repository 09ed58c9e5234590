"""Squared-loss training of linear models on as few rows as there are features.

With ``X = Q R`` the loss ``|X W - Y|^2`` is ``|R W - Q^T Y|^2`` plus a constant.  Training on R and
``Q^T Y`` has the same gradients at every step, whatever the number of samples.  Unlike the normal
equations this does not square the condition number of X.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Compressed", "compress"]


@dataclass(frozen=True, slots=True)
class Compressed:
    """A smaller regression with the same mean squared error, up to a constant.

    Attributes
    ----------
    x : Tensor, shape (features, features)
        Inputs; with an intercept the last column is its feature.
    targets : Tensor, shape (runs, features, outputs)
        Targets.
    constant : Tensor, shape (runs,)
        `losses.squared` of the original data minus that of these, for every W.
    """

    x: Tensor
    targets: Tensor
    constant: Tensor


def compress(x: Tensor, targets: Tensor, *, intercept: bool = False) -> Compressed:
    """Return the regression on ``features`` rows that trains like the one on ``n`` rows.

    Parameters
    ----------
    x : Tensor, shape (n, features)
        Inputs shared by all runs, ``n >= features`` (one more with an intercept).
    targets : Tensor, shape (runs, n, outputs)
        Targets.
    intercept : bool
        Append a feature that is one for every sample: use a model without bias then.
    """
    if intercept:
        x = torch.cat([x, x.new_ones(len(x), 1)], dim=1)
    n, features = x.shape
    if n < features:
        raise ValueError(f"x must have at least as many rows as features, got {n} and {features}")
    q, r = torch.linalg.qr(x)
    kept = q.mT @ targets
    lost = targets - q @ kept
    # `squared` averages over rows: this factor turns the mean over `features` into one over n.
    scale = math.sqrt(features / n)
    return Compressed(scale * r, scale * kept, lost.square().mean(dim=(1, 2)))
