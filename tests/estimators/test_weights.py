"""Weights of samples that no fit could use."""

import numpy as np
import pytest

from sdtheory import estimators

X = np.random.default_rng(0).normal(size=(6, 2))
LABELS = np.array([0, 1, 0, 1, 0, 1])
WEIGHTED = [
    estimators.SelfDistilledRidge,
    estimators.SelfDistilledRidgeClassifier,
    estimators.SelfDistilledKernelRidge,
    estimators.SelfDistilledLogisticRegression,
]


@pytest.mark.parametrize("kind", WEIGHTED, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (float("nan"), "sample_weight must be finite, got nan"),
        (np.zeros(6), r"(?i)sample.weights? must .* zeros|non-zero"),
        (np.array([1.0, 1.0, -2.0, 1.0, 1.0, 1.0]), "sample_weight must be at least 0, got -2"),
    ],
)
def test_weights_of_no_use_are_refused(kind, weight, message):
    with pytest.raises(ValueError, match=message):
        kind().fit(X, LABELS, sample_weight=weight)


@pytest.mark.parametrize("kind", WEIGHTED, ids=lambda kind: kind.__name__)
def test_one_number_weighs_all_samples_alike(kind):
    weighted = kind(xi=0.5).fit(X, LABELS, sample_weight=1.0)
    plain = kind(xi=0.5).fit(X, LABELS)
    np.testing.assert_allclose(weighted.predict(X), plain.predict(X), rtol=1e-10)
