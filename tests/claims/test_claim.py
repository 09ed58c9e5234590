"""Registering claims, finding them again, and what registration refuses."""

import pytest
import toys

from sdtheory import claims

VALID = {
    "paper": "p",
    "where": "w",
    "says": "s",
    "kind": "identity",
    "instances": toys.numbers,
    "tolerance": 1.0,
    "guards": ("toys.square",),
}


def residual(x):
    return 0.0


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("test.other", {}, "id must be"),
        ("residual", {}, "id must be"),
        ("a.b.residual", {}, "id must be"),
        ("test.residual", {"kind": "rumour"}, "kind of test.residual must be one of"),
        ("test.residual", {"verdict": "maybe"}, "verdict of test.residual must be one of"),
        ("test.residual", {"source": "gossip"}, "source of test.residual must be one of"),
        ("test.residual", {"guards": ()}, "guards of test.residual"),
        ("test.residual", {"verdict": "fails"}, "counterexample of test.residual"),
        ("test.residual", {"counterexample": {"x": 1.0}}, "counterexample of test.residual"),
        (
            "test.residual",
            {"verdict": "holds_with_condition", "counterexample": {"x": 1.0}},
            "condition of test.residual",
        ),
        ("test.residual", {"samples": 0}, "samples of test.residual must be at least 1"),
        ("test.residual", {"condition": "sometimes"}, "condition of test.residual"),
        ("toys.right", {}, "id must be"),
    ],
)
def test_registration_refuses(name, changes, message):
    with pytest.raises(ValueError, match=message):
        claims.claim(name, **(VALID | changes))(residual)


def test_an_id_belongs_to_one_file():
    def right(x):
        return 0.0

    with pytest.raises(ValueError, match=r"'toys\.right' is registered twice"):
        claims.claim("toys.right", **VALID)(right)


def test_an_id_belongs_to_one_function():
    def twice(x):
        return 0.0

    claims.claim("test.twice", **VALID)(twice)
    claims.claim("test.twice", **VALID)(twice)  # the same function again: a module was reloaded

    def twice(x):
        return 1.0

    with pytest.raises(ValueError, match=r"'test\.twice' is registered twice"):
        claims.claim("test.twice", **VALID)(twice)


def test_calling_a_claim_gives_its_residual():
    assert toys.wrong(x=10.0) == 50.0
    assert toys.conditional.ratio({"x": 6.0}) == (-13.0, 1e-3, -13e3)
    assert toys.vanishes.ratio({"x": 6.0})[2] == float("inf")


def test_tolerance_must_be_positive():
    made = claims.claim("test.residual", **(VALID | {"tolerance": 0.0}))(residual)
    with pytest.raises(ValueError, match=r"tolerance of test\.residual must be positive"):
        made.ratio({"x": 1.0})


def test_only_published_claims_are_published():
    published = claims.published()
    assert "das2023.one_round_is_a_filter" in published
    assert not any(name.startswith("toys.") for name in published)
    with pytest.raises(ValueError, match=r"did you mean das2023\.one_round_is_a_filter"):
        claims.get("one_round_is_a_filter")


HINTS = {
    "das2023.xi_exceed_one": r"did you mean das2023\.xi_exceeds_one",
    "xi_exceeds_one": r"did you mean das2023\.xi_exceeds_one",
    "das2023": r"did you mean 'das2023\.\*'\?",
    "das2023.*": "a pattern is not one claim",
    "mine.py": r"a claim in a file is FILE\.py:NAME",
    "nothing_like_it": "'sdtheory claims' lists them",
}


@pytest.mark.parametrize(("name", "hint"), HINTS.items())
def test_an_unknown_id_comes_with_a_hint(name, hint):
    with pytest.raises(ValueError, match=hint):
        claims.get(name)


def test_loading_by_module_and_by_file(tmp_path):
    assert claims.load("toys:right") is toys.right
    mine = tmp_path / "mine.py"
    mine.write_text(
        "from sdtheory.claims import claim\n"
        "@claim('mine.even', paper='me', where='1', says='Even.', kind='identity',\n"
        "       instances=lambda draw: {'k': draw.integer(0, 9)}, tolerance=0.5,\n"
        "       guards=('sdtheory.claims.residuals.relative_error',))\n"
        "def even(k):\n    return k % 2\n"
    )
    assert claims.load(f"{mine}:even")(k=3) == 1.0
    same_name = tmp_path / "json.py"
    same_name.write_text(mine.read_text().replace("mine.even", "other.even"))
    assert claims.load(f"{same_name}:even")(k=2) == 0.0
    import json

    assert json.loads("[1]") == [1]
    for target, message in [
        ("toys:square", "target must name a claim"),
        ("no_such_module:x", "target must name an importable module"),
        (f"{tmp_path / 'none.py'}:x", "target must name a Python file"),
    ]:
        with pytest.raises(ValueError, match=message):
            claims.load(target)
