"""Stored results: ``results/<name>/<preset>.npz`` and, beside it, ``.json`` with its provenance.

Reading needs NumPy alone.  What is read is checked against its checksum, its recorded shapes, the
preset asked for and the version that the experiment's source declares now; every failure names the
command that would make the file anew.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments import archive, catalogue

__all__ = ["RESULTS", "MissingResultError", "StaleResultError", "Stored", "command", "load", "save"]

RESULTS = Path(__file__).parent / "results"
FORMAT = 1


class MissingResultError(FileNotFoundError):
    """The experiment has not been run at this preset."""


class StaleResultError(ValueError):
    """The stored files are damaged, or belong to another preset or version."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A result as read back.

    Attributes
    ----------
    arrays : dict
        The stored arrays; the first axis of each runs over ``tasks``.
    provenance : dict
        The ``.json`` file: settings, seeds, device, versions, commit, wall time, checksum.
    """

    arrays: dict[str, np.ndarray]
    provenance: dict[str, Any]

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """The configuration of each task, in the order of the arrays' first axis."""
        return list(self.provenance["tasks"])

    def __getitem__(self, name: str) -> np.ndarray:
        """Return array ``name``."""
        if name not in self.arrays:
            raise KeyError(f"no array {name!r}; stored are {', '.join(self.arrays)}")
        return self.arrays[name]


def command(name: str, preset: str) -> str:
    """Return the shell command that makes a result.

    >>> command("ridge_probe", "smoke")
    'python -m experiments ridge_probe --preset smoke'
    """
    return f"python -m experiments {name} --preset {preset}"


def paths(name: str, preset: str, root: Path | None = None) -> tuple[Path, Path]:
    """Return the paths of the arrays and of the provenance."""
    folder = (RESULTS if root is None else Path(root)) / name
    return folder / f"{preset}.npz", folder / f"{preset}.json"


def save(
    name: str,
    preset: str,
    version: int,
    arrays: Mapping[str, np.ndarray],
    provenance: Mapping[str, Any],
    root: Path | None = None,
) -> Path:
    """Write a result and its provenance, each atomically; return the path of the arrays.

    The arrays go first: a kill between the two leaves a checksum that does not fit, which `load`
    reports, and never a provenance that describes other arrays.
    """
    data = archive.pack(arrays)
    record = dict(provenance) | {
        "format": FORMAT,
        "name": name,
        "preset": preset,
        "version": version,
        "command": command(name, preset),
        "sha256": hashlib.sha256(data).hexdigest(),
        "arrays": {key: describe(np.asarray(value)) for key, value in sorted(arrays.items())},
    }
    npz, sidecar = paths(name, preset, root)
    archive.write_atomically(npz, data)
    text = json.dumps(record, indent=1, sort_keys=True, allow_nan=False) + "\n"
    archive.write_atomically(sidecar, text.encode())
    return npz


def describe(array: np.ndarray) -> dict[str, Any]:
    """Return what `load` compares an array with."""
    return {"shape": list(array.shape), "dtype": array.dtype.str}


def load(name: str, preset: str, *, root: Path | None = None, version: int | None = None) -> Stored:
    """Return a stored result after checking it.

    Parameters
    ----------
    name, preset : str
        Which result.
    root : Path, optional
        Folder of results (default: the committed ones).
    version : int, optional
        Version to insist on (default: the one that the experiment's source declares).

    Raises
    ------
    MissingResultError
        If one of the two files is absent.
    StaleResultError
        If checksum, shapes, name, preset or version do not fit.
    """
    npz, sidecar = paths(name, preset, root)
    remedy = f"; run: {command(name, preset)}"
    for path in (npz, sidecar):
        if not path.is_file():
            raise MissingResultError(f"no stored result {path}{remedy}")
    try:
        data = npz.read_bytes()
        record = json.loads(sidecar.read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            raise StaleResultError(f"{sidecar} is not a provenance record")
        expected = {
            "format": FORMAT,
            "name": name,
            "preset": preset,
            "version": catalogue.declared_version(name) if version is None else version,
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        for field, value in expected.items():
            if record.get(field) != value:
                found = f"{field} is {record.get(field)!r}, expected {value!r}"
                raise StaleResultError(f"{npz} is damaged or stale: {found}")
        arrays = archive.unpack(data)
        found_arrays = {key: describe(value) for key, value in sorted(arrays.items())}
        if found_arrays != record.get("arrays"):
            raise StaleResultError(f"{npz} holds {found_arrays}, recorded {record.get('arrays')}")
        if any(len(value) != len(record.get("tasks", ())) for value in arrays.values()):
            raise StaleResultError(f"{npz} does not hold one entry for each task of its record")
    except (
        StaleResultError,
        archive.CorruptArchiveError,
        json.JSONDecodeError,
        UnicodeError,
    ) as error:
        raise StaleResultError(f"{error}{remedy}") from error
    return Stored(arrays, record)
