"""Stacked architectures against one torch.nn model at a time."""

from functools import partial

import numpy as np
import pytest
import torch

from experiments.engine import MLP, Linear, Modules, Streams, small_cnn
from experiments.engine.parameters import rows_of
from sdtheory.claims import SCORE_LIMIT, z_score

F64 = torch.float64


def single(model, params, run):
    """Build the torch.nn network that run ``run`` of an MLP in standard parametrisation is."""
    layers = []
    for layer, (fan_in, fan_out) in enumerate(zip(model.sizes, model.sizes[1:], strict=False)):
        linear = torch.nn.Linear(fan_in, fan_out, dtype=F64)
        linear.weight.data = params[f"weight{layer}"][run].T
        linear.bias.data = params[f"bias{layer}"][run]
        layers += [linear, torch.nn.ReLU() if model.activation == "relu" else torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("own_inputs", [False, True])
def test_mlp_is_a_stack_of_networks(rng, device, activation, own_inputs):
    model = MLP((5, 8, 6, 3), activation)
    params = model.init(Streams.of(np.arange(4), device), F64)
    params = {k: v + 0.1 * torch.ones_like(v) if "bias" in k else v for k, v in params.items()}
    x = torch.tensor(rng.normal(size=(4, 7, 5) if own_inputs else (7, 5)), device=device)
    outputs = model(params, x)
    for run in range(4):
        network = single(model, params, run).to(device)
        want = network(x[run] if own_inputs else x)
        torch.testing.assert_close(outputs[run], want, rtol=1e-12, atol=1e-13)


@pytest.mark.statistical("experiments.engine.models.MLP.init")
def test_initial_sizes():
    """Standard weights have variance gain^2 / fan-in, NTK weights 1; always the same draws."""
    streams = Streams.of(np.arange(5000))
    for model, hidden, last in (
        (MLP((20, 40, 10), "relu"), 2 / 20, 1 / 40),
        (MLP((20, 40, 10), "tanh"), 1 / 20, 1 / 40),
        (MLP((20, 40, 10), "relu", "ntk"), 1.0, 1.0),
    ):
        params = model.init(streams, F64)
        for name, variance in (("weight0", hidden), ("weight1", last)):
            squares = params[name].square().numpy().ravel()
            assert z_score(squares, variance, precision=0.002) < SCORE_LIMIT


def test_ntk_parametrisation_divides_by_the_root_of_the_width(rng):
    model = MLP((5, 16, 2), "tanh", "ntk", bias=False)
    params = model.init(Streams.of(np.arange(3)), F64)
    x = torch.tensor(rng.normal(size=(6, 5)))
    want = torch.tanh(x @ params["weight0"] / 5**0.5) @ params["weight1"] / 16**0.5
    torch.testing.assert_close(model(params, x), want, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("parametrisation", ["standard", "ntk"])
def test_masked_width_is_the_narrow_network(rng, parametrisation):
    """The active part of a wide run, cut out, computes what the run computes."""
    widths = np.array([3, 8, 5])
    wide = MLP((4, 8, 8, 2), "relu", parametrisation, widths=widths)
    params = wide.init(Streams.of(np.arange(3)), F64)
    x = torch.tensor(rng.normal(size=(6, 4)))
    outputs = wide(params, x)
    for run, width in enumerate(widths):
        narrow = MLP((4, width, width, 2), "relu", parametrisation)
        shapes = {
            name: value.shape[1:] for name, value in narrow.init(Streams.of([0]), F64).items()
        }
        cut = {
            name: params[name][run][tuple(slice(0, k) for k in shape)][None]
            for name, shape in shapes.items()
        }
        assert float(cut["fan_in"][0, 1]) == width
        kept = sum(float(cut[k].abs().sum()) for k in cut)
        assert kept == pytest.approx(sum(float(params[k][run].abs().sum()) for k in cut))
        torch.testing.assert_close(narrow(cut, x)[0], outputs[run], rtol=1e-12, atol=1e-13)


def test_linear_starts_at_zero_and_has_an_intercept_on_request(rng):
    streams, x = Streams.of(np.arange(2)), torch.tensor(rng.normal(size=(5, 3)))
    assert float(Linear(3, 2)(Linear(3, 2).init(streams, F64), x).abs().max()) == 0
    model = Linear(3, 2, bias=True, scale=1.0)
    params = model.init(streams, F64)
    params["bias"] += torch.tensor([1.0, -1.0], dtype=F64)
    want = x @ params["weight"] + torch.tensor([1.0, -1.0], dtype=F64)
    torch.testing.assert_close(model(params, x), want, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("own_inputs", [False, True])
def test_modules_are_a_stack_of_networks(rng, device, own_inputs):
    factory = partial(small_cnn, 8, 2, 3)
    model = Modules(factory, activations=500)
    params = model.init(Streams.of(np.arange(3), device), F64)
    x = torch.tensor(rng.normal(size=(3, 4, 64) if own_inputs else (4, 64)), device=device)
    outputs = model(params, x)
    for run in range(3):
        network = factory().to(device, F64)
        network.load_state_dict({name: value[run] for name, value in params.items()})
        want = network(x[run] if own_inputs else x)
        torch.testing.assert_close(outputs[run], want, rtol=1e-11, atol=1e-12)


def test_modules_draw_each_run_from_its_own_seed_and_leave_the_global_one_alone():
    model = Modules(partial(small_cnn, 8, 2, 3), activations=500)
    before = torch.random.get_rng_state()
    whole = model.init(Streams.of(np.arange(4)), F64)
    assert torch.equal(before, torch.random.get_rng_state())
    part = model.init(Streams.of(np.arange(2, 4)), F64)
    for name, value in rows_of(whole, slice(2, 4)).items():
        assert torch.equal(value, part[name])
    assert not torch.equal(whole["1.weight"][0], whole["1.weight"][1])


def test_buffers_are_refused():
    model = Modules(lambda: torch.nn.BatchNorm1d(3), activations=3)
    with pytest.raises(ValueError, match="without buffers; got running_mean"):
        model.init(Streams.of(np.arange(2)), torch.float32)
