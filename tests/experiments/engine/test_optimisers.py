"""Stacked first-order optimisers against torch.optim, one run at a time."""

import numpy as np
import pytest
import torch

from experiments.engine import Adam, GradientDescent, Penalty, cosine, minimise
from experiments.engine.training import Recorder

RATES = np.array([0.01, 0.03, 0.1])


def problem(rng):
    """Return three random quadratics plus a quartic, and where to start."""
    factors = torch.tensor(rng.normal(size=(3, 5, 5)))

    def objective(params, step):
        image = (factors @ params["w"][..., None])[..., 0]
        return image.square().mean(1) + 0.1 * params["b"].pow(4).sum(1)

    start = {"w": torch.tensor(rng.normal(size=(3, 5))), "b": torch.tensor(rng.normal(size=(3, 2)))}
    return objective, start


def loop(objective, start, make, steps, decay, anchor):
    """Train each run with an optimiser of PyTorch; the other runs stay where they are."""
    final = {name: value.clone() for name, value in start.items()}
    for run in range(3):
        leaves = {name: value[run].clone().requires_grad_() for name, value in start.items()}
        optimiser = make(list(leaves.values()), run)
        for step in range(steps):
            params = {
                name: torch.cat([start[name][:run], leaf[None], start[name][run + 1 :]])
                for name, leaf in leaves.items()
            }
            value = objective(params, None)[run]
            for name, leaf in leaves.items():
                value = value + decay[run] / 2 * (leaf - anchor[name][run]).square().sum()
            optimiser.zero_grad()
            value.backward()
            optimiser.param_groups[0]["lr"] = RATES[run] * cosine(step, steps)
            optimiser.step()
        for name, leaf in leaves.items():
            final[name][run] = leaf.detach()
    return final


@pytest.mark.parametrize("kind", ["gd", "momentum", "adam"])
def test_agrees_with_pytorch(rng, kind):
    objective, start = problem(rng)
    anchor = {name: torch.tensor(rng.normal(size=value.shape)) for name, value in start.items()}
    decay, momentum = np.array([0.0, 0.1, 0.5]), np.array([0.0, 0.5, 0.9])
    if kind == "adam":
        ours = Adam(RATES, betas=(0.8, 0.99), schedule=cosine)
        make = lambda leaves, run: torch.optim.Adam(leaves, betas=(0.8, 0.99))  # noqa: E731
    else:
        coefficient = momentum if kind == "momentum" else 0 * momentum
        ours = GradientDescent(RATES, coefficient, cosine)
        make = lambda leaves, run: torch.optim.SGD(  # noqa: E731
            leaves, lr=1.0, momentum=float(coefficient[run])
        )
    fit = minimise(objective, start, ours, 50, penalty=Penalty(decay, anchor))
    want = loop(objective, start, make, 50, decay, anchor)
    for name, value in want.items():
        torch.testing.assert_close(fit.params[name], value, rtol=1e-11, atol=1e-12)
    assert not fit.converged.any()


def test_rows_of_an_optimiser_are_its_runs(rng):
    objective, start = problem(rng)
    factors = objective.__closure__[0].cell_contents
    for optimiser in (GradientDescent(RATES, RATES), Adam(RATES)):
        whole = minimise(objective, start, optimiser, 20).params["w"]

        def part(params, step):
            image = (factors[1:] @ params["w"][..., None])[..., 0]
            return image.square().mean(1) + 0.1 * params["b"].pow(4).sum(1)

        begin = {name: value[1:] for name, value in start.items()}
        rows = minimise(part, begin, optimiser.rows(slice(1, 3)), 20).params["w"]
        torch.testing.assert_close(rows, whole[1:], rtol=1e-13, atol=1e-14)


def test_penalty_on_some_parameters_only(rng):
    """With no other force, penalised entries decay geometrically and the others stay."""
    start = {"w": torch.tensor(rng.normal(size=(3, 5))), "b": torch.tensor(rng.normal(size=(3, 2)))}
    decay = np.array([0.1, 0.2, 0.3])

    def nothing(params, step):
        return 0.0 * (params["w"].sum(1) + params["b"].sum(1))

    penalty = Penalty(decay, names=("w",))
    fit = minimise(nothing, start, GradientDescent(0.5), 10, penalty=penalty)
    shrink = torch.tensor((1 - 0.5 * decay) ** 10)[:, None]
    torch.testing.assert_close(fit.params["w"], shrink * start["w"], rtol=1e-13, atol=0)
    assert torch.equal(fit.params["b"], start["b"])


def test_a_parameter_with_a_rate_of_its_own(rng):
    """Doubling the rate of one parameter by hand, in a loop of plain gradient steps."""
    objective, start = problem(rng)
    decay, factor = 0.1, np.array([2.0, 0.5, 0.0])
    fit = minimise(
        objective, start, GradientDescent(RATES), 20, penalty=Penalty(decay), rates={"b": factor}
    )
    now = start
    rate = torch.tensor(RATES)[:, None]
    for _ in range(20):
        leaves = {name: value.clone().requires_grad_() for name, value in now.items()}
        squares = sum(leaf.square().sum() for leaf in leaves.values())
        total = objective(leaves, None).sum() + decay / 2 * squares
        slopes = dict(zip(leaves, torch.autograd.grad(total, leaves.values()), strict=True))
        slopes["b"] = torch.tensor(factor)[:, None] * slopes["b"]
        now = {name: now[name] - rate * slopes[name] for name in now}
    for name, value in now.items():
        torch.testing.assert_close(fit.params[name], value, rtol=1e-12, atol=1e-13)
    assert torch.equal(fit.params["b"][2], start["b"][2])
    with pytest.raises(ValueError, match=r"rates must name trained parameters .*, got \['c'\]"):
        minimise(objective, start, GradientDescent(RATES), 1, rates={"c": 2.0})


def test_frozen_parameters_average_and_recorder(rng):
    objective, start = problem(rng)
    seen = []

    def watched(params, step):
        seen.append(None if step.average is None else step.average["w"].clone())
        return objective(params, step)

    record = Recorder((0, 1, 2, 5), lambda params: params["w"])
    keep = np.array([0.0, 0.9, 1.0])
    fit = minimise(
        watched, start, GradientDescent(0.05), 5, frozen=("b",), average=keep, recorder=record
    )
    assert torch.equal(fit.params["b"], start["b"])
    assert fit.record.shape == (3, 4, 5)
    assert torch.equal(fit.record[:, 0], start["w"])
    assert torch.equal(fit.record[:, -1], fit.params["w"])
    # keep = 0: the average is the current point; 1: it never leaves the start.
    torch.testing.assert_close(seen[2][0], fit.record[0, 2], rtol=1e-15, atol=0)
    assert torch.equal(seen[5][2], start["w"][2])
    want = start["w"][1]
    for later in fit.record[1, 1:3]:
        want = 0.9 * want + 0.1 * later
    torch.testing.assert_close(seen[2][1], want, rtol=1e-14, atol=1e-15)
