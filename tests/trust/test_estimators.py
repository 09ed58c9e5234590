"""Estimators at many parameters: scikit-learn's whole check suite, copies, threads.

The suite runs on every parametrisation (marked slow) and on the defaults once more with
`SCIPY_ARRAY_API=1`, which has to be set before SciPy is imported: in another process.
"""

import io
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.utils.estimator_checks import check_estimator

from sdtheory import estimators

ROOT = Path(__file__).parents[2]
FIXED = ConstantKernel(1.5, "fixed") * RBF(1.2, "fixed")
NOISY = FIXED + WhiteKernel(0.1, "fixed")
WHOLE = {"check_sample_weight_equivalence_on_dense_data": "leaves out whole samples"}
INDEFINITE = {
    "check_positive_only_tag_during_fit": "the matrix of this check is not semi-definite",
    "check_estimators_dtypes": "the matrix of this check is not semi-definite",
}
RIDGE = [
    {}, {"alpha": 0.1}, {"alpha": 100.0}, {"xi": 0.5}, {"xi": 1.5, "fit_intercept": False},
    {"xi": -0.5, "steps": 3}, {"xi": [0.5, -1.0], "steps": 2}, {"steps": 0}, {"tune": "gcv"},
    {"alphas": [0.1, 1.0, 10.0]}, {"tune": "gcv", "alphas": [0.1, 1.0]}, {"steps": 2},
]  # fmt: skip
PARAMETERS = {
    "SelfDistilledRidge": [*RIDGE, {"tune": "gcv_published"}],
    "SelfDistilledRidgeClassifier": RIDGE,
    "SelfDistilledKernelRidge": [
        {}, {"lam": 0.1}, {"lam": 100.0, "xi": 1.0}, {"xi": -0.5}, {"steps": 0}, {"steps": 3},
        {"xi": 0.4, "steps": 3, "kernel": "rbf", "lam": 0.5}, {"kernel": "poly", "degree": 2},
        {"xi": [1.0, -0.5], "steps": 2, "lam": [0.3, 0.2, 1.0], "kernel": "laplacian"},
        {"kernel": "rbf", "gamma": 0.3}, {"kernel": "poly", "coef0": 0.5, "steps": 2},
        {"kernel": "precomputed", "steps": 0}, {"xi": 2.0, "kernel": "rbf"},
    ],
    "SelfDistilledGPRegressor": [
        {}, {"kernel": FIXED}, {"kernel": FIXED, "noise": 1.0}, {"kernel": FIXED, "steps": 0},
        {"kernel": FIXED, "steps": 4, "xi": 0.5}, {"kernel": FIXED, "method": "distribution"},
        {"kernel": FIXED, "method": "distribution", "steps": 3, "normalize_y": True},
        {"kernel": FIXED, "noise": [0.1, 0.2, 0.3], "xi": [1.0, 0.5], "steps": 2},
        {"kernel": FIXED, "hyperparameters": "all"}, {"kernel": NOISY}, {"normalize_y": True},
        {"kernel": NOISY, "noise": 1e-3, "steps": 2},
    ],
    "SelfDistilledGPClassifier": [
        {}, {"kernel": FIXED}, {"kernel": FIXED, "steps": 0}, {"kernel": FIXED, "steps": 3},
        {"kernel": FIXED, "xi": 0.5}, {"kernel": FIXED, "xi": [0.5, 0.9], "steps": 2},
        {"kernel": FIXED, "likelihood": "bernoulli"},
        {"kernel": FIXED, "average": "erf", "likelihood": "bernoulli"},
        {"kernel": FIXED, "method": "distribution", "steps": 2}, {"kernel": NOISY, "noise": 0.1},
        {"kernel": FIXED, "method": "distribution", "steps": 2, "reuse": "sequential"},
        {"kernel": FIXED, "hyperparameters": "all"},
    ],
    "SelfDistilledLogisticRegression": [
        {}, {"steps": 0}, {"C": 0.1}, {"C": 10.0, "xi": 0.5},
        {"xi": 1.3, "steps": 2, "temperature": 0.8},
        {"hard": True}, {"fit_intercept": False}, {"xi": -0.3, "steps": 3}, {"temperature": 4.0},
        {"xi": "auto", "xis": (0.5, 1.5), "cv": 2},
        {"xi": "auto", "hard": True, "xis": (0.0, 0.9), "cv": 2},
        {"xi": "auto", "xis": (0.5, 1.5), "cv": 2, "scoring": "accuracy"},
    ],
}  # fmt: skip
CASES = [
    pytest.param(getattr(estimators, name)(**kwargs), id=f"{name}-{i}")
    for name, choices in PARAMETERS.items()
    for i, kwargs in enumerate(choices)
]
DEFAULTS = [pytest.param(getattr(estimators, name)(), id=name) for name in PARAMETERS]
# On small samples optimal hyper-parameters may lie at a bound: scikit-learn says so.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The optimal value found"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


