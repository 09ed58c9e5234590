"""The verdicts of measuring, and that the same seed gives the same bits."""

import numpy as np
import pytest
import toys

from sdtheory import claims


@pytest.mark.parametrize(
    ("claim", "verdict", "agrees"),
    [
        (toys.right, "holds", True),
        (toys.wrong, "fails", False),
        (toys.told_wrong, "fails", True),
        (toys.conditional, "holds_with_condition", True),
        (toys.vanishes, "fails", False),
        # The sample violates, but what is registered as the counterexample is not one.
        (toys.told_nothing, "holds", False),
    ],
)
def test_verdicts(claim, verdict, agrees):
    found = claims.measure(claim)
    assert (found.verdict, found.agrees) == (verdict, agrees)
    assert found.registered == claim.verdict
    assert found.instances == 100 + (claim.verdict == "fails")


def test_condition_must_be_needed():
    import dataclasses

    needless = dataclasses.replace(toys.conditional, counterexample={"x": 6.0})
    assert claims.measure(needless).verdict == "holds"


def test_worst_instance_is_reported():
    found = claims.measure(toys.wrong, samples=50)
    assert found.instances == 50
    assert found.residual == toys.wrong(**found.worst_instance)
    assert found.ratio == pytest.approx(found.residual / found.tolerance)


def test_same_seed_same_bits():
    one, two, other = (claims.measure(toys.right, seed=s) for s in (3, 3, 4))
    assert one.worst_instance == two.worst_instance
    assert one.residual == two.residual
    assert one.worst_instance != other.worst_instance


def test_measurements_can_be_compared():
    assert claims.measure(toys.right) == claims.measure(toys.right)
    assert claims.measure(toys.right) != claims.measure(toys.wrong)
    assert len({toys.right, toys.told_wrong}) == 2


def test_residual_without_bound_still_names_an_instance():
    def boundless(x):
        return -np.inf

    made = claims.claim("test.boundless", **(_never() | {"instances": toys.numbers}))(boundless)
    assert "x" in claims.measure(made).worst_instance


def test_instances_must_be_mappings():
    def listed(x):
        return 0.0

    made = claims.claim("test.listed", **(_never() | {"instances": lambda d: [d.seed()]}))(listed)
    with pytest.raises(TypeError, match=r"instances of test\.listed must return a mapping"):
        claims.measure(made)


def test_samples_of_a_claim_do_not_depend_on_others():
    alone = claims.measure(toys.right)
    claims.measure(toys.wrong)
    assert claims.measure(toys.right).worst_instance == alone.worst_instance


def test_rejections_are_counted_and_bounded():
    found = claims.measure(toys.picky, samples=20)
    assert found.rejected > 20
    never = claims.claim("test.never", **_never())(_never_residual())
    with pytest.raises(RuntimeError, match="rejects nearly every draw"):
        claims.measure(never)


def _never():
    def none(draw):
        draw.assume(False)
        return {}

    return {
        "paper": "p", "where": "w", "says": "s", "kind": "identity",
        "instances": none, "tolerance": 1.0, "guards": ("toys.square",),
    }  # fmt: skip


def _never_residual():
    def never():
        return 0.0

    return never


def test_error_names_the_instance():
    def broken(x):
        raise ZeroDivisionError

    made = claims.claim("test.broken", **(_never() | {"instances": toys.numbers}))(broken)
    with pytest.raises(ZeroDivisionError) as caught:
        claims.measure(made)
    assert "while measuring test.broken on {'x':" in caught.value.__notes__[0]


def test_progress_is_told():
    seen = []
    claims.measure(toys.right, samples=3, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(("name", "value"), [("samples", 0), ("samples", 1.5), ("seed", -1)])
def test_bad_arguments(name, value):
    with pytest.raises((ValueError, TypeError), match=name):
        claims.measure(toys.right, **{name: value})


def test_worst_instance_can_be_an_array():
    found = claims.measure("das2023.one_round_is_a_filter", samples=2)
    assert found.agrees
    assert np.isfinite(found.residual)
