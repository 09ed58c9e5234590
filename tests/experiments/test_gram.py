"""Unit vectors with given inner products, flips and embeddings."""

import numpy as np

from experiments._gram import embedded, flip_within, softmax_learner, unit_vectors

EPS = np.finfo(float).eps


def test_vectors_have_the_inner_products_they_are_asked_for():
    truth = np.array([0, 2, 1, 0, 2, 2])
    for same, cross in ((0.4, 0.1), (0.7, 0.0), (0.3, 0.3)):
        x = unit_vectors(truth, same, cross)
        want = np.where(truth[:, None] == truth, same, cross)
        np.fill_diagonal(want, 1.0)
        np.testing.assert_allclose(x @ x.T, want, rtol=0, atol=8 * EPS)


def test_flips_are_counted_in_either_half(rng):
    truth = np.repeat([1, 0], 9)
    labels = flip_within(truth, 4, rng)
    assert (labels[:9] == 0).sum() == (labels[9:] == 1).sum() == 4


def test_embedded_points_have_their_inner_products(rng):
    points, new = rng.normal(size=(2, 5, 7)), rng.normal(size=(2, 3, 7))
    grams, cross = points @ points.transpose(0, 2, 1), new @ points.transpose(0, 2, 1)
    x, fresh = embedded(grams, cross)
    np.testing.assert_allclose(x @ x.transpose(0, 2, 1), grams, rtol=0, atol=1e3 * EPS)
    np.testing.assert_allclose(fresh @ x.transpose(0, 2, 1), cross, rtol=0, atol=1e4 * EPS)


def test_the_learner_is_scikit_learns_regression(rng, device):
    from sklearn.linear_model import LogisticRegression

    from experiments.engine import one_hot_labels, to_tensor

    x, y = rng.normal(size=(30, 4)), rng.integers(0, 3, 30)
    learner = softmax_learner(x, 3, 0.1, np.arange(1), device)
    fit = learner.fit(to_tensor(one_hot_labels(y, 3), device, learner.x.dtype)[None])
    theirs = LogisticRegression(
        C=1 / (30 * 0.1), fit_intercept=False, tol=1e-12, max_iter=9999, solver="newton-cg"
    ).fit(x, y)
    weight = fit.params["weight"][0].cpu().numpy()
    np.testing.assert_allclose(weight, theirs.coef_.T, rtol=0, atol=1e-8)
