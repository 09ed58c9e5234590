"""gpytorch models, distilled: against chains of exact models, fantasies and tempered bounds."""

import numpy as np
import pytest

from sdtheory import gp, kernel_ridge

torch = pytest.importorskip("torch")
gpytorch = pytest.importorskip("gpytorch")
# gpytorch itself warns of deprecations in the libraries below it.
# It also warns when a model is evaluated at its training inputs, which every chain does.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
    "ignore:The input matches the stored training data",
)

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def exact_model(x, y, likelihood, kernel=None):
    class Model(gpytorch.models.ExactGP):
        def __init__(self):
            super().__init__(x, y, likelihood)
            self.mean_module = gpytorch.means.ConstantMean()
            self.covar_module = kernel or gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())

        def forward(self, inputs):
            return gpytorch.distributions.MultivariateNormal(
                self.mean_module(inputs), self.covar_module(inputs)
            )

    model = Model().to(x)
    model.mean_module.initialize(constant=0.3)
    model.covar_module.initialize(outputscale=1.7)
    model.covar_module.base_kernel.initialize(lengthscale=0.8)
    model.eval()
    likelihood.eval()
    return model


def posterior(model, new):
    exact = (
        gpytorch.settings.fast_computations(False, False, False),
        gpytorch.settings.max_cholesky_size(10_000),
        torch.no_grad(),
    )
    with exact[0], exact[1], exact[2]:
        answer = model(new)
        return answer.mean.clone(), answer.covariance_matrix.clone()


@pytest.fixture(params=DEVICES)
def data(request, rng):
    def put(values):
        return torch.as_tensor(values, dtype=torch.float64, device=request.param)

    x = rng.uniform(-3, 3, size=(25, 1))
    y = np.sin(2 * x[:, 0]) + 0.3 * rng.normal(size=25)
    return put(x), put(y), put(np.linspace(-3, 3, 9)[:, None])


def common(x, noise=0.2):
    likelihood = gpytorch.likelihoods.GaussianLikelihood().to(x)
    likelihood.noise = noise
    return likelihood


def fixed(x, noise):
    return gpytorch.likelihoods.FixedNoiseGaussianLikelihood(noise=noise).to(x)


def agree(got, want):
    for one, other in ((got.mean, want[0]), (got.covariance_matrix, want[1])):
        np.testing.assert_allclose(one.cpu(), other.cpu(), rtol=0, atol=1e-8)


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("steps", [0, 1, 4])
def test_data_centric_chains_of_exact_models(data, rng, noisy, steps):
    from sdtheory.interop.gpytorch import self_distilled

    x, y, new = data
    noise = torch.as_tensor(rng.uniform(0.1, 0.5, 25)).to(x)

    def likelihood():
        return fixed(x, noise) if noisy else common(x)

    first = exact_model(x, y, likelihood())
    got = self_distilled(first, steps=steps, xi=0.7)(new)
    model, target = first, y
    for _ in range(steps):
        target = 0.7 * posterior(model, x)[0] + 0.3 * y
        model = exact_model(x, target, likelihood())
    agree(got, posterior(model, new))
    assert got.mean.device == x.device


@pytest.mark.parametrize("noisy", [False, True])
def test_distribution_centric_is_seeing_copies(data, rng, noisy):
    from sdtheory.interop.gpytorch import self_distilled

    x, y, new = data
    noise = torch.as_tensor(rng.uniform(0.1, 0.5, 25)).to(x)
    model = exact_model(x, y, fixed(x, noise) if noisy else common(x))
    got = self_distilled(model, method="distribution", steps=2)(new)
    copies = fixed(x, noise.repeat(3) if noisy else torch.full((75,), 0.2).to(x))
    agree(got, posterior(exact_model(x.repeat(3, 1), y.repeat(3), copies), new))


def deep_model(x, y):
    """Return an exact model whose kernel sees features of a network, in modules of any name."""

    class Model(gpytorch.models.ExactGP):
        def __init__(self):
            super().__init__(x, y, common(x))
            self.network = torch.nn.Sequential(torch.nn.Linear(1, 5), torch.nn.Tanh())
            self.trend = gpytorch.means.LinearMean(5)
            self.similarity = gpytorch.kernels.RBFKernel()

        def forward(self, inputs):
            features = self.network(inputs)
            return gpytorch.distributions.MultivariateNormal(
                self.trend(features), self.similarity(features)
            )

    torch.manual_seed(0)
    return Model().to(x).eval()


