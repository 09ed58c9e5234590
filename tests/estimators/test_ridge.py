"""Self-distilled ridge: scikit-learn's own checks, literal refitting, and the estimated errors."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from sdtheory import label_noise
from sdtheory.estimators import SelfDistilledRidge, SelfDistilledRidgeClassifier

REGRESSORS = [
    SelfDistilledRidge(),
    SelfDistilledRidge(alpha=0.1, xi=1.5, fit_intercept=False),
    SelfDistilledRidge(xi=[0.5, -1.0], steps=2),
    SelfDistilledRidge(tune="gcv", alphas=[0.1, 1.0, 10.0]),
    SelfDistilledRidge(tune="gcv_published"),
    SelfDistilledRidge(steps=2, alphas=(0.1, 1.0)),
    SelfDistilledRidge(steps=0),
]
CLASSIFIERS = [
    SelfDistilledRidgeClassifier(),
    SelfDistilledRidgeClassifier(xi=0.5, steps=2, fit_intercept=False),
    SelfDistilledRidgeClassifier(alphas=[0.1, 1.0]),
]


def exceptions(estimator):
    """Leaving out one of two equal samples is not leaving out one of weight two (as in RidgeCV)."""
    if estimator.xi == "auto" and estimator.tune == "loo" and estimator.steps > 0:
        return {"check_sample_weight_equivalence_on_dense_data": "leaves out whole samples"}
    return {}


@parametrize_with_checks([*REGRESSORS, *CLASSIFIERS], expected_failed_checks=exceptions)
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("outputs", [(), (3,)])
def test_students_are_ridge_regressions_on_mixed_targets(rng, intercept, weighted, outputs):
    x, y = rng.normal(size=(20, 5)), rng.normal(size=(20, *outputs))
    weight = rng.uniform(0.1, 2, size=20) if weighted else None
    reference = Ridge(0.3, fit_intercept=intercept).fit(x, y, weight)
    for xi in (1.7, -0.6):
        target = xi * reference.predict(x) + (1 - xi) * y
        reference = Ridge(0.3, fit_intercept=intercept).fit(x, target, weight)
    model = SelfDistilledRidge(0.3, xi=[1.7, -0.6], steps=2, fit_intercept=intercept)
    model.fit(x, y, weight)
    np.testing.assert_allclose(model.coef_, reference.coef_, rtol=1e-9, atol=1e-11)
    new = rng.normal(size=(4, 5))
    np.testing.assert_allclose(model.predict(new), reference.predict(new), rtol=1e-9, atol=1e-11)


def test_automatic_weight_is_the_tuned_one(rng):
    x, y = rng.normal(size=(30, 10)), rng.normal(size=30)
    for method in ("loo", "gcv", "gcv_published"):
        model = SelfDistilledRidge(0.5, tune=method).fit(x, y)
        want = label_noise.tune_xi(x, y, 0.5, method, intercept=True)
        assert model.xi_ == pytest.approx(want.xi, rel=1e-12)
        assert model.risk_ == pytest.approx(want.risk, rel=1e-12)
        assert model.teacher_risk_ == pytest.approx(want.teacher_risk, rel=1e-12)
        fixed = SelfDistilledRidge(0.5, xi=model.xi_).fit(x, y)
        np.testing.assert_allclose(model.coef_, fixed.coef_, rtol=1e-8)


def test_penalty_and_weight_are_chosen_together(rng):
    x, y, alphas = rng.normal(size=(25, 8)), rng.normal(size=25), np.geomspace(1e-2, 1e2, 9)
    model = SelfDistilledRidge(alphas=alphas).fit(x, y)
    risks = [float(label_noise.tune_xi(x, y, a, intercept=True).risk) for a in alphas]
    assert model.alpha_ == alphas[np.argmin(risks)]
    np.testing.assert_allclose(model.path_.risk, risks, rtol=1e-9)
    # With a fixed weight of zero the grid is that of ridge regression.
    plain = SelfDistilledRidge(xi=0.0, alphas=alphas).fit(x, y)
    reference = RidgeCV(alphas).fit(x, y)
    assert plain.alpha_ == reference.alpha_
    np.testing.assert_allclose(plain.coef_, reference.coef_, rtol=1e-8)
    rounds = SelfDistilledRidge(steps=2, alphas=alphas).fit(x, y)
    assert rounds.risk_ <= model.risk_ * (1 + 1e-12)


def test_without_a_penalty_the_student_is_the_teacher(rng):
    x, y = rng.normal(size=(12, 3)), rng.normal(size=12)
    model = SelfDistilledRidge(alpha=0.0).fit(x, y)
    want = np.linalg.lstsq(np.column_stack([x, np.ones(12)]), y)[0]
    np.testing.assert_allclose(np.append(model.coef_, model.intercept_), want, rtol=1e-10)
    assert model.xi_ == 0


def test_constant_features_are_no_features(rng):
    # The mean of 0.1 is not 0.1 in floating point: what is left must not become a feature.
    x, y = rng.normal(size=(11, 2)), rng.normal(size=11)
    for shift in (0.1, 1.0, 1e8 / 3):
        alone = SelfDistilledRidge().fit(np.full((11, 1), shift), y)
        assert alone.xi_ == 0
        assert np.all(alone.coef_ == 0)
        beside = SelfDistilledRidge().fit(np.column_stack([x, np.full(11, shift)]), y)
        assert beside.coef_[2] == 0
        np.testing.assert_allclose(
            beside.coef_[:2], SelfDistilledRidge().fit(x, y).coef_, rtol=1e-9
        )
    assert SelfDistilledRidge().fit(x, np.full(11, 0.1)).xi_ == 0


def test_classifier_is_regression_on_one_hot_targets(rng):
    x, labels = rng.normal(size=(40, 6)), rng.choice(["a", "b", "c"], size=40)
    model = SelfDistilledRidgeClassifier(xi=0.7).fit(x, labels)
    targets = (labels[:, None] == model.classes_).astype(float)
    regression = SelfDistilledRidge(xi=0.7).fit(x, targets)
    np.testing.assert_allclose(model.decision_function(x), regression.predict(x), rtol=1e-12)
    two = SelfDistilledRidgeClassifier().fit(x, labels == "a")
    assert two.decision_function(x).shape == (40,)
    assert set(two.predict(x)) <= {False, True}


def test_single_precision_stays_single(rng):
    x, y = rng.normal(size=(15, 3)).astype(np.float32), rng.normal(size=15).astype(np.float32)
    assert SelfDistilledRidge().fit(x, y).coef_.dtype == np.float32


@pytest.mark.parametrize(
    ("parameters", "error", "says"),
    [
        ({"alpha": -1.0}, ValueError, "alpha must be at least 0, got -1"),
        ({"alpha": "one"}, TypeError, "alpha must be a real number"),
        ({"alphas": [0.0, 1.0]}, ValueError, "alphas must be greater than 0, got 0"),
        ({"xi": "best"}, ValueError, "xi must be one of"),
        ({"xi": [0.5]}, ValueError, None),
        ({"xi": [0.5, 0.5]}, ValueError, "xi must have 1 entries for 1 rounds"),
        ({"steps": -1}, ValueError, "steps must be at least 0, got -1"),
        ({"tune": "cv"}, ValueError, "tune must be one of"),
        ({"steps": 2, "tune": "gcv_published"}, ValueError, "steps must be 1"),
    ],
)
def test_bad_parameters_are_named(parameters, error, says):
    x, y = np.eye(3), np.arange(3.0)
    if says is None:
        SelfDistilledRidge(**parameters).fit(x, y)
        return
    with pytest.raises(error, match=says):
        SelfDistilledRidge(**parameters).fit(x, y)


def test_bad_data_are_refused():
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        SelfDistilledRidge().fit(sparse.csr_array(np.eye(3)), np.ones(3))
    with pytest.raises(ValueError, match="sample_weight must be at least 0, got -1"):
        SelfDistilledRidge().fit(np.eye(3), np.ones(3), [1.0, -1.0, 1.0])
    with pytest.raises(ValueError, match="one class"):
        SelfDistilledRidgeClassifier().fit(np.eye(3), [1, 1, 1])
