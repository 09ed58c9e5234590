"""The examples in the docstrings of the experiment package."""

import doctest
import importlib
import pkgutil

import pytest

import experiments
from experiments import catalogue

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
MODULES = sorted(
    entry.name
    for entry in pkgutil.walk_packages(experiments.__path__, "experiments.")
    if not entry.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name), optionflags=OPTIONS).failed == 0


def test_modules_are_found():
    assert {"experiments.store", "experiments.engine.streams"} < set(MODULES)
    assert f"experiments.{catalogue.names()[0]}" in MODULES
