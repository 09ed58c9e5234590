"""Corruptions change exactly what they say."""

import numpy as np
import pytest
from scipy import stats

from experiments.engine import corruption
from sdtheory.claims import SCORE_LIMIT, deviate, z_score

CLASSES = 6
GROUPS = [(0, 3), (5, 1, 2, 4)]


@pytest.fixture
def y(rng):
    return rng.integers(0, CLASSES, size=1000)


def corrupted(kind, y, fraction, rng):
    if kind == "hierarchical":
        return corruption.hierarchical(y, GROUPS, fraction, rng)
    if kind == "adversarial":
        return corruption.adversarial(y, scores(y), fraction, rng)
    return getattr(corruption, kind)(y, CLASSES, fraction, rng)


def scores(y):
    return np.random.default_rng(0).normal(size=(len(y), CLASSES))


KINDS = ["uniform", "pairwise", "hierarchical", "adversarial"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fraction", [0.0, 0.25, 1.0])
def test_exact_number_changes_and_the_input_does_not(y, kind, fraction):
    before = y.copy()
    out = corrupted(kind, y, fraction, np.random.default_rng(1))
    assert (out != y).sum() == round(fraction * len(y))
    assert np.array_equal(y, before)
    assert out.dtype == y.dtype
    assert set(np.unique(out)) <= set(range(CLASSES))


@pytest.mark.parametrize("kind", KINDS)
def test_less_noise_corrupts_a_subset(y, kind):
    some, more = (corrupted(kind, y, f, np.random.default_rng(1)) for f in (0.2, 0.5))
    changed = some != y
    assert np.array_equal(some[changed], more[changed])


@pytest.mark.parametrize("kind", KINDS)
def test_fraction_is_checked(y, kind, rng):
    with pytest.raises(ValueError, match=r"fraction must be at most 1, got 1\.5"):
        corrupted(kind, y, 1.5, rng)


@pytest.mark.statistical
def test_uniform_reaches_every_other_class_alike(rng):
    out = corruption.uniform(np.full(3_000_000, 2), CLASSES, 1.0, rng)
    counts = np.bincount(out, minlength=CLASSES)
    assert counts[2] == 0
    chance = stats.chisquare(np.delete(counts, 2)).pvalue
    assert deviate(chance) < SCORE_LIMIT


def test_pairwise_is_the_next_class(y, rng):
    assert np.array_equal(corruption.pairwise(y, CLASSES, 1.0, rng), (y + 1) % CLASSES)


def test_hierarchical_stays_in_the_group(y, rng):
    out = corruption.hierarchical(y, GROUPS, 1.0, rng)
    group = np.array(
        [next(g for g, members in enumerate(GROUPS) if k in members) for k in range(6)]
    )
    assert np.array_equal(group[out], group[y])
    assert len(np.unique(out[y == 5])) == 3


@pytest.mark.parametrize(
    ("groups", "message"),
    [([(0, 1), (1, 2)], "disjoint"), ([(0,), (1, 2)], "at least two"), ([(0, 1)], "lack the cl")],
)
def test_bad_groups_are_refused(rng, groups, message):
    with pytest.raises(ValueError, match=message):
        corruption.hierarchical(np.array([0, 1, 2]), groups, 0.5, rng)


def test_adversarial_takes_the_most_confusing_class(y, rng):
    table = scores(y)
    out = corruption.adversarial(y, table, 1.0, rng)
    for sample in range(50):
        rivals = [k for k in range(CLASSES) if k != y[sample]]
        assert out[sample] == max(rivals, key=lambda k: table[sample, k])
    with pytest.raises(ValueError, match=r"scores must have shape \(1000, classes >= 2\)"):
        corruption.adversarial(y, table[:5], 0.5, rng)


@pytest.mark.statistical("experiments.engine.corruption.gaussian")
def test_gaussian_has_the_variance(rng):
    noise = corruption.gaussian(np.ones(3_000_000), 0.25, rng) - 1
    moments = np.stack([noise, noise**2], axis=1)
    assert z_score(moments, [0.0, 0.25], precision=0.01, scale=0.25) < SCORE_LIMIT
    with pytest.raises(ValueError, match="noise_var must be at least 0, got -1"):
        corruption.gaussian(np.ones(2), -1, rng)
