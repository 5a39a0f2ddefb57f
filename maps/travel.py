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
    passable = np.isfinite(prices) & (document.passable[part] | impassable)
    return Travel(np.where(passable, multiplier, 1.0), passable)


def price_at(document: MapDocument, kind: MovementClass, cell: Cell, costs: NDArray[Any]) -> float:
    """Return what a class pays in a cell of the map with these costs (H, W); infinite where it cannot be.

    A class of size × size cells can be where all of them let it in: those from (size - 1) // 2 before the cell
    to size // 2 after it, down and across.
    """
    before, after = (kind.size - 1) // 2, kind.size // 2
    if any(at < before or at + after >= side for at, side in zip(cell, document.shape, strict=True)):
        return math.inf
    row, col = cell
    around = travel_of(
        document, kind, (slice(row - before, row + after + 1), slice(col - before, col + after + 1))
    )
    if not around.passable.all():
        return math.inf
    # What a run says of the cost of a cell that nobody walks on means nothing.
    cost = costs[cell] if document.passable[cell] else document.cost[cell]
    return float(around.multiplier[before, before] * cost)
