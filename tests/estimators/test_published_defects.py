"""Sixteen ways in which public code for Gaussian-process self-distillation fails, each done right.

The labels P1 to P16 are those of docs/gp.md, which says what goes wrong there.
"""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from sdtheory import gp, problems
from sdtheory.estimators.gp import SelfDistilledGPRegressor
from sdtheory.estimators.gp_classifier import SelfDistilledGPClassifier

FIXED = ConstantKernel(1.5, "fixed") * RBF(1.2, "fixed")
FREE = ConstantKernel(1.0, (1e-3, 1e3)) * RBF(1.0, (1e-2, 1e2))
pytestmark = pytest.mark.filterwarnings(
    "ignore:The optimal value found", "ignore:hyper-parameters of a round"
)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, (25, 1))
    return x, np.sin(x[:, 0]) + 0.3 * rng.normal(size=25), np.linspace(-3, 3, 13)[:, None]


@pytest.fixture
def classes(data):
    x, y, new = data
    return x, (y > 0).astype(int), new


def test_p1_noise_is_added_once(data):
    x, y, new = data
    ours = SelfDistilledGPRegressor(FIXED, noise=0.3, steps=0).fit(x, y)
    peer = GaussianProcessRegressor(FIXED, alpha=0.3, optimizer=None).fit(x, y)
    np.testing.assert_allclose(ours.predict(new), peer.predict(new), rtol=0, atol=1e-10)
    x, y = problems.toy_regression()
    toy = ConstantKernel(1.0, "fixed") * RBF(160**-0.5, "fixed")
    grid = np.linspace(0, 1, 101)[:, None]
    losses = []
    for steps in range(6):
        model = SelfDistilledGPRegressor(toy, noise=0.2, steps=steps).fit(x[:, None], y)
        losses.append(np.mean((model.predict(grid) - np.sin(2 * np.pi * grid[:, 0])) ** 2))
    want = [0.16477, 0.15076, 0.14915, 0.15561, 0.16735, 0.18251]
    np.testing.assert_allclose(losses, want, atol=5.5e-6)


@pytest.mark.parametrize("method", ["data", "distribution"])
def test_p2_every_class_fits_with_this_scikit_learn(data, classes, method):
    x, y, new = data
    ours = SelfDistilledGPRegressor(FIXED, noise=0.3, method=method, steps=2).fit(x, y)
    model = SelfDistilledGPClassifier(
        FIXED, method=method, steps=2, likelihood="bernoulli", reuse="scaled", average="erf"
    ).fit(x, classes[1])
    if method == "data":
        peer, target = None, y
        for _ in range(3):
            peer = GaussianProcessRegressor(FIXED, alpha=0.3, optimizer=None).fit(x, target)
            target = peer.predict(x)
        process = gp.laplace(FIXED(x), model.processes_[0].labels[-1], gp.BERNOULLI)
        mean, variance = process.latent(FIXED(new, x), FIXED.diag(new))
        want = gp.average_sigmoid_by_erf(mean, variance)
    else:
        peer = GaussianProcessRegressor(FIXED, alpha=0.1, optimizer=None).fit(x, y)
        tripled = ConstantKernel(3.0, "fixed") * FIXED
        other = GaussianProcessClassifier(tripled, optimizer=None).fit(x, classes[1])
        want = other.predict_proba(new)[:, 1]
    np.testing.assert_allclose(ours.predict(new), peer.predict(new), rtol=0, atol=1e-10)
    np.testing.assert_allclose(model.predict_proba(new)[:, 1], want, rtol=0, atol=1e-8)


@pytest.mark.parametrize("method", ["data", "distribution"])
def test_p3_defaults_can_be_fitted(data, classes, method):
    x, y, new = data
    mean, deviation = (
        SelfDistilledGPRegressor(method=method).fit(x, y).predict(new, return_std=True)
    )
    assert np.all(np.isfinite(mean))
    assert np.all((deviation >= 0) & (deviation <= 1))
    # Default noise of 0.1 on noisy labels: the fit follows them without copying them.
    fitted = SelfDistilledGPRegressor(method=method).fit(x, y).predict(x)
    assert 0 < np.mean((fitted - y) ** 2) < 0.5 * np.var(y)
    model = SelfDistilledGPClassifier(method=method).fit(x, classes[1])
    probability = model.predict_proba(new)
    assert np.all((probability > 0) & (probability < 1))
    np.testing.assert_allclose(probability.sum(axis=1), 1.0, rtol=1e-14)
    assert model.score(x, classes[1]) > 0.8


