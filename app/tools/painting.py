"""What brush, line, rectangle and fill paint, a terrain of the palette or costs, and to which cells they keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maps.edits import paint, set_terrain
from maps.noise import noise_factors
from maps.raster import Patch
from maps.symmetry import merged, with_images
from maps.terrain import NO_TERRAIN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from app.tools.tool import ToolOptions
    from maps.document import Cell, MapDocument
    from maps.terrain import Terrain


def painted(document: MapDocument, patch: Patch, options: ToolOptions, base: MapDocument) -> MapDocument:
    """Return the document with the patch painted. base: as it was when the gesture began.

    A terrain has a hard edge: the patch's mask. What it covers is of that terrain, passable or not. Cells that
    are not selected stay as they are, where some are.
    """
    terrain = terrain_in_hand(document, options)
    if terrain is not None:
        return set_terrain(document, within_selection(patch, options, document), terrain).document
    soft = _within(patch, patch.weights, options, document)
    if options.mode == "noise":
        factors = noise_factors(soft.rectangle, options.strength, options.seed)
        return paint(document, soft, "scale", factors, limits=document.bounds, base=base).document
    return paint(document, soft, options.mode, options.value, base=base).document


def painted_with_images(
    document: MapDocument, patch: Patch, options: ToolOptions, base: MapDocument
) -> MapDocument:
    """Return the document with the patch painted, and its images in the symmetry of the options."""
    for part in merged(with_images(patch, options.mirror, document.shape)):
        document = painted(document, part, options, base)
    return document


def within_selection(patch: Patch, options: ToolOptions, document: MapDocument) -> Patch:
    """Return the patch's mask as a shape, without the cells that are not selected where some are.

    Looks at the cells of the patch only, however large the map is.
    """
    return _within(patch, patch.mask.astype(np.float32), options, document)


def _within(patch: Patch, weights: NDArray[np.float32], options: ToolOptions, document: MapDocument) -> Patch:
    cells = options.cells
    if cells is None or cells.mask.shape != document.shape:
        return patch
    return Patch(patch.rectangle, weights * cells.mask[patch.slices])


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
