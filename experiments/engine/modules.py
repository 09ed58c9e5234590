"""Stacks of any ``torch.nn.Module``, through ``torch.func``, and a small convolutional network.

The fully connected models of `models` are written as batched matrix products, which is faster.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from experiments.engine.parameters import Params
from experiments.engine.streams import Streams

__all__ = ["Modules", "small_cnn"]


def small_cnn(side: int, channels: int, outputs: int) -> nn.Module:
    """Return two convolutions of stride 2 and a linear layer, for square images given as rows.

    Strides rather than pooling: the gradient of maximum pooling is not deterministic on CUDA.

    Parameters
    ----------
    side : int
        Pixels along an edge, divisible by 4; an input row has ``side**2`` entries.
    channels : int
        Channels after the first convolution; the second has twice as many.
    outputs : int
        Number of outputs.
    """
    return nn.Sequential(
        nn.Unflatten(1, (1, side, side)),
        nn.Conv2d(1, channels, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(2 * channels * (side // 4) ** 2, outputs),
    )


@dataclass(frozen=True, slots=True)
class Modules:
    """A stack of equal modules with parameters of their own.

    Attributes
    ----------
    factory : callable
        Makes one module; its own initialisation is used, seeded by each run's stream.  The module
        maps ``(n, ...)`` to ``(n, outputs)``, has no buffers and no randomness in its forward pass.
    activations : int
        Numbers kept for one sample in a forward pass, to plan memory.
    input_dimensions : int
        Axes of a shared input.
    """

    factory: Callable[[], nn.Module]
    activations: int
    input_dimensions: int = 2
    frozen: tuple[str, ...] = ()

    def rows(self, _: slice, /) -> "Modules":
        """Return the same model: nothing in it belongs to one run."""
        return self

    def init(self, streams: Streams, dtype: torch.dtype) -> Params:
        """Return the parameters that the factory draws for every run."""
        modules = []
        with torch.random.fork_rng(devices=[]):
            for key in streams.child("module").keys.tolist():
                torch.default_generator.manual_seed(key)
                modules.append(self.factory().to(dtype))
        params, buffers = torch.func.stack_module_state(modules)
        if buffers:
            names = ", ".join(buffers)
            raise ValueError(f"factory must make modules without buffers; got {names}")
        device = streams.keys.device
        return {name: value.detach().to(device) for name, value in params.items()}

    def __call__(self, params: Params, x: Tensor) -> Tensor:
        """Return the outputs of every run."""
        with torch.device("meta"):
            skeleton = self.factory()

        def forward(single: Params, inputs: Tensor) -> Tensor:
            outputs: Tensor = torch.func.functional_call(skeleton, single, (inputs,))
            return outputs

        own = 0 if x.ndim > self.input_dimensions else None
        stacked: Tensor = torch.vmap(forward, in_dims=(0, own))(params, x)
        return stacked