def test_p4_the_covariance_is_that_of_the_last_noise(data):
    x, y, new = data
    model = SelfDistilledGPRegressor(FIXED, noise=[0.1, 0.2, 0.8], steps=2).fit(x, y)
    last = GaussianProcessRegressor(FIXED, alpha=0.8, optimizer=None).fit(x, y)
    got, want = (m.predict(new, return_std=True)[1] for m in (model, last))
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-10)


def test_p5_a_second_fit_knows_nothing_of_the_first(data, classes):
    x, y, _ = data
    regressor = SelfDistilledGPRegressor(FREE, noise=0.05).fit(x, y)
    stale = regressor.kernel_.theta
    again = regressor.fit(x, np.sin(4 * x[:, 0])).kernel_.theta
    np.testing.assert_array_equal(again, clone(regressor).fit(x, np.sin(4 * x[:, 0])).kernel_.theta)
    assert np.abs(again - stale).max() > 0.5
    classifier = SelfDistilledGPClassifier(FREE).fit(x, classes[1])
    stale = classifier.kernels_[0].theta
    other = (np.sin(4 * x[:, 0]) > 0).astype(int)
    again = classifier.fit(x, other).kernels_[0].theta
    np.testing.assert_array_equal(again, clone(classifier).fit(x, other).kernels_[0].theta)
    assert np.abs(again - stale).max() > 0.1


def test_p6_several_outputs_are_distilled(data):
    x, y, new = data
    both = SelfDistilledGPRegressor(FIXED, steps=3).fit(x, np.stack([y, y**2], axis=1))
    for k, target in enumerate((y, y**2)):
        one = SelfDistilledGPRegressor(FIXED, steps=3).fit(x, target)
        np.testing.assert_allclose(both.predict(new)[:, k], one.predict(new), atol=1e-12)


def test_p7_targets_are_normalised_once(data):
    x, y, new = data
    model = SelfDistilledGPRegressor(FIXED, steps=4, normalize_y=True).fit(x, 7 + 3 * y)
    mean, scale = (7 + 3 * y).mean(), (7 + 3 * y).std()
    plain = SelfDistilledGPRegressor(FIXED, steps=4).fit(x, (7 + 3 * y - mean) / scale)
    got, want = (m.predict(new, return_std=True) for m in (model, plain))
    np.testing.assert_allclose(got[0], mean + scale * want[0], rtol=1e-12)
    np.testing.assert_allclose(got[1], scale * want[1], rtol=1e-12)


def test_p8_parameters_follow_the_protocol(data):
    x, y, new = data
    model = clone(SelfDistilledGPRegressor(FIXED, noise=[0.1, 0.2], method="distribution"))
    assert model.noise == [0.1, 0.2]
    changed = model.set_params(noise=np.array([0.1, 0.2, 0.3]), steps=2).fit(x, y)
    fresh = SelfDistilledGPRegressor(
        FIXED, noise=(0.1, 0.2, 0.3), steps=2, method="distribution"
    ).fit(x, y)
    np.testing.assert_array_equal(changed.predict(new), fresh.predict(new))
    with pytest.raises(TypeError, match="unexpected keyword"):
        SelfDistilledGPRegressor(nois=0.1)
    with pytest.raises(ValueError, match="noise must be a number or have 2 entries"):
        SelfDistilledGPRegressor(FIXED, noise=np.full(25, 0.1)).fit(x, y)


SIX = np.array([-2.0, -1.0, -0.5, 0.3, 1.1, 2.0])[:, None]
SOFT = np.array(
    [
        0.3394235913274556,
        0.4512681378988955,
        0.5786208434808236,
        0.6957866823896918,
        0.625607629821456,
        0.4488020378154335,
    ]
)


def test_p9_the_evidence_of_soft_labels_is_right():
    kernel = (ConstantKernel(2.0) * RBF(1.0))(SIX)
    fit = gp.laplace(kernel, SOFT, gp.CONTINUOUS_BERNOULLI)
    assert fit.evidence == pytest.approx(-0.3357581617791163, rel=1e-9)
    # By definition: log joint density at the mode, and the determinant.
    joint = np.sum(fit.mode * SOFT - np.log(np.expm1(fit.mode) / fit.mode))
    joint -= 0.5 * fit.mode @ np.linalg.solve(kernel, fit.mode)
    e = np.exp(fit.mode)
    curvature = 1 / fit.mode**2 - e / (e - 1) ** 2
    joint -= 0.5 * np.linalg.slogdet(np.eye(6) + kernel * curvature)[1]
    # The plain curvature subtracts numbers of size 1 / f**2, with |f| down to 0.003.
    assert fit.evidence == pytest.approx(joint, rel=1e-7)


