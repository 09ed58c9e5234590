"""Canonical texts, keys and seeds."""

import pytest

from experiments.content import canonical, content_key, seed_sequence


def test_order_of_fields_does_not_matter():
    assert canonical({"a": 1, "b": [2.5, None]}) == canonical({"b": [2.5, None], "a": 1})


@pytest.mark.parametrize("other", [{"xi": 2}, {"xi": 1.0}, {"Xi": 1}, {"xi": [1]}, {"xi": "1"}])
def test_any_change_changes_key_and_seed(other):
    assert content_key(other) != content_key({"xi": 1})
    words = [seed_sequence(value).generate_state(4).tolist() for value in (other, {"xi": 1})]
    assert words[0] != words[1]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x", object()])
def test_values_outside_json_are_refused(value):
    with pytest.raises(TypeError, match="a configuration holds"):
        canonical({"value": value})
