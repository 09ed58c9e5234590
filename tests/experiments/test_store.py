"""Results come back as they were saved, or not at all."""

import json

import numpy as np
import pytest

from experiments import store

RECORD = {"tasks": [{"xi": 0}, {"xi": 1}], "device": "cpu"}


@pytest.fixture
def saved(tmp_path, rng):
    arrays = {"risk": rng.normal(size=(2, 3)), "converged": np.ones(2, dtype=bool)}
    store.save("ridge_probe", "smoke", 1, arrays, RECORD, tmp_path)
    return arrays


def load(root, **changes):
    return store.load("ridge_probe", "smoke", root=root, **({"version": 1} | changes))


def test_round_trip(saved, tmp_path):
    result = load(tmp_path)
    assert result.tasks == RECORD["tasks"]
    for name, value in saved.items():
        np.testing.assert_array_equal(result[name], value)
    with pytest.raises(KeyError, match="no array 'loss'; stored are converged, risk"):
        result["loss"]


def test_equal_arrays_give_equal_files(saved, tmp_path):
    first = (tmp_path / "ridge_probe" / "smoke.npz").read_bytes()
    store.save("ridge_probe", "smoke", 1, saved, {"tasks": [{}, {}]}, tmp_path / "again")
    assert (tmp_path / "again" / "ridge_probe" / "smoke.npz").read_bytes() == first


def test_missing_file_names_the_command(tmp_path):
    command = "python -m experiments ridge_probe --preset smoke"
    with pytest.raises(store.MissingResultError, match=command):
        load(tmp_path)


def test_version_defaults_to_the_declared_one(saved, tmp_path):
    assert store.load("ridge_probe", "smoke", root=tmp_path).provenance["version"] == 1
    store.save("ridge_probe", "smoke", 0, saved, RECORD, tmp_path)
    with pytest.raises(store.StaleResultError, match=r"version is 0, expected \d+.*; run: python"):
        store.load("ridge_probe", "smoke", root=tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 7),
        ("preset", "paper"),
        ("name", "other"),
        ("format", 0),
        ("sha256", "0" * 64),
        ("arrays", {"risk": {"shape": [2, 4], "dtype": "<f8"}}),
        ("tasks", [{}]),
    ],
)
def test_every_field_is_checked(saved, tmp_path, field, value):
    sidecar = tmp_path / "ridge_probe" / "smoke.json"
    record = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps(record | {field: value}))
    with pytest.raises(store.StaleResultError, match="; run: python -m experiments ridge_probe"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "\xff"])
def test_unreadable_provenance_is_stale(saved, tmp_path, text):
    (tmp_path / "ridge_probe" / "smoke.json").write_bytes(text.encode("latin1"))
    with pytest.raises(store.StaleResultError):
        load(tmp_path)


def test_changed_arrays_are_stale(saved, tmp_path):
    npz = tmp_path / "ridge_probe" / "smoke.npz"
    data = bytearray(npz.read_bytes())
    data[len(data) // 2] ^= 4
    npz.write_bytes(data)
    with pytest.raises(store.StaleResultError, match="sha256"):
        load(tmp_path)
