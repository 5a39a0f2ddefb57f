"""What landscapes are drawn from: noise, winding lines, distances, mazes and a sketch of named terrains.

Only operations that IEEE 754 rounds exactly (no sin, exp or hypot) and NumPy's frozen RandomState, so that every
platform and version draws the same map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from maps.document import MapDocument
from maps.raster import flood
from maps.terrain import palette_costs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.document import Cell, Mask
    from maps.terrain import Terrain

Field: TypeAlias = NDArray[np.float64]
Shape: TypeAlias = tuple[int, int]
Where: TypeAlias = "Mask | tuple[slice | int, slice | int]"


class Sketch:
    """A map in the making: one terrain of the palette in every cell, later ones laid over earlier ones."""

    def __init__(self, shape: Shape, palette: Sequence[Terrain]) -> None:
        """Start with all cells as the first terrain of the palette."""
        self._palette = tuple(palette)
        self._number = {terrain.name: number for number, terrain in enumerate(palette)}
        self._kind = np.zeros(shape, np.int64)

    def lay(self, name: str, where: Where) -> None:
        """Cover the cells of a mask or an index with a terrain."""
        self._kind[where] = self._number[name]

    def lay_bands(self, field: Field, bands: Sequence[tuple[float, str]]) -> None:
        """Cover the cells whose field lies above each level with its terrain, from the lowest level upwards."""
        for level, name in bands:
            self.lay(name, field > level)

    def close(self, name: str, start: Cell) -> None:
        """Cover what can be walked on but not reached from `start`, so that no cost can hide there."""
        self.lay(name, self.passable & ~part_of(self.passable, start))

    def mirror(self) -> None:
        """Replace the right half with the mirror image of the left half."""
        half = self._kind.shape[1] // 2
        self._kind[:, -half:] = self._kind[:, :half][:, ::-1]

    def find(self, *names: str) -> Mask:
        """Return (H, W) cells that show one of the terrains."""
        return np.isin(self._kind, [self._number[name] for name in names])

    @property
    def passable(self) -> Mask:
        """Return (H, W) cells whose terrain can be walked on."""
        return np.array([terrain.passable for terrain in self._palette])[self._kind]

    def document(self, *, locked: Mask | None = None, **parts: Any) -> MapDocument:
        """Return the sketch as a document; its palette from the cheapest terrain to the dearest, walls last.

        parts: the other fields of the document.
        """
        kinds = self._palette
        order = sorted(range(len(kinds)), key=lambda number: (not kinds[number].passable, kinds[number].cost))
        palette = tuple(kinds[number] for number in order)
        terrain = np.argsort(order)[self._kind].astype(np.uint8)
        return MapDocument(
            cost=palette_costs(palette)[terrain],
            passable=self.passable,
            locked=np.zeros(self._kind.shape, np.bool_) if locked is None else locked,
            terrain=terrain,
            palette=palette,
            **parts,
        )


def coordinates(shape: Shape) -> tuple[Field, Field]:
    """Return (H, W) row and column of every cell."""
    rows, columns = np.indices(shape).astype(np.float64)
    return rows, columns


def noise(shape: Shape, scale: float, seed: int, octaves: int = 3) -> Field:
    """Return (H, W) value noise with features of about `scale` cells; its values are spread evenly over 0 … 1."""
    generator = np.random.RandomState(seed)
    rows, columns = coordinates(shape)
    total = np.zeros(shape)
    for octave in range(octaves):
        # Each lattice is turned by the angle of the 3-4-5 triangle, so that nothing runs along the grid.
        rows, columns = 0.8 * rows + 0.6 * columns, 0.8 * columns - 0.6 * rows
        step = scale / 2**octave
        down, right = (rows - rows.min()) / step, (columns - columns.min()) / step
        total += 0.45**octave * _value_noise(down, right, generator)
    rank = np.empty(total.size)
    rank[np.argsort(total, axis=None, kind="stable")] = np.arange(total.size)
    return (rank / (total.size - 1)).reshape(shape)


def ridges(field: Field) -> Field:
    """Return (H, W) crests where a field of 0 … 1 passes its middle, falling to 0 at both of its ends."""
    return 1.0 - np.abs(2.0 * field - 1.0)


def hill(distance: Field, radius: float) -> Field:
    """Return (H, W) a smooth hill of height 1: (1 - (distance / radius)²)² within the radius, 0 beyond."""
    return np.clip(1.0 - (distance / radius) ** 2, 0.0, None) ** 2


def from_point(shape: Shape, centre: tuple[float, float]) -> Field:
    """Return (H, W) distance in cells from a point."""
    rows, columns = coordinates(shape)
    return np.sqrt((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2)


def from_line(shape: Shape, corners: Sequence[tuple[float, float]]) -> Field:
    """Return (H, W) distance in cells from the smooth line (Catmull–Rom) through the corners."""
    rows, columns = coordinates(shape)
    squared = np.full(shape, np.inf)
    for row, column in _curve(corners).tolist():
        np.minimum(squared, (rows - row) ** 2 + (columns - column) ** 2, out=squared)
    return np.sqrt(squared)


def warped(field: Field, size: float, scale: float, seed: int) -> Field:
    """Return a field whose cells were pushed up to `size` cells aside, so that straight edges look natural."""
    rows, columns = np.indices(field.shape)
    down = np.rint(size * (2.0 * noise(field.shape, scale, seed) - 1.0)).astype(np.int64)
    right = np.rint(size * (2.0 * noise(field.shape, scale, seed + 1) - 1.0)).astype(np.int64)
    height, width = field.shape
    return field[np.clip(rows + down, 0, height - 1), np.clip(columns + right, 0, width - 1)]


def grown(mask: Mask, cells: int = 1) -> Mask:
    """Return a mask and all cells within so many king's moves of it."""
    for _ in range(cells):
        padded = np.pad(mask, 1)
        mask = padded[:-2, 1:-1] | padded[1:-1, 1:-1] | padded[2:, 1:-1]
        padded = np.pad(mask, 1)
        mask = padded[1:-1, :-2] | padded[1:-1, 1:-1] | padded[1:-1, 2:]
    return mask


