"""Laplace's approximation against scikit-learn, dense algebra and finite differences."""

import numpy as np
import pytest
import scipy.optimize
import scipy.special
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from sdtheory import gp

EPS = np.finfo(float).eps
LIKELIHOODS = [gp.BERNOULLI, gp.CONTINUOUS_BERNOULLI]
# A(f) - f = A(-f), as of every likelihood of labels zero and one: a Gaussian of variance one.
QUADRATIC = gp.Likelihood(
    "quadratic", lambda f: f**2 / 2 + f / 2, lambda f: f + 0.5, np.ones_like, np.zeros_like
)


def problem(rng, n=15, amplitude=4.0):
    x = rng.normal(size=(n, 2))
    kernel = amplitude * np.exp(-0.5 * ((x[:, None] - x) ** 2).sum(-1))
    return x, kernel, rng.uniform(size=n)


def test_published_values(six):
    fit = gp.laplace(six.kernel, six.y, gp.BERNOULLI)
    mode = [
        -0.833896724352979,
        -0.2360166742014802,
        0.3810679315523608,
        1.003664899870704,
        0.6272228036534891,
        -0.2561131601517239,
    ]
    np.testing.assert_allclose(fit.mode, mode, rtol=1e-12)
    assert fit.evidence == pytest.approx(-4.318943075704218, rel=1e-13)
    mean, variance = fit.latent(six.new, six.prior)
    np.testing.assert_allclose(mean, [0.8740671030086885, -0.399271760044557], rtol=1e-12)
    np.testing.assert_allclose(variance, [1.02722606529569, 1.756309208914905], rtol=1e-12)
    for average, want in (
        (gp.average_sigmoid, [0.6732729834298445, 0.4259022589546932]),
        (gp.average_sigmoid_by_erf, [0.6733048475122933, 0.4258960311723041]),
    ):
        np.testing.assert_allclose(average(mean, variance), want, rtol=1e-12)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("copies", [1.0, 3.0])
def test_the_mode_is_a_maximum(rng, likelihood, copies):
    _, kernel, y = problem(rng)
    sites, shift = rng.uniform(0, 2, 15), rng.normal(size=15)
    fit = gp.laplace(kernel, y, likelihood, copies=copies, sites=sites, shift=shift)
    # Stationary: the dual weights are the gradient of everything but the prior.
    gradient = copies * (y - likelihood.mean(fit.mode)) + shift - sites * fit.mode
    np.testing.assert_allclose(fit.mode, kernel @ gradient, rtol=0, atol=1e-13 * 15 * 4)
    root = np.linalg.cholesky(kernel)

    def loss(white):
        f = root @ white
        value = copies * np.sum(y * f - likelihood.log_partition(f)) + shift @ f
        return -(value - 0.5 * f @ (sites * f) - 0.5 * white @ white)

    found = scipy.optimize.minimize(loss, np.zeros(15), tol=1e-12)
    assert loss(np.linalg.solve(root, fit.mode)) <= found.fun + 1e-10
    np.testing.assert_allclose(root @ found.x, fit.mode, rtol=0, atol=1e-4)
    assert fit.iterations <= 12


