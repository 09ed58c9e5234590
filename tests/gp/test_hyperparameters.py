"""Choosing hyper-parameters once or in every round, and what goes wrong with the latter."""

import numpy as np
import pytest
import scipy.optimize
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

from sdtheory import gp

BOUNDS = np.log([[1e-3, 1e3], [1e-2, 1e2]])


def kernel_of(x):
    distances = (x[:, None] - x) ** 2

    def kernel(theta):
        inside = distances * np.exp(-2 * theta[1])
        matrix = np.exp(theta[0] - 0.5 * inside)
        return matrix, np.stack([matrix, matrix * inside])

    return kernel


def sine(rng, n=40):
    x = rng.uniform(-3, 3, n)
    return x, np.sin(2 * x) + 0.3 * rng.normal(size=n)


def run(x, y, **options):
    return gp.optimise_evidence(kernel_of(x), np.zeros(2), BOUNDS, y, 0.09, **options)


def test_the_first_fit_is_that_of_scikit_learn(rng):
    x, y = sine(rng)
    peer = GaussianProcessRegressor(
        ConstantKernel(1.0, (1e-3, 1e3)) * RBF(1.0, (1e-2, 1e2)), alpha=0.09
    ).fit(x[:, None], y)
    ours = run(x, y, steps=0)
    assert ours.evidence[0] == pytest.approx(peer.log_marginal_likelihood_value_, rel=1e-7)
    noisy = GaussianProcessRegressor(
        ConstantKernel(1.0, (1e-3, 1e3)) * RBF(1.0, (1e-2, 1e2)) + WhiteKernel(0.09, (1e-6, 1e3)),
        alpha=0.0,
    ).fit(x[:, None], y)
    ours = run(x, y, steps=0, noise_floor=1e-6)
    assert ours.evidence[0] == pytest.approx(noisy.log_marginal_likelihood_value_, rel=1e-6)


def test_first_keeps_what_it_found(rng):
    x, y = sine(rng)
    first = run(x, y, steps=3)
    assert np.all(first.theta == first.theta[0])
    chain = gp.data_centric_evidence(kernel_of(x)(first.theta[0])[0], y, 0.09, steps=3)
    np.testing.assert_allclose(first.evidence, chain.value, rtol=1e-9)
    kernel = kernel_of(x)(first.theta[0])[0]
    mean = gp.data_centric(kernel, y, 0.09, steps=3).mean(kernel)
    np.testing.assert_allclose(kernel @ first.dual, mean, rtol=0, atol=1e-9)
    kept = run(x, y, steps=3, mode="none")
    assert not kept.theta.any()


def test_all_collapses_faster_at_fixed_noise(rng):
    x, y = sine(rng)
    every = run(x, y, steps=7, mode="all")
    amplitude, length = every.theta[:, 0], every.theta[:, 1]
    assert amplitude[-1] < amplitude[0]
    assert length[-1] > length[0]


def test_all_with_free_noise_is_stopped_by_its_floor(rng):
    x, y = sine(rng)
    every = run(x, y, steps=2, mode="all", noise_floor=1e-8)
    assert every.at_floor
    # A student without noise copies its teacher.
    teacher = run(x, y, steps=0, mode="all", noise_floor=1e-8)
    assert not teacher.at_floor
    teacher_mean = kernel_of(x)(teacher.theta[0])[0] @ teacher.dual
    student_mean = kernel_of(x)(every.theta[2])[0] @ every.dual
    np.testing.assert_allclose(student_mean, teacher_mean, rtol=0, atol=1e-3)


def test_several_outputs_share_their_hyper_parameters(rng):
    x, y = sine(rng)
    both = run(x, np.stack([y, y], axis=1), steps=1)
    one = run(x, y, steps=1)
    np.testing.assert_allclose(both.theta, one.theta, rtol=0, atol=1e-3)
    np.testing.assert_allclose(both.evidence, 2 * one.evidence, rtol=1e-5)


def test_wrong_arguments_are_named(rng):
    x, y = sine(rng, 5)
    for options, message in (
        ({"mode": "last"}, "mode must be one of"),
        ({"noise_floor": 1.0}, "noise_floor must be at most 0.09"),
        ({"steps": -1}, "steps must be at least 0"),
    ):
        with pytest.raises(ValueError, match=message):
            run(x, y, **options)
    with pytest.raises(ValueError, match="bounds must have shape"):
        gp.optimise_evidence(kernel_of(x), np.zeros(2), np.zeros((1, 2)), y, 0.1)


@pytest.mark.parametrize("xis", [(0.3, 0.8), (1.4, -0.5)])
def test_a_schedule_of_weights_mixes_each_round_its_own_way(rng, xis):
    x, y = sine(rng, 12)
    kernel, targets, want = kernel_of(x)(np.zeros(2))[0], y, []
    chain = run(x, y, mode="none", xi=xis, steps=2)
    for xi in (*xis, None):
        covariance = kernel + 0.09 * np.eye(12)
        want.append(multivariate_normal(np.zeros(12), covariance).logpdf(targets))
        dual = np.linalg.solve(covariance, targets)
        targets = targets if xi is None else xi * kernel @ dual + (1 - xi) * y
    np.testing.assert_allclose(chain.evidence, want, rtol=1e-10)
    np.testing.assert_allclose(chain.dual, dual, rtol=0, atol=1e-10 * np.abs(dual).max())


