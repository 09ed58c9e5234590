"""JEPA and MAE objectives against the gradient formulas and against each other."""

import numpy as np
import pytest
import torch

from experiments.engine import GradientDescent, Recorder, Streams, minimise
from experiments.engine.joint_embedding import (
    DeepLinear,
    Moments,
    encoder,
    jepa,
    mae,
    sampled_jepa,
    sampled_mae,
)
from experiments.engine.training import Step
from sdtheory.claims import SCORE_LIMIT, z_score

F64 = torch.float64
RUNS, D, WIDTH = 3, 4, 5


@pytest.fixture
def sample(rng):
    """Return correlated pairs and their moments, one set for each run."""
    x = torch.tensor(rng.normal(size=(RUNS, 50, D)) @ rng.normal(size=(D, D)))
    y = x @ torch.tensor(rng.normal(size=(D, D))) + torch.tensor(rng.normal(size=(RUNS, 50, D)))
    moments = Moments(x.mT @ x / 50, y.mT @ x / 50, y.mT @ y / 50)
    return x, y, moments


def gradients(objective, params, step):
    leaves = {name: value.clone().requires_grad_() for name, value in params.items()}
    values = objective(leaves, step)
    return values.detach(), dict(
        zip(leaves, torch.autograd.grad(values.sum(), leaves.values()), strict=True)
    )


def chain(layers):
    product = torch.eye(layers[0].shape[-1], dtype=F64).expand(RUNS, -1, -1)
    for layer in layers:
        product = layer @ product
    return product


@pytest.mark.parametrize("kind", ["jepa", "jepa, average", "mae"])
def test_gradient_is_the_residual_matrix_formula(sample, kind):
    """dV = G W^T and dW_a = (later layers)^T V^T G (earlier layers)^T, up to the sign."""
    _, _, moments = sample
    shape = DeepLinear(D, WIDTH, 3, "mae" if kind == "mae" else "jepa")
    params = shape.gaussian(Streams.of(np.arange(RUNS)), 0.5, F64, predictor=0.7)
    mean = shape.gaussian(Streams.of(np.arange(RUNS) + 9), 0.5, F64, predictor=0.7)
    target = "average" if kind == "jepa, average" else "stop_gradient"
    objective = mae(moments) if kind == "mae" else jepa(moments, target)
    layers = [params[f"encoder{a}"] for a in range(3)]
    whole, v = chain(layers), params["predictor"]
    wanted = {"jepa": whole, "jepa, average": encoder(mean), "mae": torch.eye(D, dtype=F64)}[kind]
    residual = wanted @ moments.yx - v @ whole @ moments.xx
    _, got = gradients(objective, params, Step(0, mean))
    want = {"predictor": -residual @ whole.mT}
    for a in range(3):
        later = v if a == 2 else v @ chain(layers[a + 1 :])
        earlier = chain(layers[:a]) if a else torch.eye(D, dtype=F64).expand(RUNS, -1, -1)
        want[f"encoder{a}"] = -later.mT @ residual @ earlier.mT
    for name, value in want.items():
        torch.testing.assert_close(got[name], value, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("kind", ["jepa", "mae"])
def test_moments_of_a_sample_give_the_objective_on_the_sample(sample, kind):
    x, y, moments = sample
    params = DeepLinear(D, WIDTH, 2, kind).gaussian(
        Streams.of(np.arange(RUNS)), np.array([0.1, 0.5, 1.0]), F64, predictor=1.0
    )
    population = jepa(moments) if kind == "jepa" else mae(moments)
    sampled = (sampled_jepa if kind == "jepa" else sampled_mae)(lambda step: (x, y))
    values, slopes = gradients(population, params, Step(0, None))
    other_values, other_slopes = gradients(sampled, params, Step(0, None))
    torch.testing.assert_close(values, other_values, rtol=1e-11, atol=1e-12)
    for name, value in slopes.items():
        torch.testing.assert_close(other_slopes[name], value, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("kind", ["jepa", "mae"])
def test_aligned_start_is_balanced_and_decouples(kind):
    scale = np.array([0.01, 0.1, 1.0])
    shape = DeepLinear(D, WIDTH, 3, kind)
    params = shape.aligned(Streams.of(np.arange(RUNS)), scale, F64)
    b = torch.tensor(scale) ** (1 / 3)
    eye = torch.eye(D, dtype=F64)
    whole = encoder(params)
    size = torch.tensor(scale)[:, None, None]
    torch.testing.assert_close(whole.mT @ whole, size**2 * eye, rtol=0, atol=1e-14)
    image = params["predictor"] @ whole
    if kind == "mae":
        want = b[:, None, None] * size * eye
        torch.testing.assert_close(image, want, rtol=0, atol=1e-14)
    else:
        torch.testing.assert_close(image, b[:, None, None] * whole, rtol=0, atol=1e-14)
    with pytest.raises(ValueError, match="need width >= features; got width 3 and features 4"):
        DeepLinear(4, 3, 2).aligned(Streams.of([0]), 0.1, F64)


def test_depth_one_jepa_follows_its_scalar_flow():
    """Aligned JEPA of one layer is two numbers a mode: dw = v g, dv = g w, g = w (lam - s2 v)."""
    s2, lam, scale, rate, steps = 1.0, np.array([0.9, 0.6, 0.3, 0.2]), 0.3, 5e-3, 2000
    moments = Moments(
        torch.eye(D, dtype=F64) * s2, torch.diag(torch.tensor(lam)), torch.eye(D, dtype=F64)
    )
    start = DeepLinear(D, D, 1).aligned(Streams.of(np.arange(RUNS)), scale, F64)
    watch = Recorder((steps,), lambda params: encoder(params).norm(dim=1))
    fit = minimise(jepa(moments), start, GradientDescent(rate), steps, recorder=watch)
    w = v = np.full(D, scale)
    for _ in range(steps):
        residual = w * lam - v * w * s2
        w, v = w + rate * v * residual, v + rate * residual * w
    want = torch.tensor(w).expand(RUNS, -1)
    assert float((want - scale).abs().max()) > 0.1
    torch.testing.assert_close(fit.record[:, 0], want, rtol=1e-11, atol=1e-12)


def test_target_by_average_needs_one(sample):
    params = DeepLinear(D, WIDTH, 2).gaussian(Streams.of(np.arange(RUNS)), 0.5, F64, predictor=1.0)
    with pytest.raises(ValueError, match="needs a moving average"):
        jepa(sample[2], "average")(params, Step(0, None))


@pytest.mark.statistical("experiments.engine.joint_embedding.DeepLinear.gaussian")
def test_gaussian_sizes():
    """Layer variance scale^(2/L) / fan-in; the draws are always the same."""
    shape = DeepLinear(30, 40, 2, "mae")
    params = shape.gaussian(Streams.of(np.arange(1500)), 0.09, F64, predictor=0.5)
    for name, variance in (
        ("encoder0", 0.09 / 30),
        ("encoder1", 0.09 / 40),
        ("predictor", 0.25 / 40),
    ):
        squares = params[name].square().numpy().ravel()
        assert z_score(squares, variance, precision=0.002) < SCORE_LIMIT