def excused(estimator):
    """Leaving out one of two equal samples is not leaving out one of weight two (as in RidgeCV)."""
    if getattr(estimator, "kernel", None) == "precomputed":
        return INDEFINITE
    auto = getattr(estimator, "xi", None) == "auto" and estimator.steps > 0
    return WHOLE if auto and getattr(estimator, "tune", "loo") == "loo" else {}


def contract(estimator):
    results = check_estimator(
        estimator, expected_failed_checks=excused(estimator), on_skip=None, on_fail=None
    )
    wrong = [r for r in results if r["status"] == "failed"]
    assert not wrong, [(r["check_name"], r["exception"]) for r in wrong]
    assert len(results) > 40


def test_there_are_ten_parametrisations_beside_the_default():
    assert set(PARAMETERS) == {n for n in estimators.__all__ if n.startswith("SelfDistilled")}
    assert all(len(choices) > 10 and choices[0] == {} for choices in PARAMETERS.values())


@pytest.mark.slow
@pytest.mark.parametrize("estimator", CASES)
def test_contract_of_every_parametrisation(estimator):
    contract(estimator)


@pytest.mark.parametrize("estimator", DEFAULTS)
def test_contract_of_the_defaults(estimator):
    contract(estimator)


def test_contract_with_the_array_api():
    if os.environ.get("SCIPY_ARRAY_API"):
        pytest.skip("this is that process")
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__,
         "-k", "test_contract_of_the_defaults"],
        cwd=ROOT, env=os.environ | {"SCIPY_ARRAY_API": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout[-3000:]
    assert f"{len(DEFAULTS)} passed" in answer.stdout


def sample(estimator):
    """Return training data and new inputs of the right kind."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2))
    y = x @ [1.0, -1.0] + 0.3 * rng.normal(size=30)
    if is_classifier(estimator):
        y = np.where(y > 0, "yes", "no")
    if getattr(estimator, "kernel", None) == "precomputed":
        x = x @ x.T + np.eye(30)
        return x, y, x[:7]
    return x, y, rng.normal(size=(7, 2))


def fitted(estimator):
    x, y, new = sample(estimator)
    return clone(estimator).fit(x, y), new


def outputs(model, new):
    found = [model.predict(new)]
    if hasattr(model, "predict_proba"):
        found.append(model.predict_proba(new))
    return found


@pytest.mark.parametrize("estimator", CASES)
def test_copies_predict_the_same_bits(estimator):
    model, new = fitted(estimator)
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    copies = [pickle.loads(pickle.dumps(model)), joblib.load(file), fitted(model)[0]]
    for copy in copies:
        for one, other in zip(outputs(model, new), outputs(copy, new), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("estimator", DEFAULTS)
def test_threads_may_share_a_fitted_estimator(estimator):
    model, new = fitted(estimator)
    want = outputs(model, new)
    before = pickle.dumps(model)
    with ThreadPoolExecutor(8) as pool:
        for got in pool.map(lambda _: outputs(model, new), range(64)):
            for one, other in zip(want, got, strict=True):
                np.testing.assert_array_equal(one, other)
    assert pickle.dumps(model) == before  # predicting changes nothing