def test_scikit_learn_agrees(rng):
    x, _, _ = problem(rng)
    y = (x[:, 0] + rng.normal(size=15) > 0).astype(float)
    formula = ConstantKernel(4.0) * RBF(1.3)
    peer = GaussianProcessClassifier(formula, optimizer=None).fit(x, y)
    fit = gp.laplace(formula(x), y, gp.BERNOULLI)
    assert fit.evidence == pytest.approx(peer.log_marginal_likelihood_value_, rel=1e-10)
    new = rng.normal(size=(5, 2))
    mean, variance = fit.latent(formula(new, x), np.full(5, 4.0))
    np.testing.assert_allclose(
        gp.average_sigmoid_by_erf(mean, variance), peer.predict_proba(new)[:, 1], atol=1e-9
    )


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_posterior_is_the_dense_one(rng, likelihood):
    x, kernel, y = problem(rng)
    sites = rng.uniform(0, 2, 15)
    fit = gp.laplace(kernel, y, likelihood, sites=sites, shift=rng.normal(size=15))
    new = rng.normal(size=(4, 2))
    cross = 4 * np.exp(-0.5 * ((new[:, None] - x) ** 2).sum(-1))
    prior = 4 * np.exp(-0.5 * ((new[:, None] - new) ** 2).sum(-1))
    precision = sites + likelihood.curvature(fit.mode)
    inner = np.linalg.inv(kernel + np.diag(1 / precision))
    want = prior - cross @ inner @ cross.T
    atol = 1e4 * EPS * np.linalg.cond(kernel + np.diag(1 / precision))
    np.testing.assert_allclose(fit.covariance(cross, prior), want, rtol=0, atol=atol)
    mean, variance = fit.latent(cross, np.diag(prior))
    np.testing.assert_allclose(variance, np.diag(want), rtol=0, atol=atol)
    np.testing.assert_allclose(mean, cross @ np.linalg.solve(kernel, fit.mode), rtol=1e-6)
    log_det = np.linalg.slogdet(np.eye(15) + kernel * precision)[1]
    assert fit.log_det == pytest.approx(log_det, rel=1e-12)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("copies", [1.0, 3.0])
def test_the_gradient_is_the_slope(rng, likelihood, copies):
    x, _, y = problem(rng)
    distances = ((x[:, None] - x) ** 2).sum(-1)

    def kernel(theta):
        matrix = np.exp(theta[0] - 0.5 * distances * np.exp(-2 * theta[1]))
        return matrix, np.stack([matrix, matrix * distances * np.exp(-2 * theta[1])])

    theta = np.array([1.2, 0.3])
    matrix, derivatives = kernel(theta)
    fit = gp.laplace(matrix, y, likelihood, copies=copies)
    got = gp.evidence_gradient(fit, matrix, derivatives, y, likelihood, copies)
    h = 1e-4
    for k in range(2):
        step = h * (np.arange(2) == k)
        above, below = (
            gp.laplace(kernel(theta + s * step)[0], y, likelihood, copies=copies).evidence
            for s in (1, -1)
        )
        # Truncation h**2 and rounding eps / h, times the size of the evidence.
        slack = (10 * h**2 + 100 * EPS / h) * (1 + abs(fit.evidence))
        assert abs(got[k] - (above - below) / (2 * h)) < slack


def test_derivatives_and_labels_of_another_size_are_refused(rng):
    _, kernel, y = problem(rng)
    fit = gp.laplace(kernel, y, gp.BERNOULLI)
    small = kernel[:-1, :-1]
    for matrix, derivatives, labels, message in (
        (kernel, small[None], y, "derivatives and fit must be of kernel"),
        (small, small[None], y[:-1], "derivatives and fit must be of kernel"),
        (kernel, kernel[None], y[:-1], "y and kernel must have the same length"),
    ):
        with pytest.raises(ValueError, match=message):
            gp.evidence_gradient(fit, matrix, derivatives, labels, gp.BERNOULLI)


@pytest.mark.parametrize("amplitude", [1e-8, 1.0, 1e6, 1e12])
def test_extreme_priors(rng, amplitude):
    _, kernel, y = problem(rng, amplitude=amplitude)
    for likelihood in LIKELIHOODS:
        fit = gp.laplace(kernel, np.round(y), likelihood)
        assert np.all(np.isfinite(fit.mode))
        assert np.all(np.sign(fit.mode) == np.sign(np.round(y) - 0.5)) or amplitude < 1e3
        gradient = likelihood.residual(np.round(y), fit.mode)
        size = np.abs(kernel).max() * np.abs(gradient).max() * 15
        np.testing.assert_allclose(fit.mode, kernel @ gradient, rtol=1e-8, atol=1e-10 * size)


def test_a_singular_kernel_and_conflicting_labels():
    fit = gp.laplace(np.ones((2, 2)), np.array([0.0, 1.0]), gp.BERNOULLI)
    np.testing.assert_allclose(fit.mode, [0.0, 0.0], atol=1e-15)


