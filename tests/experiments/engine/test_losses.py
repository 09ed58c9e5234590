"""Losses against PyTorch's own and against their defining formulas, outside the simplex too."""

import numpy as np
import pytest
import torch

from experiments.engine.losses import (
    KL,
    cross_entropy,
    loss_rows,
    penalty_of,
    squared,
    weight_decay_for,
)

EPS = torch.finfo(torch.float64).eps


def draw(rng, *shape, scale=1.0):
    return torch.tensor(scale * rng.normal(size=shape))


def plain_cross_entropy(logits, targets):
    return (torch.logsumexp(logits, -1) - (targets * logits).sum(-1)).mean(-1)


def plain_squared(outputs, targets):
    return ((outputs - targets) ** 2).mean((1, 2))


@pytest.mark.parametrize(
    ("fused", "plain"), [(squared, plain_squared), (cross_entropy, plain_cross_entropy)]
)
@pytest.mark.parametrize("layout", ["contiguous", "transposed"])
def test_value_and_gradient_are_those_of_the_formula(rng, fused, plain, layout):
    outputs = draw(rng, 3, 7, 4, scale=20.0)
    if layout == "transposed":
        outputs = outputs.transpose(0, 1).contiguous().transpose(0, 1)
    targets = draw(rng, 3, 7, 4)  # rows far from the simplex, with negative entries
    weights = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    answers = []
    for loss in (fused, plain):
        leaf = outputs.clone().requires_grad_()
        values = loss(leaf, targets)
        (gradient,) = torch.autograd.grad((weights * values).sum(), leaf)
        answers.append((values.detach(), gradient))
    size = float((outputs.abs() * targets.abs()).sum(-1).max() + outputs.square().max())
    torch.testing.assert_close(answers[0][0], answers[1][0], rtol=0, atol=50 * EPS * size)
    torch.testing.assert_close(answers[0][1], answers[1][1], rtol=0, atol=50 * EPS * size)


def test_cross_entropy_on_the_simplex_is_pytorchs(rng):
    logits, targets = draw(rng, 2, 5, 3), torch.softmax(draw(rng, 2, 5, 3), -1)
    for run in range(2):
        want = torch.nn.functional.cross_entropy(logits[run], targets[run])
        torch.testing.assert_close(cross_entropy(logits, targets)[run], want, rtol=20 * EPS, atol=0)


def test_cross_entropy_survives_huge_logits():
    logits = torch.tensor([[[1e6, 0.0, -1e6]]], dtype=torch.float64)
    targets = torch.tensor([[[0.0, 1.0, 0.0]]], dtype=torch.float64)
    assert cross_entropy(logits, targets).item() == 1e6


def test_cross_entropy_is_convex_for_every_target(rng):
    targets = draw(rng, 4, 6, 3, scale=5.0)
    first, second = draw(rng, 4, 6, 3), draw(rng, 4, 6, 3)
    middle = cross_entropy((first + second) / 2, targets)
    ends = (cross_entropy(first, targets) + cross_entropy(second, targets)) / 2
    assert torch.all(middle < ends)


def test_kl_is_pytorchs_times_temperature_squared(rng):
    logits, teacher = draw(rng, 3, 6, 4), draw(rng, 3, 6, 4)
    temperatures = np.array([0.5, 1.0, 4.0])
    values = KL(temperatures)(logits, teacher)
    for run, temperature in enumerate(temperatures):
        want = temperature**2 * torch.nn.functional.kl_div(
            torch.log_softmax(logits[run] / temperature, -1),
            torch.log_softmax(teacher[run] / temperature, -1),
            reduction="batchmean",
            log_target=True,
        )
        torch.testing.assert_close(values[run], want, rtol=1e-13, atol=0)
    part = loss_rows(KL(temperatures), slice(1, 3))
    assert torch.equal(part(logits[1:], teacher[1:]), values[1:])
    assert loss_rows(squared, slice(0, 1)) is squared


def test_weight_decay_and_penalty_are_inverse_and_give_ridge(rng):
    """The gradient of the penalised loss vanishes at the normal equations' solution."""
    n, d, outputs, lam = 9, 4, 3, 0.37
    x, y = draw(rng, n, d), draw(rng, n, outputs)
    decay = weight_decay_for(lam, n, outputs)
    assert penalty_of(decay, n, outputs) == pytest.approx(lam, rel=4 * EPS)
    theta = torch.linalg.solve(x.T @ x + lam * torch.eye(d, dtype=x.dtype), x.T @ y)
    leaf = theta.requires_grad_()
    total = squared((x @ leaf)[None], y).sum() + decay / 2 * leaf.square().sum()
    (gradient,) = torch.autograd.grad(total, leaf)
    assert gradient.abs().max() < 100 * EPS * float(y.abs().max() * x.abs().max())
