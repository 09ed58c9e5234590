"""The kernel ridge estimator: scikit-learn's contract, equality with its peer, and the theory."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from sdtheory import kernel_ridge
from sdtheory.estimators.kernel_ridge import SelfDistilledKernelRidge

# These two checks overwrite entries of the kernel matrix; a matrix that is not semi-definite is
# no kernel, and is refused with a sentence.
INDEFINITE = {
    "check_positive_only_tag_during_fit": "the matrix of this check is not semi-definite",
    "check_estimators_dtypes": "the matrix of this check is not semi-definite",
}


def exceptions(estimator):
    """Leaving out one of two equal samples is not leaving out one of weight two (as in RidgeCV)."""
    if estimator.kernel == "precomputed":
        return INDEFINITE
    if estimator.xi == "auto":
        return {"check_sample_weight_equivalence_on_dense_data": "leaves out whole samples"}
    return {}


@parametrize_with_checks(
    [
        SelfDistilledKernelRidge(),
        SelfDistilledKernelRidge(steps=3, xi=0.4, kernel="rbf", lam=0.5),
        SelfDistilledKernelRidge(steps=2, xi=[1.0, -0.5], lam=[0.3, 0.2, 1.0], kernel="laplacian"),
        SelfDistilledKernelRidge(steps=0, kernel="precomputed"),
    ],
    expected_failed_checks=exceptions,
)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture
def data(rng):
    x = rng.normal(size=(40, 3))
    y = np.stack([np.sin(x[:, 0]), x[:, 1]], axis=1) + 0.4 * rng.normal(size=(40, 2))
    return x, y, rng.normal(size=(9, 3))


@pytest.mark.parametrize("kernel", ["linear", "rbf", "polynomial", "precomputed"])
@pytest.mark.parametrize("outputs", [1, 2])
def test_no_rounds_are_scikit_learn(data, kernel, outputs):
    x, y, new = data
    y = y[:, 0] if outputs == 1 else y
    if kernel == "precomputed":
        x, new = x @ x.T + 1.0, new @ x.T + 1.0
    ours = SelfDistilledKernelRidge(lam=0.7, steps=0, kernel=kernel, gamma=0.4).fit(x, y)
    peer = KernelRidge(alpha=0.7, kernel=kernel, gamma=0.4).fit(x, y)
    np.testing.assert_allclose(ours.predict(new), peer.predict(new), rtol=0, atol=1e-10)
    np.testing.assert_allclose(ours.dual_coef_, peer.dual_coef_, rtol=0, atol=1e-10)


@pytest.mark.parametrize("wrap", [list, tuple, np.array])
def test_rounds_are_refitting_scikit_learn(data, wrap):
    x, y, new = data
    lam, xi = [0.7, 0.2, 0.5], [0.6, 1.4]
    ours = SelfDistilledKernelRidge(
        lam=wrap(lam), xi=wrap(xi), steps=2, kernel="rbf", gamma=0.3
    ).fit(x, y)
    peer = KernelRidge(alpha=lam[0], kernel="rbf", gamma=0.3).fit(x, y)
    for penalty, weight in zip(lam[1:], xi, strict=True):
        target = weight * peer.predict(x) + (1 - weight) * y
        peer = KernelRidge(alpha=penalty, kernel="rbf", gamma=0.3).fit(x, target)
    np.testing.assert_allclose(ours.predict(new), peer.predict(new), rtol=0, atol=1e-10)
    np.testing.assert_array_equal(ours.xi_, xi)


def test_automatic_weights_are_those_of_leaving_out(data):
    x, y, _ = data
    model = SelfDistilledKernelRidge(steps=2, lam=3.0, kernel="rbf", gamma=1.0).fit(x, y)
    kernel = np.exp(-((x[:, None] - x) ** 2).sum(-1))
    want = kernel_ridge.optimal_xi(kernel_ridge.fit(kernel, y), 3.0, 2, lower=0.0, upper=1.0)
    np.testing.assert_allclose(model.xi_, want.xi, rtol=1e-9)


@pytest.mark.parametrize("kernel", ["rbf", "precomputed"])
def test_sample_weights_are_those_of_refitting_scikit_learn(data, rng, kernel):
    x, y, new = data
    weight = rng.uniform(0.1, 3.0, len(x))
    weight[::5] = 0.0
    if kernel == "precomputed":
        x, new = x @ x.T + 1.0, new @ x.T + 1.0
    options = {"kernel": kernel, "gamma": 0.3}
    ours = SelfDistilledKernelRidge(lam=[0.7, 0.2, 0.5], xi=[0.6, 1.4], steps=2, **options)
    ours.fit(x, y, weight)
    peer = KernelRidge(alpha=0.7, **options).fit(x, y, weight)
    for penalty, xi in ((0.2, 0.6), (0.5, 1.4)):
        target = xi * peer.predict(x) + (1 - xi) * y
        peer = KernelRidge(alpha=penalty, **options).fit(x, target, weight)
    np.testing.assert_allclose(ours.predict(new), peer.predict(new), rtol=0, atol=1e-10)
    np.testing.assert_allclose(ours.dual_coef_, peer.dual_coef_, rtol=0, atol=1e-10)


def test_automatic_weights_count_samples_by_their_weight(data, rng):
    x, y, _ = data
    weight = rng.uniform(0.1, 3.0, len(x))
    weight[::5] = 0.0
    options = {"lam": 0.06, "kernel": "rbf", "gamma": 0.03}
    got = SelfDistilledKernelRidge(**options).fit(x, y, weight).xi_[0]
    seen = np.flatnonzero(weight)
    labels, pure = np.empty((2, len(seen), 2))
    for row, i in enumerate(seen):
        rest = seen[seen != i]
        student = SelfDistilledKernelRidge(xi=0.0, **options).fit(x[rest], y[rest], weight[rest])
        labels[row] = student.predict(x[[i]])[0]
        student.set_params(xi=1.0).fit(x[rest], y[rest], weight[rest])
        pure[row] = student.predict(x[[i]])[0]
    change, missing = pure - labels, y[seen] - labels
    want = np.sum(weight[seen] @ (change * missing)) / np.sum(weight[seen] @ change**2)
    assert got == pytest.approx(np.clip(want, 0.0, 1.0), rel=1e-9)
    assert 0 < got < 1
    # A sample of weight zero is no sample, and one of next to none is next to none.
    weight[::5] = 1e-9
    near = SelfDistilledKernelRidge(**options).fit(x, y, weight).xi_[0]
    assert near == pytest.approx(got, rel=1e-6)
    same = SelfDistilledKernelRidge(**options).fit(x, y, np.ones(len(x))).xi_
    np.testing.assert_array_equal(same, SelfDistilledKernelRidge(**options).fit(x, y).xi_)


@pytest.mark.parametrize(
    ("weight", "message"),
    [(-1.0, "sample_weight must be at least 0, got -1"), (0.0, "at least one non-zero")],
)
def test_wrong_sample_weights_are_named(data, weight, message):
    with pytest.raises(ValueError, match=message):
        SelfDistilledKernelRidge().fit(*data[:2], np.full(40, weight))


def test_refitting_forgets(data):
    x, y, new = data
    model = SelfDistilledKernelRidge(kernel="rbf", lam=0.3).fit(x, y)
    again = model.fit(x[:20] * 2, y[:20, 0]).predict(new)
    fresh = clone(model).fit(x[:20] * 2, y[:20, 0]).predict(new)
    np.testing.assert_array_equal(again, fresh)


def test_grid_search_of_precomputed_kernels(data):
    x, y, _ = data
    search = GridSearchCV(
        SelfDistilledKernelRidge(kernel="precomputed", lam=0.5),
        {"steps": [0, 1, 2], "xi": [0.5, 1.0]},
    )
    search.fit(x @ x.T, y)
    assert np.all(np.isfinite(search.cv_results_["mean_test_score"]))


def test_an_indefinite_kernel_is_named():
    with pytest.raises(ValueError, match="kernel must be positive semi-definite"):
        SelfDistilledKernelRidge(kernel="precomputed", lam=0.1, xi=0.5).fit(
            np.array([[1.0, 2.0], [2.0, 1.0]]), np.ones(2)
        )


def test_a_wrong_weight_is_named(data):
    with pytest.raises(ValueError, match="xi must be numbers or 'auto'"):
        SelfDistilledKernelRidge(xi="best").fit(*data[:2])
