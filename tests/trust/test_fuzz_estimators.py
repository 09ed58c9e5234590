"""Malformed parameters and data of every estimator: an error, and never a NaN.

Parameters are checked when the estimator is fitted; the error names the parameter. Data are checked
by scikit-learn, whose messages do not always name the argument.
"""

import inspect
import re
import warnings

import numpy as np
import pytest
from sklearn.base import clone, is_classifier

from sdtheory import estimators
from tests.trust import bounds
from tests.trust.wrong_arguments import OBJECTS, WRONG

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 2))
Y = X @ [1.0, -1.0] + 0.3 * RNG.normal(size=12)
NAMES = [name for name in estimators.__all__ if name.startswith("SelfDistilled")]
VALUES = WRONG + OBJECTS
# More iterations than anybody waits for are no error.
COUNTS = ("max_iter", "n_restarts_optimizer", "cv")


@pytest.fixture(autouse=True, scope="module")
def _bounded():
    with bounds.bounded_memory():
        yield


def skipped(parameter, value):
    """Say whether a value is a function, whatever it raises, or a request to wait."""
    if parameter == "kernel":
        return callable(value)
    return parameter in COUNTS and isinstance(value, int | np.integer) and value > 100


def labels(estimator):
    return np.where(Y > 0, "yes", "no") if is_classifier(estimator) else Y


def attempt(call, *named):
    """Return what is wrong with a call, or None; errors name one of `named`, if there are any."""
    try:
        with bounds.bounded_time(), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = call()
    except (TypeError, ValueError) as refused:
        text = str(refused)
        if named and not any(re.search(rf"(?<!\w){name}(?!\w)", text) for name in named):
            return f"names no parameter: {type(refused).__name__}: {text:.150}"
        return None
    except Exception as error:
        return f"{type(error).__name__}: {error!s:.150}"
    numbers = np.asarray(found)
    return "NaN" if numbers.dtype.kind == "f" and np.any(np.isnan(numbers)) else None


@pytest.mark.parametrize("name", NAMES)
def test_every_wrong_parameter(name, record_property):
    kind = getattr(estimators, name)
    found, tried = [], 0
    for parameter in inspect.signature(kind).parameters:
        for value in VALUES:
            if skipped(parameter, value):
                continue
            tried += 1
            model = kind(**{parameter: value})
            y = labels(model)
            wrong = attempt(lambda m=model, y=y: m.fit(X, y).predict(X), parameter)
            if wrong:
                found.append(f"{name}({parameter}={value!r:.60}): {wrong}")
    record_property("parameters of estimators", len(inspect.signature(kind).parameters))
    record_property("calls of estimators", tried)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", NAMES)
def test_every_wrong_array(name):
    kind = getattr(estimators, name)
    fitted = kind()
    fitted.fit(X, labels(fitted))
    found = []
    for value in VALUES:
        fresh = clone(fitted)
        y = labels(fresh)
        calls = {
            "fit X": lambda v=value, m=fresh, y=y: m.fit(v, y).predict(X),
            "fit y": lambda v=value, m=fresh: m.fit(X, v).predict(X),
            "predict X": lambda v=value: fitted.predict(v),
        }
        if "sample_weight" in inspect.signature(kind.fit).parameters:
            calls["sample_weight"] = lambda v=value, m=fresh, y=y: m.fit(X, y, v).predict(X)
        for place, call in calls.items():
            wrong = attempt(call)
            # scikit-learn converts an integer beyond the range of floats unguarded.
            if wrong and not (isinstance(value, int) and wrong.startswith("OverflowError")):
                found.append(f"{name} {place}={value!r:.60}: {wrong}")
    assert not found, "\n".join(found)
