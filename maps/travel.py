"""What a movement class meets on a map: where it may be, and what it pays there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maps.terrain import of_each_cell, on_impassable_terrain, palette_costs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from maps.checks import Cell
    from maps.document import MapDocument, Mask
    from maps.movement import MovementClass

_WHOLE = slice(None), slice(None)


@dataclass(frozen=True, eq=False)
class Travel:
    """A map as one class meets it.

    multiplier: (H, W) float64: it pays multiplier · cost in a cell; 1 where it cannot be.
    passable: (H, W) where it can be, its size left aside.
    """

    multiplier: NDArray[np.float64]
    passable: Mask


def passable_to(document: MapDocument, kind: MovementClass, part: tuple[slice, slice] = _WHOLE) -> Mask:
    """Return where on a part of a map, or on all of it, a movement class can be, its size left aside."""
    terrain = document.terrain[part]
    priced = of_each_cell(terrain, np.isfinite(kind.costs), True, np.bool_)
    return priced & (document.passable[part] | on_impassable_terrain(terrain, document.palette))


def travel_of(document: MapDocument, kind: MovementClass, part: tuple[slice, slice] = _WHOLE) -> Travel:
    """Return what a movement class of the document meets, in a part of its rows and columns or on all of it.

    In a cell of a passable terrain it pays its cost of the terrain, times the cell's cost over the terrain's: a
    run that makes a cell dearer makes it dearer for all, in proportion. In one of an impassable terrain it pays
    its cost of the terrain, and elsewhere its factor times the cell's cost. Walls stop it, wherever they stand,
    but not an impassable terrain that it has a cost for.
    """
    terrain, palette = document.terrain[part], document.palette
    impassable = on_impassable_terrain(terrain, palette)
    prices = of_each_cell(terrain, kind.costs, kind.factor, np.float64)
    usual = of_each_cell(terrain, palette_costs(palette).astype(np.float64), 1.0, np.float64)
    multiplier = prices / np.where(impassable, document.cost[part], usual)
    passable = passable_to(document, kind, part)
    return Travel(np.where(passable, multiplier, 1.0), passable)


def may_stand(document: MapDocument, kind: MovementClass, cell: Cell) -> bool:
    """Return whether one of a class may stand on a cell (row, col): all of the map under it lets the class in."""
    before, after = (kind.size - 1) // 2, kind.size // 2
    (top, left), (bottom, right) = ((at - before for at in cell), (at + after + 1 for at in cell))
    if top < 0 or left < 0 or bottom > document.height or right > document.width:
        return False
    return bool(passable_to(document, kind, (slice(top, bottom), slice(left, right))).all())


def price_at(document: MapDocument, kind: MovementClass, cell: Cell, costs: NDArray[Any]) -> float:
    """Return what a class pays in a cell of the map with these costs (H, W); infinite where it cannot stand."""
    if not may_stand(document, kind, cell):
        return math.inf
    row, col = cell
    there = travel_of(document, kind, (slice(row, row + 1), slice(col, col + 1)))
    # What a run says of the cost of a cell that nobody walks on means nothing.
    cost = costs[cell] if document.passable[cell] else document.cost[cell]
    return float(there.multiplier[0, 0] * cost)