def test_labels_of_one_half_have_a_closed_form(rng):
    _, kernel, _ = problem(rng)
    fit = gp.laplace(kernel, np.full(15, 0.5), gp.CONTINUOUS_BERNOULLI)
    assert not fit.mode.any()
    log_det = np.linalg.slogdet(np.eye(15) + kernel / 12)[1]
    assert fit.evidence == pytest.approx(-0.5 * log_det, rel=1e-12)


def test_exchanging_the_classes_flips_the_latent(rng):
    _, kernel, y = problem(rng)
    for likelihood in LIKELIHOODS:
        one, other = (gp.laplace(kernel, v, likelihood).mode for v in (y, 1 - y))
        np.testing.assert_allclose(one, -other, rtol=0, atol=1e-13 * np.abs(one).max())


def test_too_few_steps_are_an_error(rng):
    _, kernel, y = problem(rng)
    with pytest.raises(ValueError, match="did not converge in 1 steps"):
        gp.laplace(kernel, y, gp.BERNOULLI, most=1)


def test_wrong_arguments_are_named(rng):
    _, kernel, y = problem(rng)
    fit = gp.laplace(kernel, y, gp.BERNOULLI)
    for new, prior, message in (
        (kernel[:, :3], np.ones(15), "new must have 15 columns"),
        (kernel, np.ones(3), "prior and new must have the same length"),
        (kernel, -np.ones(15), "prior must be at least 0"),
    ):
        with pytest.raises(ValueError, match=message):
            fit.latent(new, prior)
    with pytest.raises(ValueError, match="new must have 15 columns"):
        fit.covariance(kernel[:, :3], kernel)
    with pytest.raises(ValueError, match="kernel must be positive semi-definite"):
        gp.laplace(kernel - 2 * np.eye(15), y, gp.BERNOULLI)


def test_an_indefinite_kernel_is_named():
    with pytest.raises(ValueError, match="kernel must be positive semi-definite, got the least ei"):
        gp.data_centric_classification(-5.0 * np.eye(3), [0.0, 1.0, 1.0])


def test_a_quadratic_likelihood_is_gaussian_regression(rng):
    """One Newton step is exact, and a second one sees that nothing is left to do."""
    _, kernel, y = problem(rng)
    sites, shift = rng.uniform(0, 2, 15), rng.normal(size=15)
    options = {"copies": 3.0, "sites": sites, "shift": shift}
    fit = gp.laplace(kernel, y, QUADRATIC, most=2, **options)
    total = np.eye(15) + kernel * (sites + 3)
    mode = np.linalg.solve(total, kernel @ (3 * (y - 0.5) + shift))
    np.testing.assert_allclose(fit.mode, mode, rtol=0, atol=100 * EPS * np.abs(mode).max())
    assert fit.iterations == 2
    assert fit.fit == pytest.approx(3 * np.sum((y - 0.5) * mode - mode**2 / 2), rel=1e-12)
    quadratic = mode @ (3 * (y - 0.5 - mode) + shift - sites * mode)
    want = fit.fit - 0.5 * quadratic - 0.5 * np.linalg.slogdet(total)[1]
    assert fit.evidence == pytest.approx(want, rel=1e-12)
    with pytest.raises(ValueError, match="did not converge in 1 steps"):
        gp.laplace(kernel, y, QUADRATIC, most=1, **options)
    for off, steps in ((0.0, 1), (1e-7, 2)):  # a start so close is still left behind
        again = gp.laplace(kernel, y, QUADRATIC, most=steps, start=(1 + off) * fit.dual, **options)
        assert again.iterations == steps


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("scale", [0.1, 30.0, 1e3])
def test_the_mode_does_not_depend_on_the_start(rng, likelihood, scale):
    """Far away curvatures vanish: only halved steps come back from there."""
    _, kernel, y = problem(rng)
    sites, shift = rng.uniform(0, 2, 15) * (np.arange(15) % 2), 3 * rng.normal(size=15)
    options = {"copies": 2.0, "sites": sites, "shift": shift}
    want = gp.laplace(kernel, y, likelihood, **options).mode
    for sign in (1, -1):
        fit = gp.laplace(
            kernel, y, likelihood, start=sign * scale * rng.uniform(size=15), **options
        )
        atol = 15 * EPS * scale * np.abs(kernel).sum(axis=0).max()
        np.testing.assert_allclose(fit.mode, want, rtol=0, atol=1e-12 + atol)
        assert fit.iterations <= 12


