"""Extremes of every public numeric function; the whole of it is `make extremes`."""

import importlib
import inspect

import pytest

from tests.trust import extremes
from tests.trust.found import FOUND
from tests.trust.not_compared import NOT_COMPARED

CASES = {
    f"{topic}.{case.name}": case for topic in extremes.TOPICS for case in extremes.cases(topic)
}


@pytest.mark.parametrize("name", CASES)
def test_a_few_extremes(name):
    case = CASES[name]
    found = extremes.examine(case, 12 if case.cost < 10 else case.cost, seed=2)
    assert found.complaints == []


@pytest.mark.parametrize(
    ("name", "arguments"), FOUND, ids=[f"{i}-{name}" for i, (name, _) in enumerate(FOUND)]
)
def test_counterexamples_that_were_found(name, arguments):
    outcome = extremes.Outcome()
    extremes.compare(CASES[name], arguments, outcome)
    assert outcome.complaints == []


def public(topic):
    """Return the names of functions and computing methods that a topic hands on."""
    module = importlib.import_module(f"sdtheory.{topic}")
    names = set()
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.ismodule(value):
            names |= {f"{name}.{inner}" for inner in value.__all__ if inner[0].islower()}
        elif inspect.isclass(value):
            names |= {
                f"{name}.{inner}"
                for inner, method in vars(value).items()
                if not inner.startswith("_")
                and (inspect.isfunction(method) or isinstance(method, classmethod | staticmethod))
            }
        elif callable(value):
            names.add(name)
    return {f"{topic}.{name}" for name in names}


@pytest.mark.parametrize("topic", extremes.TOPICS)
def test_everything_public_is_compared_or_excused(topic):
    compared = {name.partition(" ")[0] for name in CASES}
    excused = {name for name in NOT_COMPARED if name.startswith(f"{topic}.")}
    everything = public(topic)
    assert everything - compared - excused == set(), "compare them, or say why not"
    assert excused - everything == set(), "no longer there"
    assert excused & compared == set(), "compared after all"


def test_the_harness_notices_a_wrong_digit():
    ridge = CASES["spectral.filters.ridge"]
    wrong = extremes.Case(
        ridge.name, ridge.draw, lambda d, lam: ridge.computed(d, lam) * (1 + 2e-12), ridge.exact
    )
    assert extremes.examine(wrong, 5).complaints


def test_the_harness_notices_warnings_and_infinities():
    ridge = CASES["spectral.filters.ridge"]
    for factor in (float("nan"), float("inf")):
        wrong = extremes.Case(
            ridge.name, ridge.draw, lambda d, lam, f=factor: ridge.computed(d, lam) * f, ridge.exact
        )
        assert extremes.examine(wrong, 3).complaints


def test_conditioning_is_computed():
    """One minus a number near one: an ulp of the argument decides all digits."""
    import mpmath

    case = extremes.Case("minus", lambda draw: {}, lambda x: 1 - x, lambda x: 1 - x)
    outcome = extremes.Outcome()
    extremes.compare(
        extremes.Case("minus", lambda draw: {}, lambda x: (1 - x) * 1.5, case.exact),
        {"x": 1 - 2.0**-51},
        outcome,
    )
    assert outcome.complaints == []
    assert outcome.loss == pytest.approx(0.5, rel=1e-6)
    assert mpmath.mp.dps >= 15
