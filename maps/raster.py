"""Shapes on the grid: brush stamps, strokes, lines, rectangles, flood fill. Geometry only, no document.

A shape is a `Patch`: the rectangle of the map that it touches, and a weight per cell of that rectangle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
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
        """Return the cells that the shape covers at least half, or else the ones that it covers most."""
        strongest = float(self.weights.max(initial=0.0))
        return self.weights >= min(0.5, strongest) if strongest > 0.0 else self.weights > 0.0


def disc(shape: tuple[int, int], centre: Cell, size: float, hardness: float = 1.0) -> Patch:
    """Return a round brush of `size` cells across on one cell, clipped to the map.

    hardness: share of the radius with full weight; from there it falls smoothly to 0 at the rim.
    """
    return stroke(shape, centre, centre, size, hardness)


def stroke(shape: tuple[int, int], start: Cell, end: Cell, size: float, hardness: float = 1.0) -> Patch:
    """Return a disc swept over the cells of a line, each cell with its largest weight; clipped to the map."""
    brush = _disc_weights(size, hardness)
    cells = line_cells(start, end)
    top, left = (int(least) for least in cells.min(axis=0))
    height, width = (int(extent) for extent in np.ptp(cells, axis=0))
    side = len(brush)
    weights = np.zeros((height + side, width + side), dtype=np.float32)
    for row, column in (cells - (top, left)).tolist():
        under = weights[row : row + side, column : column + side]
        np.maximum(under, brush, out=under)
    return _clipped(shape, top - side // 2, left - side // 2, weights)


def line(shape: tuple[int, int], start: Cell, end: Cell) -> Patch:
    """Return a line one cell wide, 8-connected (Bresenham), clipped to the map."""
    return stroke(shape, start, end, 1.0)


def rectangle(shape: tuple[int, int], corner: Cell, opposite: Cell, filled: bool = True) -> Patch:
    """Return the cells between two corners, both included, or only their border; clipped to the map."""
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
    """Return the 4-connected part of `same` (H, W) that holds `seed`; empty if the seed is not in it.

    Works on runs of cells along rows, joined by union-find: the time goes with the number of runs.
    """
    if not same[seed]:
        return Patch((seed[0], seed[1], seed[0], seed[1]), np.zeros((0, 0), dtype=np.float32))
    begins = same.copy()
    begins[:, 1:] &= ~same[:, :-1]
    run = np.cumsum(begins, dtype=np.int32).reshape(same.shape) - 1  # which run a cell of `same` lies in
    # Two runs above one another share one stretch of columns: where it begins stands for the pair.
    touching = same[:-1] & same[1:]
    touching[:, 1:] &= ~touching[:, :-1]
    smallest = _smallest_joined(int(run[-1, -1]) + 1, run[:-1][touching], run[1:][touching])
    inside = same & (smallest == smallest[run[seed]])[run]
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    r0, r1, c0, c1 = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    return Patch((r0, c0, r1, c1), inside[r0:r1, c0:c1].astype(np.float32))


def _smallest_joined(count: int, one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.int32]:
    """(count,) smallest index that each index is joined to by the pairs, directly or through others."""
    root = np.arange(count, dtype=np.int32)
    while True:
        apart = one != other
        one, other = one[apart], other[apart]
        if len(one) == 0:
            return root
        # Every root with a smaller neighbour hooks on to it; then all follow their chain to its end.
        np.minimum.at(root, np.maximum(one, other), np.minimum(one, other))
        while not np.array_equal(followed := root[root], root):
            root = followed
        one, other = root[one], root[other]


def _disc_weights(size: float, hardness: float) -> NDArray[np.float32]:
    """(side, side) weights of a brush on the middle cell, side odd."""
    radius = max(size, 1.0) / 2.0
    reach = int(radius + 0.25)
    offset = np.arange(-reach, reach + 1)
    # A quarter of a cell of slack, so that size 3 covers all the three cells across, corners included.
    inwards = radius + 0.25 - np.hypot(offset[:, None], offset)
    rim = np.clip(inwards / max((1.0 - hardness) * radius, 1e-9), 0.0, 1.0)
    return (rim * rim * (3.0 - 2.0 * rim)).astype(np.float32)


def line_cells(start: Cell, end: Cell) -> NDArray[np.int64]:
    """Return (n, 2) cells of a straight line between two cells, both included, the same in either direction."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    # Whole products before the division: a cell exactly between two must round alike from both ends.
    moved = np.arange(steps + 1)[:, None] * np.subtract(end, start) / max(steps, 1)
    return np.rint(start + moved).astype(np.int64)


def _clipped(shape: tuple[int, int], top: int, left: int, weights: NDArray[np.float32]) -> Patch:
    r0, c0 = min(max(0, top), shape[0]), min(max(0, left), shape[1])
    r1 = max(r0, min(shape[0], top + weights.shape[0]))
    c1 = max(c0, min(shape[1], left + weights.shape[1]))
    return Patch((r0, c0, r1, c1), weights[r0 - top : r1 - top, c0 - left : c1 - left])
