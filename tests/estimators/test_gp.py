"""The Gaussian-process regressor: scikit-learn's contract, its peer, and literal refitting."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.utils.estimator_checks import parametrize_with_checks

from sdtheory.estimators.gp import SelfDistilledGPRegressor

FIXED = ConstantKernel(1.5, "fixed") * RBF(1.2, "fixed")
FREE = ConstantKernel(1.0, (1e-3, 1e3)) * RBF(1.0, (1e-2, 1e2))


# On small samples the best parameters may lie at a bound of scikit-learn's: it says so.
pytestmark = pytest.mark.filterwarnings("ignore:The optimal value found")


@parametrize_with_checks(
    [
        SelfDistilledGPRegressor(),
        SelfDistilledGPRegressor(method="distribution", steps=3, normalize_y=True),
        SelfDistilledGPRegressor(FIXED, noise=[0.1, 0.2, 0.3], xi=[1.0, 0.5], steps=2),
        SelfDistilledGPRegressor(FIXED, hyperparameters="all"),
    ]
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture
def data(rng):
    x = rng.uniform(-3, 3, size=(25, 1))
    y = np.stack([np.sin(x[:, 0]), np.cos(2 * x[:, 0])], axis=1) + 0.3 * rng.normal(size=(25, 2))
    return x, y, np.linspace(-3, 3, 11)[:, None]


@pytest.mark.parametrize("kernel", [None, FIXED, FREE, FIXED + WhiteKernel(0.2, "fixed")])
@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("normalize", [False, True])
def test_no_rounds_are_scikit_learn(data, kernel, outputs, normalize):
    x, y, new = data
    y = y[:, 0] if outputs == 1 else y
    peer = GaussianProcessRegressor(kernel, alpha=0.1, normalize_y=normalize).fit(x, y)
    for method in ("data", "distribution"):
        ours = SelfDistilledGPRegressor(
            kernel, noise=0.1, steps=0, method=method, normalize_y=normalize
        ).fit(x, y)
        for option in ({}, {"return_std": True}, {"return_cov": True}):
            got, want = ours.predict(new, **option), peer.predict(new, **option)
            pairs = zip(got, want, strict=True) if option else [(got, want)]
            for one, other in pairs:
                assert one.shape == other.shape
                np.testing.assert_allclose(one, other, rtol=0, atol=1e-10)


@pytest.mark.parametrize("wrap", [list, tuple, np.array])
@pytest.mark.parametrize("kernel", [FIXED, FIXED + WhiteKernel(0.2, "fixed")])
def test_data_centric_rounds_are_refitting(data, wrap, kernel):
    x, y, new = data
    noise, xi = [0.1, 0.2, 0.8], [1.0, 0.6]
    ours = SelfDistilledGPRegressor(kernel, noise=wrap(noise), xi=wrap(xi), steps=2).fit(x, y)
    peer = GaussianProcessRegressor(kernel, alpha=noise[0], optimizer=None).fit(x, y)
    for level, weight in zip(noise[1:], xi, strict=True):
        target = weight * peer.predict(x) + (1 - weight) * y
        peer = GaussianProcessRegressor(kernel, alpha=level, optimizer=None).fit(x, target)
    got, want = ours.predict(new, return_std=True), peer.predict(new, return_std=True)
    np.testing.assert_allclose(got[0], want[0], rtol=0, atol=1e-10)
    np.testing.assert_allclose(got[1], want[1], rtol=0, atol=1e-10)


def test_distribution_centric_rounds_are_copies(data):
    x, y, new = data
    ours = SelfDistilledGPRegressor(FIXED, noise=0.3, steps=2, method="distribution").fit(x, y)
    rows = GaussianProcessRegressor(FIXED, alpha=0.3, optimizer=None)
    rows.fit(np.tile(x, (3, 1)), np.tile(y, (3, 1)))
    got, want = ours.predict(new, return_cov=True), rows.predict(new, return_cov=True)
    np.testing.assert_allclose(got[0], want[0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(got[1], want[1], rtol=0, atol=1e-9)


def test_hyper_parameters_once_or_every_round(data):
    x, y, _ = data
    first = SelfDistilledGPRegressor(FREE, steps=3).fit(x, y[:, 0])
    peer = GaussianProcessRegressor(FREE, alpha=0.1).fit(x, y[:, 0])
    np.testing.assert_array_equal(first.kernel_.theta, peer.kernel_.theta)
    never = SelfDistilledGPRegressor(FREE, hyperparameters="none").fit(x, y[:, 0])
    np.testing.assert_array_equal(never.kernel_.theta, FREE.theta)
    every = SelfDistilledGPRegressor(FREE, steps=3, hyperparameters="all").fit(x, y[:, 0])
    assert every.kernel_.theta[0] < first.kernel_.theta[0]  # the amplitude collapses


def test_refitting_forgets(data):
    x, y, new = data
    model = SelfDistilledGPRegressor(FREE, noise=0.05).fit(x, y[:, 0])
    again = model.fit(x, np.sin(4 * x[:, 0]))
    fresh = clone(model).fit(x, np.sin(4 * x[:, 0]))
    np.testing.assert_array_equal(again.kernel_.theta, fresh.kernel_.theta)
    np.testing.assert_array_equal(again.predict(new), fresh.predict(new))


def test_wrong_arguments_are_named(data):
    x, y, new = data
    for options, message in (
        ({"method": "mean"}, "method must be one of"),
        ({"hyperparameters": "some"}, "hyperparameters must be one of"),
        ({"hyperparameters": "all", "method": "distribution"}, "hyperparameters must be 'first'"),
        ({"noise": [0.1, 0.2, 0.3]}, "noise must be a number or have 2 entries"),
    ):
        with pytest.raises(ValueError, match=message):
            SelfDistilledGPRegressor(**options).fit(x, y)
    with pytest.raises(ValueError, match="must not both be True"):
        SelfDistilledGPRegressor().fit(x, y).predict(new, return_std=True, return_cov=True)


def test_the_noise_is_a_floor_of_white_kernels(data):
    """Chosen in every round a white kernel vanishes; the given noise stays."""
    x, y, _ = data
    free = FREE + WhiteKernel(0.1, (1e-10, 1e1))
    model = SelfDistilledGPRegressor(free, noise=1e-3, hyperparameters="all", steps=2)
    model.fit(x, y[:, 0])
    assert model.kernel_.k2.noise_level < 1e-6
    assert 1e-3 <= model.process_.noise < 1.1e-3
    first = SelfDistilledGPRegressor(free, noise=1e-3, steps=2).fit(x, y[:, 0])
    assert first.process_.noise > 0.02
