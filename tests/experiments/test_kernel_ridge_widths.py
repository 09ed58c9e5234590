"""The tangent kernel against automatic differentiation, and a smoke run of each experiment."""

import numpy as np
import pytest
import torch

from experiments import (
    gp_timing,
    kernel_ridge_cheap_weight,
    kernel_ridge_cheap_weight_cnn,
    kernel_ridge_widths,
)
from experiments.engine import MLP, Streams
from experiments.registry import Task


def smoke(module):
    experiment = module.EXPERIMENT
    config = next(iter(experiment.tasks(experiment.presets["smoke"])))
    return experiment.run(Task(experiment.name, experiment.version, config), torch.device("cpu"))


def test_tangent_kernel_is_that_of_the_gradients():
    streams = Streams.of([3, 4], "cpu")
    model = MLP((2, 7, 1), "tanh", "ntk")
    params = model.init(streams, torch.float64)
    params["bias0"] = 0.3 * streams.normal("bias0", 7, dtype=torch.float64)
    x = np.random.default_rng(0).normal(size=(5, 2))
    got = kernel_ridge_widths.tangent_kernel(params, x, x)
    for run in range(2):
        own = {k: v[run : run + 1].clone() for k, v in params.items()}
        leaves = {k: v.requires_grad_() for k, v in own.items() if k != "fan_in"}
        outputs = model(own, torch.as_tensor(x))[0, :, 0]
        rows = []
        for value in outputs:
            gradient = torch.autograd.grad(value, list(leaves.values()), retain_graph=True)
            rows.append(torch.cat([g.reshape(-1) for g in gradient]))
        jacobian = torch.stack(rows)
        np.testing.assert_allclose(got[run], (jacobian @ jacobian.T).numpy(), rtol=1e-12)


def test_wide_networks_are_nearer_to_the_prediction():
    result = smoke(kernel_ridge_widths)
    assert result["deviation"].shape == result["effect"].shape == (4, 2)
    assert np.all(result["deviation"] < 1)
    assert np.all(result["effect"][1:] > 0.05)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("module", [kernel_ridge_cheap_weight, kernel_ridge_cheap_weight_cnn])
def test_cheap_weights_run(module):
    result = smoke(module)
    # A mixture with weight zero is the teacher, and so is the student of the labels.
    np.testing.assert_allclose(result["mixed"][0, 0], result["teacher"], rtol=1e-5)
    np.testing.assert_allclose(result["grid"][0], result["teacher"], rtol=1e-4)
    assert result["xi"].shape == result["chosen"].shape == (2, 2)


def test_timings_are_positive():
    result = smoke(gp_timing)
    assert result["seconds"].shape == (3, 2, 1)
    assert np.all(result["seconds"] > 0)
