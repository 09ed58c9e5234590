"""The sdtheory command on claims of a user's own file: what it prints and its exit status."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import sdtheory
from sdtheory import claims
from sdtheory.cli import main
from tests.processes import start, wait_for

ROOT = Path(__file__).parents[1]

# Registered as holding although they do not, or the reverse, so that every exit status occurs.
SOURCE = """
    import time
    from pathlib import Path
    import numpy as np
    from sdtheory.claims import claim

    COMMON = dict(
        paper="A. User", where="1", kind="identity", tolerance=1e-12, guards=("math.fsum",)
    )

    def numbers(draw):
        return {"x": draw.uniform(0.0, 10.0), "d": draw.uniform(0.0, 1.0, size=2)}

    @claim("mine.true_statement", says="x is x.", instances=numbers, **COMMON)
    def true_statement(x, d):
        return abs(x - x)

    @claim("mine.false_statement", says="x is below 5.", instances=numbers, **COMMON)
    def false_statement(x, d):
        return max(x - 5.0, 0.0)

    @claim("mine.known_to_fail", says="x is below 5.", verdict="fails",
           counterexample={"x": 6.0, "d": np.zeros(2)}, instances=numbers, **COMMON)
    def known_to_fail(x, d):
        return max(x - 5.0, 0.0)

    @claim("mine.stops", says="Nothing.", instances=numbers, **COMMON)
    def stops(x, d):
        raise KeyboardInterrupt

    @claim("mine.crashes", says="Nothing.", instances=numbers, **COMMON)
    def crashes(x, d):
        raise ZeroDivisionError("by design")

    @claim("mine.never_ends", says="Nothing.", instances=numbers, **COMMON)
    def never_ends(x, d):
        Path(__file__).with_suffix(".running").touch()
        time.sleep(60)
