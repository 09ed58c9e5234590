"""A pass shows its progress, and leaves whole chunks behind when it is interrupted."""

import io

import numpy as np
import pytest

from sdtheory.spectral import GramAccumulator, LeftOutAccumulator, QRAccumulator, stream, streams


def chunks(rng, count, stop=None):
    for k in range(count):
        if k == stop:
            raise KeyboardInterrupt
        yield rng.normal(size=(5, 2)), rng.normal(size=5)


@pytest.mark.parametrize("kind", [GramAccumulator, QRAccumulator])
def test_an_interrupted_pass_resumes_to_the_same_numbers(kind, tmp_path):
    path = tmp_path / "seen.npz"
    whole = kind()
    stream(whole, chunks(np.random.default_rng(0), 6))
    rng = np.random.default_rng(0)
    with pytest.raises(KeyboardInterrupt):
        stream(kind(), chunks(rng, 6, stop=4), save=path)
    resumed = kind.load(path)
    assert resumed.rows == 20
    stream(resumed, chunks(rng, 2), rows=30, save=path)
    assert kind.load(path).rows == 30
    for seen in (resumed, kind.load(path)):
        np.testing.assert_array_equal(
            seen.summary().spectrum.eigenvalues, whole.summary().spectrum.eigenvalues
        )


@pytest.mark.parametrize("name", ["gram", "energy", "rows"])
def test_a_half_made_update_is_undone(monkeypatch, name):
    """Ctrl-C between two assignments must not leave sums of different chunks."""
    rng = np.random.default_rng(0)
    seen = GramAccumulator()
    stream(seen, chunks(rng, 2))
    before = {field: getattr(seen, field) for field in seen.__slots__}
    merge = GramAccumulator.merge

    def torn(self, other):
        setattr(self, name, None)
        raise KeyboardInterrupt

    monkeypatch.setattr(GramAccumulator, "merge", torn)
    with pytest.raises(KeyboardInterrupt):
        stream(seen, chunks(rng, 1))
    monkeypatch.setattr(GramAccumulator, "merge", merge)
    assert all(getattr(seen, field) is value for field, value in before.items())


def test_progress_counts_rows(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    shown = Terminal()
    bar = streams.Progress
    monkeypatch.setattr(streams, "Progress", lambda total: bar(total, shown))
    seen = GramAccumulator()
    stream(seen, chunks(np.random.default_rng(0), 4), rows=20)
    assert "0 rows" in shown.getvalue()
    assert shown.getvalue().endswith("\r\x1b[K")


def test_saves_now_and_then(tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(GramAccumulator, "save", lambda self, path: saved.append(self.rows))
    stream(GramAccumulator(), chunks(np.random.default_rng(0), 3), save=tmp_path / "x", seconds=0)
    assert saved == [5, 10, 15, 15]


def test_what_cannot_be_saved_says_so(tmp_path):
    seen = GramAccumulator()
    stream(seen, chunks(np.random.default_rng(0), 3))
    with pytest.raises(TypeError, match="accumulator must have save, got LeftOutAccumulator"):
        stream(LeftOutAccumulator(seen.summary(), 1.0), [], save=tmp_path / "x")


@pytest.mark.parametrize(
    ("seconds", "saved"), [(None, [15, 25]), (60.0, [15, 25]), (100.0, [20, 25])]
)
def test_saves_once_a_minute_unless_told_otherwise(tmp_path, monkeypatch, seconds, saved):
    """A clock goes on by 30 seconds a chunk: the third is more than a minute away."""
    now, seen = [0.0], []

    def ticking(rng, count):
        for chunk in chunks(rng, count):
            now[0] += 30.0
            yield chunk

    monkeypatch.setattr(streams.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(GramAccumulator, "save", lambda self, path: seen.append(self.rows))
    options = {} if seconds is None else {"seconds": seconds}
    rng = np.random.default_rng(0)
    stream(GramAccumulator(), ticking(rng, 5), save=tmp_path / "x", **options)
    assert seen == saved


def test_progress_goes_on_where_the_accumulator_was(monkeypatch):
    calls = []

    class Recorder:
        def __init__(self, total):
            calls.append(total)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def advance(self, text, rows):
            calls.append((text, rows))

    monkeypatch.setattr(streams, "Progress", Recorder)
    seen = GramAccumulator()
    stream(seen, chunks(np.random.default_rng(0), 2))
    assert calls == [0, ("0 rows", 0), ("5 rows", 5), ("10 rows", 5)]
    calls.clear()
    stream(seen, chunks(np.random.default_rng(0), 1), rows=15)
    assert calls == [15, ("10 rows", 10), ("15 rows", 5)]


@pytest.mark.parametrize("option", [{"rows": -1}, {"seconds": -1.0}])
def test_wrong_arguments_are_named(option):
    with pytest.raises(ValueError, match=f"{next(iter(option))} must be at least 0"):
        stream(GramAccumulator(), [], **option)


@pytest.mark.parametrize("count", [1, 4])
def test_chunks_of_another_length_are_named(count):
    seen = GramAccumulator()
    good = (np.ones((2, 1)), np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="chunks must be \\(features, labels\\) or"):
        stream(seen, [good, list(good[:2]), tuple([np.ones((2, 1))] * count)])
    assert seen.rows == 4
