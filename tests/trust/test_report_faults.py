"""The report under kill -9, full and read-only disks, damage, and rivals: as sweeps are tested.

What was measured or drawn is there afterwards and is not done again, nothing half-written is read,
and the build is that of one which nothing disturbed: the same files with the same bytes. The
records alone hold how many seconds something took, and digests of themselves with that.
`FAULTS=50 pytest tests/trust/test_report_faults.py` kills at fifty random moments instead of two.
"""

import json
import os
import signal
import time

import pytest

from tests.processes import ROOT, mounted, remounted, start, unmounted

SCRIPT = "tests/trust/small_report.py"
KILLS = int(os.environ.get("FAULTS", "2"))
CLAIMS, FIGURES = 3, 2


def build(folder):
    """Run the script to its end; return its status, output and errors."""
    process = start(SCRIPT, folder, text=True)
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def files(folder):
    """Return the contents of all files that have their names, without the times in records."""
    return {
        str(path.relative_to(folder)): timeless(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".part")
    }


def timeless(path):
    content = path.read_bytes()
    if path.suffix == ".html":  # links to the derivations start where the page is
        return content.replace(os.path.relpath(ROOT, path.parent).encode(), b"ROOT")
    return without_times(json.loads(content)) if path.suffix == ".json" else content


def without_times(value):
    if isinstance(value, dict):
        left_out = ("seconds", "digest", "record") if "files" in value else ("seconds", "digest")
        return {k: without_times(v) for k, v in value.items() if k not in left_out}
    return [without_times(v) for v in value] if isinstance(value, list) else value


def counts(out):
    """Return how many claims were measured and how many figures were drawn."""
    words = out.split()
    return int(words[words.index("measured") - 1]), int(words[words.index("figures") - 3])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return the files of a build that nothing disturbed, and how long it took."""
    folder = tmp_path_factory.mktemp("undisturbed")
    began = time.monotonic()
    status, out, err = build(folder)
    assert (status, err) == (0, "")
    assert counts(out) == (CLAIMS, FIGURES)
    return files(folder), time.monotonic() - began


def test_the_same_build_again(undisturbed, tmp_path):
    assert build(tmp_path)[0] == 0
    assert files(tmp_path) == undisturbed[0]
    status, out, _ = build(tmp_path)
    assert (status, *counts(out)) == (0, 0, 0)
    assert files(tmp_path) == undisturbed[0]


def finished_parts(found):
    """Return what must never be lost or change: records of claims, figures with their files."""
    kept = {k: v for k, v in found.items() if k.startswith("measured/")}
    for name, record in found.items():
        if name.startswith("figures/") and isinstance(record, dict):
            kept |= {
                name: record,
                **{f"figures/{k}": found[f"figures/{k}"] for k in record["files"]},
            }
    return kept


def test_killed_at_random_moments(undisturbed, tmp_path, rng, record_property):
    """Each run is killed somewhere between its start and its end, and the next goes on."""
    want, whole = undisturbed
    folder = tmp_path / "killed"
    for kill in range(KILLS):
        before = finished_parts(files(folder))
        process = start(SCRIPT, folder)
        time.sleep(rng.uniform(0.3, 1.0) * whole)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        after = files(folder)  # whatever has its name is whole: JSON can be read
        done = finished_parts(after)
        assert before.items() <= done.items()
        assert done.items() <= want.items()
        if "report/index.html" in after:
            assert after.items() <= want.items()
            folder = tmp_path / f"killed after {kill}"
    todo = len([k for k in finished_parts(files(folder)) if k.startswith("measured/")])
    status, out, _ = build(folder)
    assert status == 0
    assert counts(out)[0] == CLAIMS - todo
    assert files(folder) == want
    record_property("kills of the report", KILLS)


@pytest.mark.parametrize("limit", [100, 1200, 30_000])
def test_a_file_that_may_not_grow(undisturbed, tmp_path, limit):
    """As on a full disk, a write stops in the middle: one line, and no such file is ever read."""
    process = start(SCRIPT, tmp_path, limit=limit, text=True)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 2
    assert "Traceback" not in err
    assert "File too large" in err
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or path.stat().st_size <= limit
    assert not list(tmp_path.rglob("*.part"))
    assert finished_parts(files(tmp_path)).items() <= undisturbed[0].items()
    assert build(tmp_path)[0] == 0
    assert files(tmp_path) == undisturbed[0]


def test_a_full_disk(undisturbed, tmp_path):
    disk = tmp_path / "disk"
    if not mounted(disk, "size=64k"):
        pytest.skip("mounting takes root")
    try:
        status, _, err = build(disk)
        assert status == 2
        assert "No space left" in err
        assert "Traceback" not in err
        kept = finished_parts(files(disk))
        remounted(disk, "size=10m")
        status, out, _ = build(disk)
        assert status == 0
        assert counts(out)[0] == CLAIMS - sum(name.startswith("measured/") for name in kept)
        assert files(disk) == undisturbed[0]
    finally:
        unmounted(disk)


def test_a_read_only_disk(undisturbed, tmp_path):
    disk = tmp_path / "disk"
    if not mounted(disk, "size=10m"):
        pytest.skip("mounting takes root")
    try:
        assert build(disk)[0] == 0
        remounted(disk, "ro")
        status, _, err = build(disk)
        assert status == 2
        assert "Read-only" in err
        assert "Traceback" not in err
        assert files(disk) == undisturbed[0]
    finally:
        unmounted(disk)


def test_a_folder_that_cannot_be_written(tmp_path):
    """A file stands where the folder should be (permissions do not stop root)."""
    (tmp_path / "measured").write_text("here already")
    (tmp_path / "figures").write_text("here already")
    status, _, err = build(tmp_path)
    assert status == 2
    assert "Traceback" not in err
    assert (tmp_path / "measured").read_text() == "here already"
    assert (tmp_path / "figures").read_text() == "here already"


def test_damage_of_any_file_is_mended(undisturbed, tmp_path, rng):
    """One byte of every file is changed: no damaged number is ever shown."""
    assert build(tmp_path)[0] == 0
    for _ in range(max(KILLS // 10, 1)):
        for path in sorted(tmp_path.rglob("*")):
            if path.is_file():
                content = bytearray(path.read_bytes())
                content[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(7))
                path.write_bytes(content)
        assert build(tmp_path)[0] == 0
        assert files(tmp_path) == undisturbed[0]


def test_two_builds_at_once(undisturbed, tmp_path):
    rivals = [start(SCRIPT, tmp_path) for _ in range(2)]
    for rival in rivals:
        _, errors = rival.communicate(timeout=300)
        assert rival.returncode == 0, errors
    assert files(tmp_path) == undisturbed[0]
    assert not list(tmp_path.rglob("*.part"))
