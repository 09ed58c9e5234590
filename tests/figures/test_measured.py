"""Claims are measured again exactly when something that they depend on has changed."""

import json
import signal

import numpy as np
import pytest

from figures import measured
from sdtheory import claims
from sdtheory.spectral import filters

NAMES = ("borup2021.blended_target", "wu2026.iterated_gcv")


@pytest.fixture
def some(monkeypatch):
    """Publish two claims only."""
    chosen = {name: claims.get(name) for name in NAMES}
    monkeypatch.setattr(claims, "published", lambda: chosen)
    return chosen


def test_second_time_everything_is_remembered(some, tmp_path):
    first, again = measured.records(some, tmp_path, at_most=2)
    assert again == 2
    second, again = measured.records(some, tmp_path, at_most=2)
    assert again == 0
    assert second == first
    assert [record["instances"] for record in first] == [2, 2]


def test_remembered_numbers_are_those_of_the_measurement(some, tmp_path):
    for _ in range(2):
        record = measured.records(some, tmp_path, at_most=3)[0][0]
    found = claims.measure(NAMES[0], samples=3)
    for field in ("residual", "tolerance", "ratio", "instances", "verdict"):
        assert record[field] == getattr(found, field)


@pytest.mark.parametrize("options", [{"at_most": 3}, {"seed": 1}], ids=str)
def test_another_sample_is_measured(some, tmp_path, options):
    measured.records(some, tmp_path, at_most=2)
    assert measured.records(some, tmp_path, **{"at_most": 2} | options)[1] >= 1


def test_changed_sources_are_measured(some, tmp_path, monkeypatch):
    measured.records(some, tmp_path, at_most=2)
    changed = claims.get(NAMES[0]).residual.__module__
    asked = measured.fingerprint
    monkeypatch.setattr(measured, "fingerprint", lambda m: "new" if m == changed else asked(m))
    assert measured.records(some, tmp_path, at_most=2)[1] == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": 1}', "null"])
def test_a_damaged_record_is_measured_again(some, tmp_path, content):
    measured.records(some, tmp_path, at_most=2)
    (tmp_path / f"{NAMES[0]}.json").write_text(content)
    assert measured.records(some, tmp_path, at_most=2)[1] == 1


def test_an_error_is_reported_and_not_remembered(some, tmp_path, monkeypatch, capsys):
    def broken(*_):
        raise ZeroDivisionError("by design")

    with monkeypatch.context() as patch:
        patch.setattr(filters, "distill", broken)
        patch.setattr("sdtheory.spectral.spectrum.Spectrum.from_design", broken)
        assert measured.main(["--build", str(tmp_path), "--at-most", "2"]) == 1
    err = capsys.readouterr().err
    assert f"{NAMES[0]}: ZeroDivisionError: by design" in err
    assert measured.main(["--build", str(tmp_path), "--at-most", "2"]) == 0
    assert "2 of 2 verdicts are the registered ones" in capsys.readouterr().out


def test_a_wrong_verdict_is_exit_status_1(some, tmp_path, capsys):
    for record_path in (tmp_path / "measured").glob("*"):
        record_path.unlink()
    measured.main(["--build", str(tmp_path), "--at-most", "2"])
    path = tmp_path / "measured" / f"{NAMES[0]}.json"
    entry = json.loads(path.read_text())
    entry["record"] |= {"verdict": "fails", "agrees": False}
    entry["digest"] = measured._digest(entry["record"])
    path.write_text(json.dumps(entry))
    capsys.readouterr()
    assert measured.main(["--build", str(tmp_path), "--at-most", "2"]) == 1
    assert f"{NAMES[0]}: registered as holds, measured fails" in capsys.readouterr().err


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize(
    "arguments", [["--at-most", "0"], ["--at-most", "few"], ["--build", "/dev/null/b"], ["x"]]
)
def test_bad_usage_is_one_line(arguments, capsys):
    try:
        status = measured.main(
            [*arguments, *(["--at-most", "1"] if "--build" in arguments else [])]
        )
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    err = capsys.readouterr().err
    assert err.startswith("figures.measured: ")
    assert err.count("\n") == 1


STOPPED = f"""
import sys, time
from pathlib import Path
from figures import measured
from sdtheory import claims

folder = Path(sys.argv[1])
chosen = {{name: claims.get(name) for name in {NAMES!r}}}
claims.published = lambda: chosen
once = measured.measure_one

def slow(name, *rest):
    if name == {NAMES[1]!r}:
        (folder / "started").touch()
        time.sleep(60)
    return once(name, *rest)

measured.measure_one = slow
sys.exit(measured.main(["--build", str(folder), "--at-most", "2"]))
"""


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_stopped_run_goes_on_where_it_was(some, stop, tmp_path, sent, status):
    code, err = stop(STOPPED, sent)
    assert code == status
    if sent == signal.SIGINT:
        assert err == "figures.measured: interrupted\n"
    found, again = measured.records(some, tmp_path / "measured", at_most=2)
    assert again == 1
    assert all(np.isfinite(record["ratio"]) for record in found)
