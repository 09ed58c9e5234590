"""Read features and a target from CSV, NPY and NPZ files; errors say where in the file."""

from __future__ import annotations

import csv
import math
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["read_features"]

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


def read_features(path: Path, target: str | None) -> tuple[FloatArray, FloatArray, list[str]]:
    """Return features (n, p), target (n,) and the names of the features.

    `target` is the name or number (from 0, or from the end if negative) of a column; in an NPZ
    file the name of the array that holds the labels, `y` by default, beside one matrix.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        names, table = _csv(path)
    elif suffix == ".npy":
        table = _numbers(_loaded(path)[""], path, 2)
        names = [str(k) for k in range(table.shape[1])]
    elif suffix == ".npz":
        return _npz(path, target or "y")
    else:
        raise ValueError(f"{path}: must end in .csv, .npy or .npz")
    if target is None:
        raise ValueError(f"{path}: --target is needed; columns are {', '.join(names[:20])}")
    column = _column(path, names, target)
    rest = [k for k in range(len(names)) if k != column]
    if not rest:
        raise ValueError(f"{path}: has no column but the target")
    return table[:, rest], table[:, column], [names[k] for k in rest]


def _loaded(path: Path) -> dict[str, Any]:
    """Return the arrays of a file; that of an NPY file has no name."""
    kind = path.suffix[1:].upper()
    try:
        # Opened here, because NumPy leaves a damaged archive open.
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            if isinstance(found, np.ndarray) != (kind == "NPY"):
                raise ValueError("the other kind")
            return {"": found} if kind == "NPY" else {name: found[name] for name in found}
    except OSError:
        raise
    except Exception:  # what a damaged archive may raise is nobody's promise
        raise ValueError(f"{path}: must be an {kind} file of numbers, without objects") from None


def _column(path: Path, names: list[str], target: str) -> int:
    if names.count(target) > 1:
        raise ValueError(f"{path}: has {names.count(target)} columns {target!r}: give its number")
    if target in names:
        return names.index(target)
    try:
        return range(len(names))[int(target)]
    except (ValueError, IndexError):
        shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
        raise ValueError(f"{path}: no column {target!r}; columns are {shown}") from None


def _csv(path: Path) -> tuple[list[str], FloatArray]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ValueError(f"{path}:{line}: must be UTF-8 text") from None
    with StringIO(text, newline="") as file:
        reader = csv.reader(file)
        names = [name.strip() for name in next(reader, [])]
        if not names:
            raise ValueError(f"{path}:1: must have a header line")
        rows = []
        for row in reader:
            line = reader.line_num
            if not row:
                continue
            if len(row) != len(names):
                raise ValueError(f"{path}:{line}: has {len(row)} columns, header {len(names)}")
            rows.append([_number(path, line, k, text) for k, text in enumerate(row)])
    if not rows:
        raise ValueError(f"{path}: has no data lines")
    return names, np.array(rows)


def _number(path: Path, line: int, column: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{path}:{line}:{column + 1}: must be a finite number, got {text!r}")
    return value


def _npz(path: Path, target: str) -> tuple[FloatArray, FloatArray, list[str]]:
    arrays = _loaded(path)
    if target not in arrays:
        raise ValueError(f"{path}: no array {target!r}; arrays are {', '.join(arrays)}")
    y = _numbers(arrays[target], path, 1, target)
    fitting = [k for k, v in arrays.items() if v.ndim == 2 and v.shape[0] == y.shape[0]]
    if len(fitting) != 1:
        raise ValueError(f"{path}: must have one matrix with {y.shape[0]} rows, got {len(fitting)}")
    x = _numbers(arrays[fitting[0]], path, 2, fitting[0])
    return x, y, [str(k) for k in range(x.shape[1])]


def _numbers(array: Any, path: Path, ndim: int, name: str = "the array") -> FloatArray:
    if array.ndim != ndim or array.size == 0 or array.dtype.kind not in "fiu":
        raise ValueError(
            f"{path}: {name} must be numbers with {ndim} axes, "
            f"got shape {array.shape} of {array.dtype}"
        )
    values: FloatArray = array.astype(np.float64)
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        place = ", ".join(str(k) for k in bad[0])
        raise ValueError(f"{path}: {name} must be finite, got {values[tuple(bad[0])]} at [{place}]")
    return values