"""


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """Return the path of a module with claims of a user."""
    path = tmp_path_factory.mktemp("user") / "mine.py"
    path.write_text(textwrap.dedent(SOURCE), encoding="utf-8")
    return path


@pytest.fixture
def run(capsys):
    """Return a function that runs the command: (status, standard output, standard error)."""

    def call(*arguments):
        try:
            status = main([str(a) for a in arguments])
        except SystemExit as stop:
            status = stop.code
        return status, *capsys.readouterr()

    return call


def test_measure_prints_a_row_and_succeeds(run, mine):
    status, out, err = run("measure", f"{mine}:true_statement")
    assert status == 0
    assert err == ""
    assert "A. User  holds" in out
    assert "1 of 1 verdicts are the registered ones" in out


def test_measure_fails_on_a_verdict_that_is_not_the_registered_one(run, mine):
    status, out, err = run("measure", f"{mine}:false_statement", f"{mine}:true_statement")
    assert status == 1
    assert "fails (!)" in out
    assert "1 of 2" in out
    assert err.startswith(f"{mine}:false_statement: registered as holds, measured fails; worst:")


def test_a_claim_that_crashes_does_not_stop_the_others(run, mine):
    status, out, err = run("measure", f"{mine}:crashes", f"{mine}:true_statement")
    assert status == 1
    assert "error (!)" in out
    assert "1 of 2" in out
    assert err.count("\n") == 1
    assert "ZeroDivisionError: by design; while measuring mine.crashes" in err


def test_json_holds_every_figure(run, mine, tmp_path):
    path = tmp_path / "deep" / "claims.json"
    run("measure", f"{mine}:known_to_fail", "--samples", 7, "--seed", 3, "--json", path)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert (document["samples"], document["seed"]) == (7, 3)
    (record,) = document["claims"]
    found = claims.measure(claims.load(f"{mine}:known_to_fail"), samples=7, seed=3)
    for key in ("residual", "tolerance", "ratio", "instances", "rejected", "verdict", "agrees"):
        assert record[key] == getattr(found, key)
    assert record["counterexample"] == "dict(x=6.0, d=np.array([0.0, 0.0]))"
    assert record["worst_instance"].startswith("dict(x=")
    assert set(record) >= {"id", "paper", "where", "source", "says", "kind", "seconds"}


def test_a_cap_lowers_the_number_of_instances_and_never_raises_it(run, mine, tmp_path):
    path = tmp_path / "claims.json"
    own = claims.load(f"{mine}:true_statement").samples
    for cap, drawn in ((3, 3), (own + 50, own)):
        run("measure", f"{mine}:true_statement", "--at-most", cap, "--json", path)
        assert json.loads(path.read_text(encoding="utf-8"))["claims"][0]["instances"] == drawn


def test_an_infinite_residual_is_still_valid_json(run, tmp_path):
    user = tmp_path / "endless.py"
    user.write_text(
        textwrap.dedent(SOURCE).split("@claim")[0]
        + '@claim("mine.endless", says="-", instances=numbers, **COMMON)\n'
        + "def endless(x, d):\n    return float('nan')\n",
        encoding="utf-8",
    )
    assert run("measure", f"{user}:endless", "--json", tmp_path / "c.json")[0] == 1
    record = json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["claims"][0]
    assert (record["residual"], record["ratio"]) == ("nan", "inf")


def test_samples_of_two_seeds_differ_and_of_one_seed_agree(run, mine, tmp_path):
    worst = []
    for seed in (0, 0, 1):
        path = tmp_path / "claims.json"
        run("measure", f"{mine}:false_statement", "--seed", seed, "--json", path)
        worst.append(json.loads(path.read_text(encoding="utf-8"))["claims"][0]["worst_instance"])
    assert worst[0] == worst[1] != worst[2]


def test_falsify_prints_python_that_shows_the_violation(run, mine):
    status, out, _ = run("falsify", f"{mine}:false_statement", "--seed", 0)
    assert status == 1
    scope = {}
    code, _, last = out.rpartition("claim(\n")
    exec(code, scope)
    assert eval(f"claim({last}", scope) > 1e-12


def test_falsify_succeeds_where_failure_is_what_is_registered(run, mine):
    assert run("falsify", f"{mine}:known_to_fail", "--seed", 0)[0] == 0


def test_falsify_succeeds_when_nothing_is_found(run, mine):
    status, out, _ = run("falsify", f"{mine}:true_statement", "--examples", 20, "--seed", 0)
    assert status == 0
    assert "no counterexample in 20 examples" in out


def test_falsify_finds_modules_in_the_working_directory(mine):
    # As the installed script does, whose path does not start with the working directory.
    code = "import sys; from sdtheory.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "falsify", "mine:true_statement", "--examples", "5"],
        cwd=mine.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_claims_lists_what_is_published(run):
    status, out, _ = run("claims")
    assert status == 0
    listed = [line.split()[0] for line in out.splitlines()[2:]]
    assert listed == list(claims.published())


def test_a_glob_selects_in_published_order(run):
    papers = {key.split(".")[0] for key in claims.published()}
    paper = min(papers)
    _, out, _ = run("claims", f"{paper}.*")
    listed = [line.split()[0] for line in out.splitlines()[2:]]
    assert listed == [key for key in claims.published() if key.startswith(f"{paper}.")]


def test_show_prints_a_card_for_each_claim(run, mine):
    status, out, _ = run("show", f"{mine}:known_to_fail", "borup2021.twicing")
    assert status == 0
    second, first = out.split("\n\n\n")
    assert first.startswith(f"# {mine}:known_to_fail: A. User, 1 (derived here)\n# x is below 5.\n")
    assert second.startswith("# borup2021.twicing: ")


BAD_USAGE = {
    "nothing to show": (["show"], "ID"),
    "unknown card": (["show", "das2023.no_such"], "das2023.no_such"),
    "no command": ([], "COMMAND"),
    "unknown command": (["measures"], "measures"),
    "unknown id": (["measure", "das2023.no_such"], "das2023.no_such"),
    "empty glob": (["claims", "nobody1900.*"], "nobody1900.*"),
    "no samples": (["measure", "--samples", "0"], "--samples"),
    "samples not a number": (["measure", "--samples", "many"], "many"),
    "negative seed": (["measure", "--seed", "-1"], "-1"),
    "no examples": (["falsify", "x:y", "--examples", "0"], "--examples"),
    "unknown module": (["falsify", "no_such_module:c"], "no_such_module"),
    "missing file": (["falsify", "no_such_file.py:c"], "no_such_file.py"),
}


@pytest.mark.parametrize(("arguments", "names"), BAD_USAGE.values(), ids=BAD_USAGE)
def test_bad_usage_is_one_line_and_status_2(run, arguments, names):
    status, _, err = run(*arguments)
    assert status == 2
    assert err.count("\n") == 1
    assert names in err
    assert "Traceback" not in err


def test_a_user_file_with_an_error_is_one_line(run, tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("1 / 0\n", encoding="utf-8")
    status, _, err = run("falsify", f"{path}:anything")
    assert status == 2
    assert f"ZeroDivisionError: division by zero; at {path}:1" in err


def test_a_file_that_cannot_be_written_is_one_line(run, mine):
    status, _, err = run("measure", f"{mine}:true_statement", "--json", "/dev/null/claims.json")
    assert status == 2
    assert "/dev/null" in err
    assert err.count("\n") == 1


def test_a_name_that_is_no_claim_is_refused(run, mine):
    status, _, err = run("falsify", f"{mine}:numbers")
    assert status == 2
    assert "must name a claim" in err


def test_version(run):
    assert run("--version")[:2] == (0, f"sdtheory {sdtheory.__version__}\n")


def test_ctrl_c_is_one_line_and_status_130(mine):
    process = start("-m", "sdtheory", "measure", f"{mine}:never_ends", text=True)
    wait_for(mine.with_suffix(".running").exists, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "sdtheory: interrupted\n"


def test_an_interrupted_run_prints_what_it_has_measured(run, mine):
    status, out, err = run("measure", f"{mine}:true_statement", f"{mine}:stops")
    assert status == 130
    assert "A. User  holds" in out
    assert "1 of 2 claims were not measured" in out
    assert err == "sdtheory: interrupted\n"


def test_a_file_that_cannot_be_written_is_found_before_the_work(run, mine, tmp_path):
    status, out, err = run("measure", f"{mine}:true_statement", "--json", tmp_path)
    assert (status, out) == (2, "")
    assert err == f"sdtheory: {tmp_path}: Is a directory\n"
    kept = tmp_path / "claims.json"
    assert run("measure", f"{mine}:stops", "--json", kept)[0] == 130
    assert not kept.exists()


def test_a_reader_that_stops_early_is_no_error():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "sdtheory", "claims"],
        cwd=ROOT,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
