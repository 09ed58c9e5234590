"""Commands that record figures at the same time keep one another's."""

import threading

import pytest

from . import mutation, record


@pytest.mark.skipif("sys.platform == 'win32'", reason="the lock is fcntl's")
def test_nothing_recorded_at_the_same_time_is_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "LOCK", tmp_path / "build" / "trust.lock")
    monkeypatch.setattr(record, "FIGURES", tmp_path / "trust.json")
    monkeypatch.setattr(mutation, "MEMORY", tmp_path / "mutation.json")
    monkeypatch.setattr(mutation, "_mark", lambda _root, mutant: mutant)
    record.update("power", {"date": "today"})

    def note(topic):
        for i in range(8):
            record.update("mutation", {f"{topic} {i}": i}, merge=True)
            mutation.remember(tmp_path, f"{topic} {i}", "tests")

    rivals = [threading.Thread(target=note, args=(topic,)) for topic in ("gp", "jepa", "spectral")]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    figures = record.load()
    assert len(figures["mutation"]) == 24
    assert figures["power"] == {"date": "today"}
    assert mutation.remembered(tmp_path, "gp 7") == "tests"
    assert len(mutation._memory()) == 24
