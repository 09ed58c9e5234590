"""Listing experiments from their source text."""

import subprocess
import sys
from pathlib import Path

import pytest

from experiments import catalogue

ROOT = Path(__file__).parents[2]


def test_reference_experiment_is_listed_and_tools_are_not():
    assert "ridge_probe" in catalogue.names()
    assert not {"engine", "store", "registry", "__main__"} & set(catalogue.names())


@pytest.mark.parametrize("name", catalogue.names())
def test_every_experiment_has_a_summary_and_a_version(name):
    assert catalogue.summary(name).endswith(".")
    assert catalogue.declared_version(name) >= 1


def test_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"name must be one of .*ridge_probe.*; got 'nothing'"):
        catalogue.declared_version("nothing")


def test_listing_and_store_import_neither_torch_nor_sklearn():
    code = (
        "import sys; from experiments import store, catalogue, registry;"
        "catalogue.declared_version('ridge_probe');"
        "print([name for name in ('torch', 'sklearn', 'scipy') if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
