"""Merging repeated inputs leaves every student as it was."""

import numpy as np
import pytest

from sdtheory import kernel_ridge

EPS = np.finfo(float).eps


@pytest.mark.parametrize("outputs", [1, 2])
def test_merged_students_are_the_same(rng, outputs):
    distinct = rng.normal(size=(5, 2))
    inputs = distinct[rng.integers(0, 5, size=16)]
    y = rng.normal(size=(16, outputs))[:, 0] if outputs == 1 else rng.normal(size=(16, 2))
    new = rng.normal(size=(4, 2))

    def kernel(a, b):
        return np.exp(-0.5 * ((a[:, None] - b) ** 2).sum(-1))

    merged = kernel_ridge.merge_replicates(inputs, y)
    assert len(merged.inputs) == len(np.unique(inputs, axis=0))
    np.testing.assert_array_equal(merged.inputs[merged.groups], inputs)
    small = kernel_ridge.fit(kernel(merged.inputs, merged.inputs), merged.y, merged.noise)
    large = kernel_ridge.fit(kernel(inputs, inputs), y)
    lams, xis = [0.5, 0.2, 1.0], [0.7, -0.5]
    np.testing.assert_allclose(
        small.predict(kernel(new, merged.inputs), lams, xis),
        large.predict(kernel(new, inputs), lams, xis),
        rtol=0,
        atol=1000 * EPS * np.abs(y).max() / min(lams),
    )
    np.testing.assert_allclose(
        small.fitted(lams, xis)[merged.groups],
        large.fitted(lams, xis),
        rtol=0,
        atol=1000 * EPS * np.abs(y).max() / min(lams),
    )


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="y and inputs must have the same length"):
        kernel_ridge.merge_replicates(np.ones((2, 1)), np.ones(3))


def test_the_order_of_first_occurrence_is_kept():
    inputs = [[2.0], [1.0], [2.0], [3.0], [1.0], [2.0]]
    merged = kernel_ridge.merge_replicates(inputs, [1.0, 2.0, 4.0, 7.0, 4.0, 1.0])
    assert merged.inputs.ravel().tolist() == [2.0, 1.0, 3.0]
    assert merged.y.tolist() == [2.0, 3.0, 7.0]
    np.testing.assert_allclose(merged.noise, [1 / 3, 1 / 2, 1.0], rtol=EPS)
    assert merged.groups.tolist() == [0, 1, 0, 2, 1, 0]


@pytest.mark.parametrize(
    ("inputs", "y", "message"),
    [
        (np.ones(2), np.ones(2), "inputs must have 2 dimensions"),
        (np.ones((2, 1)), np.ones((2, 1, 1)), "y must have 1 or 2 dimensions"),
    ],
)
def test_shapes_are_named(inputs, y, message):
    with pytest.raises(ValueError, match=message):
        kernel_ridge.merge_replicates(inputs, y)
