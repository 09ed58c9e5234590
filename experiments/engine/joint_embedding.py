"""Deep linear encoder and predictor: JEPA (target in embedding space) and MAE (target the data).

Encoder ``E = W_L ... W_1``, predictor ``V``.  JEPA minimises ``|V E x - T y|^2 / 2`` where the
target encoder ``T`` is the encoder behind a stop-gradient, or its moving average; MAE minimises
``|V E x - y|^2 / 2``.  Both exist with the population moments (gradient descent then follows the
exact flow) and with fresh samples.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from experiments.engine.parameters import Params, PerRun, column
from experiments.engine.streams import Streams
from experiments.engine.training import Objective, Step

__all__ = ["DeepLinear", "Moments", "Target", "jepa", "mae", "sampled_jepa", "sampled_mae"]

Target = Literal["stop_gradient", "average"]
Sampler = Callable[[int], tuple[Tensor, Tensor]]  # step -> x, y, each (runs, batch, features)


@dataclass(frozen=True, slots=True)
class DeepLinear:
    """Shapes of the encoder and the predictor, and their initialisations.

    Attributes
    ----------
    features : int
        Size of x and of y.
    width : int
        Width of every encoder layer's output, the embedding included.
    depth : int
        Number of encoder layers L.
    objective : {"jepa", "mae"}
        Decides the predictor's output: an embedding, or the data.
    """

    features: int
    width: int
    depth: int
    objective: Literal["jepa", "mae"] = "jepa"

    @property
    def predicted(self) -> int:
        """Number of rows of the predictor."""
        return self.width if self.objective == "jepa" else self.features

    def aligned(self, streams: Streams, scale: PerRun, dtype: torch.dtype) -> Params:
        """Return balanced layers ``b U_a`` with random (semi-)orthogonal U_a, ``b = scale**(1/L)``.

        The predictor is ``b I`` for JEPA and ``b (U_L ... U_1)^T`` for MAE, so that the flow
        decouples in whatever basis the moments share.  ``width`` must be at least ``features``.
        """
        if self.width < self.features:
            sizes = f"width {self.width} and features {self.features}"
            raise ValueError(f"aligned layers need width >= features; got {sizes}")
        params: Params = {}
        product = None
        for layer in range(self.depth):
            fan_in = self.features if layer == 0 else self.width
            draw = streams.normal(f"encoder{layer}", self.width, fan_in, dtype=dtype)
            factor, triangle = torch.linalg.qr(draw)
            # The signs make the factor uniformly distributed, and unique.
            factor = factor * torch.diagonal(triangle, dim1=1, dim2=2).sign()[:, None, :]
            product = factor if product is None else factor @ product
            params[f"encoder{layer}"] = factor
        assert product is not None
        size = (column(scale, product) ** (1.0 / self.depth))[:, :, None]
        params = {name: size * value for name, value in params.items()}
        identity = torch.eye(self.width, dtype=dtype, device=product.device)
        core = identity.expand(streams.runs, -1, -1) if self.objective == "jepa" else product.mT
        return params | {"predictor": size * core}

    def gaussian(
        self, streams: Streams, scale: PerRun, dtype: torch.dtype, *, predictor: PerRun
    ) -> Params:
        """Return independent normal layers of variance ``scale**(2/L) / fan-in``.

        The predictor is ``predictor`` times the identity where it is square, and normal with
        standard deviation ``predictor / sqrt(fan-in)`` where it is not.
        """
        params: Params = {}
        for layer in range(self.depth):
            fan_in = self.features if layer == 0 else self.width
            draw = streams.normal(f"encoder{layer}", self.width, fan_in, dtype=dtype)
            size = column(scale, draw) ** (1.0 / self.depth) / fan_in**0.5
            params[f"encoder{layer}"] = size[:, :, None] * draw
        if self.predicted == self.width:
            identity = torch.eye(self.width, dtype=dtype, device=streams.keys.device)
            head = identity.expand(streams.runs, -1, -1)
        else:
            head = streams.normal("predictor", self.predicted, self.width, dtype=dtype)
            head = head / self.width**0.5
        return params | {"predictor": column(predictor, head)[:, :, None] * head}


def encoder(params: Params) -> Tensor:
    """Return the product of the encoder's layers, shape ``(runs, width, features)``."""
    product = params["encoder0"]
    for layer in range(1, sum(name.startswith("encoder") for name in params)):
        product = params[f"encoder{layer}"] @ product
    return product


def target_encoder(params: Params, step: Step, target: Target) -> Tensor:
    """Return the encoder of the target branch, without gradient."""
    if target == "stop_gradient":
        return encoder(params).detach()
    if step.average is None:
        raise ValueError("target 'average' needs a moving average: pass average= to the training")
    return encoder(step.average)


@dataclass(frozen=True, slots=True)
class Moments:
    """Second moments of a pair (x, y), shared by all runs or one set a run.

    Attributes
    ----------
    xx, yx, yy : Tensor, shape (features, features) or (runs, features, features)
        E x x^T, E y x^T and E y y^T.
    """

    xx: Tensor
    yx: Tensor
    yy: Tensor


def quadratic(forward: Tensor, target: Tensor, moments: Moments) -> Tensor:
    """Return ``E |forward x - target y|^2 / 2`` from the moments, shape ``(runs,)``."""
    own = (forward @ moments.xx * forward).sum(dim=(1, 2))
    cross = (target @ moments.yx * forward).sum(dim=(1, 2))
    const = (target @ moments.yy * target).sum(dim=(1, 2))
    return 0.5 * (own + const) - cross


def jepa(moments: Moments, target: Target = "stop_gradient") -> Objective:
    """Return the population JEPA objective."""

    def objective(params: Params, step: Step) -> Tensor:
        forward = params["predictor"] @ encoder(params)
        return quadratic(forward, target_encoder(params, step, target), moments)

    return objective


def mae(moments: Moments) -> Objective:
    """Return the population MAE objective."""

    def objective(params: Params, _: Step) -> Tensor:
        forward = params["predictor"] @ encoder(params)
        identity = torch.eye(forward.shape[1], dtype=forward.dtype, device=forward.device)
        return quadratic(forward, identity.expand(len(forward), -1, -1), moments)

    return objective


def sampled_jepa(sample: Sampler, target: Target = "stop_gradient") -> Objective:
    """Return the JEPA objective on the batch that ``sample(step)`` draws."""

    def objective(params: Params, step: Step) -> Tensor:
        x, y = sample(step.index)
        forward = params["predictor"] @ encoder(params)
        wanted = y @ target_encoder(params, step, target).mT
        return 0.5 * (x @ forward.mT - wanted).square().sum(dim=2).mean(dim=1)

    return objective


def sampled_mae(sample: Sampler) -> Objective:
    """Return the MAE objective on the batch that ``sample(step)`` draws."""

    def objective(params: Params, step: Step) -> Tensor:
        x, y = sample(step.index)
        forward = params["predictor"] @ encoder(params)
        return 0.5 * (x @ forward.mT - y).square().sum(dim=2).mean(dim=1)

    return objective