@pytest.mark.parametrize("copies", [1e6, 1e9, 2.0**53])
def test_copies_scale_the_kernel(rng, copies):
    """Where the objective has lost the digits that the mode still has."""
    for _ in range(16):
        _, kernel, y = problem(rng)
        for labels in (y, np.round(y)):
            many = gp.laplace(kernel, labels, gp.BERNOULLI, copies=copies)
            scaled = gp.laplace(copies * kernel, labels, gp.BERNOULLI)
            atol = 2 * EPS * np.linalg.cond(kernel) * np.abs(scaled.mode).max()
            np.testing.assert_allclose(many.mode, scaled.mode, rtol=0, atol=atol)


def test_a_site_may_pull_more_than_labels_and_shift():
    """What of a large shift reaches a sample with a narrow prior outweighs both."""
    kernel, sites = np.array([[100.0, 9.0], [9.0, 1.0]]), np.array([0.0, 1e3])
    fit = gp.laplace(kernel, np.ones(2) / 2, gp.BERNOULLI, sites=sites, shift=np.array([500.0, 0]))
    # The first latent is so large that its label has the mean one: 500 + 1 / 2 - 1 pull at it.
    mean = scipy.special.expit
    other = scipy.optimize.brentq(lambda f: 9 * 499.5 + 0.5 - mean(f) - 1e3 * f - f, 0, 10)
    assert sites[1] * other > 500 + 1
    want = kernel @ [499.5, 0.5 - mean(other) - 1e3 * other]
    np.testing.assert_allclose(fit.mode, want, rtol=1e-10)


def test_samples_without_curvature_are_solved_too():
    """A label beyond one drives its latent to where the curvature underflows."""
    kernel, y = np.array([[1600.0, 300.0], [300.0, 900.0]]), np.array([1.5, 0.4])
    fit = gp.laplace(kernel, y, gp.BERNOULLI)
    assert fit.precision[0] < 1e-300
    # The first residual is 1.5 - 1 to all digits: one equation in the other latent is left.
    other = scipy.optimize.brentq(
        lambda f: 300 * 0.5 + 900 * (0.4 - scipy.special.expit(f)) - f, -10, 10, xtol=1e-14
    )
    dual = np.array([0.5, 0.4 - scipy.special.expit(other)])
    np.testing.assert_allclose(fit.mode, kernel @ dual, rtol=1e-12)
    np.testing.assert_allclose(fit.dual, dual, rtol=1e-11)
    assert fit.iterations <= 8


def test_no_new_points_and_narrow_priors(rng):
    _, kernel, y = problem(rng)
    fit = gp.laplace(kernel, y, gp.BERNOULLI)
    assert fit.covariance(np.zeros((0, 15)), np.zeros((0, 0))).shape == (0, 0)
    assert [part.shape for part in fit.latent(np.zeros((0, 15)), np.zeros(0))] == [(0,), (0,)]
    assert gp.evidence_gradient(fit, kernel, np.zeros((0, 15, 15)), y, gp.BERNOULLI).shape == (0,)
    # Far from the data the prior is left; where rounding leaves less than nothing, nothing.
    np.testing.assert_array_equal(fit.latent(np.zeros((2, 15)), np.array([0.0, 0.3]))[1], [0, 0.3])
    variance = fit.latent(kernel, np.zeros(15))[1]
    np.testing.assert_array_equal(variance, np.zeros(15))


@pytest.mark.parametrize(("asymmetry", "refused"), [(1e-9, False), (5e-8, True)])
def test_kernels_are_symmetric_to_the_root_of_rounding(asymmetry, refused):
    kernel = np.array([[2.0, 1.0 + asymmetry], [1.0, 2.0]])
    if refused:
        with pytest.raises(ValueError, match="kernel must be symmetric"):
            gp.laplace(kernel, np.array([1.0, 0.0]), gp.BERNOULLI)
    else:
        assert np.isfinite(gp.laplace(kernel, np.array([1.0, 0.0]), gp.BERNOULLI).evidence)
