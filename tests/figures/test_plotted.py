"""The table beside a figure holds exactly what is drawn."""

import csv

import numpy as np
import pytest
from matplotlib.figure import Figure

from figures.plotted import HEADER, as_csv, plotted_rows

X, Y = np.array([1.0, 2.0, 4.0]), np.array([0.1, -0.2, 1 / 3])


@pytest.fixture
def axes():
    return Figure().add_subplot(label="panel")


def numbers(axes, kind):
    """Return the (x, y, value) triples of one kind of artist."""
    rows = [row for row in plotted_rows(axes.figure) if row[1] == kind]
    return [tuple(float(cell) if cell else None for cell in row[3:]) for row in rows]


def test_lines_keep_every_bit(axes):
    axes.plot(X, Y, label="theory")
    assert numbers(axes, "line") == [(x, y, None) for x, y in zip(X, Y, strict=True)]
    assert {row[2] for row in plotted_rows(axes.figure)} == {"theory"}


def test_gaps_are_empty_cells(axes):
    axes.plot([1.0, 2.0], [np.nan, 3.0])
    assert numbers(axes, "line") == [(1.0, None, None), (2.0, 3.0, None)]


def test_points_and_their_colours(axes):
    axes.scatter(X, Y, c=[7.0, 8.0, 9.0])
    assert numbers(axes, "points") == list(zip(X, Y, [7.0, 8.0, 9.0], strict=True))


def test_a_point_at_the_origin(axes):
    axes.scatter([0.0], [0.0])
    assert numbers(axes, "points") == [(0.0, 0.0, None)]


def test_bars_by_centre_and_height(axes):
    axes.bar([0.0, 1.0], [5.0, 6.0], width=0.5)
    assert numbers(axes, "bar") == [(0.0, 5.0, None), (1.0, 6.0, None)]


def test_a_band_contains_both_edges(axes):
    axes.fill_between(X, Y - 1, Y + 1)
    corners = {(x, y) for x, y, _ in numbers(axes, "path")}
    assert corners >= {(x, y + s) for x, y in zip(X, Y, strict=True) for s in (-1.0, 1.0)}


def test_error_bars_contain_their_ends(axes):
    axes.errorbar(X, Y, yerr=0.5)
    ends = {(x, y) for x, y, _ in numbers(axes, "path")}
    assert ends == {(x, y + s) for x, y in zip(X, Y, strict=True) for s in (-0.5, 0.5)}


@pytest.mark.parametrize("origin", ["upper", "lower"])
def test_image_values_sit_at_their_pixels(axes, origin):
    values = np.arange(6.0).reshape(2, 3)
    axes.imshow(values, origin=origin, extent=(0.0, 3.0, 0.0, 2.0), aspect="auto")
    found = {(x, y): v for x, y, v in numbers(axes, "image")}
    rows = values if origin == "lower" else values[::-1]
    assert found == {(j + 0.5, i + 0.5): rows[i, j] for i in range(2) for j in range(3)}


def test_mesh_values_sit_at_their_cells(axes):
    values = np.arange(6.0).reshape(2, 3)
    axes.pcolormesh(np.arange(4.0), np.arange(3.0), values)
    found = {(x, y): v for x, y, v in numbers(axes, "mesh")}
    assert found == {(j + 0.5, i + 0.5): values[i, j] for i in range(2) for j in range(3)}


def test_csv_has_a_header_and_a_row_a_number(axes):
    axes.plot(X, Y)
    text, count = as_csv(axes.figure)
    rows = list(csv.reader(text.splitlines()))
    assert count == X.size
    assert tuple(rows[0]) == HEADER
    assert len(rows) == 1 + X.size
