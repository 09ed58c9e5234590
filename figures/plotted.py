"""The numbers in a figure, read off its artists, so that no figure can differ from its table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection, PathCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

__all__ = ["HEADER", "as_csv", "plotted_rows"]

HEADER = ("panel", "kind", "label", "x", "y", "value")

Row = tuple[str, str, str, str, str, str]


def as_csv(figure: Figure) -> tuple[str, int]:
    """Return every plotted number as the text of a CSV file, and the number of rows."""
    rows = list(plotted_rows(figure))
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    return stream.getvalue(), len(rows)


def plotted_rows(figure: Figure) -> Iterator[Row]:
    """Yield the data of all lines, bars, points, bands and images, in data coordinates."""
    for number, axes in enumerate(figure.axes):
        panel = axes.get_title() or axes.get_label() or str(number)
        for kind, label, x, y, value in _artists(axes):
            columns = [np.ravel(c).tolist() for c in np.broadcast_arrays(x, y, value)]
            for a, b, c in zip(*columns, strict=True):
                yield str(panel), kind, label, _text(a), _text(b), _text(c)


def _text(value: float) -> str:
    return "" if np.isnan(value) else repr(float(value))


def _artists(axes: Axes) -> Iterator[tuple[str, str, Any, Any, Any]]:
    for line in axes.lines:
        # A reference line (axhline, axvline) mixes axes and data coordinates: it has two points.
        data = np.asarray(line.get_xydata(), dtype=float)
        yield "line", _label(line), data[:, 0], data[:, 1], np.nan
    for collection in axes.collections:
        yield from _collection(collection)
    for patch in axes.patches:
        if isinstance(patch, Rectangle):
            yield (
                "bar",
                _label(patch),
                patch.get_x() + patch.get_width() / 2,
                patch.get_height(),
                np.nan,
            )
        elif isinstance(patch, Polygon):
            corners = patch.get_xy()
            yield "polygon", _label(patch), corners[:, 0], corners[:, 1], np.nan
    for image in axes.images:
        values = _filled(image.get_array())
        if values.ndim == 2:
            left, right, bottom, top = image.get_extent()
            low, high = (top, bottom) if image.origin == "upper" else (bottom, top)
            x = left + (np.arange(values.shape[1]) + 0.5) * (right - left) / values.shape[1]
            y = low + (np.arange(values.shape[0]) + 0.5) * (high - low) / values.shape[0]
            yield "image", _label(image), x[None, :], y[:, None], values


def _collection(collection: Collection) -> Iterator[tuple[str, str, Any, Any, Any]]:
    label = _label(collection)
    if isinstance(collection, QuadMesh):
        corners = np.asarray(collection.get_coordinates())
        centres = (corners[1:, 1:] + corners[:-1, :-1]) / 2
        values = _filled(collection.get_array())
        yield "mesh", label, centres[..., 0], centres[..., 1], values.reshape(centres.shape[:2])
    elif isinstance(collection, PathCollection):
        offsets = _filled(collection.get_offsets())
        colours = collection.get_array()
        shown: Any = np.nan if colours is None else _filled(colours)
        yield "points", label, offsets[:, 0], offsets[:, 1], shown
    else:
        for path in collection.get_paths():
            vertices = np.asarray(path.vertices)
            if len(vertices):
                yield "path", label, vertices[:, 0], vertices[:, 1], np.nan


def _filled(values: Any) -> np.ndarray[Any, Any]:
    """Return a float array with NaN where `values` is masked."""
    masked: Any = np.ma.asarray(values, dtype=float)
    return np.asarray(masked.filled(np.nan))


def _label(artist: Any) -> str:
    label = str(artist.get_label())
    return "" if label.startswith("_") else label
