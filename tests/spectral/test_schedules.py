import numpy as np
import pytest

from sdtheory.spectral.schedules import per_round

LIKE = np.ones(1)


@pytest.mark.parametrize(
    ("value", "xi", "steps", "expected"),
    [
        (2.0, 0.5, None, ([2.0, 2.0], [0.5])),
        (2.0, 0.5, 3, ([2.0] * 4, [0.5] * 3)),
        (2.0, 0.5, 0, ([2.0], [])),
        ([1.0, 2.0, 3.0], 0.5, None, ([1.0, 2.0, 3.0], [0.5, 0.5])),
        (2.0, [0.5, -1.0], None, ([2.0] * 3, [0.5, -1.0])),
        (2.0, [], None, ([2.0], [])),
        ([1.0, 2.0, 3.0], [0.5, -1.0], 2, ([1.0, 2.0, 3.0], [0.5, -1.0])),
    ],
)
def test_numbers_repeat_and_schedules_count(value, xi, steps, expected):
    assert per_round("lam", value, xi, steps, LIKE) == expected


@pytest.mark.parametrize(
    ("value", "xi", "steps"),
    [(2.0, [0.5, 0.5], 3), ([1.0, 2.0], 0.5, 3), ([1.0, 2.0], [0.5, 0.5], None)],
)
def test_lengths_that_disagree_are_named(value, xi, steps):
    with pytest.raises(ValueError, match=r"xi must have \d and noise \d entries"):
        per_round("noise", value, xi, steps, LIKE)


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, [1.0, 0.0], [[1.0]]])
def test_values_must_be_positive_numbers_or_schedules(value):
    with pytest.raises(ValueError, match="noise"):
        per_round("noise", value, 0.5, None, LIKE)