def test_weights_that_are_no_schedule_are_refused(rng):
    x, y = sine(rng, 5)
    with pytest.raises(ValueError, match="xi must have 2 entries for 2 rounds, got 3"):
        run(x, y, xi=[0.5, 0.5, 0.5], steps=2)
    with pytest.raises(ValueError, match="xi must have 0 or 1 dimension"):
        run(x, y, xi=[[0.5, 0.5]], steps=2)


def test_noise_above_its_floor_was_not_stopped_by_it(rng):
    x, y = sine(rng, 5)
    for ratio, reached in ((1.5, False), (1 + 1.5e-6, False), (1 + 1e-6, True), (1.0, True)):
        options = {"noise": 0.25 * ratio, "noise_floor": 0.25, "mode": "none"}
        chain = gp.optimise_evidence(kernel_of(x), np.zeros(2), BOUNDS, y, **options)
        assert chain.at_floor is reached
    assert not run(x, y, mode="none").at_floor


def test_one_round_is_the_default(rng):
    x, y = sine(rng, 5)
    assert len(run(x, y, mode="none").theta) == 2


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("free", [False, True])
def test_what_is_minimised_is_a_density_and_has_its_gradient(rng, monkeypatch, outputs, free):
    """Central differences in amplitude, length and, where it is free, the noise."""
    seen, minimise = [], scipy.optimize.minimize

    def spy(loss, start, **options):
        seen.append((loss, start))
        return minimise(loss, start, **options)

    monkeypatch.setattr(scipy.optimize, "minimize", spy)
    x, y = sine(rng, 12)
    y = y if outputs == 1 else np.stack([y, x], axis=1)
    run(x, y, steps=0, noise_floor=1e-4 if free else None)
    ((loss, start),) = seen
    np.testing.assert_array_equal(start, [0.0, 0.0, np.log(0.09)][: 2 + free])
    at, h = np.array([0.4, -0.3, np.log(0.2)])[: 2 + free], 1e-4
    covariance = kernel_of(x)(at[:2])[0] + (0.2 if free else 0.09) * np.eye(12)
    density = multivariate_normal(np.zeros(12), covariance)
    value, gradient = loss(at)
    assert value == pytest.approx(-np.sum(density.logpdf(y.T)), rel=1e-11)
    ends = [[loss(at + sign * h * e)[0] for sign in (1, -1)] for e in np.eye(2 + free)]
    slopes = (np.array(ends) @ [1, -1]) / (2 * h)
    # h^2 / 6 times third derivatives of some tens, and rounding over h.
    np.testing.assert_allclose(gradient, slopes, rtol=0, atol=1e-6 + 1e-13 * abs(value) / h)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e3])
def test_free_noise_finds_all_energy_of_labels_that_no_kernel_explains(scale):
    """One sample per output: the best noise is the mean square, however far from the start."""
    y = scale * np.array([[3.0, 4.0]])
    chain = gp.optimise_evidence(
        lambda _: (np.full((1, 1), 1e-12 * scale**2), np.zeros((1, 1, 1))),
        [0.5], [[0.0, 1.0]], y, noise=1e-9, noise_floor=1e-10, steps=0,
    )  # fmt: skip
    np.testing.assert_allclose(chain.noise, 12.5 * scale**2, rtol=1e-6)


def test_free_noise_never_falls_below_its_floor(rng):
    x, _ = sine(rng, 8)  # labels without noise
    for floor in (0.03, 0.06, 0.07, 0.09):
        chain = run(x, x, mode="all", steps=2, noise_floor=floor)
        assert chain.noise.min() >= floor
        assert chain.at_floor


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ((np.eye(4), np.zeros((2, 5, 5))), "kernel must return shapes"),
        ((np.eye(5), np.zeros((2, 4, 4))), "kernel must return shapes"),
        ((np.eye(5), np.zeros((1, 5, 5))), "kernel must return shapes"),
        ((np.eye(5),), "kernel must return a matrix and its derivatives"),
        ((np.eye(5), np.zeros((2, 5, 5)), 1.0), "kernel must return a matrix and its deriv"),
        ((np.ones(5), np.zeros((2, 5, 5))), "kernel must have 2 dimensions"),
        ((np.eye(5), np.zeros((5, 5))), r"kernel \(derivatives\) must have 3 dimensions"),
    ],
)
def test_results_that_are_no_kernel_are_refused(result, message):
    with pytest.raises(ValueError, match=message):
        gp.optimise_evidence(lambda _: result, np.zeros(2), BOUNDS, np.ones(5), 0.1)


def test_lists_of_results_are_taken_and_bounds_are_kept(rng):
    x, y = sine(rng, 12)
    narrow = np.array([[-0.1, 0.1], [-0.2, 0.0]])
    chain = gp.optimise_evidence(
        lambda theta: list(kernel_of(x)(theta)), np.zeros(2), narrow, 9 * y, 0.09, steps=0
    )
    assert np.all((chain.theta >= narrow[:, 0]) & (chain.theta <= narrow[:, 1]))
    assert chain.theta[0, 0] == 0.1  # labels so large want more amplitude
    for theta, bounds, message in (
        (np.zeros((2, 1)), narrow, "theta must have 1 dimensions"),
        (np.zeros(2), np.zeros((2, 3)), r"bounds must have shape \(2, 2\)"),
        (np.zeros(2), np.zeros(2), "bounds must have 2 dimensions"),
    ):
        with pytest.raises(ValueError, match=message):
            gp.optimise_evidence(kernel_of(x), theta, bounds, y, 0.09)
