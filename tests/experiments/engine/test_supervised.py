"""A learner trains a batch as it trains each run alone, however it is chunked."""

from functools import partial

import numpy as np
import pytest
import torch

from experiments.engine import (
    KL,
    LBFGS,
    MLP,
    Adam,
    GradientDescent,
    Learner,
    Linear,
    Modules,
    Recorder,
    Streams,
    cross_entropy,
    small_cnn,
    squared,
    weight_decay_for,
)

RUNS = 6
CNN = Modules(partial(small_cnn, 8, 2, 3), activations=500)


def learner_of(rng, model, features, device="cpu", **changes):
    x = torch.tensor(rng.normal(size=(30, features)), device=device)
    targets = torch.softmax(2 * torch.tensor(rng.normal(size=(RUNS, 30, 3)), device=device), -1)
    settings = {
        "model": model,
        "x": x,
        "loss": cross_entropy,
        "optimiser": Adam(np.geomspace(1e-3, 1e-2, RUNS)),
        "steps": 12,
        "streams": Streams.of(np.arange(RUNS), device),
        "weight_decay": np.geomspace(1e-3, 1e-1, RUNS),
    }
    return Learner(**(settings | changes)), targets


CASES = {
    "linear": (Linear(5, 3, bias=True), 5, {}),
    "linear, own inputs": (Linear(5, 3, scale=1.0), 5, {"own": True}),
    "mlp": (MLP((5, 7, 3)), 5, {"anchor": "init"}),
    "mlp, ntk, widths": (MLP((5, 7, 3), "tanh", "ntk", widths=np.arange(2, 8)), 5, {}),
    "mlp, batches": (MLP((5, 7, 3)), 5, {"batch_size": 4, "optimiser": GradientDescent(0.1)}),
    "mlp, own inputs, batches": (MLP((5, 7, 3)), 5, {"batch_size": 4, "own": True}),
    "cnn": (CNN, 64, {}),
    "kl": (Linear(5, 3), 5, {"loss": KL(np.linspace(1, 3, RUNS))}),
    "lbfgs": (Linear(5, 3), 5, {"optimiser": LBFGS(np.geomspace(1e-12, 1e-10, RUNS)), "steps": 99}),
    "average": (
        MLP((5, 7, 3)),
        5,
        {
            "average": np.linspace(0, 1, RUNS),
            "recorder": Recorder((0, 6), lambda params: params["weight0"]),
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_batch_equals_runs_one_after_another(rng, case, device):
    model, features, changes = CASES[case]
    changes = dict(changes)
    own = changes.pop("own", False)
    learner, targets = learner_of(rng, model, features, device, **changes)
    if own:
        x = torch.tensor(rng.normal(size=(RUNS, 30, features)), device=device)
        learner = learner_of(rng, model, features, device, x=x, **changes)[0]
    whole = learner.fit(targets)
    chunked = learner_of(rng, model, features, device, memory=1, **changes | {"x": learner.x})[0]
    assert chunked.bytes_per_run() > 1
    for other in (
        [learner.rows(slice(k, k + 1)).fit(targets[k : k + 1]) for k in range(RUNS)],
        [chunked.fit(targets)],
    ):
        for name, value in whole.params.items():
            alone = torch.cat([fit.params[name] for fit in other])
            torch.testing.assert_close(alone, value, rtol=0, atol=1e-10)
        alone = torch.cat([fit.objective for fit in other])
        torch.testing.assert_close(alone, whole.objective, rtol=0, atol=1e-10)
        if whole.average is not None:
            alone = torch.cat([fit.average["weight1"] for fit in other])
            torch.testing.assert_close(alone, whole.average["weight1"], rtol=0, atol=1e-10)
            record = torch.cat([fit.record for fit in other])
            torch.testing.assert_close(record, whole.record, rtol=0, atol=1e-10)
    outputs = learner.outputs(whole.params)
    torch.testing.assert_close(chunked.outputs(whole.params), outputs, rtol=0, atol=1e-10)
    assert whole.finite.all()


def test_inactive_units_stay_at_zero(rng):
    widths = np.arange(2, 8)
    model = MLP((5, 7, 3), "relu", widths=widths)
    learner, targets = learner_of(rng, model, 5, steps=50)
    start, end = learner.init(), learner.fit(targets).params
    for run, width in enumerate(widths):
        for name, rest in (
            ("weight0", end["weight0"][run, :, width:]),
            ("bias0", end["bias0"][run, width:]),
            ("weight1", end["weight1"][run, width:]),
        ):
            assert not rest.any()
            assert not torch.equal(start[name][run], end[name][run])


def test_ridge_from_any_start(rng):
    """Linear students end at the normal equations' solution, which is written out here."""
    x, y, lam = (
        rng.normal(size=(20, 4)),
        rng.normal(size=(RUNS, 20, 2)),
        np.geomspace(0.01, 10, RUNS),
    )
    learner = Learner(
        Linear(4, 2, scale=3.0),
        torch.tensor(x),
        squared,
        LBFGS(1e-12),
        500,
        Streams.of(np.arange(RUNS)),
        weight_decay=weight_decay_for(lam, 20, 2),
    )
    fit = learner.fit(torch.tensor(y))
    assert fit.converged.all()
    for run in range(RUNS):
        want = np.linalg.solve(x.T @ x + lam[run] * np.eye(4), x.T @ y[run])
        got = fit.params["weight"][run].numpy()
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-8 * np.abs(want).max())


def test_anchor_at_the_initialisation(rng):
    """A strong pull to the start leaves the run at the start; a pull to zero moves it there."""
    model = Linear(5, 3, scale=1.0)
    for anchor in ("init", "zero"):
        learner, targets = learner_of(
            rng, model, 5, optimiser=LBFGS(1e-9), steps=200, weight_decay=1e6, anchor=anchor
        )
        end = learner.fit(targets).params["weight"]
        want = learner.init()["weight"] if anchor == "init" else torch.zeros_like(end)
        torch.testing.assert_close(end, want, rtol=0, atol=1e-5)


def test_mini_batches_are_fresh_and_belong_to_the_run(rng):
    """With a linear loss the trained bias counts which samples were drawn."""
    learner, _ = learner_of(
        rng,
        Linear(5, 30, bias=True),
        5,
        batch_size=8,
        steps=5,
        weight_decay=0.0,
        loss=lambda outputs, targets: -(outputs * targets).sum((1, 2)),
        optimiser=GradientDescent(1.0),
    )
    counts = learner.fit(torch.eye(30, dtype=torch.float64)).params["bias"]
    assert torch.equal(counts.sum(1), torch.full((RUNS,), 40.0, dtype=torch.float64))
    want = torch.zeros_like(counts)
    for step in range(5):
        drawn = learner.streams.integers("batch", 30, 8, index=step)
        want.scatter_add_(1, drawn, torch.ones_like(drawn, dtype=torch.float64))
    assert torch.equal(counts, want)
    assert len(torch.unique(counts, dim=0)) == RUNS


def test_divergence_is_flagged(rng):
    rates = np.array([1e-3] * (RUNS - 1) + [1e6])
    learner, targets = learner_of(
        rng, Linear(5, 3), 5, loss=squared, optimiser=GradientDescent(rates), steps=200
    )
    assert learner.fit(targets).finite.tolist() == [True] * (RUNS - 1) + [False]
