"""Stacked architectures: a model maps stacked parameters and inputs to outputs of every run.

Inputs have shape ``(n, features)``, shared by all runs, or ``(runs, n, features)``; outputs always
have shape ``(runs, n, outputs)``.  A linear probe with softmax is `Linear` trained with
`losses.cross_entropy`.  Convolutional networks and any ``torch.nn.Module`` are in `modules`.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from experiments.engine.parameters import Params
from experiments.engine.streams import Streams

__all__ = ["MLP", "Activation", "Linear", "Model", "Parametrisation", "affine"]

Activation = Literal["relu", "tanh"]
Parametrisation = Literal["standard", "ntk"]
ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh}
GAINS = {"relu": math.sqrt(2.0), "tanh": 1.0}  # keep the size of activations from layer to layer


class Model(Protocol):
    """What the training functions need of an architecture."""

    @property
    def frozen(self) -> tuple[str, ...]:
        """Names of entries of the parameters that are never trained."""

    @property
    def input_dimensions(self) -> int:
        """Number of axes of the inputs shared by all runs; per-run inputs have one more."""

    @property
    def activations(self) -> int:
        """Numbers kept for one sample of one run in a forward pass, to plan memory."""

    def rows(self, rows: slice, /) -> "Model":
        """Return the model of some runs."""

    def init(self, streams: Streams, dtype: torch.dtype) -> Params:
        """Draw the parameters of every run from its own stream."""

    def __call__(self, params: Params, x: Tensor) -> Tensor:
        """Return the outputs, shape ``(runs, n, outputs)``."""


def affine(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``x @ weight + bias`` for every run.

    With shared inputs the weights of all runs stand side by side in one matrix product, which is
    much faster than a batch of small ones.

    Parameters
    ----------
    x : Tensor, shape (n, features) or (runs, n, features)
        Inputs.
    weight : Tensor, shape (runs, features, outputs)
        Weights.
    bias : Tensor, shape (runs, outputs), optional
        Biases.
    """
    if x.ndim == 2:
        runs, features, outputs = weight.shape
        wide = x @ weight.transpose(0, 1).reshape(features, runs * outputs)
        product = wide.view(len(x), runs, outputs).transpose(0, 1)
    else:
        product = torch.bmm(x, weight)
    return product if bias is None else product + bias[:, None, :]


@dataclass(frozen=True, slots=True)
class Linear:
    """Outputs linear in the inputs; starts at zero unless a scale is given.

    Attributes
    ----------
    features, outputs : int
        Sizes.
    bias : bool
        Whether there is an intercept.
    scale : float
        Standard deviation of the initial weights times ``sqrt(features)``.
    """

    features: int
    outputs: int
    bias: bool = False
    scale: float = 0.0
    frozen: tuple[str, ...] = ()

    @property
    def input_dimensions(self) -> int:
        """Inputs are vectors."""
        return 2

    @property
    def activations(self) -> int:
        """The outputs alone."""
        return self.outputs

    def rows(self, _: slice, /) -> "Linear":
        """Return the same model: nothing in it belongs to one run."""
        return self

    def init(self, streams: Streams, dtype: torch.dtype) -> Params:
        """Draw the weights; the intercept starts at zero."""
        weight = streams.normal("weight", self.features, self.outputs, dtype=dtype)
        params = {"weight": weight * (self.scale / math.sqrt(self.features))}
        if self.bias:
            params["bias"] = weight.new_zeros(streams.runs, self.outputs)
        return params

    def __call__(self, params: Params, x: Tensor) -> Tensor:
        """Return ``x @ weight + bias``."""
        return affine(x, params["weight"], params.get("bias"))


@dataclass(frozen=True, slots=True)
class MLP:
    """A fully connected network.

    Standard parametrisation: weights of variance gain^2 / fan-in.  NTK parametrisation: weights of
    variance 1, each layer divided by ``sqrt(fan-in)``, so that the width does not change the size
    of a gradient step in function space.

    Attributes
    ----------
    sizes : tuple of int
        Inputs, hidden layers, outputs.
    activation : {"relu", "tanh"}
        Nonlinearity after each hidden layer.
    parametrisation : {"standard", "ntk"}
        See above.
    bias : bool
        Whether layers have biases; they start at zero.
    widths : array of int, shape (runs,), optional
        Active hidden units of each run, at most the hidden size.  The others start, and under any
        gradient method with or without weight decay stay, at zero: runs of different widths train
        as one batch.
    """

    sizes: tuple[int, ...]
    activation: Activation = "relu"
    parametrisation: Parametrisation = "standard"
    bias: bool = True
    widths: np.ndarray | None = None
    frozen: tuple[str, ...] = ("fan_in",)

    @property
    def input_dimensions(self) -> int:
        """Inputs are vectors."""
        return 2

    @property
    def activations(self) -> int:
        """Before and after each nonlinearity, and the outputs."""
        return 2 * sum(self.sizes[1:-1]) + self.sizes[-1]

    def rows(self, rows: slice, /) -> "MLP":
        """Return the model of some runs."""
        return self if self.widths is None else replace(self, widths=self.widths[rows])

    def init(self, streams: Streams, dtype: torch.dtype) -> Params:
        """Draw the weights; column ``fan_in`` holds each layer's active inputs."""
        device = streams.keys.device
        layers = len(self.sizes) - 1
        active = torch.tensor(self.sizes, device=device).repeat(streams.runs, 1)
        if self.widths is not None:
            active[:, 1:-1] = torch.as_tensor(self.widths, device=device)[:, None]
        params: Params = {"fan_in": active[:, :-1].to(dtype)}
        gain = GAINS[self.activation]
        for layer, (fan_in, fan_out) in enumerate(zip(self.sizes, self.sizes[1:], strict=False)):
            weight = streams.normal(f"weight{layer}", fan_in, fan_out, dtype=dtype)
            if self.parametrisation == "standard":
                # The outputs are read off linearly, so the last layer needs no gain.
                size = gain if layer < layers - 1 else 1.0
                weight = weight * (size / params["fan_in"][:, layer, None, None].sqrt())
            used_in = torch.arange(fan_in, device=device) < active[:, layer, None]
            used_out = torch.arange(fan_out, device=device) < active[:, layer + 1, None]
            params[f"weight{layer}"] = weight * (used_in[:, :, None] & used_out[:, None, :])
            if self.bias:
                params[f"bias{layer}"] = weight.new_zeros(streams.runs, fan_out)
        return params

    def __call__(self, params: Params, x: Tensor) -> Tensor:
        """Return the outputs."""
        last = len(self.sizes) - 2
        for layer in range(last + 1):
            weight = params[f"weight{layer}"]
            if self.parametrisation == "ntk":
                weight = weight / params["fan_in"][:, layer, None, None].sqrt()
            x = affine(x, weight, params.get(f"bias{layer}"))
            if layer < last:
                x = ACTIVATIONS[self.activation](x)
        return x
