"""Pieces of maps: cells that are cut out of one place, flipped, turned, and put down in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maps.cell_selection import CellSelection, selection_of
from maps.document import Cell, CostMap, MapDocument, Mask, frozen
from maps.edits import Edit, with_layers
from maps.errors import MapError
from maps.raster import Patch
from maps.terrain import NO_TERRAIN, Terrain, TerrainMap, of_each_cell

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Piece:
    """Cells (h, w) of a map, with all that cells hold: cost, whether passable and locked, terrain.

    mask: which of them belong to the piece. palette: the terrains that are numbered. walls_only: whether it is of
    walls alone, which stand on the ground that is there. Arrays are made read-only.
    """

    mask: Mask
    cost: CostMap
    passable: Mask
    locked: Mask
    terrain: TerrainMap
    palette: tuple[Terrain, ...]
    walls_only: bool = False

    def __post_init__(self) -> None:
        types = (("mask", np.bool_), ("cost", np.float32), ("passable", np.bool_), ("locked", np.bool_))
        for layer, dtype in (*types, ("terrain", np.uint8)):
            values: NDArray[Any] = getattr(self, layer)
            if values.shape != self.mask.shape:
                raise MapError(f"a piece's {layer} is {values.shape}, its mask {self.mask.shape}; they must agree")
            object.__setattr__(self, layer, frozen(values, dtype))

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        height, width = self.mask.shape
        return height, width

    def corner_at(self, cell: Cell) -> Cell:
        """Return where the first cell lies if the middle one lies on a cell."""
        return cell[0] - self.shape[0] // 2, cell[1] - self.shape[1] // 2


def cut_out(document: MapDocument, cells: CellSelection) -> Piece:
    """Return a copy of the selected cells."""
    r0, c0, r1, c1 = cells.box
    here = np.s_[r0:r1, c0:c1]
    return Piece(
        cells.mask[here],
        document.cost[here],
        document.passable[here],
        document.locked[here],
        document.terrain[here],
        document.palette,
    )


def put_down(document: MapDocument, piece: Piece, corner: Cell) -> Edit:
    """Put a piece into a map, its first cell at `corner`; what lies outside is left out.

    Cells of terrains that the map's palette lacks, by name, cost and colour, have a cost only.
    """
    there, here = _overlap(document.shape, piece, corner)
    mask = piece.mask[here]
    numbers = [_number(terrain, document.palette) for terrain in piece.palette]
    terrain = of_each_cell(piece.terrain[here], numbers, NO_TERRAIN, np.uint8)
    r0, c0 = there[0].start, there[1].start
    patch = Patch((r0, c0, there[0].stop, there[1].stop), mask.astype(np.float32))
    if piece.walls_only:
        return with_layers(document, patch, passable=document.passable[there] & ~(mask & ~piece.passable[here]))
    return with_layers(
        document,
        patch,
        cost=np.where(mask, piece.cost[here], document.cost[there]),
        passable=np.where(mask, piece.passable[here], document.passable[there]),
        locked=np.where(mask, piece.locked[here], document.locked[there]),
        terrain=np.where(mask, terrain, document.terrain[there]),
    )


def moved_selection(shape: tuple[int, int], piece: Piece, corner: Cell) -> CellSelection | None:
    """Return the cells of a map of this shape that a piece at `corner` covers; None for none."""
    mask = np.zeros(shape, np.bool_)
    there, here = _overlap(shape, piece, corner)
    mask[there] = piece.mask[here]
    return selection_of(mask)


def flipped(piece: Piece, *, columns: bool) -> Piece:
    """Return the piece with left and right exchanged, or else with top and bottom."""
    return _with_cells(piece, (lambda layer: layer[:, ::-1]) if columns else (lambda layer: layer[::-1]))


def turned(piece: Piece, quarters: int) -> Piece:
    """Return the piece turned clockwise by quarter turns."""
    return _with_cells(piece, lambda layer: np.rot90(layer, -quarters))


def transposed(piece: Piece) -> Piece:
    """Return the piece with rows and columns exchanged."""
    return _with_cells(piece, lambda layer: layer.T)


def _with_cells(piece: Piece, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Piece:
    return Piece(
        change(piece.mask),
        change(piece.cost),
        change(piece.passable),
        change(piece.locked),
        change(piece.terrain),
        piece.palette,
        walls_only=piece.walls_only,
    )


def _number(terrain: Terrain, palette: tuple[Terrain, ...]) -> int:
    return palette.index(terrain) if terrain in palette else NO_TERRAIN


def _overlap(
    shape: tuple[int, int], piece: Piece, corner: Cell
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where a piece lies in a map, and which of its cells do."""
    there: list[slice] = []
    here: list[slice] = []
    for size, first, side in zip(shape, corner, piece.shape, strict=True):
        begin, end = min(max(first, 0), size), min(max(first + side, 0), size)
        there.append(slice(begin, end))
        here.append(slice(min(max(begin - first, 0), side), min(max(end - first, 0), side)))
    return (there[0], there[1]), (here[0], here[1])
