"""Selections of cells: made by rectangle, lasso or likeness, combined, grown, shrunk. No document is changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from maps.document import Cell, MapDocument, Mask, frozen
from maps.edits import same_terrain
from maps.errors import MapError, name_cell
from maps.raster import Patch, Rectangle, flood, rectangle

if TYPE_CHECKING:
    from collections.abc import Sequence

Combine = Literal["replace", "add", "subtract", "intersect"]


@dataclass(frozen=True, eq=False)
class CellSelection:
    """Selected cells of a map. mask: (H, W) bool, at least one of them True; made read-only."""

    mask: Mask

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask", frozen(self.mask, np.bool_))
        if not self.mask.any():
            raise MapError("a selection needs at least one cell")

    @cached_property
    def box(self) -> Rectangle:
        """The smallest half-open rectangle (r0, c0, r1, c1) around the selected cells."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1

    @cached_property
    def count(self) -> int:
        """How many cells are selected."""
        return int(np.count_nonzero(self.mask))

    @property
    def patch(self) -> Patch:
        """The selected cells as a shape to paint."""
        r0, c0, r1, c1 = self.box
        return Patch(self.box, self.mask[r0:r1, c0:c1].astype(np.float32))

    def contains(self, cell: Cell) -> bool:
        """Return whether a cell, perhaps outside the map, is selected."""
        height, width = self.mask.shape
        return 0 <= cell[0] < height and 0 <= cell[1] < width and bool(self.mask[cell])


def selection_of(mask: Mask) -> CellSelection | None:
    """Return a selection of these cells (H, W), None if there are none."""
    return CellSelection(mask) if mask.any() else None


def cells_in_box(shape: tuple[int, int], corner: Cell, opposite: Cell) -> Mask:
    """Return the cells (H, W) between two corners, both included."""
    mask = np.zeros(shape, np.bool_)
    mask[rectangle(shape, corner, opposite).slices] = True
    return mask


def cells_in_polygon(shape: tuple[int, int], corners: Sequence[tuple[float, float]]) -> Mask:
    """Return the cells (H, W) whose centres lie in a closed polygon of (row, col) corners, by the even-odd rule.

    An edge toggles, in each row whose centre it crosses, all cells to the right of the crossing: the time goes
    with rows of edges, and cells, not with their product.
    """
    height, width = shape
    crossings = np.zeros((height, width + 1), np.int32)
    for (r0, c0), (r1, c1) in zip(corners, (*corners[1:], *corners[:1]), strict=True):
        if r0 == r1:
            continue
        (top, left), (bottom, right) = sorted(((r0, c0), (r1, c1)))
        rows = np.arange(max(int(np.ceil(top)), 0), min(int(np.ceil(bottom)), height))
        at = left + (rows - top) * ((right - left) / (bottom - top))
        np.add.at(crossings, (rows, np.clip(np.ceil(at), 0, width).astype(np.int64)), 1)
    return np.cumsum(crossings[:, :width], axis=1) % 2 == 1


def cells_alike(
    document: MapDocument, cell: Cell, *, by_cost: bool, tolerance: float = 0.0, connected: bool = True
) -> Mask:
    """Return the cells (H, W) that are like one: seen to be of its kind, or of a cost within `tolerance` of its.

    by_cost: passable cells by cost alone, whatever their terrain; impassable ones are alike as they are seen to
    be. connected: only those joined to it by side. Raises MapError for a cell outside the map.
    """
    if not document.contains(cell):
        raise MapError(f"{name_cell(*cell)} is outside the map of {document.height} × {document.width} cells")
    if by_cost and document.passable[cell]:
        near = np.abs(document.cost.astype(np.float64) - float(document.cost[cell])) <= tolerance
        alike = near & document.passable
    else:
        alike = same_terrain(document, cell)
    if not connected:
        return alike
    patch = flood(alike, cell)
    mask = np.zeros(document.shape, np.bool_)
    mask[patch.slices] = patch.weights > 0.0
    return mask


def combined(old: CellSelection | None, mask: Mask, how: Combine) -> CellSelection | None:
    """Return what is selected once cells (H, W) are put in place of a selection, or with it as `how` says."""
    before = np.zeros_like(mask) if old is None or old.mask.shape != mask.shape else old.mask
    match how:
        case "replace":
            return selection_of(mask)
        case "add":
            return selection_of(before | mask)
        case "subtract":
            return selection_of(before & ~mask)
        case "intersect":
            return selection_of(before & mask)


def grown(mask: Mask) -> Mask:
    """Return the cells and those beside them, by side."""
    wider = mask.copy()
    wider[1:] |= mask[:-1]
    wider[:-1] |= mask[1:]
    wider[:, 1:] |= mask[:, :-1]
    wider[:, :-1] |= mask[:, 1:]
    return wider


def shrunk(mask: Mask) -> Mask:
    """Return the cells all of whose neighbours by side are among them; the border of the map takes none away."""
    return ~grown(~mask)
