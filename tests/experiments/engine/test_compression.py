"""Training on R of X = QR is training on X."""

import numpy as np
import pytest
import torch

from experiments.engine import Adam, Learner, Linear, Streams, squared
from experiments.engine.compression import compress

EPS = np.finfo(float).eps


@pytest.mark.parametrize("intercept", [False, True])
def test_same_loss_and_same_path(rng, device, intercept):
    x = torch.tensor(rng.normal(size=(40, 6)), device=device)
    y = torch.tensor(rng.normal(size=(3, 40, 2)), device=device)
    small = compress(x, y, intercept=intercept)
    features = 6 + intercept
    assert small.x.shape == (features, features)
    whole = torch.cat([x, torch.ones_like(x[:, :1])], dim=1) if intercept else x
    weight = torch.tensor(rng.normal(size=(3, features, 2)), device=device)
    before, after = squared(whole @ weight, y), squared(small.x @ weight, small.targets)
    torch.testing.assert_close(after + small.constant, before, rtol=50 * EPS, atol=0)

    def trained(inputs, targets):
        streams = Streams.of(np.arange(3), device)
        learner = Learner(Linear(features, 2), inputs, squared, Adam(0.01), 60, streams)
        return learner.fit(targets).params["weight"]

    torch.testing.assert_close(
        trained(small.x, small.targets), trained(whole, y), rtol=0, atol=1e-10
    )


def test_too_few_rows_are_refused(rng):
    x, y = torch.tensor(rng.normal(size=(3, 5))), torch.zeros(1, 3, 1)
    with pytest.raises(ValueError, match="at least as many rows as features, got 3 and 5"):
        compress(x, y)
