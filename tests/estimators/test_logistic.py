"""SelfDistilledLogisticRegression: scikit-learn's contract, the teacher, the theory."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from paper_checks._explicit_logistic import block_gram, vectors
from sdtheory.estimators.logistic import SelfDistilledLogisticRegression
from sdtheory.logistic import RandomLabels, perfect_mixing

DISTILLED = SelfDistilledLogisticRegression


@parametrize_with_checks(
    [
        DISTILLED(),
        DISTILLED(steps=0),
        DISTILLED(xi="auto", xis=(0.5, 1.5), cv=2, scoring="accuracy"),
        DISTILLED(xi=1.3, steps=2, temperature=0.8, C=3.0),
        DISTILLED(hard=True, fit_intercept=False),
        DISTILLED(xi="auto", hard=True, xis=(0.0, 0.9), cv=2, steps=2),
        DISTILLED(xi=-0.3, steps=3, fit_intercept=False),
    ]
)
def test_scikit_learns_contract(estimator, check):
    check(estimator)


@pytest.fixture
def iris():
    X, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("C", [0.05, 1.0, 20.0])
@pytest.mark.parametrize("intercept", [True, False])
def test_no_steps_is_logistic_regression(iris, classes, C, intercept):
    X, y = iris
    X, y = X[y < classes], y[y < classes]
    ours = DISTILLED(C=C, steps=0, fit_intercept=intercept).fit(X, y)
    theirs = LogisticRegression(C=C, fit_intercept=intercept, tol=1e-13, max_iter=100_000)
    theirs.set_params(solver="newton-cg" if classes > 2 else "newton-cholesky").fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=1e-8)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=0, atol=1e-8)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=0, atol=1e-8)


def test_soft_targets_are_weighted_copies(iris):
    X, y = iris
    ours = DISTILLED(xi=0.7, C=0.5).fit(X, y)
    teacher = LogisticRegression(C=0.5, tol=1e-13, max_iter=100_000, solver="newton-cg").fit(X, y)
    target = 0.7 * teacher.predict_proba(X) + 0.3 * np.eye(3)[y]
    copies = LogisticRegression(C=0.5, tol=1e-13, max_iter=100_000, solver="newton-cg")
    copies.fit(np.repeat(X, 3, axis=0), np.tile(np.arange(3), len(X)), target.ravel())
    np.testing.assert_allclose(ours.coef_, copies.coef_, rtol=0, atol=1e-8)
    np.testing.assert_allclose(ours.teacher_coef_, teacher.coef_, rtol=0, atol=1e-8)


@pytest.mark.parametrize("xi", [1.0, -0.5, 1.4])
def test_students_have_the_two_margins_of_the_theory(rng, xi):
    n, flips, penalty = 20, 6, 0.01
    X = vectors(block_gram((n, n), (0.3, 0.3), 0.0), rng)
    truth = np.repeat([1, 0], n)
    y = np.where(np.tile(np.arange(n) < flips, 2), 1 - truth, truth)
    model = DISTILLED(C=1 / (2 * n * penalty), xi=xi, steps=2, fit_intercept=False).fit(X, y)
    stage = RandomLabels(n, flips, 0.3, penalty=penalty).student(xi=xi, steps=2)
    f = model.decision_function(X) * np.where(truth == 1, 1, -1)
    want = np.where(y == truth, stage.good_margin, stage.flipped_margin)
    np.testing.assert_allclose(f, want, rtol=0, atol=1e-8)


def test_the_best_weight_repairs_every_label(rng):
    n, flips, own, shared = 20, 9, 1.75, 15.0
    X = vectors(block_gram((n, n), (0.3, 0.3), 0.0), rng)
    truth = np.repeat([1, 0], n)
    y = np.where(np.tile(np.arange(n) < flips, 2), 1 - truth, truth)
    best = float(perfect_mixing(flips / n, own, shared).best)
    options = {"C": 1 / (2 * n * 0.01), "fit_intercept": False}
    assert DISTILLED(xi=best, **options).fit(X, y).score(X, truth) == 1
    assert DISTILLED(xi=1.0, **options).fit(X, y).score(X, truth) == 1 - flips / n


@pytest.mark.parametrize("scoring", ["log_loss", "accuracy"])
def test_auto_is_a_grid_search(iris, scoring):
    from sklearn.model_selection import GridSearchCV

    X, y = iris
    rng = np.random.default_rng(0)
    y = np.where(rng.random(len(y)) < 0.2, rng.integers(0, 3, len(y)), y)
    xis = (0.0, 1.0, 2.0)
    auto = DISTILLED(xi="auto", xis=xis, scoring=scoring, C=5.0).fit(X, y)
    name = "neg_log_loss" if scoring == "log_loss" else "accuracy"
    search = GridSearchCV(DISTILLED(C=5.0), {"xi": list(xis)}, scoring=name, cv=5).fit(X, y)
    np.testing.assert_allclose(auto.cv_scores_, search.cv_results_["mean_test_score"], rtol=1e-9)
    assert auto.xi_ == search.best_params_["xi"]


def test_extreme_logits_keep_their_logarithm(iris):
    X, y = iris
    model = DISTILLED(C=1e4, steps=0).fit(X[y < 2], y[y < 2])
    log_p = model.predict_log_proba(1e4 * X[y < 2])
    assert np.all(np.isfinite(log_p))
    assert log_p.min() < -800


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"C": 0.0}, "C"),
        ({"xi": np.inf}, "xi must be finite"),
        ({"steps": -1}, "steps"),
        ({"temperature": 0.0}, "temperature"),
        ({"scoring": "auc"}, "scoring"),
        ({"xi": "auto", "cv": 1}, "cv"),
    ],
)
def test_bad_parameters_are_named(iris, parameters, message):
    with pytest.raises(ValueError, match=message):
        DISTILLED(**parameters).fit(*iris)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hard": "yes"}, "hard must be True or False"),
        ({"fit_intercept": 1}, "fit_intercept must be True or False"),
        ({"cv": 2.5}, "cv must be an integer"),
    ],
)
def test_bad_types_are_named(iris, parameters, message):
    with pytest.raises(TypeError, match=message):
        DISTILLED(**parameters).fit(*iris)


@pytest.mark.parametrize(
    ("weight", "message"), [(-1.0, "sample_weight must be"), (0.0, "at least one non-zero")]
)
def test_bad_weights_are_named(iris, weight, message):
    with pytest.raises(ValueError, match=message):
        DISTILLED().fit(*iris, sample_weight=np.full(150, weight))


@pytest.mark.parametrize(
    "parameters", [{}, {"xi": 1.7, "steps": 3}, {"hard": True}, {"fit_intercept": False, "C": 10.0}]
)
@pytest.mark.parametrize("classes", [2, 3])
def test_weights_are_copies(rng, iris, parameters, classes):
    X, y = iris
    X, y = X[y < classes], y[y < classes]
    y = np.where(rng.random(len(y)) < 0.2, rng.integers(0, classes, len(y)), y)
    times = rng.integers(0, 3, len(y))
    weighted = DISTILLED(**parameters).fit(X, y, sample_weight=times)
    copied = DISTILLED(**parameters).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    np.testing.assert_allclose(weighted.coef_, copied.coef_, rtol=0, atol=1e-8)


def test_a_class_of_weight_zero_is_none(iris):
    X, y = iris
    weighted = DISTILLED().fit(X, y, sample_weight=(y < 2).astype(float))
    without = DISTILLED().fit(X[y < 2], y[y < 2])
    np.testing.assert_array_equal(weighted.coef_, without.coef_)
    np.testing.assert_array_equal(weighted.classes_, [0, 1])


def test_splits_of_ones_own_count_rows_of_weight_zero(iris):
    from sklearn.model_selection import KFold

    X, y = iris
    rng = np.random.default_rng(1)
    keep = rng.random(len(y)) < 0.7
    splits = list(KFold(3, shuffle=True, random_state=0).split(X))
    place = np.cumsum(keep) - 1
    kept = [tuple(place[rows[keep[rows]]] for rows in split) for split in splits]
    options = {"xi": "auto", "xis": (0.0, 1.0), "C": 5.0}
    weighted = DISTILLED(cv=splits, **options).fit(X, y, sample_weight=keep.astype(float))
    without = DISTILLED(cv=kept, **options).fit(X[keep], y[keep])
    np.testing.assert_allclose(weighted.cv_scores_, without.cv_scores_, rtol=1e-13)


def test_scores_of_an_earlier_fit_are_dropped(iris):
    model = DISTILLED(xi="auto", xis=(0.5, 1.0), cv=2).fit(*iris)
    assert not hasattr(model.set_params(xi=1.0).fit(*iris), "cv_scores_")


def test_string_labels_come_back(iris):
    X, y = iris
    names = np.array(["a", "b", "c"])[y]
    model, plain = DISTILLED().fit(X, names), DISTILLED().fit(X, y)
    np.testing.assert_array_equal(model.coef_, plain.coef_)
    assert model.score(X, names) == plain.score(X, y)


def test_auto_needs_two_samples_of_every_class():
    X = np.arange(10.0).reshape(5, 2)
    with pytest.raises(ValueError, match="two samples of every class"):
        DISTILLED(xi="auto").fit(X, [0, 0, 1, 1, 2])


def test_no_convergence_is_reported(iris):
    from sklearn.exceptions import ConvergenceWarning

    with pytest.warns(ConvergenceWarning, match="max_iter = 2"):
        DISTILLED(max_iter=2, steps=0).fit(*iris)
