"""The Gaussian-process classifier: scikit-learn's contract, its peer, labels of any kind."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.utils.estimator_checks import parametrize_with_checks

from sdtheory import gp
from sdtheory.estimators.gp_classifier import SelfDistilledGPClassifier

FIXED = ConstantKernel(4.0, "fixed") * RBF(0.8, "fixed")
FREE = ConstantKernel(1.0, (1e-2, 1e2)) * RBF(1.0, (1e-1, 1e1))


# On thirty points the best amplitude may well be the largest allowed: scikit-learn says so.
pytestmark = pytest.mark.filterwarnings("ignore:The optimal value found")


@parametrize_with_checks(
    [
        SelfDistilledGPClassifier(),
        SelfDistilledGPClassifier(FIXED, method="distribution", steps=2, reuse="sequential"),
        SelfDistilledGPClassifier(FIXED, xi=[0.5, 0.9], steps=2, likelihood="bernoulli"),
        SelfDistilledGPClassifier(
            FIXED + WhiteKernel(0.1, "fixed"), hyperparameters="all", noise=0.1
        ),
    ]
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture
def data(rng):
    x = rng.uniform(-3, 3, size=(30, 1))
    y = (np.sin(2 * x[:, 0]) + 0.4 * rng.normal(size=30) > 0).astype(int)
    three = np.digitize(x[:, 0] + 0.5 * rng.normal(size=30), [-1, 1])
    return x, y, three, np.linspace(-3, 3, 9)[:, None]


@pytest.mark.parametrize("kernel", [None, FIXED, FREE])
@pytest.mark.parametrize("classes", [2, 3])
def test_no_rounds_are_scikit_learn(data, kernel, classes):
    x, y, three, new = data
    y = y if classes == 2 else three
    peer = GaussianProcessClassifier(kernel).fit(x, y)
    for method in ("data", "distribution"):
        ours = SelfDistilledGPClassifier(kernel, steps=0, method=method, average="erf").fit(x, y)
        np.testing.assert_allclose(ours.predict_proba(new), peer.predict_proba(new), atol=1e-10)
        np.testing.assert_array_equal(ours.predict(new), peer.predict(new))


def test_string_labels_come_back(data):
    x, y, _, new = data
    names = np.array(["neg", "pos"])
    for method in ("data", "distribution"):
        model = SelfDistilledGPClassifier(FIXED, method=method).fit(x, names[y])
        assert model.classes_.tolist() == ["neg", "pos"]
        coded = SelfDistilledGPClassifier(FIXED, method=method).fit(x, y)
        np.testing.assert_array_equal(model.predict(new), names[coded.predict(new)])


@pytest.mark.parametrize("method", ["data", "distribution"])
def test_more_classes_are_one_against_rest(data, method):
    x, _, three, new = data
    model = SelfDistilledGPClassifier(FIXED, method=method, steps=2).fit(x, three)
    columns = [
        SelfDistilledGPClassifier(FIXED, method=method, steps=2)
        .fit(x, three == k)
        .predict_proba(new)[:, 1]
        for k in range(3)
    ]
    table = np.stack(columns, axis=1)
    np.testing.assert_allclose(model.predict_proba(new), table / table.sum(1, keepdims=True))


def test_the_chain_is_that_of_the_theory(data):
    x, y, _, new = data
    model = SelfDistilledGPClassifier(FIXED, steps=2, xi=0.7, link="sigmoid").fit(x, y)
    process = gp.data_centric_classification(
        FIXED(x), y.astype(float), steps=2, xi=0.7, link="sigmoid"
    )
    want = process.probability(FIXED(new, x), np.full(9, 4.0))
    np.testing.assert_allclose(model.predict_proba(new)[:, 1], want, rtol=1e-12)


def test_hyper_parameters_are_chosen_on_the_labels(data):
    x, y, _, _ = data
    peer = GaussianProcessClassifier(FREE).fit(x, y)
    for method in ("data", "distribution"):
        first = SelfDistilledGPClassifier(FREE, method=method, steps=4).fit(x, y)
        np.testing.assert_array_equal(first.kernels_[0].theta, peer.kernel_.theta)
    never = SelfDistilledGPClassifier(FREE, hyperparameters="none").fit(x, y)
    np.testing.assert_array_equal(never.kernels_[0].theta, FREE.theta)


def test_refitting_forgets(data):
    x, y, _, new = data
    model = SelfDistilledGPClassifier(FREE).fit(x, y)
    again, fresh = model.fit(x, 1 - y), clone(model).fit(x, 1 - y)
    np.testing.assert_array_equal(again.predict_proba(new), fresh.predict_proba(new))


def test_one_class_is_refused(data):
    with pytest.raises(ValueError, match="y must hold at least 2 classes"):
        SelfDistilledGPClassifier().fit(data[0], np.ones(30))


@pytest.mark.parametrize("method", ["data", "distribution"])
@pytest.mark.parametrize("steps", [0, 2])
def test_noise_is_a_white_kernel(data, method, steps):
    x, y, _, new = data
    options = {"method": method, "steps": steps, "average": "erf"}
    ours = SelfDistilledGPClassifier(FREE, noise=0.5, **options).fit(x, y)
    white = FREE + WhiteKernel(0.5, "fixed")
    same = SelfDistilledGPClassifier(white, **options).fit(x, y)
    np.testing.assert_allclose(ours.predict_proba(new), same.predict_proba(new), atol=1e-12)
    if steps == 0:
        peer = GaussianProcessClassifier(white).fit(x, y)
        np.testing.assert_allclose(ours.predict_proba(new), peer.predict_proba(new), atol=1e-10)
    assert np.all(ours.kernels_[0].bounds == FREE.bounds)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_every_round_chooses_its_kernel(data, noise):
    """In mode 'all' each kernel maximises the evidence of the labels that its round was given."""
    x, y, _, _ = data
    model = SelfDistilledGPClassifier(FREE, hyperparameters="all", steps=1, noise=noise)
    first = SelfDistilledGPClassifier(FREE, steps=1, noise=noise).fit(x, y)
    model.fit(x, y)
    soft = model.processes_[0].labels[1]
    np.testing.assert_array_equal(soft, first.processes_[0].labels[1])

    def evidence(kernel):
        total = kernel(x) + noise * np.eye(len(x))
        return gp.laplace(total, soft, gp.CONTINUOUS_BERNOULLI).evidence

    assert model.processes_[0].evidence[1] == pytest.approx(evidence(model.kernels_[0]))
    assert evidence(model.kernels_[0]) > evidence(first.kernels_[0])
    for step in 0.05 * np.vstack([np.eye(2), -np.eye(2)]):
        near = np.clip(model.kernels_[0].theta + step, *model.kernels_[0].bounds.T)
        other = model.kernels_[0].clone_with_theta(near)
        assert evidence(other) <= evidence(model.kernels_[0]) + 1e-9
    fixed = [
        SelfDistilledGPClassifier(FIXED, hyperparameters=mode, steps=3).fit(x, y).predict_proba(x)
        for mode in ("all", "first", "none")
    ]
    np.testing.assert_array_equal(fixed[0], fixed[1])
    np.testing.assert_array_equal(fixed[0], fixed[2])


def test_amplitudes_that_stop_at_a_bound_are_reported(data):
    x, y, _, _ = data
    model = SelfDistilledGPClassifier(FREE, hyperparameters="all", steps=5, link="sigmoid")
    with pytest.warns(ConvergenceWarning, match="stopped at their bounds"):
        model.fit(x, y)
    assert model.kernels_[0].k1.constant_value == pytest.approx(1e2)


def test_rounds_of_one_prior_cannot_choose_anew(data):
    model = SelfDistilledGPClassifier(method="distribution", hyperparameters="all")
    with pytest.raises(ValueError, match="hyperparameters must be 'first' or 'none'"):
        model.fit(*data[:2])


@pytest.mark.parametrize("method", ["data", "distribution"])
@pytest.mark.parametrize("name", ["likelihood", "link", "reuse", "average"])
def test_misspelt_choices_are_refused_whatever_the_method(data, method, name):
    model = SelfDistilledGPClassifier(FIXED, method=method, **{name: "misspelt"})
    with pytest.raises(ValueError, match=f"{name} must be one of .* got 'misspelt'"):
        model.fit(*data[:2])
