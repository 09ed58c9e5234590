"""Hyper-parameters of soft-label chains against scikit-learn, and what every round does to them."""

import numpy as np
import pytest
import scipy.optimize
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from sdtheory import gp
from sdtheory.gp import reuse
from sdtheory.gp.label_hyperparameters import stopped

BOUNDS = np.log([[1e-2, 1e2], [1e-2, 1e2]])


@pytest.fixture
def classes(rng):
    """Thirty labels whose best amplitude and length lie well inside their bounds."""
    for _ in range(20):
        x = rng.uniform(-3, 3, 30)
        y = (np.sin(2 * x) + 0.5 * rng.normal(size=30) > 0).astype(float)
        found = run((x, y), steps=0).theta[0]
        if np.all((BOUNDS[:, 0] + 1 < found) & (found < BOUNDS[:, 1] - 2)):
            return x, y
    return pytest.fail("the best parameters are always at the ends")


def kernel_of(x):
    distances = (x[:, None] - x) ** 2

    def kernel(theta):
        inside = distances * np.exp(-2 * theta[1])
        matrix = np.exp(theta[0] - 0.5 * inside)
        return matrix, np.stack([matrix, matrix * inside])

    return kernel


def run(classes, noise=0.0, **options):
    x, y = classes
    return gp.optimise_label_evidence(kernel_of(x), np.zeros(2), BOUNDS, y, noise, **options)


def test_the_first_fit_is_that_of_scikit_learn(classes):
    x, y = classes
    kernel = ConstantKernel(1.0, (1e-2, 1e2)) * RBF(1.0, (1e-2, 1e2))
    peer = GaussianProcessClassifier(kernel).fit(x[:, None], y)
    ours = run(classes, steps=0)
    want = peer.log_marginal_likelihood_value_
    assert ours.process.evidence[0] == pytest.approx(want, rel=1e-6)
    np.testing.assert_allclose(ours.theta[0], peer.kernel_.theta, rtol=0, atol=1e-2)
    assert not ours.at_bound


def test_first_and_none_are_the_chain_with_one_kernel(classes):
    x, y = classes
    for mode in ("first", "none"):
        ours = run(classes, noise=0.3, steps=3, mode=mode, xi=[0.9, 0.5, 1.0])
        assert np.all(ours.theta == ours.theta[0])
        assert np.all(ours.noise == 0.3)
        matrix = kernel_of(x)(ours.theta[0])[0]
        want = gp.data_centric_classification(matrix, y, noise=0.3, xi=[0.9, 0.5, 1.0])
        np.testing.assert_array_equal(ours.process.labels, want.labels)
    assert not ours.theta.any()


@pytest.mark.parametrize("free", [False, True])
def test_every_round_is_a_maximum(classes, free):
    """Each fit's evidence has no slope left, by differences, where no bound stops it."""
    x, _ = classes
    options = {"noise": 0.5, "noise_floor": 1e-4} if free else {}
    ours = run(classes, steps=1, mode="all", **options)
    eye = np.eye(len(x))

    def evidence(parameters, k):
        model = gp.BERNOULLI if k == 0 else gp.CONTINUOUS_BERNOULLI
        level = np.exp(parameters[2]) if free else 0.0
        total = kernel_of(x)(parameters[:2])[0] + level * eye
        return gp.laplace(total, ours.process.labels[k], model).evidence

    for k in range(2):
        at = np.append(ours.theta[k], np.log(ours.noise[k])) if free else ours.theta[k]
        assert evidence(at, k) == pytest.approx(ours.process.evidence[k], rel=1e-10)
        slope = scipy.optimize.approx_fprime(at, evidence, 1e-6, k)
        low = np.append(BOUNDS[:, 0], np.log(1e-4))[: len(at)]
        high = np.append(BOUNDS[:, 1], np.inf)[: len(at)]
        slope[(at <= low + 1e-6) & (slope < 0)] = 0
        slope[(at >= high - 1e-6) & (slope > 0)] = 0
        assert np.abs(slope).max() < 1e-2


def test_in_every_round_amplitudes_grow_to_their_bound(classes):
    ours = run(classes, steps=5, mode="all", link="sigmoid")
    amplitude = np.exp(ours.theta[:, 0])
    assert amplitude[-1] > 5 * amplitude[0]
    assert ours.at_bound
    assert not run(classes, steps=5, mode="first", link="sigmoid").at_bound


def test_free_noise_is_stopped_by_its_floor(classes):
    ours = run(classes, noise=1.0, noise_floor=1e-3, mode="all", steps=2)
    assert ours.at_floor
    np.testing.assert_allclose(ours.noise[-1], 1e-3)