def nearest(mask: Mask, cell: Cell) -> Cell:
    """Return the cell of a mask that lies nearest to another cell."""
    cells = np.argwhere(mask)
    row, column = cells[int(np.argmin(((cells - np.array(cell)) ** 2).sum(axis=1)))]
    return int(row), int(column)


def part_of(mask: Mask, cell: Cell) -> Mask:
    """Return the 4-connected part of a mask that holds a cell."""
    patch = flood(mask, cell)
    part = np.zeros_like(mask)
    part[patch.slices] = patch.weights > 0.0
    return part


def maze(rooms: Shape, pitch: int, loops: float, seed: int) -> Mask:
    """Return walls, one cell thick, of a maze of square rooms `pitch` cells apart: rooms × pitch + 1 cells a side.

    Every room can be reached from every other. loops: share of the remaining walls that get a doorway too, so
    that there are many ways.
    """
    generator = np.random.RandomState(seed)
    walls = np.zeros((rooms[0] * pitch + 1, rooms[1] * pitch + 1), np.bool_)
    walls[::pitch], walls[:, ::pitch] = True, True
    groups = np.arange(rooms[0] * rooms[1]).reshape(rooms)
    pairs = [((r, c), (r + 1, c)) for r in range(rooms[0] - 1) for c in range(rooms[1])]
    pairs += [((r, c), (r, c + 1)) for r in range(rooms[0]) for c in range(rooms[1] - 1)]
    draws = generator.random_sample((len(pairs), 4))
    order = np.argsort(draws[:, 0], kind="stable")
    for number in (int(at) for at in order):  # Kruskal's spanning tree, in random order
        one, other = pairs[number]
        apart = bool(groups[one] != groups[other])
        if apart:
            groups[groups == groups[other]] = groups[one]
        if apart or draws[number, 1] < loops:
            width = 2 + int(draws[number, 2] * (pitch // 2 - 1))
            first = 1 + int(draws[number, 3] * (pitch - width))
            gap = slice(first, first + width)
            room = walls[one[0] * pitch :, one[1] * pitch :]
            if one[0] == other[0]:
                room[gap, pitch] = False
            else:
                room[pitch, gap] = False
    return walls


def _curve(corners: Sequence[tuple[float, float]], density: int = 24) -> Field:
    """(n, 2) points of the Catmull–Rom spline through the corners, `density` to a stretch."""
    points = np.array([corners[0], *corners, corners[-1]], np.float64)
    before, start, end, after = (points[k : len(points) - 3 + k, None, :] for k in range(4))
    t = (np.arange(density + 1) / density)[None, :, None]
    curve = start + 0.5 * t * (
        (end - before)
        + t * ((2.0 * before - 5.0 * start + 4.0 * end - after) + t * (3.0 * (start - end) + after - before))
    )
    return curve.reshape(-1, 2)


def _value_noise(rows: Field, columns: Field, generator: np.random.RandomState) -> Field:
    """(H, W) random numbers at whole coordinates, blended smoothly between them."""
    knots = generator.random_sample((int(rows.max()) + 2, int(columns.max()) + 2))
    top, left = rows.astype(np.int64), columns.astype(np.int64)
    down, right = rows - top, columns - left
    down, right = down * down * (3.0 - 2.0 * down), right * right * (3.0 - 2.0 * right)
    upper = knots[top, left] * (1.0 - right) + knots[top, left + 1] * right
    lower = knots[top + 1, left] * (1.0 - right) + knots[top + 1, left + 1] * right
    return upper * (1.0 - down) + lower * down
