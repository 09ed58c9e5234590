"""The mixture itself."""

import numpy as np
import pytest
from scipy.special import ndtri

from sdtheory.logistic import GaussianMixture


def test_test_error_is_the_share_of_wrong_signs():
    problem = GaussianMixture(1.0, 0.7, 0.1, 0.3)
    d, m, b, count = 40, 0.8, 0.25, 200_000
    v = np.ones(d)
    w = m * v + 0.9 * np.resize([1.0, -1.0], d)
    # Quantiles of the noise, as many below as above each: the share is certain to half of one.
    noise = ndtri((np.arange(count) + 0.5) / count)
    wrong = [
        np.mean(np.sign(sign * m + b + np.sqrt(0.7 * (w @ w) / d) * noise) != sign)
        for sign in (1.0, -1.0)
    ]
    got = problem.test_error(np.asarray(w @ v / d), np.asarray(b), np.asarray(w @ w / d))
    assert abs(0.3 * wrong[0] + 0.7 * wrong[1] - got) <= 0.5 / count + 1e-15


def test_errors_do_not_depend_on_the_length_of_the_weights():
    problem = GaussianMixture(1.0, 0.7, 0.1, 0.3)
    long, short = (problem.test_error(0.8 * c, 0.3 * c, 1.2 * c**2) for c in (1.0, 1e-3))
    assert long == pytest.approx(float(short), rel=1e-14)
    with pytest.raises(ValueError, match="norm must be at least 0"):
        problem.test_error(0.8, 0.3, -0.1)


def test_weights_of_the_four_groups():
    sign, label, weight = GaussianMixture(1.0, 0.7, 0.1, 0.3).groups()
    assert sign.tolist() == [1, 1, -1, -1]
    assert label.tolist() == [1, 0, 0, 1]
    assert weight.sum() == pytest.approx(1, abs=1e-15)
    assert weight @ (sign > 0) == pytest.approx(0.3)
    assert weight @ (label != (sign > 0)) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.0, 1.0, 0.1), "sample_ratio"),
        ((1.0, -1.0, 0.1), "variance"),
        ((1.0, 1.0, 0.5), "flip_probability"),
        ((1.0, 1.0, 0.1, 1.0), "balance"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(*arguments)
