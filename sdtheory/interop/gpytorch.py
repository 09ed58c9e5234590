"""Self-distilled processes from fitted gpytorch models, and kernels that are never formed.

The adapter reads kernel, mean, noise and data off an exact model, computes with `sdtheory.gp` on
the model's device and in its dtype, and answers with gpytorch's own distributions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gpytorch
import torch
from linear_operator import to_linear_operator

from sdtheory import _checks, gp
from sdtheory.gp.continuous_bernoulli import BERNOULLI, NEAR

__all__ = [
    "ContinuousBernoulliLikelihood",
    "LogitLikelihood",
    "SelfDistilled",
    "product",
    "self_distilled",
]


SERIES: list[float] = BERNOULLI.tolist()


@dataclass(frozen=True, slots=True)
class SelfDistilled:
    """A self-distilled exact model; call it with inputs, as a gpytorch model in evaluation mode."""

    process: gp.GaussianProcess
    """The posterior of the residuals from the prior mean."""
    model: gpytorch.models.ExactGP
    """The fitted model that it was made from."""
    inputs: torch.Tensor
    """Training inputs (n, p)."""

    def __call__(self, x: torch.Tensor) -> gpytorch.distributions.MultivariateNormal:
        """Return the posterior at inputs (m, p), or (m,) for one feature, as a multivariate normal.

        Its covariance may be singular, as on a fine grid it is.
        """
        x, n = (x[:, None] if x.ndim == 1 else x), len(self.inputs)
        with torch.no_grad():
            # What the model does to its inputs, such as a network's features, is in `forward`.
            joint = self.model.forward(torch.cat([self.inputs, x]))
            prior = joint.lazy_covariance_matrix  # only these two blocks of it are computed
            cross, own = prior[n:, :n].to_dense(), prior[n:, n:].to_dense()
            mean = joint.mean[n:] + self.process.mean(cross)
            covariance = to_linear_operator(self.process.covariance(cross, own))
        return gpytorch.distributions.MultivariateNormal(mean, covariance)


def self_distilled(
    model: gpytorch.models.ExactGP,
    *,
    method: str = "data",
    steps: int = 1,
    xi: Any = 1.0,
) -> SelfDistilled:
    """Return a self-distilled model from a fitted exact one, with its kernel, mean and noise.

    Parameters
    ----------
    model : gpytorch.models.ExactGP
        In evaluation mode if that matters to its `forward`; with one output, and a Gaussian
        likelihood with common or fixed noise. Use float64: distilled filters ask for more digits
        than float32 has.
    method : {"data", "distribution"}
        Whether the mean is handed on as data, or the posterior as prior.
    steps : int
        Rounds after the teacher; 0 gives the model's own posterior.
    xi : float or sequence (steps,)
        Weight on the teacher's mean (method "data").

    Returns
    -------
    SelfDistilled

    Examples
    --------
    >>> class Model(gpytorch.models.ExactGP):
    ...     def __init__(self, x, y):
    ...         super().__init__(x, y, gpytorch.likelihoods.GaussianLikelihood())
    ...         self.mean_module = gpytorch.means.ZeroMean()
    ...         self.covar_module = gpytorch.kernels.RBFKernel()
    ...     def forward(self, x):
    ...         return gpytorch.distributions.MultivariateNormal(
    ...             self.mean_module(x), self.covar_module(x)
    ...         )
    >>> x = torch.linspace(0.0, 1.0, 5, dtype=torch.float64)[:, None]
    >>> model = Model(x, torch.sin(x[:, 0])).double()
    >>> once, often = (self_distilled(model, steps=steps) for steps in (1, 10))
    >>> bool((often(x).mean.abs() < once(x).mean.abs()).all())  # rounds shrink
    True
    """
    _checks.choice("method", method, ("data", "distribution"))
    steps = _checks.integer("steps", steps)
    if not isinstance(model, gpytorch.models.ExactGP):
        raise TypeError(f"model must be a gpytorch ExactGP, got {type(model).__name__}")
    if model.train_inputs is None or model.train_targets is None:
        raise ValueError("model must hold its training data, got None")
    shapes = [tuple(data.shape) for data in (*model.train_inputs, model.train_targets)]
    if [len(shape) for shape in shapes] != [2, 1]:
        raise ValueError(
            "model must have inputs (n, p) and targets (n,): one output and no batches, got "
            f"shapes {shapes}"
        )
    (inputs,) = model.train_inputs
    with torch.no_grad():
        prior = model.forward(inputs)
        targets = model.train_targets - prior.mean
        kernel = prior.covariance_matrix
        noise = model.likelihood.noise.detach()
    levels = None if noise.numel() == 1 else noise
    level = float(noise) if levels is None else 1.0
    if method == "data":
        process = gp.data_centric(kernel, targets, level, xi=xi, steps=steps, levels=levels)
    elif levels is None:
        process = gp.distribution_centric(kernel, targets, level, steps=steps)
    else:
        process = gp.distribution_centric(kernel, targets, levels.repeat(steps + 1, 1))
    return SelfDistilled(process, model, inputs)


def product(kernel: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return v -> kernel @ v of a lazy kernel, for `sdtheory.kernel_ridge.distil`.

    `kernel` is what a gpytorch kernel returns for its inputs, or any linear operator; it is never
    turned into a matrix.

    >>> x = torch.tensor([[0.0], [0.0]])
    >>> product(gpytorch.kernels.RBFKernel()(x))(torch.tensor([1.0, 2.0]))
    tensor([3., 3.])
    """

    def multiply(vector: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return kernel @ vector  # type: ignore[no-any-return]

    return multiply


class LogitLikelihood(gpytorch.likelihoods._OneDimensionalLikelihood):  # type: ignore[misc]
    """Bernoulli's likelihood in the logit, of labels in [0, 1]; gpytorch's own is a probit.

    With it, `VariationalELBO(..., beta=1 / t)` is the bound of t copies of the data: the
    variational counterpart of duplicated re-use.

    >>> likelihood = LogitLikelihood()
    >>> likelihood.forward(torch.tensor([0.0])).probs
    tensor([0.5000])
    """

    def forward(
        self, function_samples: torch.Tensor, *args: Any, **kwargs: Any
    ) -> torch.distributions.Bernoulli:
        """Return the conditional distribution of the labels."""
        del args, kwargs
        # Soft labels are no outcomes of it, but their log density y f - A(f) is what is wanted.
        return torch.distributions.Bernoulli(logits=function_samples, validate_args=False)


class ContinuousBernoulliLikelihood(gpytorch.likelihoods._OneDimensionalLikelihood):  # type: ignore[misc]
    """The continuous Bernoulli likelihood of soft labels, in the logit.

    PyTorch's own distribution clamps probabilities, and is wrong for logits beyond about 25.

    >>> likelihood = ContinuousBernoulliLikelihood()
    >>> likelihood.forward(torch.tensor([0.0, 50.0])).mean
    tensor([0.5000, 0.9800])
    """

    def forward(
        self, function_samples: torch.Tensor, *args: Any, **kwargs: Any
    ) -> torch.distributions.Distribution:
        """Return the conditional distribution of the labels."""
        del args, kwargs
        return _ContinuousBernoulli(function_samples)


class _ContinuousBernoulli(torch.distributions.Distribution):
    """The continuous Bernoulli distribution, as far as a bound needs it."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__(logits.shape, validate_args=False)
        self.logits = logits

    @property
    def mean(self) -> torch.Tensor:
        """The mean A'(f)."""
        near, far = _split(self.logits)
        beyond = 1.0 / -torch.expm1(-far) - 1.0 / far
        return torch.where(self.logits.abs() < NEAR, 0.5 + near * _series(near, SERIES), beyond)

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """Return f y - A(f)."""
        near, far = _split(self.logits)
        powers = [c / (2 * k + 2) for k, c in enumerate(SERIES)]
        series = near / 2 + near**2 * _series(near, powers)
        x = far.abs()
        beyond = far.clamp(min=0.0) + torch.log(-torch.expm1(-x)) - torch.log(x)
        partition = torch.where(self.logits.abs() < NEAR, series, beyond)
        return self.logits * value - partition


def _split(f: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return f near zero and f elsewhere, each with a rest that no gradient minds."""
    inside = f.abs() < NEAR
    return torch.where(inside, f, 0.0), torch.where(inside, NEAR, f)


def _series(f: torch.Tensor, coefficients: Sequence[float]) -> torch.Tensor:
    square, total = f * f, torch.zeros_like(f)
    for c in reversed(coefficients):
        total = total * square + c
    return total
