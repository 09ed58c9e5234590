"""``python -m figures``: files, manifest, exit status."""

import json

import pytest
from matplotlib.figure import Figure

from experiments.store import MissingResultError
from figures import __main__ as command
from figures.registry import FigureSpec


def line():
    drawn = Figure()
    drawn.add_subplot().plot([0.0, 1.0], [2.0, 3.0])
    return drawn


def missing():
    raise MissingResultError("no stored result; run: python -m experiments probe --preset cpu")


def spec(function, **changes):
    fields = {
        "id": f"nobody.{function.__name__}",
        "caption": "A line.",
        "parameters": {"n": 2},
        "origin": "guess",
        "experiment": None,
        "function": function,
    }
    return FigureSpec(**fields | changes)


@pytest.fixture
def collection(monkeypatch):
    """Replace the published figures; return the dictionary to fill."""
    specs = {"nobody.line": spec(line)}
    monkeypatch.setattr(command, "published", lambda: specs)
    return specs


@pytest.mark.usefixtures("collection")
class TestDrawing:
    def test_writes_three_files_and_a_record(self, tmp_path, capsys):
        assert command.main(["--out", str(tmp_path)]) == 0
        assert capsys.readouterr().out == f"{tmp_path}/nobody.line.pdf\n"
        written = {path.name for path in tmp_path.iterdir()}
        assert written == {"manifest.json", *(f"nobody.line.{e}" for e in ("pdf", "png", "csv"))}
        (record,) = json.loads((tmp_path / "manifest.json").read_text())
        assert (record["id"], record["parameters"], record["numbers"]) == (
            "nobody.line", {"n": 2}, 2,
        )  # fmt: skip

    def test_the_same_numbers_give_the_same_bytes(self, tmp_path):
        for folder in ("a", "b"):
            command.main(["--out", str(tmp_path / folder)])
        for name in ("nobody.line.pdf", "nobody.line.png", "nobody.line.csv"):
            assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()

    def test_an_unknown_name_is_bad_usage(self, capsys):
        assert command.main(["nobody.lines"]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_drawing_one_keeps_the_others_in_the_manifest(collection, tmp_path):
    collection["nobody.other"] = spec(line, id="nobody.other")
    command.main(["--out", str(tmp_path)])
    command.main(["nobody.line", "--out", str(tmp_path)])
    ids = [record["id"] for record in json.loads((tmp_path / "manifest.json").read_text())]
    assert ids == ["nobody.line", "nobody.other"]


def test_a_figure_that_is_gone_leaves_the_manifest(collection, tmp_path):
    collection["nobody.other"] = spec(line, id="nobody.other")
    command.main(["--out", str(tmp_path)])
    del collection["nobody.other"]
    command.main(["--out", str(tmp_path)])
    ids = [record["id"] for record in json.loads((tmp_path / "manifest.json").read_text())]
    assert ids == ["nobody.line"]


def test_a_missing_result_names_the_command_and_the_rest_is_drawn(collection, tmp_path, capsys):
    collection["nobody.missing"] = spec(missing)
    assert command.main(["--out", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "nobody.line.pdf" in out
    assert "run: python -m experiments probe --preset cpu" in err
