"""``python -m figures``: files, manifest, progress, exit status."""

import json
import signal

import pytest
from toy_figures import line, missing, spec

from figures import __main__ as command


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


@pytest.mark.usefixtures("collection")
class TestDrawing:
    def test_writes_pictures_numbers_and_a_record(self, tmp_path, capsys):
        assert command.main(["--out", str(tmp_path)]) == 0
        out = capsys.readouterr().out.splitlines()
        assert out == [
            f"{tmp_path}/nobody.line.pdf",
            f"1 of 1 figures drawn, 0 unchanged: {tmp_path}",
        ]
        written = {path.name for path in tmp_path.iterdir()}
        kinds = ("pdf", "png", "webp", "csv", "json")
        assert written == {"manifest.json", *(f"nobody.line.{kind}" for kind in kinds)}
        (record,) = manifest(tmp_path)
        assert record == json.loads((tmp_path / "nobody.line.json").read_text())
        assert record["command"] == "python -m figures nobody.line"
        assert record["parameters"] == {"n": 2, "seed": 0}
        assert record["origins"] == {"n": "guess", "seed": "ours"}
        assert record["numbers"] == 2

    def test_the_same_numbers_give_the_same_bytes(self, tmp_path):
        for folder in ("a", "b"):
            command.main(["--out", str(tmp_path / folder)])
        for kind in ("pdf", "png", "webp", "csv"):
            name = f"nobody.line.{kind}"
            assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()

    def test_a_second_run_draws_nothing_unless_told_to(self, tmp_path, capsys):
        for arguments, drawn in ([], 1), ([], 0), (["--fresh"], 1):
            command.main(["--out", str(tmp_path), *arguments])
            assert capsys.readouterr().out.splitlines()[-1].startswith(f"{drawn} of 1 figures")

    def test_an_unknown_name_is_bad_usage(self, capsys):
        assert command.main(["nobody.lines"]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert "nobody.lines" in err

    def test_an_unknown_option_is_bad_usage(self, capsys):
        with pytest.raises(SystemExit) as stop:
            command.main(["--colour"])
        assert stop.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1

    def test_a_folder_that_cannot_be_written_is_one_line(self, capsys):
        assert command.main(["--out", "/dev/null/figures"]) == 2
        err = capsys.readouterr().err
        assert err.startswith("figures: ")
        assert "/dev/null" in err
        assert err.count("\n") == 1


def test_drawing_one_keeps_the_others_in_the_manifest(collection, tmp_path):
    collection["nobody.other"] = spec(line, id="nobody.other")
    command.main(["--out", str(tmp_path)])
    command.main(["nobody.line", "--out", str(tmp_path)])
    assert [record["id"] for record in manifest(tmp_path)] == ["nobody.line", "nobody.other"]


def test_a_figure_that_is_gone_leaves_the_manifest(collection, tmp_path):
    collection["nobody.other"] = spec(line, id="nobody.other")
    command.main(["--out", str(tmp_path)])
    del collection["nobody.other"]
    command.main(["--out", str(tmp_path)])
    assert [record["id"] for record in manifest(tmp_path)] == ["nobody.line"]


def test_a_damaged_record_is_left_out_until_its_figure_is_drawn_again(collection, tmp_path):
    collection["nobody.other"] = spec(line, id="nobody.other")
    command.main(["--out", str(tmp_path)])
    (tmp_path / "nobody.other.json").write_text("{")
    assert command.main(["nobody.line", "--out", str(tmp_path)]) == 0
    assert [record["id"] for record in manifest(tmp_path)] == ["nobody.line"]
    assert command.main(["--out", str(tmp_path)]) == 0
    assert [record["id"] for record in manifest(tmp_path)] == ["nobody.line", "nobody.other"]


def test_a_missing_result_names_the_command_and_the_rest_is_drawn(collection, tmp_path, capsys):
    collection["nobody.missing"] = spec(missing)
    assert command.main(["--out", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "nobody.line.pdf" in out
    assert "1 of 2 figures drawn" in out
    assert "run: python -m experiments probe --preset cpu" in err


def test_a_figure_that_fails_is_one_line_and_the_rest_is_drawn(collection, tmp_path, capsys):
    def broken():
        return {}["absent"]

    collection["nobody.broken"] = spec(broken)
    assert command.main(["--out", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "nobody.line.pdf" in out
    assert err.startswith("nobody.broken: KeyError: 'absent'; at ")
    assert err.count("\n") == 1


STOPPED = """
import sys, time
from pathlib import Path
from toy_figures import line, spec
from figures import __main__ as command

folder = Path(sys.argv[1])

def slow():
    (folder / "started").touch()
    time.sleep(60)

specs = {"nobody.line": spec(line), "nobody.slow": spec(slow)}
command.published = lambda: specs
sys.exit(command.main(["--out", str(folder)]))
"""


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_what_was_drawn_before_a_stop_is_whole_and_kept(stop, tmp_path, sent, status, monkeypatch):
    code, err = stop(STOPPED, sent)
    assert code == status
    if sent == signal.SIGINT:
        assert err == "figures: interrupted\n"
    drawn_at = (tmp_path / "nobody.line.json").stat().st_mtime_ns
    monkeypatch.setattr(command, "published", lambda: {"nobody.line": spec(line)})
    assert command.main(["--out", str(tmp_path)]) == 0
    assert (tmp_path / "nobody.line.json").stat().st_mtime_ns == drawn_at
    assert [record["id"] for record in manifest(tmp_path)] == ["nobody.line"]
