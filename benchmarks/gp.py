"""Gaussian processes: all rounds against refits of scikit-learn's and gpytorch's, and re-use."""

import warnings

import numpy as np
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from benchmarks.harness import Options, Row, Work, compare, growth
from sdtheory import gp

TOPIC = "gp"
KERNEL = ConstantKernel(4.0, "fixed") * RBF(1.0, "fixed")
NOISE = 0.3


def data(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return inputs (n, 3), real targets and classes."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 3))
    y = np.sin(x).sum(axis=1) + 0.5 * rng.normal(size=n)
    return x, y, (y > 0).astype(float)


def refitted(x: np.ndarray, y: np.ndarray, fits: int) -> np.ndarray:
    """Return the mean of a data-centric chain of scikit-learn's regressors."""
    target = y
    for _ in range(fits):
        model = GaussianProcessRegressor(KERNEL, alpha=NOISE, optimizer=None)
        target = model.fit(x, target).predict(x)
    return target


def with_gpytorch(x: np.ndarray, y: np.ndarray, fits: int) -> np.ndarray:
    """Return the same of gpytorch's exact models, by Cholesky factors."""
    import gpytorch
    import torch

    class Model(gpytorch.models.ExactGP):
        def __init__(self, inputs: torch.Tensor, target: torch.Tensor) -> None:
            likelihood = gpytorch.likelihoods.GaussianLikelihood().double()
            likelihood.noise = NOISE
            super().__init__(inputs, target, likelihood)
            self.mean_module = gpytorch.means.ZeroMean()
            kernel = gpytorch.kernels.RBFKernel()
            self.covar_module = gpytorch.kernels.ScaleKernel(kernel).double()
            self.covar_module.outputscale, kernel.lengthscale = 4.0, 1.0

        def forward(self, inputs: torch.Tensor) -> gpytorch.distributions.MultivariateNormal:
            return gpytorch.distributions.MultivariateNormal(
                self.mean_module(inputs), self.covar_module(inputs)
            )

    inputs, target = torch.as_tensor(x), torch.as_tensor(y)
    exact = gpytorch.settings.fast_computations(False, False, False)
    with torch.no_grad(), exact, gpytorch.settings.skip_posterior_variances(), \
            warnings.catch_warnings():  # fmt: skip
        warnings.simplefilter("ignore")  # of libraries below, and of predictions at training inputs
        for _ in range(fits):
            target = Model(inputs, target).eval()(inputs).mean
    return target.numpy()


def rows(options: Options) -> list[Row]:
    return [*regression(options), *classification(options), *growths(options)]


def regression(options: Options) -> list[Row]:
    x, y, _ = data(options.pick(30, 1000))
    fits = options.pick(1, 3)

    def ours() -> np.ndarray:
        kernel = KERNEL(x)
        return gp.data_centric(kernel, y, NOISE, steps=19).mean(kernel)

    for peer in (refitted, with_gpytorch):
        kernel = KERNEL(x)
        gap = gp.data_centric(kernel, y, NOISE, steps=fits - 1).mean(kernel) - peer(x, y, fits)
        # gpytorch rounds the parameters that it is given to float32.
        assert np.abs(gap).max() < 1e-6, f"{peer.__name__} computes something else"
    return [
        compare(
            TOPIC, f"posterior mean after 20 fits, n = {len(x)}", ours,
            lambda peer=peer: peer(x, y, fits), options, against=name, scale=20 / fits,
            rounds=3, wanted=wanted,
        )
        for name, peer, wanted in (
            ("GaussianProcessRegressor refits", refitted, 1.0),
            ("gpytorch ExactGP refits", with_gpytorch, 1.0),
        )
    ]  # fmt: skip


def classification(options: Options) -> list[Row]:
    x, _, labels = data(options.pick(30, 400))
    kernel, fits = KERNEL(x), options.pick(2, 20)
    reuse = gp.distribution_centric_classification

    def sequential() -> object:
        return reuse(kernel, labels, steps=fits - 1, reuse="sequential")

    return [
        compare(
            TOPIC, f"{fits} fits of sequential re-use, n = {len(x)}", sequential,
            lambda: [gp.laplace(kernel, labels, gp.BERNOULLI) for _ in range(fits)], options,
            against=f"{fits} plain Laplace fits", kind="limit", wanted=1.0, rounds=3,
        ),
        compare(
            TOPIC, f"{fits} fits of sequential re-use, n = {len(x)}", sequential,
            lambda: GaussianProcessClassifier(KERNEL, optimizer=None).fit(x, labels), options,
            against=f"{fits} GaussianProcessClassifier fits", scale=fits, rounds=3,
        ),
    ]  # fmt: skip


def growths(options: Options) -> list[Row]:
    def chain(n: int, steps: int = 19) -> Work:
        x, y, _ = data(n)
        kernel = KERNEL(x)
        return lambda: gp.data_centric(kernel, y, NOISE, steps=steps).mean(kernel)

    def sequential(steps: int) -> Work:
        x, _, labels = data(100)
        kernel = KERNEL(x)
        return lambda: gp.distribution_centric_classification(
            kernel, labels, steps=steps, reuse="sequential"
        )

    return [
        growth(TOPIC, "posterior mean after 20 fits", "samples", (250, 500, 1000), chain, options,
               wanted=3.2),
        growth(TOPIC, "posterior mean, n = 300", "rounds", (10, 100, 1000),
               lambda steps: chain(300, steps), options, wanted=1.1),
        growth(TOPIC, "fits of sequential re-use, n = 100", "rounds", (5, 20, 80), sequential,
               options, wanted=1.1),
    ]  # fmt: skip