def test_wrong_arguments_are_named(classes):
    for options, message in (
        ({"mode": "last"}, "mode must be one of"),
        ({"noise": 0.1, "noise_floor": 1.0}, r"noise_floor must be at most 0\.1"),
        ({"noise": -0.1}, "noise must be at least 0"),
        ({"steps": -1}, "steps must be at least 0"),
        ({"likelihood": "probit"}, "likelihood must be one of"),
        ({"xi": 1.5}, "xi must be at most 1"),
    ):
        with pytest.raises(ValueError, match=message):
            run(classes, **options)
    with pytest.raises(ValueError, match="bounds must have shape"):
        gp.optimise_label_evidence(kernel_of(classes[0]), np.zeros(2), BOUNDS[:1], classes[1])
    with pytest.raises(ValueError, match="y must be at most 1"):
        gp.optimise_label_evidence(kernel_of(classes[0]), np.zeros(2), BOUNDS, 2 * classes[1])


def test_what_is_minimised_has_its_gradient(classes, monkeypatch):
    """By central differences in amplitude, length and the free noise, of both likelihoods."""
    seen, minimise = [], scipy.optimize.minimize

    def spy(loss, start, **options):
        seen.append((loss, start))
        return minimise(loss, start, **options)

    monkeypatch.setattr(scipy.optimize, "minimize", spy)
    run(classes, noise=0.5, noise_floor=1e-4, steps=1, mode="all")
    assert len(seen) == 2
    for loss, _ in seen:
        at, h = np.array([0.7, -0.2, np.log(0.4)]), 1e-4
        ends = [[loss(at + sign * h * e)[0] for sign in (1, -1)] for e in np.eye(3)]
        slopes = (np.array(ends) @ [1, -1]) / (2 * h)
        # h^2 / 6 times third derivatives of order one, and rounding over h.
        np.testing.assert_allclose(loss(at)[1], slopes, rtol=0, atol=1e-6)


def test_a_parameter_has_stopped_within_a_millionth_of_an_end():
    bounds = np.tile([-2.0, 8.0], (5, 1))
    theta = np.array([-2.0, -2 + 0.9e-5, -2 + 1.5e-5, 8 - 1.5e-5, 8 - 0.9e-5])
    assert stopped(theta, bounds).tolist() == [True, True, False, False, True]
    ends = 2.0**20 * np.array([[0.0, 1.0], [-1.0, 0.0]])
    assert stopped(1e-6 * 2.0**20 * np.array([1.0, -1.0]), ends).all()


@pytest.mark.parametrize(("likelihood", "grows"), [("continuous_bernoulli", 20), ("bernoulli", 0)])
def test_free_noise_ends_at_its_bounds(likelihood, grows):
    """One certain label: Bernoulli's evidence falls in the noise, the density of it only grows."""
    ours = gp.optimise_label_evidence(
        lambda _: (np.full((1, 1), 1e-6), np.zeros((1, 1, 1))), [0.5], [[0.0, 1.0]], [1.0],
        noise=1.0, noise_floor=0.25, mode="all", xi=0.0, steps=1, likelihood=likelihood,
    )  # fmt: skip
    np.testing.assert_allclose(ours.noise, [0.25, 0.25 * np.exp(grows)], rtol=1e-6)
    assert ours.noise.min() >= 0.25
    assert ours.at_floor
    assert not ours.at_bound


def test_noise_above_its_floor_was_not_stopped_by_it(classes):
    for ratio, reached in ((1.5, False), (1 + 1.5e-6, False), (1 + 1e-6, True), (1.0, True)):
        ours = run(classes, noise=0.25 * ratio, noise_floor=0.25, mode="none", steps=0)
        assert ours.at_floor is reached
    assert not run(classes, noise=0.25, mode="none", steps=0).at_floor


def test_no_noise_and_one_round_are_the_default(classes):
    x, y = classes
    ours = gp.optimise_label_evidence(kernel_of(x), np.zeros(2), BOUNDS, y, mode="none")
    np.testing.assert_array_equal(ours.noise, np.zeros(2))


def test_quadrature_that_misses_the_interval_is_cut(classes, monkeypatch):
    off = np.where(classes[1] > 0, 1 + 1e-15, -1e-15)
    monkeypatch.setitem(reuse.AVERAGES, "exact", lambda mean, variance: off)
    np.testing.assert_array_equal(run(classes, mode="none").process.labels[1], classes[1])


def test_one_label_of_each_kind_is_enough_to_be_refused(classes):
    x, y = classes
    for labels in (np.where(x == x[0], -0.1, y), np.where(x == x[0], 1.1, y)):
        with pytest.raises(ValueError, match="y must be at"):
            gp.optimise_label_evidence(kernel_of(x), np.zeros(2), BOUNDS, labels)
    with pytest.raises(ValueError, match="y must have 1 dimensions"):
        gp.optimise_label_evidence(kernel_of(x), np.zeros(2), BOUNDS, y[:, None])
