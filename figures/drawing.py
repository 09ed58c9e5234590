"""Drawing a figure into files, and telling whether the files that are there still hold.

A figure's record (``<id>.json``) is written last, after its PDF, WebP and PNG pictures and its
numbers as CSV, each of them atomically. It carries a key of all sources and versions that the
figure depends on, digests of the stored results that it read, of its own files and of itself.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from experiments import store
from figures.plotted import as_csv
from figures.registry import STYLE, FigureSpec, styled
from figures.sources import fingerprint
from sdtheory._archive import write_atomically

__all__ = ["command", "draw", "kept", "record_path", "recorded"]

FORMAT = 2
# Without dates and versions in the files, the same numbers give the same bytes.
_PICTURES: dict[str, dict[str, Any]] = {
    "pdf": {"metadata": {"CreationDate": None, "Producer": None}},
    "png": {"metadata": {"Software": None}},
    "webp": {"pil_kwargs": {"lossless": True, "quality": 80, "method": 4}},
}


def command(spec: FigureSpec) -> str:
    """Return the shell command that draws a figure."""
    return f"python -m figures {spec.id}"


def record_path(spec: FigureSpec, folder: Path) -> Path:
    """Return where the record of a figure is."""
    return folder / f"{spec.id}.json"


def draw(spec: FigureSpec, folder: Path) -> dict[str, Any]:
    """Draw a figure into `folder`; return its record."""
    start = time.perf_counter()
    with _watched_store() as read:
        drawn = spec.draw()
    table, numbers = as_csv(drawn)
    files = {f"{spec.id}.csv": table.encode()}
    for kind, options in _PICTURES.items():
        buffer = io.BytesIO()
        with styled():
            drawn.savefig(buffer, format=kind, **options)
        files[f"{spec.id}.{kind}"] = buffer.getvalue()
    for name, content in files.items():
        write_atomically(folder / name, content)
    record = {
        "id": spec.id,
        "caption": spec.caption,
        "parameters": dict(spec.parameters),
        "origins": {name: spec.origin_of(name) for name in spec.parameters},
        "origin": spec.origin,
        "experiment": spec.experiment,
        "command": command(spec),
        "numbers": numbers,
        "seconds": round(time.perf_counter() - start, 3),
        "key": _key(spec),
        "read": {str(path): _digest(path) for path in read},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    record["record"] = _of_record(record)
    text = json.dumps(record, indent=1, default=str) + "\n"
    write_atomically(record_path(spec, folder), text.encode())
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def recorded(spec: FigureSpec, folder: Path) -> dict[str, Any] | None:
    """Return the record of a figure as it was written, or None: missing, or damaged."""
    try:
        record: dict[str, Any] = json.loads(record_path(spec, folder).read_text(encoding="utf-8"))
        return record if record["record"] == _of_record(record) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def kept(spec: FigureSpec, folder: Path) -> dict[str, Any] | None:
    """Return the record of a figure that need not be drawn again, or None."""
    record = recorded(spec, folder)
    if record is None or record["key"] != _key(spec):
        return None
    files = {folder / name: digest for name, digest in record["files"].items()}
    files |= {Path(name): digest for name, digest in record["read"].items()}
    try:
        unchanged = all(_digest(path) == digest for path, digest in files.items())
    except OSError:
        return None
    return record if unchanged else None


def _key(spec: FigureSpec) -> str:
    depends = [FORMAT, fingerprint(spec.function.__module__), fingerprint(__name__), spec.id]
    depends += [_digest(STYLE), spec.caption, spec.origin, json.dumps(spec.parameters, default=str)]
    return hashlib.sha256(json.dumps(depends).encode()).hexdigest()


def _of_record(record: dict[str, Any]) -> str:
    """Return a digest of everything else in a record: what tells damage to itself."""
    rest = {name: value for name, value in record.items() if name != "record"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, default=str).encode()).hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def _watched_store() -> Iterator[list[Path]]:
    """Note which stored results are loaded: every load asks the store for their paths."""
    read: list[Path] = []
    asked = store.paths

    def paths(name: str, preset: str, root: Path | None = None) -> tuple[Path, Path]:
        found = asked(name, preset, root)
        read.extend(path for path in found if path not in read)
        return found

    store.paths = paths
    try:
        yield read
    finally:
        store.paths = asked
