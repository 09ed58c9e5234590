"""A figure is drawn again exactly when something that it depends on has changed."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from toy_figures import spec

from experiments import store
from figures import drawing


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Point the store at an empty folder and return a function that stores one number."""
    monkeypatch.setattr(store, "RESULTS", tmp_path / "results")
    provenance = {"tasks": [{}], "device": "cpu"}

    def keep(value):
        store.save("ridge_probe", "cpu", 1, {"a": np.array([value])}, provenance)

    keep(1.0)
    return keep


def of_store():
    drawn = Figure()
    drawn.add_subplot().plot(store.load("ridge_probe", "cpu", version=1)["a"])
    return drawn


def test_nothing_is_kept_at_first_and_the_record_afterwards(tmp_path):
    assert drawing.kept(spec(), tmp_path) is None
    record = drawing.draw(spec(), tmp_path)
    assert drawing.kept(spec(), tmp_path) == record
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "changes",
    [{"caption": "Other."}, {"parameters": {"n": 3, "seed": 0}}, {"origin": "paper"}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_changed_description_is_noticed(tmp_path, changes):
    drawing.draw(spec(), tmp_path)
    assert drawing.kept(spec(**changes), tmp_path) is None


def test_changed_sources_are_noticed(tmp_path, monkeypatch):
    drawing.draw(spec(), tmp_path)
    monkeypatch.setattr(drawing, "fingerprint", lambda module: f"other sources of {module}")
    assert drawing.kept(spec(), tmp_path) is None


def test_a_changed_style_is_noticed(tmp_path, monkeypatch):
    drawing.draw(spec(), tmp_path)
    style = tmp_path / "other.mplstyle"
    style.write_text("lines.linewidth: 9\n")
    monkeypatch.setattr(drawing, "STYLE", style)
    assert drawing.kept(spec(), tmp_path) is None


@pytest.mark.parametrize("kind", ["pdf", "png", "webp", "csv", "json"])
def test_a_lost_or_damaged_file_is_noticed(tmp_path, kind):
    drawing.draw(spec(), tmp_path)
    path = tmp_path / f"nobody.line.{kind}"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert drawing.kept(spec(), tmp_path) is None
    path.unlink()
    assert drawing.kept(spec(), tmp_path) is None


def test_a_stored_result_is_noticed_wherever_it_is_loaded_from(tmp_path, stored):
    record = drawing.draw(spec(of_store), tmp_path)
    assert sorted(name.rpartition("/")[2] for name in record["read"]) == ["cpu.json", "cpu.npz"]
    assert drawing.kept(spec(of_store), tmp_path) == record
    stored(2.0)
    assert drawing.kept(spec(of_store), tmp_path) is None
    assert drawing.draw(spec(of_store), tmp_path)["files"] != record["files"]


def test_a_stored_result_that_is_gone_is_noticed(tmp_path, stored):
    drawing.draw(spec(of_store), tmp_path)
    store.paths("ridge_probe", "cpu")[0].unlink()
    assert drawing.kept(spec(of_store), tmp_path) is None


def test_the_store_is_left_as_it_was(tmp_path):
    paths = store.paths

    def broken():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        drawing.draw(spec(broken), tmp_path)
    assert store.paths is paths
    assert not list(tmp_path.iterdir())
