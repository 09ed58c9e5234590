"""Damaged files: one line and status 2 from the command, a named error from the readers.

Valid files are changed byte by byte. Whatever comes of it, nothing is overwritten, no object is
unpickled and no traceback comes out.
"""

import contextlib
import dataclasses
import io
import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from experiments import store
from sdtheory._archive import CorruptArchiveError
from sdtheory._table_files import read_features
from sdtheory.cli import main
from sdtheory.spectral import GramAccumulator, QRAccumulator

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3))
Y = X @ np.ones(3) + RNG.normal(size=12)


def valid_files():
    """Return the bytes of one file of each kind, with its target."""
    text = "a,b,c,y\n" + "\n".join(",".join(map(repr, map(float, r))) for r in np.c_[X, Y]) + "\n"
    table, plain, packed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(table, np.c_[X, Y])
    np.savez(plain, x=X, y=Y)
    np.savez_compressed(packed, x=X, y=Y)
    return [
        ("csv", text.encode(), "y"),
        ("npy", table.getvalue(), "3"),
        ("npz", plain.getvalue(), "y"),
        ("npz", packed.getvalue(), "y"),
    ]


FILES = valid_files()


@st.composite
def damaged(draw, content):
    """Change, cut out, repeat or insert bytes, up to four times."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        kind = draw(st.sampled_from(["flip", "cut", "drop", "insert", "repeat"]))
        if kind == "flip" and content:
            content = content[:at] + bytes([draw(st.integers(0, 255))]) + content[at + 1 :]
        elif kind == "cut":
            content = content[:at]
        elif kind == "drop":
            content = content[:at] + content[at + draw(st.integers(1, 40)) :]
        elif kind == "insert":
            content = content[:at] + draw(st.binary(max_size=12)) + content[at:]
        else:
            content = content[:at] + content[at : at + 30] * 2 + content[at + 30 :]
    return content


def run(arguments):
    """Return status, output and error output of the command."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(arguments)
        except SystemExit as left:
            status = left.code
    return status, out.getvalue(), err.getvalue()


@given(st.data())
def test_a_damaged_table_is_one_line_and_status_2(tmp_path_factory, data):
    kind, content, target = data.draw(st.sampled_from(FILES))
    path = tmp_path_factory.mktemp("damaged") / f"data.{kind}"
    given_bytes = data.draw(damaged(content))
    path.write_bytes(given_bytes)
    status, output, errors = run(["xi", str(path), "--target", target, "--json"])
    assert path.read_bytes() == given_bytes
    if status == 0:
        found = json.loads(output)
        numbers = [v for v in found.values() if isinstance(v, float)]
        assert all(np.isfinite(numbers))
    else:
        assert status == 2
        assert errors.count("\n") == 1
        assert "Traceback" not in errors


@pytest.mark.parametrize("name", ["pickled.npy", "pickled.npz"])
def test_nothing_is_unpickled(tmp_path, name):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    objects = np.array([[Trap(), 1.0]], dtype=object)
    if name.endswith("npy"):
        np.save(tmp_path / name, objects, allow_pickle=True)
    else:
        np.savez(tmp_path / name, x=objects, y=np.ones(1))
    assert main(["xi", str(tmp_path / name), "--target", "y"]) == 2
    assert not (tmp_path / "sprung").exists()
    with pytest.raises(ValueError, match=r"(?i)object"):
        read_features(tmp_path / name, "0" if name.endswith("npy") else "x")


def saved(root):
    arrays = {"a": np.arange(6.0).reshape(2, 3)}
    return store.save("fuzzed", "smoke", 1, arrays, {"tasks": [{"n": 1}, {"n": 2}]}, root)


@given(st.data())
def test_a_damaged_result_is_stale_and_never_read(tmp_path_factory, data):
    root = tmp_path_factory.mktemp("store")
    npz = saved(root)
    path = data.draw(st.sampled_from([npz, npz.with_suffix(".json")]))
    original = path.read_bytes()
    changed = data.draw(damaged(original))
    path.write_bytes(changed)
    try:
        found = store.load("fuzzed", "smoke", root=root, version=1)
    except store.StaleResultError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert "python -m experiments fuzzed --preset smoke" in refused
        return
    # A change of the record that is no change of the result (a space, a host name) is no damage.
    assert path.suffix == ".json" or changed == original
    np.testing.assert_array_equal(found["a"], np.arange(6.0).reshape(2, 3))


@given(st.data())
def test_a_damaged_accumulator_is_refused_or_the_same(tmp_path_factory, data):
    kind = data.draw(st.sampled_from([GramAccumulator, QRAccumulator]))
    path = tmp_path_factory.mktemp("damaged") / "seen.npz"
    seen = kind()
    seen.update(X, Y)
    seen.save(path)
    path.write_bytes(data.draw(damaged(path.read_bytes())))
    try:
        found = kind.load(path)
    except CorruptArchiveError:
        return
    for field in dataclasses.fields(seen):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(seen, field.name))


def test_an_accumulator_that_lost_a_member_is_damaged(tmp_path):
    seen = GramAccumulator()
    seen.update(X, Y)
    seen.save(tmp_path / "seen.npz")
    with np.load(tmp_path / "seen.npz") as archive:
        kept = {name: archive[name] for name in archive.files if name != "x_mean"}
    np.savez(tmp_path / "less.npz", **kept)
    with pytest.raises(CorruptArchiveError, match="is damaged"):
        GramAccumulator.load(tmp_path / "less.npz")


OPTIONS = ["xi", "measure", "falsify", "show", "claims", "--json", "--samples", "--version",
           "--target", "--steps", "--alpha", "--examples", "--seed", "--plot", "-1", "0", "1e400",
           "nan", "", "no.such.file.csv", "das2023.*", "\x00", "../..", "--", "-h"]  # fmt: skip


@given(st.lists(st.sampled_from(OPTIONS) | st.text(max_size=4), max_size=4))
@example(["xi", "xi", "\n"])
def test_a_nonsensical_command_line_is_one_line(tmp_path_factory, arguments):
    if "measure" in arguments or "falsify" in arguments:
        arguments = [a for a in arguments if a not in ("das2023.*", "measure")]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("empty"))
        status, _, errors = run(arguments)
    assert status in (0, 1, 2)
    if status == 2:
        assert errors.count("\n") == 1, errors
    assert "Traceback" not in errors


def test_how_many_random_files_there_are(record_property):
    record_property("random files or command lines of each kind", settings.default.max_examples)
