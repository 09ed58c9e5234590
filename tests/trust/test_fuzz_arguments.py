"""Malformed arguments of every public function and method: an error that names the argument.

Every argument is replaced, one at a time, by what does not belong there: numbers, arrays and texts
of every kind, objects of the package in one another's place, classes instead of their objects,
callbacks that return nonsense. A call may succeed (a negative weight is fine), but never with a
NaN, and never with another object, flag or generator than it asked for. No call may run for long or
take much memory: counts beyond what can be computed are refused.
"""

import dataclasses
import inspect
import re
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdtheory._archive import CorruptArchiveError
from tests.trust import bounds
from tests.trust import valid_arguments as valid
from tests.trust.wrong_arguments import CALLBACKS, OBJECTS, WRONG, anything

CALLS = {
    name: (function, valid.arguments_of(name, function))
    for name, function in {**valid.entry_points(), **valid.methods()}.items()
}

# Arguments that a function hands on under another name, which its message uses.
RENAMED = {
    f"label_noise.RidgeProblem{maker}": {"metric": "covariance"}
    for maker in ("", ".from_design", ".from_spectrum")
} | {"spectral.stream": {"accumulator": "design"}}
# What else than the valid argument may stand in its place.
ALSO = {
    "problem": ("RidgeProblem", "ConditionalProblem"),
    "risk": ("QuadraticRisk", "RatioRisk"),
    "accumulator": ("GramAccumulator", "QRAccumulator", "LeftOutAccumulator"),
}
FILES = ("path", "save")
# NaN is handed on: a residual that is none counts as a violation.
HANDS_ON = {"claims.relative_error"}


@pytest.fixture(autouse=True, scope="module")
def _bounded(tmp_path_factory):
    """Bound time and memory, and write files that calls may make to a folder of their own."""
    with bounds.bounded_memory(), pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("fuzzed"))
        yield


def numbers(value):
    """Yield every array and number of a result."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from numbers(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, float | np.ndarray | np.floating):
        yield np.asarray(value)


def complaint(name, replaced, wrong):
    """Return what is wrong with the answer to a wrong argument, or None."""
    function, arguments = CALLS[name]
    given = {**arguments, replaced: wrong}
    shown = f"{name}({replaced}={wrong!r:.60})"
    try:
        with bounds.bounded_time(), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # a warning beside an error is no harm
            result = function(**given)
    except CorruptArchiveError:
        return None if replaced in FILES else f"{shown}: no file"
    except (TypeError, ValueError) as refused:
        known = {*inspect.signature(function).parameters, RENAMED.get(name, {}).get(replaced)}
        text = str(refused)
        # An object of the wrong kind is itself at fault, a number often together with others.
        alone = isinstance(refused, TypeError) and "cannot be mixed" not in text
        words = {replaced} if alone else known | parts(wrong)
        if not any(word and re.search(rf"(?<!\w){word}(?!\w)", text) for word in words):
            return f"{shown}: names no argument: {type(refused).__name__}: {text:.150}"
        return None
    except TimeoutError:
        return f"{shown}: takes more than {bounds.SECONDS} seconds"
    except OSError:
        return None if replaced in FILES else f"{shown}: OSError"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{shown}: {type(error).__name__}: {error!s:.150}"
    if must_be_refused(function, replaced, arguments, wrong):
        return f"{shown}: accepted"
    if name not in HANDS_ON and any(
        part.dtype.kind == "f" and np.any(np.isnan(part)) for part in numbers(result)
    ):
        return f"{shown}: NaN"
    return None


def parts(value):
    """Return what a message may name instead of an object: its class or what it holds."""
    if not dataclasses.is_dataclass(value):
        return set()
    return {type(value).__name__.lower(), *(k for k in dir(value) if not k.startswith("_"))}


def must_be_refused(function, replaced, arguments, wrong):
    """Say whether a value can be no argument: another object, flag or generator than asked for."""
    parameter = inspect.signature(function).parameters[replaced]
    wanted = arguments.get(replaced, parameter.default)
    if wrong is None and (parameter.default is None or "None" in str(parameter.annotation)):
        return False
    if isinstance(wanted, bool):
        return not isinstance(wrong, bool | np.bool_)
    if isinstance(wanted, np.random.Generator) or "Generator" in str(parameter.annotation):
        return not isinstance(wrong, np.random.Generator)
    if not dataclasses.is_dataclass(wanted):
        return False
    also = ALSO.get(replaced, ()) if "Network" not in str(parameter.annotation) else ()
    return not isinstance(wrong, type(wanted)) and type(wrong).__name__ not in also


# As many rounds as ROUNDS allows, stages of many dimensions, or a search as long as one likes:
# small numbers are enough.
COSTLY = {
    ("logistic.steps_needed", "own"), ("logistic.mixture_stages", "lam"),
    ("claims.falsify", "examples"), ("claims.measure", "samples"),
}  # fmt: skip


def candidates(name, replaced):
    """Return what to put in the place of an argument."""
    valid_one = CALLS[name][1].get(replaced)
    if callable(valid_one) and not dataclasses.is_dataclass(valid_one):
        return [value for value in WRONG if not callable(value)] + CALLBACKS
    if replaced == "progress":  # what it raises is no fault of ours
        return [value for value in WRONG + OBJECTS if not callable(value)]
    if replaced == "kernel":  # what can be called may be one, whatever it raises
        return [value for value in WRONG + OBJECTS if not callable(value)] + CALLBACKS
    if (name, replaced) in COSTLY:
        return [value for value in WRONG + OBJECTS if not large(value)]
    return WRONG + OBJECTS


def large(value):
    """Say whether there are large numbers in a value, or more than two."""
    try:
        numbers = np.asarray(value)
    except ValueError:
        return False
    if numbers.dtype.kind not in "fiu":
        return False
    return numbers.size > 2 or bool(np.any(np.abs(numbers.astype(float)) > 1e6))


def test_the_valid_calls_are_valid():
    for function, arguments in CALLS.values():
        function(**arguments)


@pytest.mark.parametrize("name", CALLS)
def test_every_wrong_value_in_every_place(name, record_property):
    function, _ = CALLS[name]
    parameters = inspect.signature(function).parameters
    record_property("functions and methods", 1)
    record_property("arguments", len(parameters))
    record_property("calls", sum(len(candidates(name, replaced)) for replaced in parameters))
    found = [
        complaint(name, replaced, wrong)
        for replaced in parameters
        for wrong in candidates(name, replaced)
    ]
    assert not any(found), "\n".join(filter(None, found))


@given(st.data())
def test_random_wrong_values(data):
    # Falsifying is such a search itself, and one inside another is not allowed.
    name = data.draw(st.sampled_from(sorted(CALLS.keys() - {"claims.falsify"})))
    function, arguments = CALLS[name]
    here = list(inspect.signature(function).parameters)
    if here:
        replaced = data.draw(st.sampled_from(here))
        if callable(arguments.get(replaced)):
            return
        value = data.draw(anything)
        if (name, replaced) in COSTLY and large(value):
            return
        found = complaint(name, replaced, value)
        assert found is None, found


def test_how_many_random_values_there_are(record_property):
    record_property("random values", settings.default.max_examples)