@pytest.mark.parametrize("flat", [False, True])
def test_the_prior_is_what_the_model_computes_from_its_inputs(data, flat):
    from sdtheory.interop.gpytorch import self_distilled

    x, y, new = (values[:, 0] if flat and values.ndim == 2 else values for values in data)
    model = deep_model(x, y)
    agree(self_distilled(model, steps=0)(new), posterior(model, new))
    agree(self_distilled(model, steps=0)(x), posterior(model, x))


def test_posteriors_on_fine_grids_are_singular_and_no_error(data):
    from sdtheory.interop.gpytorch import self_distilled

    x, y, _ = data
    model = exact_model(x, y, common(x))
    grid = torch.linspace(-3, 3, 200).to(x)[:, None]
    got = self_distilled(model, method="distribution", steps=5)(grid)
    assert torch.linalg.matrix_rank(got.covariance_matrix) < 100
    single = self_distilled(model, method="distribution", steps=5)(grid[:1])
    torch.testing.assert_close(got.variance[:1], single.variance)
    lower, upper = got.confidence_region()
    torch.testing.assert_close(upper - lower, 4 * got.variance.sqrt())


def test_several_outputs_and_batches_are_refused(data):
    from sdtheory.interop.gpytorch import self_distilled

    x, y, _ = data
    for inputs, targets in ((x, torch.stack([y, y], 1)), (x.expand(3, 25, 1), y.expand(3, 25))):
        with pytest.raises(ValueError, match=r"model must have inputs \(n, p\) and targets \(n,\)"):
            self_distilled(exact_model(inputs, targets, common(x)))
    with pytest.raises(ValueError, match="model must hold its training data"):
        self_distilled(exact_model(None, None, gpytorch.likelihoods.GaussianLikelihood()))


def test_a_lazy_kernel_is_distilled_by_products(data):
    from sdtheory.interop.gpytorch import product

    x, y, new = data
    kernel = gpytorch.kernels.RBFKernel().to(x)
    chain = kernel_ridge.distil(product(kernel(x)), y, 0.5, [1.0, 0.6], tolerance=1e-10)
    with torch.no_grad():
        dense, cross = kernel(x).to_dense(), kernel(new, x).to_dense()
    want = kernel_ridge.fit(dense, y).predict(cross, 0.5, [1.0, 0.6])
    assert chain.route == "lanczos"
    assert float((chain.predict(cross) - want).abs().max()) < 1e-8


def variational(x):
    class Model(gpytorch.models.ApproximateGP):
        def __init__(self):
            family = gpytorch.variational.CholeskyVariationalDistribution(len(x)).double()
            strategy = gpytorch.variational.UnwhitenedVariationalStrategy(
                self, x, family, learn_inducing_locations=False
            )
            super().__init__(strategy)
            self.mean_module = gpytorch.means.ZeroMean()
            self.covar_module = gpytorch.kernels.ScaleKernel(gpytorch.kernels.RBFKernel())

        def forward(self, inputs):
            return gpytorch.distributions.MultivariateNormal(
                self.mean_module(inputs), self.covar_module(inputs)
            )

    return Model().double()


def test_a_tempered_bound_is_that_of_copies(rng):
    from sdtheory.interop.gpytorch import LogitLikelihood

    x = torch.as_tensor(np.sort(rng.uniform(-3, 3, 12))[:, None])
    y = (x[:, 0].sin() > 0).double()
    likelihood = LogitLikelihood().double()
    model = variational(x)
    model.train()
    model(x)  # initialises the variational parameters
    with torch.no_grad():
        for parameter in model.variational_strategy.parameters():
            noise = torch.as_tensor(rng.normal(size=tuple(parameter.shape)))
            parameter.add_(0.1 * noise.tril() if parameter.ndim == 2 else noise)
    bound = gpytorch.mlls.VariationalELBO(likelihood, model, num_data=12, beta=1 / 3)
    with torch.no_grad():
        got = float(bound(model(x), y))
        answer, divergence = model(x), float(model.variational_strategy.kl_divergence())
    # The bound of three copies, per copy: expected log densities by Gauss-Hermite, prior once.
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    mean, deviation = (v.detach().numpy()[:, None] for v in (answer.mean, answer.stddev))
    latent = mean + deviation * nodes
    densities = gp.BERNOULLI.log_density(y.numpy()[:, None], latent) @ (weights / weights.sum())
    assert got == pytest.approx((3 * densities.sum() - divergence) / 36, rel=1e-5)


LIKELIHOODS = {
    "LogitLikelihood": gp.BERNOULLI,
    "ContinuousBernoulliLikelihood": gp.CONTINUOUS_BERNOULLI,
}


