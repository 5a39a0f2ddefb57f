"""Which cells of a map are tiles, and of which terrains: what can change places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from app.scenarios.common_settings import drawn_costs
from engine.core.errors import ProblemError
from maps.edits import apply_costs, apply_terrain
from maps.terrain import NO_TERRAIN, of_each_cell, palette_costs

if TYPE_CHECKING:
    from app.scenarios.frame import Floats
    from maps.document import MapDocument
    from maps.movement import MovementClass

MOST_TERRAINS = 16


@dataclass(frozen=True, eq=False)
class Tiles:
    """The tiles of a document.

    terrain: (H, W) number of each tile's terrain, −1 for cells that are no tiles.  costs: (T,) what terrains cost,
    rising.  palette: (T,) their numbers in the document's palette; None where its costs alone tell terrains apart.
    """

    document: MapDocument
    terrain: npt.NDArray[np.int64]
    costs: Floats
    palette: npt.NDArray[np.int64] | None

    def costs_of(self, terrain: npt.NDArray[np.int64]) -> Floats:
        """Return the cost map (H, W) of an arrangement; cells that are no tiles keep their drawn cost."""
        return np.where(self.terrain >= 0, self.costs[terrain], drawn_costs(self.document))

    def paid_by(self, kind: MovementClass) -> Floats:
        """Return what a class of the document pays on each terrain (T,); infinite where it cannot go."""
        if self.palette is None:
            return kind.factor * self.costs
        # In the steps of `maps.travel`, so that not even the last digit differs.
        return np.array(kind.costs)[self.palette] / self.costs * self.costs

    def arranged(self, document: MapDocument, terrain: npt.NDArray[np.int64]) -> MapDocument:
        """Return a document with an arrangement of these tiles. Raises MapError where the map does not fit."""
        if self.palette is None:
            return apply_costs(document, self.costs_of(terrain), keep_terrain=False).document
        numbers = np.where(self.terrain >= 0, self.palette[terrain], NO_TERRAIN).astype(np.uint8)
        return apply_terrain(document, numbers).document


def tiles_of(document: MapDocument) -> Tiles:
    """Return the tiles of a document. Raises ProblemError where it has too few terrains, or too many.

    Where all passable cells cost what their terrain does, or classes of movement walk the map, the cells that do
    are the tiles, those of the 16 commonest terrains where there are more. Otherwise, where the passable cells
    have few different costs, these are the terrains; where they have many, the costs of the palette are, and cells
    of any other cost are no tiles.
    """
    usual = _as_their_terrain(document)
    if any(route.movement for route in document.routes) or bool(usual[document.passable].all()):
        return _by_palette(document, usual)
    return _by_cost(document)


def _as_their_terrain(document: MapDocument) -> npt.NDArray[np.bool_]:
    """Return the passable cells (H, W) that have a terrain and its very cost."""
    costs = of_each_cell(document.terrain, palette_costs(document.palette), np.nan, np.float32)
    return document.passable & (costs == document.cost)


def _by_palette(document: MapDocument, tiles: npt.NDArray[np.bool_]) -> Tiles:
    cells = np.bincount(document.terrain[tiles], minlength=NO_TERRAIN + 1)
    commonest = np.argsort(-cells, kind="stable")[:MOST_TERRAINS]
    there = np.sort(commonest[cells[commonest] > 0])
    costs = palette_costs(document.palette).astype(np.float64)[there]
    order = np.argsort(costs, kind="stable")
    there, costs = there[order], costs[order]
    _check_number(there.size, there.size)
    if costs[0] == costs[-1] and not document.classes:
        raise ProblemError(
            "terrain",
            f"all terrains cost {costs[0]:g}, so their places do not matter; give them costs in the palette",
        )
    number = np.full(NO_TERRAIN + 1, -1)
    number[there] = np.arange(there.size)
    return Tiles(document, np.where(tiles, number[document.terrain], -1).astype(np.int64), costs, there)


def _by_cost(document: MapDocument) -> Tiles:
    there = np.unique(document.cost[document.passable])
    different = there.size
    if there.size > MOST_TERRAINS:
        palette = [terrain.cost for terrain in document.palette if terrain.passable]
        there = there[np.isin(there, np.array(palette, dtype=np.float32))]
    _check_number(there.size, different)
    number = np.clip(np.searchsorted(there, document.cost), 0, there.size - 1)
    tiles = document.passable & (there[number] == document.cost)
    return Tiles(document, np.where(tiles, number, -1).astype(np.int64), there.astype(np.float64), None)


def _check_number(terrains: int, different: int) -> None:
    """Refuse too few or too many terrains, of so many different costs or terrains on the map."""
    if terrains < 2 and different == terrains == 1:
        raise ProblemError(
            "terrain", "the map has one terrain only, so nothing can change places; paint another one"
        )
    if not 2 <= terrains <= MOST_TERRAINS:
        raise ProblemError(
            "terrain",
            f"the map has no tiles: it has {different} different costs, more than {MOST_TERRAINS}, and they are "
            "not those of the palette; paint it with terrains",
        )
