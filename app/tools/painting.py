"""What brush, line, rectangle and fill paint: a terrain of the palette, or costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maps.edits import paint, set_terrain
from maps.terrain import NO_TERRAIN

if TYPE_CHECKING:
    from app.tools.tool import ToolOptions
    from maps.document import Cell, MapDocument
    from maps.raster import Patch
    from maps.terrain import Terrain


def painted(document: MapDocument, patch: Patch, options: ToolOptions, base: MapDocument) -> MapDocument:
    """Return the document with the patch painted. base: as it was when the gesture began.

    A terrain has a hard edge: the patch's mask. What it covers is of that terrain, passable or not.
    """
    terrain = terrain_in_hand(document, options)
    if terrain is not None:
        return set_terrain(document, patch, terrain).document
    return paint(document, patch, options.mode, options.value, base=base).document


def terrain_in_hand(document: MapDocument, options: ToolOptions) -> Terrain | None:
    """Return the terrain that is painted; None where it is a cost."""
    number = options.painted_terrain
    return None if number is None or number >= len(document.palette) else document.palette[number]


def picked(document: MapDocument, cell: Cell, options: ToolOptions) -> ToolOptions:
    """Return the options that paint what a cell is: its terrain if it costs what that does, else its cost."""
    number, cost = int(document.terrain[cell]), float(document.cost[cell])
    if number != NO_TERRAIN:
        terrain = document.palette[number]
        if not terrain.passable or cost == np.float32(terrain.cost):
            return options.with_terrain(number, terrain)
    return options.with_cost(cost)