def optimised(model, likelihood, x, y, beta):
    """Maximise the bound, with `beta` in front of the divergence; return it, once a point."""
    model.train()
    bound = gpytorch.mlls.VariationalELBO(likelihood, model, num_data=len(x), beta=beta)
    optimiser = torch.optim.LBFGS(
        list(model.variational_strategy.parameters()),
        max_iter=300,
        line_search_fn="strong_wolfe",
        tolerance_grad=1e-9,
    )

    def closure():
        optimiser.zero_grad()
        loss = -bound(model(x), y)
        loss.backward()
        return loss

    optimiser.step(closure)
    return -float(closure().detach())


def soft_problem(rng, name, n=15):
    from sdtheory.interop import gpytorch as interop

    x = torch.as_tensor(np.sort(rng.uniform(-3, 3, n))[:, None])
    soft = 0.5 + 0.4 * torch.sin(x[:, 0])
    model = variational(x)
    model.covar_module.initialize(outputscale=2.0)
    model.covar_module.base_kernel.initialize(lengthscale=1.0)
    kernel = 2 * np.exp(-0.5 * (x.numpy() - x.numpy().T) ** 2)
    return x, soft, model, getattr(interop, name)().double(), kernel


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_variational_optimum_is_near_laplace(rng, name):
    """Another approximation of the same posterior: of copies with beta = 1 / t, of soft labels."""
    x, soft, model, likelihood, kernel = soft_problem(rng, name)
    for labels, copies in ((soft, 1), (soft.round(), 3)):
        bound = len(x) * copies * optimised(model, likelihood, x, labels, 1 / copies)
        fit = gp.laplace(kernel, labels.numpy(), LIKELIHOODS[name], copies=copies)
        mean, variance = fit.latent(kernel, np.full(15, 2.0))
        answer = model(x)
        assert np.abs(answer.mean.detach().numpy() - mean).max() < 0.2 * np.abs(mean).max()
        ratio = answer.variance.detach().numpy() / variance
        assert np.all((ratio > 0.7) & (ratio < 1.5))
        assert bound == pytest.approx(fit.evidence, abs=0.25)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_tempering_is_literal_duplication_of_soft_labels(rng, name):
    x, soft, model, likelihood, _ = soft_problem(rng, name)
    model.train()
    model(x)  # initialises the variational parameters
    with torch.no_grad():
        for parameter in model.variational_strategy.parameters():
            parameter.mul_(0.7)  # anywhere but at an optimum
            parameter[0] += 0.3
    parameters = list(model.variational_strategy.parameters())

    def tempered():
        return gpytorch.mlls.VariationalELBO(likelihood, model, 15, beta=1 / 3)(model(x), soft)

    def repeated():
        latent = model(x)  # a bound knows its marginals only
        thrice = gpytorch.distributions.MultivariateNormal(
            latent.mean.repeat(3), latent.variance.repeat(3).diag()
        )
        return gpytorch.mlls.VariationalELBO(likelihood, model, 45)(thrice, soft.repeat(3))

    assert float(repeated().detach()) == pytest.approx(float(tempered().detach()), rel=1e-13)
    pairs = (torch.autograd.grad(bound(), parameters) for bound in (repeated, tempered))
    for one, other in zip(*pairs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_the_continuous_bernoulli_is_accurate_everywhere():
    from sdtheory.interop.gpytorch import ContinuousBernoulliLikelihood

    f = np.concatenate([[0.0], np.geomspace(1e-9, 800.0, 60)])
    f = np.concatenate([-f[::-1], f])
    latent = torch.as_tensor(f).requires_grad_()
    distribution = ContinuousBernoulliLikelihood()(latent)
    density = distribution.log_prob(torch.full(f.shape, 0.3, dtype=torch.float64))
    want = gp.CONTINUOUS_BERNOULLI.log_density(np.full(f.shape, 0.3), f)
    np.testing.assert_allclose(density.detach(), want, rtol=1e-14, atol=1e-14)
    mean = gp.CONTINUOUS_BERNOULLI.mean(f)
    np.testing.assert_allclose(distribution.mean.detach(), mean, rtol=0, atol=1e-15)
    density.sum().backward()
    np.testing.assert_allclose(latent.grad, 0.3 - mean, rtol=0, atol=1e-13)


def test_wrong_arguments_are_named():
    from sdtheory.interop.gpytorch import self_distilled

    with pytest.raises(TypeError, match="model must be a gpytorch ExactGP"):
        self_distilled(torch.nn.Linear(1, 1))
