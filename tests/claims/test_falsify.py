"""Searching finds violations, shrinks them, and prints Python that shows them again."""

import numpy as np
import pytest
import toys

from sdtheory import claims
from sdtheory.claims.falsify import as_literal


def test_a_true_claim_is_not_falsified():
    assert claims.falsify(toys.right, examples=200, seed=0) is None


def test_the_smallest_counterexample_is_printed_as_python():
    found = claims.falsify("toys:wrong", examples=500, seed=0)
    assert found.residual > found.tolerance
    # 50.001 is the boundary, and shrinking prefers whole numbers: 8 is the simplest violation.
    assert found.instance == {"x": 8.0}
    scope = {}
    exec(found.as_python().replace("\nclaim(", "\nresult = claim("), scope)
    assert scope["result"] == found.residual


def test_progress_counts_what_was_tried():
    steps = []
    claims.falsify(toys.right, examples=50, seed=0, progress=lambda *step: steps.append(step))
    assert steps == [(k, 50) for k in range(1, len(steps) + 1)]
    assert 25 <= len(steps) <= 50  # hypothesis counts rejected and repeated draws too


def test_search_is_repeatable():
    one, two = (claims.falsify(toys.wrong, examples=50, seed=5) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    "value", [np.array([0.1, 1e-300]), np.array([[1.0], [2.0]]), np.float64(0.1), 3, "text", True]
)
def test_literals_are_exact(value):
    again = eval(as_literal(value), {"np": np})
    np.testing.assert_array_equal(again, value)


def test_empty_arrays_keep_their_shape():
    assert eval(as_literal(np.zeros((0, 3))), {"np": np}).shape == (0, 3)


def test_bad_arguments():
    with pytest.raises(ValueError, match="examples must be at least 1"):
        claims.falsify(toys.right, examples=0)
