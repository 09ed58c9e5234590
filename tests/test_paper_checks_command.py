"""``python -m paper_checks``: the measure command over the published claims."""

import json
import subprocess
import sys
from pathlib import Path

from sdtheory import claims
from sdtheory.cli import measure_main

ROOT = Path(__file__).parents[1]


def test_module_runs_one_claim(tmp_path):
    name = next(iter(claims.published()))
    done = subprocess.run(
        [sys.executable, "-m", "paper_checks", name, "--samples", "2", "--json", tmp_path / "c"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert name in done.stdout
    assert [r["id"] for r in json.loads((tmp_path / "c").read_text())["claims"]] == [name]


def test_names_itself_in_errors(capsys):
    assert measure_main(["no.such"]) == 2
    assert capsys.readouterr().err.startswith("paper_checks: ")


def test_no_module_of_the_collection_imports_it_by_its_name():
    # The wheel carries the collection as sdtheory.paper_checks.
    for path in (ROOT / "paper_checks").glob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not line.startswith(("import paper_checks", "from paper_checks")), path