def test_p10_the_gradient_of_soft_labels_is_right():
    def kernel(theta):
        return (ConstantKernel(np.exp(theta[0])) * RBF(np.exp(theta[1])))(SIX, eval_gradient=True)

    theta, h = np.log([4.0, 0.8]), 1e-4
    matrix, derivatives = kernel(theta)
    fit = gp.laplace(matrix, SOFT, gp.CONTINUOUS_BERNOULLI)
    got = gp.evidence_gradient(
        fit, matrix, np.moveaxis(derivatives, 2, 0), SOFT, gp.CONTINUOUS_BERNOULLI
    )
    for k in range(2):
        step = h * np.eye(2)[k]
        above, below = (
            gp.laplace(kernel(theta + s * step)[0], SOFT, gp.CONTINUOUS_BERNOULLI).evidence
            for s in (1, -1)
        )
        assert got[k] == pytest.approx((above - below) / (2 * h), abs=1e-6)


@pytest.mark.parametrize("offset", [0.0, 1e-9, 1e-8, 1e-7])
def test_p11_labels_near_one_half_are_accurate(offset):
    kernel = (ConstantKernel(2.0) * RBF(1.0))(SIX)
    fit = gp.laplace(kernel, np.full(6, 0.5 + offset), gp.CONTINUOUS_BERNOULLI)
    want = 12 * kernel @ np.linalg.solve(kernel + 12 * np.eye(6), np.full(6, 1.0))
    np.testing.assert_allclose(fit.mode, offset * want, rtol=1e-7, atol=1e-22)
    assert np.all(np.isfinite(gp.CONTINUOUS_BERNOULLI.third(np.array([-1e8, 300.0, 360.0, 1e8]))))


@pytest.mark.parametrize("method", ["data", "distribution"])
def test_p12_labels_keep_their_names(classes, method):
    x, y, _ = classes
    names = np.array(["neg", "pos"])[y]
    model = SelfDistilledGPClassifier(FIXED, method=method).fit(x, names)
    assert model.classes_.tolist() == ["neg", "pos"]
    coded = SelfDistilledGPClassifier(FIXED, method=method).fit(x, y)
    np.testing.assert_array_equal(model.predict(x), np.array(["neg", "pos"])[coded.predict(x)])
    assert model.score(x, names) > 0.8


@pytest.mark.parametrize("hyperparameters", ["first", "none", "all"])
def test_p13_three_classes_are_three_columns(data, hyperparameters):
    x, y, new = data
    three = np.digitize(y, [-0.5, 0.5])
    model = SelfDistilledGPClassifier(FREE, hyperparameters=hyperparameters).fit(x, three)
    # One class against the others, thrice; only what is reported is normalised.
    binary = [
        SelfDistilledGPClassifier(FREE, hyperparameters=hyperparameters).fit(x, three == k)
        for k in range(3)
    ]
    table = np.stack([m.predict_proba(new)[:, 1] for m in binary], axis=1)
    want = table / table.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(new), want, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(new), np.argmax(want, axis=1))


def test_p14_none_means_none(classes):
    x, y, _ = classes
    for method in ("data", "distribution"):
        model = SelfDistilledGPClassifier(FREE, hyperparameters="none", method=method).fit(x, y)
        np.testing.assert_array_equal(model.kernels_[0].theta, FREE.theta)


def test_p15_distribution_centric_rounds_have_an_effect(classes):
    x, y, new = classes
    plain = GaussianProcessClassifier(FREE).fit(x, y).predict_proba(new)
    for reuse in ("duplicated", "sequential"):
        model = SelfDistilledGPClassifier(FREE, method="distribution", steps=4, reuse=reuse)
        assert np.abs(model.fit(x, y).predict_proba(new) - plain).max() > 0.02
    kernel = FIXED(x)
    once = gp.distribution_centric_classification(kernel, y.astype(float), steps=0)
    later = gp.distribution_centric_classification(kernel, y.astype(float), steps=4)
    diagonal = np.full(25, 1.5)
    assert np.all(later.latent(kernel, diagonal)[1] < once.latent(kernel, diagonal)[1])


def test_p16_the_link_fits_the_likelihood(classes):
    x, y, _ = classes
    process = gp.data_centric_classification(FIXED(x), y.astype(float), steps=2)
    mean, variance = process.latent(FIXED(x), np.full(25, 1.5))
    np.testing.assert_allclose(
        process.probability(FIXED(x), np.full(25, 1.5)), gp.average_mean(mean, variance)
    )
    assert np.abs(gp.average_mean(mean, variance) - gp.average_sigmoid(mean, variance)).max() > 0.01
