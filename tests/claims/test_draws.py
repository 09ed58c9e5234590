"""Both sources of instances respect the same description."""

import hypothesis
import numpy as np
import pytest

from sdtheory.claims import Rejected
from sdtheory.claims.draws import SampledDraw, search_strategy


def everything(draw):
    size = draw.integer(1, 4)
    return {
        "number": draw.uniform(-2.0, 3.0),
        "vector": draw.uniform(-1.0, 1.0, size=size),
        "matrix": draw.log_uniform(1e-3, 1e2, size=(size, 2)),
        "positive": draw.log_uniform(1e-3, 1e2),
        "name": draw.choice(["a", "b"]),
        "seed": draw.seed(),
    }


def check(instance):
    assert -2 <= instance["number"] <= 3
    assert 1 <= instance["vector"].size <= 4
    assert np.all(np.abs(instance["vector"]) <= 1)
    assert instance["matrix"].shape == (instance["vector"].size, 2)
    assert instance["matrix"].dtype == np.float64
    assert np.all((instance["matrix"] >= 1e-3) & (instance["matrix"] <= 1e2))
    assert 1e-3 <= instance["positive"] <= 1e2
    assert isinstance(instance["positive"], float)
    assert instance["name"] in {"a", "b"}
    assert 0 <= instance["seed"] < 2**32


def test_sampled_draws():
    for seed in range(200):
        check(everything(SampledDraw(np.random.default_rng(seed))))


@hypothesis.given(search_strategy(everything))
def test_searched_draws(instance):
    check(instance)


def test_search_shrinks_towards_the_plain():
    found = hypothesis.find(
        search_strategy(everything),
        lambda instance: True,
        settings=hypothesis.settings(database=None),
    )
    assert found["positive"] == 1.0
    assert found["name"] == "a"
    assert found["vector"].tolist() == [0.0]


def test_rejection():
    draw = SampledDraw(np.random.default_rng(0))
    draw.assume(True)
    with pytest.raises(Rejected):
        draw.assume(False)
    rejecting = search_strategy(lambda d: d.assume(d.integer(0, 9) > 4) or {"k": 1})
    assert hypothesis.find(rejecting, lambda i: True) == {"k": 1}
