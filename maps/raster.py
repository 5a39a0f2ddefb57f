"""Shapes on the grid: brush stamps, strokes, lines, rectangles, flood fill. Geometry only, no document.

A shape is a `Patch`: the rectangle of the map that it touches, and a weight per cell of that rectangle.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.document import Cell, Mask

Rectangle = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Patch:
    """Weights (r1 - r0, c1 - c0) in [0, 1] on the half-open rectangle (r0, c0, r1, c1) of a map."""

    rectangle: Rectangle
    weights: NDArray[np.float32]

    @property
    def slices(self) -> tuple[slice, slice]:
        """The rectangle as an index."""
        r0, c0, r1, c1 = self.rectangle
        return slice(r0, r1), slice(c0, c1)

    @property
    def mask(self) -> Mask:
        """Cells that the shape covers at least half, or the strongest ones where it covers none so much."""
        strongest = float(self.weights.max(initial=0.0))
        return self.weights >= min(0.5, strongest) if strongest > 0.0 else self.weights > 0.0


def disc(shape: tuple[int, int], centre: Cell, size: float, hardness: float = 1.0) -> Patch:
    """A round brush of `size` cells across on one cell, clipped to the map.

    hardness: share of the radius with full weight; from there it falls smoothly to 0 at the rim.
    """
    return stroke(shape, centre, centre, size, hardness)


def stroke(shape: tuple[int, int], start: Cell, end: Cell, size: float, hardness: float = 1.0) -> Patch:
    """A disc swept over the cells of a line, each cell with its largest weight; clipped to the map."""
    brush = _disc_weights(size, hardness)
    cells = _line_cells(start, end)
    top, left = (int(least) for least in cells.min(axis=0))
    height, width = (int(extent) for extent in np.ptp(cells, axis=0))
    side = len(brush)
    weights = np.zeros((height + side, width + side), dtype=np.float32)
    for row, column in (cells - (top, left)).tolist():
        under = weights[row : row + side, column : column + side]
        np.maximum(under, brush, out=under)
    return _clipped(shape, top - side // 2, left - side // 2, weights)


def line(shape: tuple[int, int], start: Cell, end: Cell) -> Patch:
    """One cell wide, 8-connected (Bresenham), clipped to the map."""
    return stroke(shape, start, end, 1.0)


def rectangle(shape: tuple[int, int], corner: Cell, opposite: Cell, filled: bool = True) -> Patch:
    """The cells between two corners, both included, or only their border; clipped to the map."""
    top, bottom = sorted((corner[0], opposite[0]))
    left, right = sorted((corner[1], opposite[1]))
    r0, c0 = max(0, top), max(0, left)
    r1, c1 = max(r0, min(shape[0], bottom + 1)), max(c0, min(shape[1], right + 1))
    weights = np.ones((r1 - r0, c1 - c0), dtype=np.float32)
    if not filled:
        rows, columns = np.arange(r0, r1)[:, None], np.arange(c0, c1)[None, :]
        border = (rows == top) | (rows == bottom) | (columns == left) | (columns == right)
        weights = border.astype(np.float32)
    return Patch((r0, c0, r1, c1), weights)


def flood(same: Mask, seed: Cell) -> Patch:
    """The 4-connected part of `same` (H, W) that holds `seed`; empty if the seed is not in it.

    Works on runs of cells along rows, joined by union-find: the time goes with the number of runs.
    """
    if not same[seed]:
        return Patch((seed[0], seed[1], seed[0], seed[1]), np.zeros((0, 0), dtype=np.float32))
    height, width = same.shape
    padded = np.zeros((height, width + 2), dtype=np.int8)
    padded[:, 1:-1] = same
    steps = np.diff(padded, axis=1)
    row, begin = np.nonzero(steps == 1)
    end = np.nonzero(steps == -1)[1]
    first = np.searchsorted(row, np.arange(height + 1))
    neighbours = _touching_runs(row, begin, end, first)
    seed_run = int(
        first[seed[0]] + np.searchsorted(begin[first[seed[0]] : first[seed[0] + 1]], seed[1], "right") - 1
    )
    found = _reachable(seed_run, len(row), neighbours)
    run = np.flatnonzero(found)
    r0, r1 = int(row[run].min()), int(row[run].max()) + 1
    c0, c1 = int(begin[run].min()), int(end[run].max())
    marks = np.zeros((r1 - r0, c1 - c0 + 1), dtype=np.int32)
    np.add.at(marks, (row[run] - r0, begin[run] - c0), 1)
    np.add.at(marks, (row[run] - r0, end[run] - c0), -1)
    return Patch((r0, c0, r1, c1), np.cumsum(marks, axis=1)[:, :-1].astype(np.float32))


def _touching_runs(
    row: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64], first: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of runs in neighbouring rows that share a column."""
    # Runs as intervals on one long axis, a row apart: the run below that overlaps is found by bisection.
    stride = int(end.max(initial=0)) + 2
    starts, ends = row * stride + begin, row * stride + end
    low = np.searchsorted(ends, starts + stride, "right")
    high = np.searchsorted(starts, ends + stride, "left")
    count = np.maximum(high - low, 0)
    upper = np.repeat(np.arange(len(row)), count)
    offset = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    return upper, np.repeat(low, count) + offset


def _reachable(seed: int, runs: int, pairs: tuple[NDArray[np.int64], NDArray[np.int64]]) -> Mask:
    """Runs connected to the seed: labels fall to the smallest of their component, by pointer jumping."""
    upper, lower = pairs
    label = np.arange(runs)
    while True:
        smallest = np.minimum(label[upper], label[lower])
        before = label.copy()
        np.minimum.at(label, label[upper], smallest)
        np.minimum.at(label, label[lower], smallest)
        np.minimum.at(label, upper, smallest)
        np.minimum.at(label, lower, smallest)
        while True:
            jumped = label[label]
            if np.array_equal(jumped, label):
                break
            label = jumped
        if np.array_equal(label, before):
            return label == label[seed]


def _disc_weights(size: float, hardness: float) -> NDArray[np.float32]:
    """(side, side) weights of a brush on the middle cell, side odd."""
    radius = max(size, 1.0) / 2.0
    reach = int(radius + 0.25)
    offset = np.arange(-reach, reach + 1)
    # A quarter of a cell of slack, so that size 3 covers all the three cells across, corners included.
    inwards = radius + 0.25 - np.hypot(offset[:, None], offset)
    rim = np.clip(inwards / max((1.0 - hardness) * radius, 1e-9), 0.0, 1.0)
    return (rim * rim * (3.0 - 2.0 * rim)).astype(np.float32)


def _line_cells(start: Cell, end: Cell) -> NDArray[np.int64]:
    """(n, 2) cells from start to end, both included, the same ones in either direction."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    return np.rint(np.linspace(start, end, steps + 1)).astype(np.int64)


def _clipped(shape: tuple[int, int], top: int, left: int, weights: NDArray[np.float32]) -> Patch:
    r0, c0 = min(max(0, top), shape[0]), min(max(0, left), shape[1])
    r1 = max(r0, min(shape[0], top + weights.shape[0]))
    c1 = max(c0, min(shape[1], left + weights.shape[1]))
    return Patch((r0, c0, r1, c1), weights[r0 - top : r1 - top, c0 - left : c1 - left])
